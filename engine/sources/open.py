"""Opens a checked file with GDAL: named driver, no side files, no network, no surprises.

Every file is looked at by our own header readers first; GDAL sees only local paths of files whose
first bytes are TIFF or JPEG 2000, with that driver named, so no other driver is ever asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import rasterio
from rasterio.env import get_gdal_config, set_gdal_config
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from engine.sources import jp2_header, tiff_header
from engine.sources.config import SourceLimits
from engine.sources.jp2_header import Jp2Header
from engine.sources.tiff_header import ByteSource, TiffHeader
from swath.errors import InvalidSource, SwathError

Header = TiffHeader | Jp2Header

GDAL_OPTIONS: dict[str, Any] = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_NUM_THREADS": "1",
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "PROJ_NETWORK": "OFF",
}
"""No side files, no threads, no code, no network."""
GDAL_CACHE_BYTES = 32 * 1024 * 1024
"""Decoded blocks that GDAL may keep besides those that we keep."""

_KNOWN = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"CDF", "a netCDF file"),
    (b"\x89HDF", "an HDF5 or netCDF file"),
    (b"PK", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"<VRTDataset", "a GDAL VRT, which can name other files"),
    (b"<GDAL_WMS", "a GDAL web service description"),
    (b"version https://git-lfs", "a git LFS pointer: fetch the file itself"),
    (b"<!DOCTYPE html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<?xml", "an XML document"),
    (b"SIMPLE", "a FITS file"),
)
_SEEN_BYTES = 64
_NOWHERE = "It is not georeferenced: it does not say where its pixels are."


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that passed: what it is and what its header says."""

    driver: str
    """GDAL driver, `GTiff` or `JP2OpenJPEG`."""
    header: Header


def check_header(source: ByteSource, name: str, limits: SourceLimits) -> Checked:
    """What the file is, by its first bytes, once its header is within `limits`.

    Raises:
        InvalidSource: not a TIFF or JPEG 2000, damaged, or too costly.
        SourceUnavailable: whatever `source` raises.
    """
    try:
        return _checked(source, limits)
    except SwathError as error:
        raise error.at(source=name) from error.__cause__


def _checked(source: ByteSource, limits: SourceLimits) -> Checked:
    start = source.read(0, _SEEN_BYTES)
    if start[:4] in tiff_header.MAGICS:
        return Checked("GTiff", tiff_header.read_tiff_header(source, limits))
    if start.startswith((jp2_header.MAGIC, jp2_header.CODESTREAM_MAGIC)):
        return Checked("JP2OpenJPEG", jp2_header.read_jp2_header(source, limits))
    raise InvalidSource(f"It is {_kind_of(start)}; GeoTIFF and JPEG 2000 files can be read.")


def _kind_of(start: bytes) -> str:
    if not start:
        return "empty"
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, kind in _KNOWN:
        if text[: len(magic)].lower() == magic.lower():
            return kind
    return "neither a TIFF nor any other image that is known here"


def open_dataset(path: str, checked: Checked, name: str, level: int | None = None) -> Any:
    """The rasterio dataset of a checked file.

    Args:
        path: what GDAL opens; a local file.
        level: index of the overview to open. Absent: full resolution.

    Raises:
        InvalidSource: GDAL cannot open it, or it is nowhere on Earth.
    """
    _require_place(checked, name)
    _bound_gdal_cache()
    options: dict[str, Any] = {}
    if checked.driver == "GTiff":
        options["GEOREF_SOURCES"] = "INTERNAL"
    if level is not None:
        options["OVERVIEW_LEVEL"] = level
    try:
        with rasterio.Env(**GDAL_OPTIONS):
            return rasterio.open(path, driver=checked.driver, sharing=False, **options)
    except NotGeoreferencedWarning as error:  # raised where warnings are errors
        raise InvalidSource(_NOWHERE).at(source=name) from error
    except RasterioError as error:
        raise InvalidSource(f"It cannot be opened: {gdal_reason(error)}").at(source=name) from error


def _bound_gdal_cache() -> None:
    """Limit GDAL's cache, which is one for the process and by default 5 % of the machine's memory.

    It is no option of an `Env`: at the end of one the default would be back, and blocks are
    decoded after it.
    """
    if get_gdal_config("GDAL_CACHEMAX") > GDAL_CACHE_BYTES:
        set_gdal_config("GDAL_CACHEMAX", GDAL_CACHE_BYTES)


def _require_place(checked: Checked, name: str) -> None:
    placement = checked.header.placement if isinstance(checked.header, TiffHeader) else "affine"
    if placement == "points":
        raise InvalidSource(
            "It is placed by ground control points only. Warp it first, for example by gdalwarp."
        ).at(source=name)
    if placement == "none":
        raise InvalidSource(_NOWHERE).at(source=name)


def gdal_reason(error: BaseException) -> str:
    """The innermost message of GDAL in one short printable line without folders."""
    while error.__cause__ is not None:
        error = error.__cause__
    text = "".join(c if c.isprintable() else " " for c in str(error))
    text = re.sub(r"(?<![\w.])/[^:]*/(?=[^/:]*)", "", text).strip() or type(error).__name__
    return text[:200]
