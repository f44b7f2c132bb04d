"""What a file says about itself: enough for the catalog to plan reads without opening it again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, cast

import numpy as np
import pyproj
from pyproj.exceptions import CRSError
from rasterio.enums import ColorInterp, MaskFlags

from engine.catalog.asset import Asset, Identity, Kind, MaskSource
from engine.geo import crs
from engine.sources.address import LocalFile, resolve_href
from engine.sources.config import SourceConfig
from engine.sources.local import LocalBytes
from engine.sources.open import Checked, check_header, open_dataset
from engine.sources.remote import RemoteBytes, check_remote_header
from engine.sources.tiff_header import TiffHeader
from swath.errors import BandNotFound, InvalidGeoContext, InvalidSource
from swath.grid import Affine, Grid, Shape2d

_NAME_CHARS = 256
_TAG_CHARS = 1024
_MOST_WORLD = 1e9
"""Largest coordinate taken seriously, in units of the crs: ten times what any spans in metres."""
_PLAIN_DTYPES = frozenset(
    {"float16", "float32", "float64"}
    | {f"{kind}{bits}" for kind in ("uint", "int") for bits in (8, 16, 32, 64)}
)
_VALUE_KEEPING = frozenset({"NEAREST", "MODE"})


@dataclass(frozen=True, slots=True)
class BandInfo:
    """What the file says about one band."""

    index: int
    """From 1."""
    dtype: str
    """numpy name of the stored dtype."""
    nodata: float | None
    """Stored value that means no data; absent where none is given or it does not fit the dtype."""
    scale: float
    offset: float
    """physical = stored × scale + offset."""
    name: str
    """Description of the band, printable; empty where there is none."""
    color: str
    """`gray`, `red`, `green`, `blue`, `alpha`, `undefined`, …"""
    mask: MaskSource


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What the file says about all its bands."""

    href: str
    grid: Grid
    bands: tuple[BandInfo, ...]
    block: Shape2d
    overviews: tuple[int, ...]
    """Decimation factors, ascending; empty where the overviews cannot be trusted."""
    overviews_averaged: bool
    """False only where the file says that its overviews hold stored values."""
    identity: Identity
    acquired: str
    """Text of TIFFTAG_DATETIME; empty where there is none."""
    tags: Mapping[str, str]
    """Tags of the file, printable and shortened."""


def probe(href: str, config: SourceConfig) -> FileInfo:
    """What the file at `href` says about itself.

    Raises:
        InvalidSource: not allowed, not an image that can be read, damaged, too costly, complex, or
            without a usable place on Earth. SourceUnavailable: an I/O error or a timeout.
    Cost:  under 2 ms for a local file, of which GDAL's opening takes 0.7 ms.
    """
    address = resolve_href(href, config)
    if isinstance(address, LocalFile):
        with LocalBytes(address) as source:
            checked = check_header(source, address.name, config.limits)
        return _describe(href, address.path, address.name, checked, source.identity)
    with RemoteBytes(address, config) as remote:
        checked = check_remote_header(remote, address.name, config.limits)
        return _describe(href, remote.path, address.name, checked, remote.identity)


def band_asset(info: FileInfo, index: int, overrides: Mapping[str, object] | None = None) -> Asset:
    """Band `index` (from 1) as an asset.

    Args:
        overrides: fields of Asset that are known better: `scale`, `offset`, `nodata`, `kind`.

    Raises:
        BandNotFound: the file has no such band.
    """
    if not 1 <= index <= len(info.bands):
        raise BandNotFound(
            f"The file has {len(info.bands)} bands, numbered from 1; {index} is not one.",
            band=str(index),
        )
    band = info.bands[index - 1]
    asset = Asset(
        href=info.href,
        band=index,
        dtype=band.dtype,
        grid=info.grid,
        nodata=band.nodata,
        scale=band.scale,
        offset=band.offset,
        kind=band_kind(band),
        mask=band.mask,
        block=info.block,
        overviews=info.overviews,
        overviews_averaged=info.overviews_averaged,
        identity=info.identity,
    )
    return replace(asset, **cast("dict[str, Any]", dict(overrides or {})))


def band_kind(band: BandInfo) -> Kind:
    """The kind that a file itself suggests: `class` for a colour table, else `physical`."""
    return "class" if band.color == "palette" else "physical"


def _describe(href: str, path: str, name: str, checked: Checked, identity: Identity) -> FileInfo:
    dataset = open_dataset(path, checked, name)
    try:
        header = checked.header
        factors, averaged = _overviews(dataset, header)
        return FileInfo(
            href=href,
            grid=file_grid(dataset, name),
            bands=_bands(dataset, header, name),
            block=Shape2d(*dataset.block_shapes[0]),
            overviews=factors,
            overviews_averaged=averaged,
            identity=identity,
            acquired=printable(header.datetime) if isinstance(header, TiffHeader) else "",
            tags={printable(k): printable(v, _TAG_CHARS) for k, v in dataset.tags().items()},
        )
    finally:
        dataset.close()


def printable(text: str, most: int = _NAME_CHARS) -> str:
    """`text` without control or direction characters, at most `most` long."""
    return "".join(c for c in text[: 4 * most] if c.isprintable())[:most]


def file_grid(dataset: Any, name: str) -> Grid:
    """The grid of an open dataset.

    Raises:
        InvalidSource: no crs, or a transform that places no pixels.
    """
    transform = Affine(*tuple(dataset.transform)[:6])
    shape = Shape2d(*dataset.shape)
    if dataset.transform.is_identity:
        problem = "It is not georeferenced: it does not say where its pixels are."
    elif not dataset.crs:
        problem = "It names no coordinate system. Assign one, for example by gdal_edit -a_srs."
    else:
        grid = Grid(_crs_name(dataset.crs.wkt), transform, shape)
        problem = _problem_of(grid)
    if problem:
        raise InvalidSource(problem).at(source=name)
    return grid


