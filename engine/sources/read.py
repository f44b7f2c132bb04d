"""Reads the pixels of assets on any grid: chooses the level, finds the window, warps, scales.

Stored values are resampled first and scaled after, pixel by pixel (`resampled_dtype`, then rule
D1): the blocks of the cache stay small, and a result depends on no window. A `near` read gives
the same bits either way.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from engine.catalog.asset import Asset, Identity
from engine.evaluate.budget import Budget
from engine.geo.resampling import check_name
from engine.sources.address import Address, LocalFile, resolve_href
from engine.sources.array import ArrayAsset, array_window
from engine.sources.blocks import BlockCache, CacheCounts
from engine.sources.config import SourceConfig
from engine.sources.handles import HandlePool
from engine.sources.level import Level, level_of
from engine.sources.local import local_identity
from engine.sources.physical import physical
from engine.sources.stored import FileKey, Mask, StoredWindow, Values
from engine.sources.warped import GridRead, Warp, choose_level
from swath.errors import InvalidSource, SourceChanged, SwathError
from swath.grid import Grid, Window

_MOST_LEVELS = 4096
_MOST_ADDRESSES = 16_384

Plane = tuple[Values, Mask | None]
"""(y, x) physical values, and uint8 mask (1 = masked) or None: nothing is masked."""


@dataclass(frozen=True, slots=True)
class ReaderCounts:
    """What a reader did since it was made."""

    opened: int
    """Files opened."""
    requests: int
    """Requests to remote stores."""
    cache: CacheCounts


class Reader:
    """Pixels of assets on any grid. Safe for threads; keeps files open and blocks decoded."""

    def __init__(self, config: SourceConfig, warp: Warp) -> None:
        self._config, self._warp = config, warp
        self._pool = HandlePool(config)
        self._cache = BlockCache(config.cache_bytes)
        self._address = lru_cache(_MOST_ADDRESSES)(partial(resolve_href, config=config))
        self._levels: OrderedDict[FileKey, Level] = OrderedDict()
        self._lock = threading.Lock()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def read(
        self,
        asset: Asset | ArrayAsset,
        grid: Grid,
        window: Window,
        resampling: str,
        budget: Budget,
    ) -> Plane:
        """Physical values and mask of the pixels `window` of `grid`, fresh arrays; 0 where masked.

        Args:
            window: may reach beyond `grid`.
            resampling: a name of `engine.geo.resampling`.
        Raises:
            InvalidSource: not allowed, damaged, or too costly. SourceChanged: not the file that
            the catalog recorded. SourceUnavailable: an I/O error or a timeout. ResultTooLarge:
            more to decode than one read may. InvalidArgument: the resampling does not fit the
            kind. DeadlineExceeded, Cancelled: by `budget`.
        """
        return self.read_many([asset], grid, window, resampling, budget)[0]

    def read_many(
        self,
        assets: Sequence[Asset | ArrayAsset],
        grid: Grid,
        window: Window,
        resampling: str,
        budget: Budget,
    ) -> list[Plane]:
        """As `read`, for each of `assets`; bands of one file are decoded together."""
        planes: dict[int, Plane] = {}
        files: dict[tuple[object, ...], list[int]] = {}
        for i, asset in enumerate(assets):
            if isinstance(asset, ArrayAsset):
                planes[i] = self._read_array(asset, grid, window, resampling, budget)
            else:
                files.setdefault((asset.href, asset.identity, asset.grid), []).append(i)
        for places in files.values():
            bands = [asset for i in places if isinstance(asset := assets[i], Asset)]
            found = self._read_file(bands, grid, window, resampling, budget)
            planes.update(zip(places, found, strict=True))
        return [planes[i] for i in range(len(assets))]

    def counts(self) -> ReaderCounts:
        """What was opened, asked for, decoded and found so far."""
        return ReaderCounts(self._pool.open_count, self._pool.request_count, self._cache.counts())

    def close(self) -> None:
        """Close idle files and forget blocks; the reader may still be used."""
        self._pool.close()
        self._cache.clear()

    def _read_array(
        self, asset: ArrayAsset, grid: Grid, window: Window, resampling: str, budget: Budget
    ) -> Plane:
        check_name(resampling, asset.kind)
        read = GridRead(
            source=asset.grid,
            fetch=lambda part: [array_window(asset, part)],
            dtypes=[asset.values.dtype.name],
            grid=grid,
            resampling=resampling,
            budget=budget,
            warp=self._warp,
        )
        values, mask = read.planes(window)[0]
        return physical(values, 1.0, 0.0), mask

    def _read_file(
        self, assets: list[Asset], grid: Grid, window: Window, resampling: str, budget: Budget
    ) -> list[Plane]:
        first = assets[0]
        address = self._address(first.href)
        try:
            return self._read_bands(assets, address, grid, window, resampling, budget)
        except SwathError as error:
            raise error.at(source=address.name) from error.__cause__

    def _read_bands(
        self,
        assets: list[Asset],
        address: Address,
        grid: Grid,
        window: Window,
        resampling: str,
        budget: Budget,
    ) -> list[Plane]:
        for asset in assets:
            check_name(resampling, asset.kind)
        budget.check()
        identity = self._identity(assets[0], address)
        planes: dict[int, Plane] = {}
        for index, places in _by_level(assets, grid).items():
            bands = [assets[i] for i in places]
            source = self._source(address, FileKey(bands[0].href, identity, index), bands, budget)
            read = GridRead(
                source=source.level.grid(bands[0].grid),
                fetch=partial(source.read, bands),
                dtypes=[asset.dtype for asset in bands],
                grid=grid,
                resampling=resampling,
                budget=budget,
                warp=self._warp,
            )
            for i, asset, plane in zip(places, bands, read.planes(window), strict=True):
                planes[i] = _scaled(plane, asset)
        return [planes[i] for i in range(len(assets))]

    def _identity(self, asset: Asset, address: Address) -> Identity:
        """What the file is now; for a remote file, what it is recorded or was last seen to be."""
        if isinstance(address, LocalFile):
            now = local_identity(address)
            if asset.identity is not None and now != asset.identity:
                raise SourceChanged(
                    "The file is not the one that the catalog recorded: add it again."
                )
            return now
        if asset.identity is not None:
            return asset.identity
        with self._pool.borrow(address, None) as handle:
            return handle.identity

    def _source(
        self, address: Address, key: FileKey, assets: list[Asset], budget: Budget
    ) -> StoredWindow:
        borrow = partial(self._pool.borrow, address, key.identity)
        level = self._levels.get(key)
        if level is None:
            with borrow() as handle:
                level = level_of(handle.dataset(key.level), key.level)
            self._remember(key, level)
        for asset in assets:
            _check_record(asset, level)
        return StoredWindow(
            cache=self._cache,
            file=key,
            level=level,
            name=address.name,
            borrow=borrow,
            check=budget.check,
            most_bytes=self._config.limits.read_bytes,
        )

    def _remember(self, key: FileKey, level: Level) -> None:
        with self._lock:
            self._levels[key] = level
            if len(self._levels) > _MOST_LEVELS:
                self._levels.popitem(last=False)


def _scaled(plane: Plane, asset: Asset) -> Plane:
    """Physical values; 0 under the mask."""
    values, mask = plane
    scaled = physical(values, asset.scale, asset.offset)
    if mask is not None and asset.offset != 0.0:
        np.copyto(scaled, 0, where=mask.view(np.bool_))
    return scaled, mask


def _check_record(asset: Asset, level: Level) -> None:
    """What the catalog recorded must be what the file says, or pixels would be misplaced."""
    if not 1 <= asset.band <= len(level.dtypes):
        raise InvalidSource(f"It has {len(level.dtypes)} bands; band {asset.band} was asked for.")
    same_dtype = level.dtypes[asset.band - 1] in (asset.dtype, _GDAL_NAME.get(asset.dtype))
    same_shape = level.index is not None or level.shape == asset.grid.shape
    if not (same_dtype and same_shape):
        raise SourceChanged("Its size or type is not what the catalog recorded: add it again.")


_GDAL_NAME = {"float16": "float32", "bool": "uint8"}
"""What GDAL calls a dtype that it has not."""


def _by_level(assets: list[Asset], grid: Grid) -> dict[int | None, list[int]]:
    """Places in `assets`, grouped by the index of the overview that each is read from."""
    found: dict[int | None, list[int]] = {}
    for i, asset in enumerate(assets):
        found.setdefault(choose_level(asset, grid), []).append(i)
    return found
