"""Results as xarray DataArrays, which is optional (extra `xarray`).

Georeferencing is as rioxarray and GDAL read it: a coordinate `spatial_ref` with the attributes
`crs_wkt`, `spatial_ref` and `GeoTransform`; x and y are pixel centres; `long_name` names the bands.
Source: CF conventions 1.11, appendix F; GDAL's netCDF driver.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from swath.errors import InvalidArgument

if TYPE_CHECKING:
    from xarray import DataArray

    from swath.results.image import ImageCollectionResult, ImageResult
    from swath.results.where import GeoContextResult


def image_to_xarray(image: ImageResult) -> DataArray:
    """See `ImageResult.to_xarray`."""
    plain = {key: _plain(value) for key, value in image.properties.items()}
    attributes = {key: value for key, value in plain.items() if value is not None}
    return _array(image, ("band", "y", "x"), {}, attributes)


def collection_to_xarray(collection: ImageCollectionResult) -> DataArray:
    """See `ImageCollectionResult.to_xarray`."""
    coords: dict[str, Any] = {}
    ids = [properties.get("id") for properties in collection.properties]
    if all(isinstance(id_, str) for id_ in ids):
        coords["id"] = ("image", np.array(ids))
    dates = [properties.get("date") for properties in collection.properties]
    if all(isinstance(date, datetime) for date in dates):
        # numpy knows no time zones; all times here are UTC
        naive = [date.replace(tzinfo=None) for date in dates if date is not None]
        coords["time"] = ("image", np.array(naive, "datetime64[ns]"))
    return _array(collection, ("image", "band", "y", "x"), coords, {})


def _plain(value: Any) -> Any:
    """A property as an attribute that files take; None where it is not of that kind."""
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | float) else None


def _array(
    result: ImageResult | ImageCollectionResult,
    dims: tuple[str, ...],
    coords: dict[str, Any],
    attributes: dict[str, Any],
) -> DataArray:
    try:
        import xarray
    except ModuleNotFoundError as error:
        raise ImportError(
            "to_xarray needs xarray, not installed here: pip install 'swath[xarray]'"
        ) from error
    if result.ndarray is None or result.geocontext is None:
        raise InvalidArgument("The result is empty: it has no pixels to make an array of.")
    coords = {**coords, "band": list(result.bands), **_where(result.geocontext)}
    attributes = {**attributes, "long_name": result.bands}
    array = xarray.DataArray(_filled(result.ndarray), coords, dims, attrs=attributes)
    array.coords["spatial_ref"] = ((), 0, _reference(result.geocontext))
    array.encoding["grid_mapping"] = "spatial_ref"
    if array.dtype.kind == "f":
        array.encoding["_FillValue"] = np.nan
    return array


def _filled(masked: Any) -> Any:
    """The pixels, NaN where masked; integers become the float that holds them, if any is."""
    mask = np.ma.getmaskarray(masked)
    if not mask.any():
        return masked.data
    dtype = np.result_type(masked.dtype, np.float32)
    values = masked.data.astype(dtype)
    values[mask] = np.nan
    return values


def _where(where: GeoContextResult) -> dict[str, Any]:
    """Coordinates of pixel centres; none for a rotated grid, which has no such columns."""
    a, b, c, d, e, f = where.transform
    if b or d:
        return {}
    rows, columns = where.shape
    return {
        "x": ("x", c + a * (np.arange(columns) + 0.5), {"axis": "X"}),
        "y": ("y", f + e * (np.arange(rows) + 0.5), {"axis": "Y"}),
    }


def _reference(where: GeoContextResult) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "GeoTransform": " ".join(f"{term:.17g}" for term in where.gdal_geotrans)
    }
    if where.crs:
        attributes["spatial_ref"] = where.crs
        # rioxarray looks for crs_wkt first, and reads an authority's code there too.
        attributes["crs_wkt"] = where.crs
    return attributes
