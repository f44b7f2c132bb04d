"""A cache of decoded blocks, bounded in bytes, that decodes each block once under threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_WAIT_S = 0.02
"""How often a thread that waits for the block of another looks at its own budget."""

BlockKey = Hashable


@dataclass(frozen=True, slots=True)
class Block:
    """Decoded pixels of one block of one band; neither array may be written to."""

    values: NDArray[Any]
    """(y, x) in the dtype of the file."""
    mask: NDArray[np.uint8] | None
    """(y, x), 1 = masked. Absent: nothing is masked."""
    nbytes: int
    """Bytes that the cache counts for it."""


def frozen_block(values: NDArray[Any], mask: NDArray[np.uint8] | None, shared: bool) -> Block:
    """A block of arrays that nobody writes to any more.

    Args:
        shared: the mask belongs to another block, which counts its bytes.
    """
    values.flags.writeable = False
    if mask is not None:
        mask.flags.writeable = False
    own = 0 if mask is None or shared else mask.nbytes
    return Block(values, mask, values.nbytes + own)


@dataclass(frozen=True, slots=True)
class CacheCounts:
    """What the cache did since it was made, and what it holds."""

    hits: int
    """Blocks that were there, or that another thread was just decoding."""
    misses: int
    """Blocks decoded."""
    evictions: int
    held_bytes: int
    held_blocks: int


class BlockCache:
    """Least recently used blocks go first. Safe for threads."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._blocks: OrderedDict[BlockKey, Block] = OrderedDict()
        self._flights: dict[BlockKey, threading.Event] = {}
        self._bytes = self._hits = self._misses = self._evictions = 0

    def fetch(
        self,
        keys: Sequence[BlockKey],
        load: Callable[[list[Any]], Iterable[tuple[BlockKey, Block]]],
        check: Callable[[], None],
    ) -> dict[BlockKey, Block]:
        """The blocks of `keys`, decoding those that are missing.

        Args:
            load: given keys, yields each with its block. It runs outside the lock, and never for
                one key in two threads at once.
            check: called while waiting for another thread; raises to give up.

        Raises:
            whatever `load` and `check` raise. A failed block is not remembered.
        """
        found: dict[BlockKey, Block] = {}
        wanted = list(dict.fromkeys(keys))
        while wanted:
            claimed, flight = self._look(wanted, found)
            if claimed:
                self._decode(claimed, load, found)
            elif flight is not None:
                flight.wait(_WAIT_S)
                check()
            wanted = [key for key in wanted if key not in found]
        return found

    def counts(self) -> CacheCounts:
        """What was done and is held."""
        with self._lock:
            return CacheCounts(
                self._hits, self._misses, self._evictions, self._bytes, len(self._blocks)
            )

    def clear(self) -> None:
        """Forget all blocks; the counts stay."""
        with self._lock:
            self._blocks.clear()
            self._bytes = 0

    def _look(
        self, wanted: list[BlockKey], found: dict[BlockKey, Block]
    ) -> tuple[list[BlockKey], threading.Event | None]:
        """Put into `found` what is there; claim what nobody decodes; else one to wait for."""
        claimed: list[BlockKey] = []
        flight: threading.Event | None = None
        with self._lock:
            for key in wanted:
                block = self._blocks.get(key)
                if block is not None:
                    self._blocks.move_to_end(key)
                    found[key] = block
                    self._hits += 1
                elif key in self._flights:
                    flight = self._flights[key]
                else:
                    claimed.append(key)
                    self._misses += 1
            if claimed:
                event = threading.Event()
                self._flights.update(dict.fromkeys(claimed, event))
        return claimed, flight

    def _decode(
        self,
        claimed: list[BlockKey],
        load: Callable[[list[Any]], Iterable[tuple[BlockKey, Block]]],
        found: dict[BlockKey, Block],
    ) -> None:
        event = self._flights[claimed[0]]
        try:
            for key, block in load(claimed):
                found[key] = block
                self._keep(key, block)
        finally:
            with self._lock:
                for key in claimed:
                    self._flights.pop(key, None)
            event.set()

    def _keep(self, key: BlockKey, block: Block) -> None:
        if block.nbytes > self._most_bytes:
            return
        with self._lock:
            assert key not in self._blocks, "a block in flight is decoded by one thread only"
            self._blocks[key] = block
            self._bytes += block.nbytes
            while self._bytes > self._most_bytes:
                _, gone = self._blocks.popitem(last=False)
                self._bytes -= gone.nbytes
                self._evictions += 1
