"""The memory that the server shares with one engine process.

    words      which requests were cancelled
    sources    what the process is reading, for the server to find after a crash
    slots      pieces of answers, written by the process, read by the server

There is no lock: each byte has one writer, and a slot changes hands by a message on the control
socket. The memory has no name in any file system, so it is gone when both sides are.
"""

from __future__ import annotations

import mmap
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

WORDS_BYTES = 4096
SOURCES = 32
"""Sources that one process can be reading at once and still name after a crash."""
SOURCE_BYTES = 1024
SLOTS_AT = WORDS_BYTES + SOURCES * SOURCE_BYTES
CANCELLED = 0


@dataclass(frozen=True, slots=True)
class BoardShape:
    """How much memory is shared."""

    slots: int = 8
    """Pieces of an answer that may wait for the client."""
    slot_bytes: int = (1 << 20) + (64 << 10)
    """Bytes of one piece: the longest usual message; a longer one takes several."""

    @property
    def size_bytes(self) -> int:
        """Bytes of the whole board."""
        return SLOTS_AT + self.slots * self.slot_bytes


def open_memory(size_bytes: int) -> int:
    """A file descriptor of nameless shared memory, all zero; inherited only where it is passed."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("swath-board", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    os.ftruncate(fd, size_bytes)
    return fd


class Board:
    """One side's view of the shared memory; `close` it when the process is gone."""

    def __init__(self, fd: int, shape: BoardShape) -> None:
        """Raises OSError: it cannot be had; then `fd` is closed."""
        self.fd = fd
        self.shape = shape
        try:
            self._map = mmap.mmap(fd, shape.size_bytes)
        except OSError:
            os.close(fd)
            raise
        self._bytes = memoryview(self._map)
        self._words = self._bytes[:WORDS_BYTES].cast("Q")
        self._free_entries = list(range(SOURCES))
        self._entries_lock = threading.Lock()

    def close(self) -> None:
        """Let go of the memory; nothing may be read or written after."""
        self._words.release()
        self._bytes.release()
        self._map.close()
        os.close(self.fd)

    def cancel(self, run: int) -> None:
        """Mark a request, and all before it, as no longer wanted."""
        self._words[CANCELLED] = run

    def is_cancelled(self, run: int) -> bool:
        """Whether a request is no longer wanted. Costs about 0.1 µs."""
        return self._words[CANCELLED] >= run

    def write(self, slot: int, part: memoryview) -> None:
        """Put a piece of a message, at most `slot_bytes`, into a slot that this side owns."""
        start = SLOTS_AT + slot * self.shape.slot_bytes
        self._bytes[start : start + len(part)] = part

    def read(self, slot: int, length: int) -> bytes:
        """A copy of the first bytes of a slot."""
        start = SLOTS_AT + slot * self.shape.slot_bytes
        return bytes(self._bytes[start : start + length])

    @contextmanager
    def reading(self, source: str) -> Iterator[None]:
        """Announce that this process reads a source, for as long as the block runs.

        With more than `SOURCES` at once the further ones are not announced.
        """
        with self._entries_lock:
            entry = self._free_entries.pop() if self._free_entries else None
        if entry is None:
            yield
            return
        self._announce(entry, clip(source).encode())
        try:
            yield
        finally:
            self._announce(entry, b"")
            with self._entries_lock:
                self._free_entries.append(entry)

    def sources(self) -> tuple[str, ...]:
        """What the process is reading, or was reading when it died; each as `clip` gives it."""
        starts = (WORDS_BYTES + entry * SOURCE_BYTES for entry in range(SOURCES))
        found = []
        for start in starts:
            length = int.from_bytes(self._bytes[start : start + 2], "little")
            if 0 < length <= SOURCE_BYTES - 2:
                text = bytes(self._bytes[start + 2 : start + 2 + length])
                found.append(text.decode(errors="replace"))
        return tuple(found)

    def _announce(self, entry: int, text: bytes) -> None:
        start = WORDS_BYTES + entry * SOURCE_BYTES
        self._bytes[start : start + 2] = b"\0\0"
        self._bytes[start + 2 : start + 2 + len(text)] = text
        self._bytes[start : start + 2] = len(text).to_bytes(2, "little")


def clip(source: str) -> str:
    """The end of a source's name that fits a board entry; what quarantine compares."""
    return source.encode()[-(SOURCE_BYTES - 2) :].decode(errors="ignore")