def _problem_of(grid: Grid) -> str:
    numbers = (*grid.transform, *grid.bounds)
    if not all(math.isfinite(v) and abs(v) <= _MOST_WORLD for v in numbers):
        return "Its transform holds numbers that are no place on Earth."
    pixel_area = grid.resolution[0] * grid.resolution[1]
    if abs(grid.transform.determinant) <= 1e-9 * pixel_area or pixel_area == 0.0:
        return "Its transform is singular: its pixels have no area."
    if not grid.crs:
        return "Its coordinate system is local: it has no known place on Earth."
    return _degrees_problem(grid) if crs.is_geographic(grid.crs) else ""


def _degrees_problem(grid: Grid) -> str:
    """Coordinates in degrees may reach one pixel beyond the sphere: global grids often do."""
    west, south, east, north = grid.bounds
    over_x, over_y = grid.resolution
    if south < -90 - over_y or north > 90 + over_y or west < -360 - over_x or east > 360 + over_x:
        return "Its coordinates are in degrees, but beyond the sphere."
    return ""


@lru_cache(maxsize=256)
def _crs_name(wkt: str) -> str:
    """Authority code or WKT 2 of the horizontal part; empty for a local or unusable system.

    Cached: identification takes up to some milliseconds, and a product has few systems.
    """
    try:
        parsed = pyproj.CRS.from_wkt(wkt)
        flat = parsed.sub_crs_list[0] if parsed.is_compound else parsed
        return crs.normalise(flat.to_wkt() if parsed.is_compound else wkt)
    except (CRSError, InvalidGeoContext):
        return ""


def _bands(dataset: Any, header: object, name: str) -> tuple[BandInfo, ...]:
    dtypes = dataset.dtypes
    if unknown := next((d for d in dtypes if d not in _PLAIN_DTYPES), None):
        raise InvalidSource(f"Its pixels are {unknown}; whole and real numbers can be read.").at(
            source=name
        )
    colors = dataset.colorinterp
    has_alpha = ColorInterp.alpha in colors
    flags = dataset.mask_flag_enums
    stored = header.nodata if isinstance(header, TiffHeader) else None
    return tuple(
        BandInfo(
            index=i + 1,
            dtype=dtypes[i],
            nodata=_nodata(dataset.nodatavals[i] if stored is None else stored, dtypes[i]),
            scale=_number(dataset.scales[i], 1.0),
            offset=_number(dataset.offsets[i], 0.0),
            name=printable(dataset.descriptions[i] or ""),
            color=colors[i].name,
            mask=_mask_source(flags[i], has_alpha, colors[i] is ColorInterp.alpha),
        )
        for i in range(dataset.count)
    )


def _number(value: float, otherwise: float) -> float:
    """`value` where it can scale pixels: finite, and for a scale not 0."""
    return value if math.isfinite(value) and (value or not otherwise) else otherwise


def _mask_source(flags: list[MaskFlags], has_alpha: bool, is_alpha: bool) -> MaskSource:
    """An internal mask beside alpha is the better known of the two, and GDAL's choice."""
    if MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags:
        return "internal"
    return "alpha" if has_alpha and not is_alpha else "none"


def _nodata(stored: str | float | None, dtype: str) -> float | None:
    """The nodata value as a number that pixels of `dtype` can equal; else absent."""
    try:
        value = float(stored) if stored not in (None, "") else None
    except (ValueError, OverflowError):
        return None
    if value is None:
        return None
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return value if math.isnan(value) else _as_float(value, kind)
    limits = np.iinfo(kind)
    fits = math.isfinite(value) and limits.min <= value <= limits.max and value == int(value)
    return value if fits else None


def _as_float(value: float, kind: np.dtype[Any]) -> float | None:
    """`value` as pixels of a float dtype store it.

    Text of the largest float32 is often cut to a number just beyond it, which still means it.
    """
    most = float(np.finfo(kind).max)
    if math.isfinite(value) and abs(value) > most:
        return math.copysign(most, value) if abs(value) <= most * 1.000001 else None
    return float(kind.type(value))


def _overviews(dataset: Any, header: object) -> tuple[tuple[int, ...], bool]:
    """(factors, averaged).

    None where their order is not ascending, or where an internal mask has none of their size:
    GDAL would then take every pixel of the overview as valid.
    """
    factors = tuple(dataset.overviews(1))
    if list(factors) != sorted(set(factors)):
        return (), True
    if not isinstance(header, TiffHeader):
        return factors, True
    has_mask = MaskFlags.per_dataset in dataset.mask_flag_enums[0]
    masks = {(m.height, m.width) for m in header.masks}
    if (
        has_mask
        and header.masks
        and any((o.height, o.width) not in masks for o in header.overviews)
    ):
        return (), True
    return factors, not _keeps_values(header)


def _keeps_values(header: TiffHeader) -> bool:
    """GDAL notes the method of each overview as metadata of the overview's band, or of the file."""
    for text in (header.overview_metadata, header.metadata):
        for key in ('name="RESAMPLING"', 'name="OVR_RESAMPLING_ALG"', 'name="OVERVIEW_RESAMPLING"'):
            _, found, rest = text.partition(key)
            if found:
                method = rest.partition(">")[2].partition("<")[0].strip().upper()
                return method in _VALUE_KEEPING
    return False
