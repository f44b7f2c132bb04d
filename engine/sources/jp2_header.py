"""Size and tiling of a JPEG 2000 file, read with limits before GDAL sees it.

Source: ITU-T T.800 annex I (boxes) and annex A.5.1 (SIZ marker).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from engine.sources.config import SourceLimits
from engine.sources.tiff_header import ByteSource
from swath.errors import InvalidSource

MAGIC = b"\0\0\0\x0cjP  \r\n\x87\n"
"""First bytes of a JP2 file."""
CODESTREAM_MAGIC = b"\xff\x4f\xff\x51"
"""First bytes of a bare codestream: the markers SOC and SIZ."""

_MOST_BOXES = 64
_SIZ_BYTES = 42


@dataclass(frozen=True, slots=True)
class Jp2Header:
    """What the SIZ marker says."""

    height: int
    width: int
    samples: int


def read_jp2_header(source: ByteSource, limits: SourceLimits) -> Jp2Header:
    """The checked size of a JP2 file.

    Raises:
        InvalidSource: damaged or over `limits`; without file name.
    """
    try:
        return _siz(source, _codestream(source), limits)
    except struct.error as error:
        raise InvalidSource("Its JPEG 2000 header is damaged or cut off.") from error


def _codestream(source: ByteSource) -> int:
    """Offset of the codestream."""
    if source.read(0, 4) == CODESTREAM_MAGIC:
        return 0
    place = 0
    for _ in range(_MOST_BOXES):
        head = source.read(place, 16)
        size, kind = struct.unpack_from(">I4s", head)
        is_long = size == 1
        if kind == b"jp2c":
            return place + (16 if is_long else 8)
        step = struct.unpack_from(">Q", head, 8)[0] if is_long else size
        if step < 8:
            break
        place += step
    raise InvalidSource("It has no JPEG 2000 codestream: it is damaged or cut off.")


def _siz(source: ByteSource, place: int, limits: SourceLimits) -> Jp2Header:
    raw = source.read(place, _SIZ_BYTES)
    if not raw.startswith(CODESTREAM_MAGIC):
        raise InvalidSource("Its JPEG 2000 codestream is damaged.")
    right, below, left, top, tile_x, tile_y = struct.unpack_from(">6I", raw, 8)
    samples = struct.unpack_from(">H", raw, 40)[0]
    width, height = right - left, below - top
    if not (0 < width <= limits.side_px and 0 < height <= limits.side_px):
        raise InvalidSource(f"It claims {width} × {height} pixels.")
    if not 0 < samples <= limits.bands:
        raise InvalidSource(f"It has {samples} bands; at most {limits.bands} can be read.")
    # Samples may have up to 38 bits; decoders keep four bytes for each.
    if 4 * samples * min(tile_x, width) * min(tile_y, height) > limits.block_bytes * 4:
        raise InvalidSource("One tile of it takes too much memory to decode. Re-tile it.")
    return Jp2Header(height, width, samples)
