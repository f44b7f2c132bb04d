"""Ops that bring images in: from the catalog, or from an array."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from engine.catalog.asset import ArrayAsset, Asset
from engine.catalog.columns import ABSENT
from engine.catalog.product import Band as ProductBand
from engine.catalog.selection import Selection
from engine.evaluate.context import Context
from engine.evaluate.lazy import Band, LazyCollection, LazyImage, PropertyTable
from engine.evaluate.located import CURRENT
from engine.evaluate.plane import Plane, asset_dtype
from engine.evaluate.time import instant
from engine.geo.resampling import FOR_CLASSES, check_name, resampled_dtype
from swath.errors import GeoContextRequired, InternalError, InvalidArgument
from swath.grid import Grid

DEFAULT_LIMIT = 10_000
LEVELS = (None, "physical", "raw")
"""What `processing_level` may be: `raw` leaves out scale and offset."""


@dataclass(frozen=True, slots=True)
class SelectionRows:
    """Properties of the images of a catalog selection."""

    selection: Selection

    def row(self, index: int) -> dict[str, Any]:
        """All properties of an image."""
        return self.selection.properties(index)

    def column(self, name: str) -> Sequence[Any]:
        """One property of all images. Raises KeyError where an image lacks it."""
        values = self.selection.property_column(name)
        if name not in ALWAYS and any(v is ABSENT for v in values):
            raise KeyError(name)
        return values


ALWAYS = frozenset({"id", "product", "date", "crs", "geotrans"})


def _from_id(
    context: Context,
    product_id: str,
    start_datetime: Any = None,
    end_datetime: Any = None,
    limit: int | None = None,
    resampler: str | None = None,
    processing_level: str | None = None,
) -> LazyCollection:
    selection = _catalog(context).search(
        product_id,
        _micros(start_datetime),
        _micros(end_datetime),
        context.where.footprint if context.where else None,
        DEFAULT_LIMIT if limit is None else limit,
    )
    check_reading(resampler, processing_level)
    bands = tuple(
        _selected_band(context, selection, b, resampler, processing_level)
        for b in selection.product.bands
    )
    return LazyCollection(bands, PropertyTable(SelectionRows(selection), range(len(selection))))


def _catalog(context: Context) -> Any:
    if context.catalog is None:
        raise InternalError("This engine has no catalog.")
    return context.catalog


def _micros(value: Any) -> int | None:
    if value is None:
        return None
    at = instant(value)
    return (
        (at.toordinal() - 719163) * 86_400_000_000
        + ((at.hour * 60 + at.minute) * 60 + at.second) * 1_000_000
        + at.microsecond
    )


def check_reading(resampler: str | None, level: str | None) -> None:
    """Raise InvalidArgument for a resampler or processing level that there is not."""
    if resampler is not None:
        check_name(resampler)
    if level not in LEVELS:
        raise InvalidArgument(
            f"processing_level {level!r} is not 'physical' (the default) or 'raw'."
        ).at(argument="processing_level")


def _selected_band(
    context: Context,
    selection: Selection,
    band: ProductBand,
    resampler: str | None,
    level: str | None,
) -> Band:
    def make() -> Plane:
        sources = tuple(selection.assets(band.name))
        return read_plane(context, sources, band.kind, resampler, level)

    return Band.of(band.name, band_info(band, level), make)


def band_info(band: ProductBand, level: str | None) -> dict[str, Any]:
    """Bandinfo of a band as the catalog knows it (I2)."""
    is_raw = level == "raw"
    info: dict[str, Any] = {
        "id": band.name,
        "name": band.name,
        "dtype": band.dtype if is_raw else band.dtype_read,
        "kind": band.kind,
    }
    if band.data_range is not None and not is_raw:
        info["data_range"] = tuple(float(v) for v in band.data_range)
    if band.description:
        info["description"] = band.description
    if (band.scale, band.offset) != (1.0, 0.0):
        info["processing_level"] = "raw" if is_raw else "physical"
    return info


def read_plane(
    context: Context,
    sources: tuple[Asset | ArrayAsset | None, ...],
    kind: str,
    resampler: str | None,
    level: str | None,
) -> Plane:
    """The pixels of one asset for each image, on the geocontext's grid.

    Raises: InvalidArgument: an averaging resampler on a class or flag band (D10).
        GeoContextRequired: no place was given.
    """
    default = context.place.resampler
    if kind != "physical" and default not in FOR_CLASSES:
        default = "near"  # a default is for imagery; only a resampler named here is refused (D10)
    chosen = check_name(resampler or default, kind)
    if level == "raw":
        sources = tuple(_raw(s) for s in sources)
    dtype = resampled_dtype(asset_dtype(sources, "float32"), chosen)
    return context.planes.read(sources, chosen, dtype, CURRENT.get())


def _raw(source: Asset | ArrayAsset | None) -> Asset | ArrayAsset | None:
    return replace(source, scale=1.0, offset=0.0) if isinstance(source, Asset) else source


def _load(
    context: Context,
    image_id: str,
    resampler: str | None = None,
    processing_level: str | None = None,
) -> LazyImage:
    check_reading(resampler, processing_level)
    image = _catalog(context).image(image_id)

    def read(band: ProductBand) -> Plane:
        source = (image.assets[band.name],)
        return read_plane(context, source, band.kind, resampler, processing_level)

    bands = tuple(
        Band.of(b.name, band_info(b, processing_level), partial(read, b)) for b in image.bands
    )
    return LazyImage(bands, image.properties)


def _from_array(
    context: Context, array: Any, grid: Grid | None = None, nodata: float | None = None
) -> LazyImage:
    values = np.asarray(array)
    if values.ndim not in (2, 3) or values.size == 0:
        raise InvalidArgument(
            f"from_array needs (y, x) or (band, y, x); the shape is {values.shape}."
        ).at(argument="array")
    stack = values if values.ndim == 3 else values[None]
    placed = _grid_of(context, grid, stack.shape[1:])
    bands = tuple(
        _array_band(context, plane, placed, nodata, f"band_{i + 1}")
        for i, plane in enumerate(stack)
    )
    return LazyImage(bands, {"crs": placed.crs, "geotrans": placed.gdal_geotrans})


def _array_band(context: Context, values: Any, grid: Grid, nodata: float | None, name: str) -> Band:
    asset = ArrayAsset(values, grid, nodata)
    info = {"id": name, "name": name, "dtype": asset.dtype_read, "kind": "physical"}
    return Band.of(name, info, lambda: read_plane(context, (asset,), "physical", None, None))


def _grid_of(context: Context, grid: Grid | None, shape: tuple[int, ...]) -> Grid:
    if grid is None and context.where is None:
        raise GeoContextRequired("from_array without a grid needs a GeoContext, whose grid it has.")
    placed = grid or context.place.grid
    if tuple(placed.shape) != tuple(shape):
        raise InvalidArgument(
            f"The array has {shape[0]} × {shape[1]} pixels, its grid "
            f"{placed.shape.y} × {placed.shape.x}."
        ).at(argument="grid")
    return placed


ROWS: dict[str, Callable[..., Any]] = {
    "Image.load": _load,
    "Image.from_array": _from_array,
    "ImageCollection.from_id": _from_id,
}
