"""Ops that bring images in: from the catalog, or from an array."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.catalog.asset import ArrayAsset, Asset
from engine.catalog.columns import ABSENT
from engine.catalog.product import Band as ProductBand
from engine.catalog.selection import Selection
from engine.evaluate.context import Context
from engine.evaluate.lazy import Band, LazyCollection, LazyImage, PropertyTable, once
from engine.evaluate.plane import Plane, asset_dtype
from engine.evaluate.time import instant
from engine.geo.resampling import RESAMPLINGS, resampled_dtype
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
    return (at.toordinal() - 719163) * 86_400_000_000 + (
        (at.hour * 60 + at.minute) * 60 + at.second
    ) * 1_000_000 + at.microsecond


def check_reading(resampler: str | None, level: str | None) -> None:
    """Raise InvalidArgument for a resampler or processing level that there is not."""
    if resampler is not None and resampler not in RESAMPLINGS:
        raise InvalidArgument(
            f"{resampler!r} is not one of {', '.join(RESAMPLINGS)}."
        ).at(argument="resampler")
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

    return Band(band.name, band_info(band, level), once(make))


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
    chosen = resampler or (context.place.resampler if context.where else None) or "near"
    if kind != "physical" and resampler is None and chosen not in KEEPS_CLASSES:
        chosen = "near"
    if kind != "physical" and chosen not in KEEPS_CLASSES:
        raise InvalidArgument(
            f"A {kind} band cannot be read with {chosen!r}, which makes values that are not "
            "classes; use near or mode."
        ).at(argument="resampler")
    if level == "raw":
        sources = tuple(_raw(s) for s in sources)
    dtype = resampled_dtype(asset_dtype(sources, "float32"), chosen)
    return context.planes.read(sources, chosen, dtype)


KEEPS_CLASSES = frozenset({"near", "mode"})


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
    bands = tuple(
        Band(
            b.name,
            band_info(b, processing_level),
            once(
                lambda b=b: read_plane(
                    context, (image.assets[b.name],), b.kind, resampler, processing_level
                )
            ),
        )
        for b in image.bands
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
    if values.dtype.kind not in "buif" or values.dtype.name == "float128":
        raise InvalidArgument(f"from_array cannot use {values.dtype} pixels.").at(argument="array")
    stack = values if values.ndim == 3 else values[None]
    placed = _grid_of(context, grid, stack.shape[1:])
    bands = tuple(
        _array_band(context, plane, placed, nodata, f"band_{i + 1}")
        for i, plane in enumerate(stack)
    )
    return LazyImage(bands, {"crs": placed.crs, "geotrans": placed.gdal_geotrans})


def _array_band(
    context: Context, values: Any, grid: Grid, nodata: float | None, name: str
) -> Band:
    asset = ArrayAsset(values, grid, nodata)
    info = {"id": name, "name": name, "dtype": asset.dtype_read, "kind": "physical"}
    return Band(name, info, once(lambda: read_plane(context, (asset,), "physical", None, None)))


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
