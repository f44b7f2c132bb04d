"""The directories of a TIFF, read with limits before GDAL sees the file.

It is not a decoder: it learns how big, how many and where, refuses what would cost too much or
points outside the file, and knows the byte range of every block (remote files are read by it).
Source: TIFF 6.0 specification; BigTIFF design of libtiff; GeoTIFF 1.1 (OGC 19-008r4);
private tags 42112 and 42113 as the GDAL GeoTIFF driver page documents them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.sources.config import SourceLimits
from swath.errors import InvalidSource

MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""First bytes of classic and Big TIFF, both byte orders."""

_SIZE_OF = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_SIZE_OF |= {13: 4, 16: 8, 17: 8, 18: 8}
_CODE_OF = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d"}
_CODE_OF |= {13: "I", 16: "Q", 17: "q", 18: "Q"}
_MOST_TAGS = 1024
_MOST_TEXT_BYTES = 1024 * 1024
_UNCOMPRESSED = 1
_BLOCK_TABLES = frozenset({273, 279, 324, 325})
"""Offsets and lengths of strips and tiles."""


class ByteSource(Protocol):
    """Bytes of a file by range."""

    @property
    def size(self) -> int:
        """Length of the file in bytes."""

    def read(self, offset: int, count: int) -> bytes:
        """The bytes there are in [offset, offset + count)."""


@dataclass(frozen=True, slots=True)
class Tag:
    """One entry of a directory."""

    kind: int
    """TIFF field type."""
    count: int
    offset: int
    """Where its values are in the file, also where they lie inside the entry."""

    @property
    def nbytes(self) -> int:
        """Bytes that its values take."""
        return _SIZE_OF[self.kind] * self.count


