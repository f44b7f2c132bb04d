"""What a computed Image or ImageCollection is in Python: masked arrays and their description."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from swath.results.show import as_html, as_text, describe_array, describe_span
from swath.results.where import GeoContextResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from xarray import DataArray

MaskedArray = np.ma.MaskedArray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ImageResult:
    """An image: pixels of named bands over one grid."""

    ndarray: MaskedArray | None
    """(band, y, x); mask True = not valid, and the value there is 0. None: the image is empty."""
    properties: dict[str, Any]
    """`id`, `date`, ... of the image."""
    bandinfo: dict[str, dict[str, Any]]
    """Description of each band by name, in the order of the bands."""
    geocontext: GeoContextResult | None
    """Where the pixels are. None: the image is empty."""

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands, in order."""
        return tuple(self.bandinfo)

    def plot(self, bands: str | list[str] | None = None, ax: Axes | None = None) -> Axes:
        """Draw one band in colours, or three as red, green and blue; masked pixels stay clear.

        Args:
            bands: names, space-separated or a list; absent: the first three, or the first.
            ax: matplotlib axes to draw on; absent: new ones.

        Raises:
            ImportError: matplotlib is not installed. BandNotFound: no such band.
            InvalidArgument: the image is empty, or neither one nor three bands were named.
        """
        from swath.results.plot import plot_image

        return plot_image(self, bands, ax)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the image to a file, whole or not at all; the name's end says the format.

        `.tif`: a cloud-optimized GeoTIFF, as of format geotiff; needs the extra `engine`. `.npz`:
        arrays `values` and `mask` (band, y, x), `bands`, `transform` (a, b, c, d, e, f), `crs`,
        and `properties` and `bandinfo` as JSON.

        Raises:
            UnsupportedFormat: another end. InvalidArgument: the image is empty. ImportError: a
            GeoTIFF without the extra. OSError: it cannot be written.
        """
        from swath.results.save import save_image

        save_image(self, path)

    def to_xarray(self) -> DataArray:
        """An xarray DataArray (band, y, x), georeferenced as rioxarray reads it.

        Masked pixels are NaN, so integers with any become floats. Coordinates are the names of the
        bands and the pixels' centres; the properties are attributes.

        Raises:
            ImportError: xarray is not installed. InvalidArgument: the image is empty.
        """
        from swath.results.xarray import image_to_xarray

        return image_to_xarray(self)

    def _rows(self) -> list[tuple[str, str]]:
        rows = [("pixels", describe_array(self.ndarray, ("band", "y", "x")))]
        if self.geocontext is not None:
            rows.append(("bands", ", ".join(self.bands)))
            rows.append(("where", str(self.geocontext)))
        rows.extend((key, str(self.properties[key])) for key in _SHOWN if key in self.properties)
        return rows

    def __repr__(self) -> str:
        return as_text("ImageResult", self._rows())

    def _repr_html_(self) -> str:
        return as_html("ImageResult", self._rows())


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ImageCollectionResult:
    """An image collection: images with the same bands over one grid."""

    ndarray: MaskedArray | None
    """(image, band, y, x); mask True = not valid, and the value there is 0. None: it is empty."""
    properties: list[dict[str, Any]]
    """Properties of each image, in order."""
    bandinfo: dict[str, dict[str, Any]]
    """Description of each band by name, in the order of the bands."""
    geocontext: GeoContextResult | None
    """Where the pixels are. None: the collection is empty."""

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands, in order."""
        return tuple(self.bandinfo)

    def __len__(self) -> int:
        return len(self.properties)

    def __getitem__(self, index: int) -> ImageResult:
        """The image of that index; it shares the pixels."""
        pixels = None if self.ndarray is None else self.ndarray[index]
        return ImageResult(pixels, self.properties[index], self.bandinfo, self.geocontext)

    def plot(self, bands: str | list[str] | None = None, columns: int = 4) -> Figure:
        """Draw each image small, side by side, all with the same colours.

        Args:
            bands: as in `ImageResult.plot`.
            columns: images in a row, at least 1.

        Raises:
            ImportError, BandNotFound, InvalidArgument: as `ImageResult.plot`.
        """
        from swath.results.plot import plot_collection

        return plot_collection(self, bands, columns)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the collection to a file `.npz`, whole or not at all.

        As `ImageResult.save`, with (image, band, y, x) and a list of properties. A GeoTIFF holds
        one image: save each.

        Raises:
            UnsupportedFormat, InvalidArgument, OSError: as `ImageResult.save`.
        """
        from swath.results.save import save_collection

        save_collection(self, path)

    def to_xarray(self) -> DataArray:
        """An xarray DataArray (image, band, y, x), georeferenced as rioxarray reads it.

        As `ImageResult.to_xarray`, with coordinates `id` and `time` (UTC) of the images, where all
        of them have one.

        Raises:
            ImportError, InvalidArgument: as `ImageResult.to_xarray`.
        """
        from swath.results.xarray import collection_to_xarray

        return collection_to_xarray(self)

    def _rows(self) -> list[tuple[str, str]]:
        rows = [("images", str(len(self))), ("pixels", describe_array(self.ndarray, _STACK))]
        if self.geocontext is not None:
            rows.append(("bands", ", ".join(self.bands)))
            rows.append(("where", str(self.geocontext)))
        for key in _SHOWN:
            span = describe_span([p.get(key) for p in self.properties])
            if span:
                rows.append((key, span))
        return rows

    def __repr__(self) -> str:
        return as_text("ImageCollectionResult", self._rows())

    def _repr_html_(self) -> str:
        return as_html("ImageCollectionResult", self._rows())


_SHOWN = ("product", "id", "date", "group")
_STACK = ("image", "band", "y", "x")
