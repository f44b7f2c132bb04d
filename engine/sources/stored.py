"""Stored pixels of a window, band by band with their masks, through the cache of blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import rasterio.windows
from numpy.typing import NDArray
from rasterio.enums import ColorInterp
from rasterio.errors import RasterioError

from engine.catalog.asset import Asset, Identity, MaskSource
from engine.sources.blocks import Block, BlockCache, frozen_block
from engine.sources.handles import Handle
from engine.sources.level import Level
from engine.sources.open import gdal_reason
from engine.sources.physical import no_data
from swath.errors import InvalidSource, ResultTooLarge
from swath.grid import Window

Values = NDArray[Any]
Mask = NDArray[np.uint8]

_SHARED = 0
"""Number that stands for the band of what masks all bands: alpha or the internal mask."""


class FileKey(NamedTuple):
    """What a block is a block of."""

    href: str
    identity: Identity
    level: int | None


class UnitKey(NamedTuple):
    """One cached unit of one band."""

    file: FileKey
    band: int
    """From 1; 0 for the mask of all bands."""
    nodata: float | None
    mask: MaskSource
    row: int
    col: int


_Head = tuple[FileKey, int, float | None, MaskSource]
_LEAST_CALL_PX = 128 * 128
"""Units are decoded in calls of at most about this size, when they are smaller than it."""
_NO_VALUES = np.empty((0, 0), np.uint8)


@dataclass(frozen=True, slots=True)
class StoredWindow:
    """Reads windows of stored pixels of one level of one file."""

    cache: BlockCache
    file: FileKey
    level: Level
    name: str
    borrow: Callable[[], Any]
    """Context manager that lends a Handle."""
    check: Callable[[], None]
    """Called between decodes; raises to give up."""
    most_bytes: int
    """Most decoded bytes that one read may take."""

    def read(self, assets: Sequence[Asset], window: Window) -> list[tuple[Values, Mask | None]]:
        """Values and mask of each asset, all bands of this file, in `window`.

        What is outside the level is masked, with value 0. The arrays are fresh.

        Raises:
            InvalidSource: a block cannot be decoded. ResultTooLarge: more than `most_bytes`.
            Whatever `borrow` and `check` raise.
        """
        inside = _inside(window, self.level)
        if inside is not None:
            self._admit(assets, inside)
        places = list(self.level.units(inside)) if inside is not None else []
        heads = [self._head(asset) for asset in assets]
        keys = [UnitKey(*head, row, col) for head in heads for row, col in places]
        blocks = self.cache.fetch(keys, self._load, self.check) if keys else {}
        return [
            self._assemble(asset, window, inside, [(p, blocks[UnitKey(*h, *p)]) for p in places])
            for asset, h in zip(assets, heads, strict=True)
        ]

    def _admit(self, assets: Sequence[Asset], inside: Window) -> None:
        pixel_bytes = sum(np.dtype(self.level.dtypes[a.band - 1]).itemsize for a in assets)
        decoded = self.level.decoded_px(inside) * pixel_bytes
        if decoded > self.most_bytes:
            raise ResultTooLarge(
                "Reading this area at once would decode too much: ask for less of it.",
                projected_bytes=decoded,
                limit_bytes=self.most_bytes,
            ).at(source=self.name)

    def _head(self, asset: Asset) -> _Head:
        # NaN is unequal to itself and would never be found again; it is always masked anyway.
        nodata = None if asset.nodata is None or asset.nodata != asset.nodata else asset.nodata
        return self.file, asset.band, nodata, asset.mask

    def _assemble(
        self,
        asset: Asset,
        window: Window,
        inside: Window | None,
        blocks: list[tuple[tuple[int, int], Block]],
    ) -> tuple[Values, Mask | None]:
        shape, dtype = (window.rows, window.cols), self.level.dtypes[asset.band - 1]
        is_within = inside == window
        values = np.empty(shape, dtype) if is_within else np.zeros(shape, dtype)
        mask: Mask | None = None if is_within else np.ones(shape, np.uint8)
        for (row, col), block in blocks:
            there = self.level.unit_window(row, col)
            to, of = _overlap(window, there)
            values[to] = block.values[of]
            if block.mask is not None and mask is None:
                mask = np.zeros(shape, np.uint8)
            if mask is not None:
                mask[to] = 0 if block.mask is None else block.mask[of]
        return values, mask if mask is None or mask.any() else None

    def _load(self, keys: list[UnitKey]) -> Iterator[tuple[UnitKey, Block]]:
        """Decode units: small ones side by side in one call, and all bands of a place in one call.

        A unit decoded alone is kept as it is. Larger ones in one call would be copied twice, which
        cost 15 % of a cold read of 512 × 512 blocks.
        """
        masks = self._masks(keys)
        most_cols = max(1, _LEAST_CALL_PX // (self.level.unit.y * self.level.unit.x))
        with self.borrow() as handle:
            self._prepare(handle, keys, sorted({key.band for key in keys}), masks=False)
            for row, cols, heads in _runs(keys, most_cols):
                self.check()
                window = self.level.unit_window(row, cols[0], len(cols))
                decoded = self._decode(handle, [band for _, band, _, _ in heads], window)
                is_alone = len(heads) == len(cols) == 1
                for head, values in zip(heads, decoded, strict=True):
                    for i, col in enumerate(cols):
                        part = values[:, i * self.level.unit.x : (i + 1) * self.level.unit.x]
                        part = part if is_alone else np.array(part)
                        yield (
                            UnitKey(*head, row, col),
                            _block(part, head[2], masks[head[3], row, col]),
                        )

    def _masks(self, keys: list[UnitKey]) -> dict[tuple[MaskSource, int, int], Mask | None]:
        """The mask that all bands share, for each mask source and place of `keys`."""
        places = dict.fromkeys((key.mask, key.row, key.col) for key in keys)
        masks: dict[tuple[MaskSource, int, int], Mask | None] = dict.fromkeys(places)
        wanted = [
            UnitKey(self.file, _SHARED, None, *place)
            for place in places
            if place[0] in ("alpha", "internal")
        ]
        found = self.cache.fetch(wanted, self._load_masks, self.check) if wanted else {}
        masks.update({(key.mask, key.row, key.col): found[key].mask for key in wanted})
        return masks

    def _load_masks(self, keys: list[UnitKey]) -> Iterator[tuple[UnitKey, Block]]:
        with self.borrow() as handle:
            alpha = _alpha_of(handle.dataset(self.level.index)) if keys[0].mask == "alpha" else 0
            self._prepare(handle, keys, [alpha] if alpha else [], masks=not alpha)
            for key in keys:
                self.check()
                window = self.level.unit_window(key.row, key.col)
                mask = self._decode_mask(handle, alpha, window)
                yield key, frozen_block(_NO_VALUES, mask if mask.any() else None, shared=False)

    def _prepare(self, handle: Handle, keys: list[UnitKey], bands: list[int], masks: bool) -> None:
        places = dict.fromkeys((key.row, key.col) for key in keys)
        windows = (self.level.unit_window(*place) for place in places)
        handle.prepare(self.level.index, windows, bands, masks)

    def _decode(self, handle: Handle, bands: list[int], window: Window) -> Values:
        """Stored pixels (band, y, x)."""
        read = handle.dataset(self.level.index).read
        return self._attempt(handle, window, lambda part: read(bands, window=part))

    def _decode_mask(self, handle: Handle, alpha: int, window: Window) -> Mask:
        """1 where alpha, or without an alpha band the internal mask, is 0."""
        if alpha:
            valid = self._decode(handle, [alpha], window)[0]
        else:
            read = handle.dataset(self.level.index).read_masks
            valid = self._attempt(handle, window, lambda part: read(1, window=part))
        return np.asarray(valid == 0).view(np.uint8)

    def _attempt(
        self, handle: Handle, window: Window, decode: Callable[[rasterio.windows.Window], Any]
    ) -> Values:
        part = rasterio.windows.Window(window.col, window.row, window.cols, window.rows)
        try:
            decoded = np.asarray(decode(part))
        except RasterioError as error:
            handle.verify()
            raise InvalidSource(f"Its pixels cannot be decoded: {gdal_reason(error)}").at(
                source=self.name, window=str(window)
            ) from error
        handle.verify()
        return decoded


def _runs(
    keys: list[UnitKey], most_cols: int
) -> Iterator[tuple[int, list[int], tuple[_Head, ...]]]:
    """(row, adjacent columns, bands) of units that are decoded in one call."""
    bands: dict[tuple[int, int], list[_Head]] = {}
    for key in keys:
        bands.setdefault((key.row, key.col), []).append(key[:4])
    run: list[int] = []
    for (row, col), heads in sorted(bands.items(), key=lambda item: item[0]):
        after = (row, col + 1)
        run.append(col)
        if bands.get(after) != heads or len(run) == most_cols:
            yield row, run, tuple(heads)
            run = []


def _alpha_of(dataset: Any) -> int:
    """Number of the alpha band; 0 where there is none."""
    colors = dataset.colorinterp
    return colors.index(ColorInterp.alpha) + 1 if ColorInterp.alpha in colors else 0


def _block(values: Values, nodata: float | None, shared: Mask | None) -> Block:
    """A block whose masked pixels are 0."""
    own = no_data(values, nodata)
    mask = shared if own is None else own if shared is None else own | shared
    if mask is not None:
        np.copyto(values, 0, where=mask.view(np.bool_))
    return frozen_block(values, mask, shared=own is None)


def _inside(window: Window, level: Level) -> Window | None:
    """The part of `window` that is in the level; None where there is none."""
    top, left = max(0, window.row), max(0, window.col)
    rows = min(window.row + window.rows, level.shape.y) - top
    cols = min(window.col + window.cols, level.shape.x) - left
    return Window(top, left, rows, cols) if rows > 0 and cols > 0 else None


def _overlap(window: Window, there: Window) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """The pixels both have: as a part of `window`, and as a part of `there`."""
    top, left = max(window.row, there.row), max(window.col, there.col)
    below = min(window.row + window.rows, there.row + there.rows)
    right = min(window.col + window.cols, there.col + there.cols)
    return (
        (slice(top - window.row, below - window.row), slice(left - window.col, right - window.col)),
        (slice(top - there.row, below - there.row), slice(left - there.col, right - there.col)),
    )