@dataclass(frozen=True, slots=True)
class Directory:
    """One image of the file: full resolution, overview, mask or page."""

    height: int
    width: int
    samples: int
    bits: int
    """Of one sample."""
    is_complex: bool
    compression: int
    is_separate: bool
    """Each band has its own blocks."""
    is_tiled: bool
    block_rows: int
    block_cols: int
    is_reduced: bool
    is_mask: bool
    tags: dict[int, Tag] = field(repr=False)

    @property
    def grid_of_blocks(self) -> tuple[int, int]:
        """Rows and columns of blocks in one plane."""
        return -(-self.height // self.block_rows), -(-self.width // self.block_cols)

    @property
    def block_bytes(self) -> int:
        """Decoded bytes of one block."""
        samples = 1 if self.is_separate else self.samples
        return (self.block_rows * self.block_cols * samples * self.bits + 7) // 8


@dataclass(frozen=True, slots=True)
class TiffHeader:
    """What the directories of a file say."""

    order: str
    """`<` or `>`."""
    main: Directory
    overviews: tuple[Directory, ...]
    """In the order of the file."""
    masks: tuple[Directory, ...]
    nodata: str
    """Text of the GDAL nodata tag; empty where there is none."""
    metadata: str
    """XML text of the GDAL metadata tag; empty where there is none."""
    overview_metadata: str
    """The same of the first overview."""
    datetime: str
    """Text of tag 306; empty where there is none."""
    placement: str
    """How pixels are placed: `affine`, `points` (ground control only) or `none`."""
    tag_ranges: tuple[tuple[int, int], ...] = field(repr=False)
    """[start, end) of the values of tags, but of the tables of blocks."""


def read_tiff_header(source: ByteSource, limits: SourceLimits) -> TiffHeader:
    """The checked header of a TIFF.

    Raises:
        InvalidSource: damaged, lying about its size, or over `limits`; without file name.
        SourceUnavailable: whatever `source` raises.
    """
    try:
        return _Scan(source, limits).header()
    except (struct.error, KeyError, IndexError, OverflowError, UnicodeDecodeError) as error:
        raise InvalidSource("Its TIFF header is damaged or cut off.") from error


def block_ranges(
    source: ByteSource, order: str, image: Directory, blocks: list[tuple[int, int, int]]
) -> list[tuple[int, int]]:
    """(offset, count) in the file of each (plane, block row, block column); (0, 0) where sparse.

    Args:
        blocks: plane is 0 unless the bands are stored separately.
    """
    offsets, counts = (_table(source, order, image.tags[tag]) for tag in _table_tags(image))
    rows, cols = image.grid_of_blocks
    places = [plane * rows * cols + row * cols + col for plane, row, col in blocks]
    return [(int(offsets[place]), int(counts[place])) for place in places]


def _table_tags(image: Directory) -> tuple[int, int]:
    return (324, 325) if image.is_tiled else (273, 279)


def _table(source: ByteSource, order: str, tag: Tag) -> NDArray[np.uint64]:
    raw = source.read(tag.offset, tag.nbytes)
    return np.frombuffer(raw, dtype=order + _CODE_OF[tag.kind]).astype(np.uint64)


def _tag_ranges(images: list[Directory]) -> Iterator[tuple[int, int]]:
    for image in images:
        for number, tag in image.tags.items():
            if number not in _BLOCK_TABLES:
                yield tag.offset, tag.offset + tag.nbytes


class _Scan:
    """One walk over the directories, with what it may still spend."""

    def __init__(self, source: ByteSource, limits: SourceLimits) -> None:
        self.source, self.limits = source, limits
        start = source.read(0, 16)
        if start[:4] not in MAGICS:
            raise InvalidSource("It is not a TIFF file.")
        self.order = "<" if start[:2] == b"II" else ">"
        self.is_big = start[2:4] in (b"+\0", b"\0+")
        self.first = self._unpack("Q", start[8:16]) if self.is_big else self._unpack("I", start[4:])
        self.spent_bytes = 16
        self.seen: set[int] = set()

    def _unpack(self, code: str, raw: bytes) -> int:
        return int(struct.unpack_from(self.order + code, raw)[0])

    def _read(self, offset: int, count: int) -> bytes:
        self.spent_bytes += count
        if self.spent_bytes > self.limits.header_bytes:
            raise InvalidSource("Its header is larger than may be read.")
        if offset + count > self.source.size:
            raise InvalidSource("Its header points past the end of the file: it is cut off.")
        return self.source.read(offset, count)

    def header(self) -> TiffHeader:
        images = list(self._images())
        main = images[0]
        same = [i for i in images[1:] if i.samples == main.samples and not i.is_mask]
        overviews = tuple(i for i in same if i.is_reduced)
        return TiffHeader(
            order=self.order,
            main=main,
            overviews=overviews,
            masks=tuple(i for i in images[1:] if i.is_mask),
            nodata=self._text(main, 42113),
            metadata=self._text(main, 42112),
            overview_metadata=self._text(overviews[0], 42112) if overviews else "",
            datetime=self._text(main, 306),
            placement=self._placement(main),
            tag_ranges=tuple(_tag_ranges(images)),
        )

    def _images(self) -> Iterator[Directory]:
        offset = self.first
        while offset:
            tags, offset = self._directory(offset)
            yield self._image(tags)
            for child in self._numbers(tags[330]) if 330 in tags else ():
                if child:
                    yield self._image(self._directory(int(child))[0])

    def _directory(self, offset: int) -> tuple[dict[int, Tag], int]:
        if offset in self.seen:
            raise InvalidSource("Its directories form a loop: the file is damaged.")
        if len(self.seen) >= self.limits.directories:
            raise InvalidSource(f"It has more than {self.limits.directories} directories.")
        self.seen.add(offset)
        head, entry = (8, 20) if self.is_big else (2, 12)
        count = self._unpack("Q" if self.is_big else "H", self._read(offset, head))
        if count > _MOST_TAGS:
            raise InvalidSource(f"A directory of it claims {count} tags: the file is damaged.")
        link = 8 if self.is_big else 4
        raw = self._read(offset + head, count * entry + link)
        tags = dict(
            self._tag(raw[i * entry : (i + 1) * entry], offset + head + i * entry)
            for i in range(count)
        )
        return tags, self._unpack("Q" if self.is_big else "I", raw[count * entry :])

    def _tag(self, raw: bytes, place: int) -> tuple[int, Tag]:
        number, kind = struct.unpack_from(self.order + "HH", raw)
        count = self._unpack("Q" if self.is_big else "I", raw[4:])
        inline = 8 if self.is_big else 4
        # An unknown field type is skipped as readers must; as one it can do no harm.
        size = _SIZE_OF.get(kind, 0) * count
        if size <= inline:
            return number, Tag(kind if kind in _SIZE_OF else 1, count, place + len(raw) - inline)
        offset = self._unpack("Q" if self.is_big else "I", raw[-inline:])
        if offset + size > self.source.size:
            raise InvalidSource(
                f"Its tag {number} lies past the end of the file: it is cut off or damaged."
            )
        return number, Tag(kind, count, offset)

    def _image(self, tags: dict[int, Tag]) -> Directory:
        def one(number: int, default: int) -> int:
            return int(self._numbers(tags[number])[0]) if number in tags else default

        if 256 not in tags or 257 not in tags:
            raise InvalidSource("It does not say how wide and high it is.")
        width, height, subfile = one(256, 0), one(257, 0), one(254, 0)
        is_tiled = 322 in tags
        image = Directory(
            height=height,
            width=width,
            samples=one(277, 1),
            bits=one(258, 1),
            is_complex=one(339, 1) in (5, 6),
            compression=one(259, _UNCOMPRESSED),
            is_separate=one(284, 1) == 2,
            is_tiled=is_tiled,
            block_rows=one(323, 0) if is_tiled else min(one(278, height), height),
            block_cols=one(322, 0) if is_tiled else width,
            is_reduced=bool(subfile & 1),
            is_mask=bool(subfile & 4),
            tags=tags,
        )
        self._check(image)
        return image

    def _check(self, image: Directory) -> None:
        limits = self.limits
        if not (0 < image.width <= limits.side_px and 0 < image.height <= limits.side_px):
            raise InvalidSource(
                f"It claims {image.width} × {image.height} pixels; "
                f"at most {limits.side_px} a side can be read."
            )
        if not 0 < image.samples <= limits.bands:
            raise InvalidSource(
                f"It has {image.samples} bands; at most {limits.bands} can be read."
            )
        if not 0 < image.bits <= 128:
            raise InvalidSource(f"It claims {image.bits} bits for a sample.")
        if image.block_rows < 1 or image.block_cols < 1:
            raise InvalidSource("It claims blocks without pixels: the file is damaged.")
        self._check_blocks(image)

    def _check_blocks(self, image: Directory) -> None:
        # libtiff cuts an uncompressed image of one strip into small ones by itself.
        is_cut = not image.is_tiled and image.compression == _UNCOMPRESSED
        if image.block_bytes > self.limits.block_bytes and not is_cut:
            raise InvalidSource(
                f"One block of it takes {image.block_bytes >> 20} MiB to decode; at most "
                f"{self.limits.block_bytes >> 20} can be read. Re-tile it, for example as a COG."
            )
        table = image.tags.get(_table_tags(image)[0])
        rows, cols = image.grid_of_blocks
        needed = rows * cols * (image.samples if image.is_separate else 1)
        if table is None or table.count < needed or table.kind not in _CODE_OF:
            have = 0 if table is None else table.count
            raise InvalidSource(
                f"Its size needs {needed} blocks but it lists {have}: the file is damaged."
            )

    def _numbers(self, tag: Tag) -> tuple[float, ...]:
        if tag.count == 0 or tag.count > _MOST_TEXT_BYTES or tag.kind not in _CODE_OF:
            raise InvalidSource("A tag of it holds no number where one is needed.")
        raw = self._read(tag.offset, tag.nbytes)
        return struct.unpack(f"{self.order}{tag.count}{_CODE_OF[tag.kind]}", raw)

    def _text(self, image: Directory, number: int) -> str:
        tag = image.tags.get(number)
        if tag is None or tag.nbytes > _MOST_TEXT_BYTES:
            return ""
        return self._read(tag.offset, tag.nbytes).split(b"\0")[0].decode("utf-8", "replace")

    def _placement(self, main: Directory) -> str:
        if 34264 in main.tags or (33550 in main.tags and 33922 in main.tags):
            return "affine"
        return "points" if 33922 in main.tags else "none"
