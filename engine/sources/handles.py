"""Open files, lent to one thread at a time and kept open between reads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from engine.catalog.asset import Identity
from engine.sources.address import Address, LocalFile
from engine.sources.config import SourceConfig
from engine.sources.local import LocalBytes, local_identity
from engine.sources.open import check_header, open_dataset
from engine.sources.remote import RemoteBytes, check_remote_header
from engine.sources.tiff_header import Directory, TiffHeader, block_ranges
from swath.errors import InvalidSource, SourceChanged
from swath.grid import Window

_MOST_SPILL_BYTES = 256 * 1024 * 1024
"""A remote handle that fetched more than this is closed after use, which frees its disk space."""
_LEADER_BYTES = 4
"""A COG keeps the length of each block in the bytes before it, and GDAL may look at them."""


class Handle:
    """One open file with its levels; for one thread at a time."""

    def __init__(self, address: Address, config: SourceConfig) -> None:
        self._address = address
        self.name = address.name
        self._datasets: dict[int | None, Any] = {}
        self._remote: RemoteBytes | None = None
        self._opened_at = 0
        if isinstance(address, LocalFile):
            self._path = address.path
            with LocalBytes(address) as source:
                self.checked = check_header(source, self.name, config.limits)
                self.identity = source.identity
        else:
            self._remote = RemoteBytes(address, config)
            self._path = self._remote.path
            self.identity = self._remote.identity
            try:
                self.checked = check_remote_header(self._remote, self.name, config.limits)
            except BaseException:
                self._remote.close()
                raise

    def dataset(self, level: int | None) -> Any:
        """The rasterio dataset of full resolution (None) or of an overview.

        GDAL buffers what it read, also zeros of a sparse file that have been filled since: so
        datasets are opened anew once more bytes are there (0.7 ms beside a round trip).
        """
        if self.requests != self._opened_at:
            self._close_datasets()
            self._opened_at = self.requests
        if level not in self._datasets:
            self._datasets[level] = open_dataset(self._path, self.checked, self.name, level)
        return self._datasets[level]

    def prepare(
        self, level: int | None, windows: Iterable[Window], bands: Sequence[int], masks: bool
    ) -> None:
        """Have the bytes of some windows present, in few requests; local files have them all."""
        header = self.checked.header
        if self._remote is None or not isinstance(header, TiffHeader):
            return
        image = self._directory(header, level)
        images = [(image, bands)] if bands else []
        if masks:
            images += [(m, [1]) for m in header.masks if _size(m) == _size(image)]
        ranges = [
            found
            for window in windows
            for image, planes in images
            for found in self._ranges(header, image, window, planes)
        ]
        self._remote.fetch((s - _LEADER_BYTES, s + n + _LEADER_BYTES) for s, n in ranges if n)

    def verify(self) -> None:
        """Return if the file is still the one that was opened.

        Raises:
            SourceChanged: it was written to or replaced. Remote ones check at each request.
        """
        if isinstance(self._address, LocalFile) and local_identity(self._address) != self.identity:
            raise SourceChanged("The file changed while it was being read.").at(source=self.name)

    def close(self) -> None:
        """Close all levels."""
        self._close_datasets()
        if self._remote is not None:
            self._remote.close()

    def _close_datasets(self) -> None:
        for dataset in self._datasets.values():
            dataset.close()
        self._datasets.clear()

    @property
    def requests(self) -> int:
        """Requests sent to a remote store by this handle."""
        return 0 if self._remote is None else self._remote.requests

    @property
    def is_spent(self) -> bool:
        """True when keeping it open would cost too much disk space."""
        return self._remote is not None and self._remote.held_bytes > _MOST_SPILL_BYTES

    def _directory(self, header: TiffHeader, level: int | None) -> Directory:
        if level is None:
            return header.main
        shape = tuple(self.dataset(level).shape)
        found = [o for o in header.overviews if _size(o) == shape]
        if not found:
            raise InvalidSource("Its overviews are laid out in a way that is not known.").at(
                source=self.name
            )
        return found[0]

    def _ranges(
        self, header: TiffHeader, image: Directory, window: Window, bands: Sequence[int]
    ) -> list[tuple[int, int]]:
        assert self._remote is not None
        planes = [b - 1 for b in bands] if image.is_separate else [0]
        rows = range(
            window.row // image.block_rows, -(-(window.row + window.rows) // image.block_rows)
        )
        cols = range(
            window.col // image.block_cols, -(-(window.col + window.cols) // image.block_cols)
        )
        blocks = [(p, r, c) for p in planes if p < image.samples for r in rows for c in cols]
        return block_ranges(self._remote, header.order, image, blocks)


def _size(image: Directory) -> tuple[int, int]:
    return image.height, image.width


class HandlePool:
    """Handles by address; the least recently used idle ones are closed beyond a number.

    A dataset of GDAL may move between threads, but not be used by two at once: so a handle is
    borrowed. Each address has as many as are in use at once.
    """

    def __init__(self, config: SourceConfig) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._idle: OrderedDict[int, tuple[Address, Handle]] = OrderedDict()
        self._next = 0
        self._opened = self._requests = 0

    @property
    def open_count(self) -> int:
        """Times a file was opened."""
        return self._opened

    @property
    def request_count(self) -> int:
        """Requests sent to remote stores."""
        return self._requests

    @contextmanager
    def borrow(self, address: Address, identity: Identity | None) -> Iterator[Handle]:
        """A handle of the file, for this thread alone while the context is open.

        Args:
            identity: what the file is known to be. Absent: whatever it is.

        Raises:
            SourceChanged: it is another file now. InvalidSource, SourceUnavailable: on opening.
        """
        handle = self._take(address, identity) or self._open(address)
        before = handle.requests
        try:
            if identity is not None and handle.identity != identity:
                raise SourceChanged(
                    "The file is not the one that the catalog recorded: add it again."
                ).at(source=handle.name)
            yield handle
        except BaseException:
            handle.close()
            raise
        else:
            self._give_back(address, handle)
        finally:
            with self._lock:
                self._requests += handle.requests - before

    def close(self) -> None:
        """Close the idle handles."""
        with self._lock:
            idle = [handle for _, handle in self._idle.values()]
            self._idle.clear()
        for handle in idle:
            handle.close()

    def _open(self, address: Address) -> Handle:
        handle = Handle(address, self._config)
        with self._lock:
            self._opened += 1
            self._requests += handle.requests
        return handle

    def _take(self, address: Address, identity: Identity | None) -> Handle | None:
        """An idle handle of the file that is asked for; stale ones are closed."""
        now = identity
        if now is None and isinstance(address, LocalFile):
            now = local_identity(address)
        stale: list[Handle] = []
        taken: Handle | None = None
        with self._lock:
            for token in [t for t, (a, _) in self._idle.items() if a == address][::-1]:
                handle = self._idle.pop(token)[1]
                if now is not None and handle.identity != now:
                    stale.append(handle)
                    continue
                taken = handle
                break
        for handle in stale:
            handle.close()
        return taken

    def _give_back(self, address: Address, handle: Handle) -> None:
        closing: list[Handle] = [handle] if handle.is_spent else []
        with self._lock:
            if not closing:
                self._idle[self._next] = (address, handle)
                self._next += 1
            while len(self._idle) > self._config.handles:
                closing.append(self._idle.popitem(last=False)[1][1])
        for old in closing:
            old.close()
