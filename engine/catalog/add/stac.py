"""Images from STAC items, 1.0 and 1.1: files of one item, or of an ItemCollection.

The files are the truth: what an item says of scale, offset, nodata and meaning is taken over, but
where the pixels are is read from the file. Source: STAC specification 1.1.0, item-spec.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable
from typing import Any

import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from engine.catalog.add.candidate import Candidate, CandidateFile, Failure
from engine.catalog.add.href import Roots, resolve
from engine.catalog.add.stac_bands import claim, hints, is_number
from engine.catalog.add.stac_json import check_properties, read_json
from engine.catalog.add.when import read_rfc3339
from engine.catalog.footprint import polygonal
from engine.catalog.names import check_band, check_id, shown
from swath.errors import InvalidSource, SwathError

MAX_ASSETS = 1000
MAX_POSITIONS = 100_000
"""Most points of a geometry."""

_RASTER_TYPES = ("image/tiff", "image/vnd.stac.geotiff", "image/jp2", "image/geotiff")
_RASTER_ENDINGS = (".tif", ".tiff", ".jp2")
_SKIPPED_ROLES = frozenset({"thumbnail", "overview"})


def from_items(paths: Iterable[str], roots: Roots = Roots()) -> list[Candidate | Failure]:  # noqa: B008 - frozen
    """The images of STAC files; what cannot be understood is a `Failure` with its name."""
    found: list[Candidate | Failure] = []
    for path in paths:
        try:
            features = _features(read_json(path))
        except SwathError as error:
            found.append(Failure(path, error))
            continue
        folder = os.path.dirname(os.path.abspath(path))  # noqa: PTH100, PTH120 - as text
        for i, item in enumerate(features):
            found.extend(
                _try_item(item, path if len(features) == 1 else f"{path}[{i}]", folder, roots)
            )
    return found


def _features(document: Any) -> list[Any]:
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "Feature":
        return [document]
    if kind == "FeatureCollection" and isinstance(document.get("features"), list):
        return list(document["features"])
    if kind in ("Collection", "Catalog"):
        raise InvalidSource(f"It is a STAC {kind}: name the files of its items instead.")
    raise InvalidSource("It is neither a STAC item nor an ItemCollection.")


def _try_item(item: Any, name: str, folder: str, roots: Roots) -> Iterable[Candidate | Failure]:
    problems: list[Failure] = []
    try:
        yield from_item(item, name, folder, roots, problems)
    except SwathError as error:
        yield Failure(name, error)
    yield from problems


def from_item(
    item: Any, name: str, folder: str, roots: Roots, problems: list[Failure]
) -> Candidate:
    """The image that one item describes.

    Args:
        folder: that of the item's file, absolute: where relative hrefs start.
        problems: gets a failure for each asset that is refused while others are fine.

    Raises:
        InvalidSource: not an item of STAC 1.x, or no asset of it is a raster that may be read.
        InvalidArgument: an id, band or date that is none.
    """
    if not isinstance(item, dict) or item.get("type") != "Feature":
        raise InvalidSource("It is no STAC item: its type is not Feature.")
    version = item.get("stac_version", "1.0.0")
    if not (isinstance(version, str) and version.startswith("1.")):
        raise InvalidSource(f"It is of STAC {shown(str(version))}; 1.0 and 1.1 are understood.")
    if not isinstance(item.get("id"), str):
        raise InvalidSource("It has no id.")
    image_id = check_id(item["id"])
    properties = item.get("properties")
    if not isinstance(properties, dict):
        raise InvalidSource("It has no properties.")
    date_us = _date(properties)
    footprint = _footprint(item)
    files = _files(item, properties, name, folder, roots, problems)
    return Candidate(name, image_id, files, date_us, None, check_properties(properties), footprint)


def _date(properties: dict[str, Any]) -> int:
    for key in ("datetime", "start_datetime"):
        text = properties.get(key)
        if text is None:
            continue
        if not isinstance(text, str):
            raise InvalidSource(f"Its {key} is no text.")
        return read_rfc3339(text)
    raise InvalidSource("It has no datetime, and no start_datetime instead.")


def _files(
    item: dict[str, Any],
    properties: dict[str, Any],
    name: str,
    folder: str,
    roots: Roots,
    problems: list[Failure],
) -> tuple[CandidateFile, ...]:
    assets = item.get("assets")
    if not isinstance(assets, dict) or len(assets) > MAX_ASSETS:
        raise InvalidSource(f"It has no assets, or more than {MAX_ASSETS}.")
    rasters = {key: a for key, a in assets.items() if isinstance(a, dict) and _is_raster(a)}
    if not rasters:
        raise InvalidSource("None of its assets is a raster (GeoTIFF or JPEG 2000).")
    files: dict[str, CandidateFile] = {}
    refused: list[Failure] = []
    for key, asset in rasters.items():
        band = check_band(re.sub(r"\s+", "_", key.strip()))
        if band in files:
            raise InvalidSource(f"Two of its assets are called {band!r}, but for spaces.")
        try:
            href = resolve(asset.get("href"), folder, roots)
        except SwathError as error:
            refused.append(Failure(f"{name}: asset {shown(key)}", error))
            continue
        files[band] = CandidateFile(href, band, hints(asset), claim(asset, properties))
    if not files:
        raise refused[0].error
    problems.extend(refused)
    return tuple(files.values())


def _is_raster(asset: dict[str, Any]) -> bool:
    roles = asset.get("roles")
    if isinstance(roles, list) and any(r in _SKIPPED_ROLES for r in roles if isinstance(r, str)):
        return False
    media = asset.get("type")
    if isinstance(media, str):
        return media.lower().startswith(_RASTER_TYPES)
    href = asset.get("href")
    return isinstance(href, str) and href.lower().partition("?")[0].endswith(_RASTER_ENDINGS)


def _footprint(item: dict[str, Any]) -> BaseGeometry | None:
    bbox = _bbox(item.get("bbox"))
    geometry = item.get("geometry")
    if geometry is None:
        return None if bbox is None else polygonal(_box(bbox))
    if not isinstance(geometry, dict):
        raise InvalidSource("Its geometry is no GeoJSON geometry.")
    if geometry.get("type") not in ("Polygon", "MultiPolygon"):
        return None
    try:
        area = shape(geometry)
        if shapely.get_num_coordinates(area) > MAX_POSITIONS:
            raise InvalidSource(f"Its geometry has more than {MAX_POSITIONS:,} points.")
        return polygonal(_unfolded(area) if bbox and bbox[0] > bbox[2] else area)
    except (ShapelyError, ValueError, TypeError, LookupError, AttributeError) as error:
        if isinstance(error, SwathError):
            raise
        raise InvalidSource("Its geometry is no GeoJSON polygon.") from error


def _bbox(value: Any) -> tuple[float, float, float, float] | None:
    """(west, south, east, north); west > east: across the antimeridian (RFC 7946 §5.2)."""
    if value is None:
        return None
    if not (isinstance(value, list) and len(value) in (4, 6) and all(map(is_number, value))):
        raise InvalidSource("Its bbox is not 4 or 6 numbers.")
    half = len(value) // 2
    west, south, east, north = (float(value[i]) for i in (0, 1, half, half + 1))
    if not all(map(math.isfinite, value)) or not (-90 <= south <= 90 and -90 <= north <= 90):
        raise InvalidSource(f"Its bbox {value} is no box in degrees.")
    if not (-180 <= west <= 180 and -180 <= east <= 180):
        raise InvalidSource(f"Its bbox {value} has longitudes beyond ±180.")
    if south > north:
        raise InvalidSource(
            f"Its bbox {value} has south above north: the order is west, south, east, north."
        )
    return west, south, east, north


def _box(bbox: tuple[float, float, float, float]) -> BaseGeometry:
    west, south, east, north = bbox
    return shapely.box(west, south, east if west <= east else east + 360.0, north)


def _unfolded(area: BaseGeometry) -> BaseGeometry:
    """A geometry that crosses the antimeridian in one piece, its west part moved past 180."""
    parts = shapely.get_parts([area])
    spans = shapely.bounds(parts)
    if not ((spans[:, 0] < 0) & (spans[:, 2] > 0)).any():
        return area  # split already
    return shapely.transform(area, lambda xy: xy + [[360.0, 0.0]] * (xy[:, :1] < 0))
