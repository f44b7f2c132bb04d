"""A result store in memory: the model that the others are compared with, and for tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from threading import Lock

from job_server.results.key import parse_key
from job_server.results.store import Stored, Upload, checked, gone, written


class MemoryResults:
    """Objects in a dict; they are gone with the process."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}
        self._lock = Lock()

    def begin(self, key: str) -> Upload:
        """As `ResultStore.begin`; it never fails."""
        parse_key(key)
        return _Upload(self, key)

    def write(self, key: str, chunks: Iterable[bytes]) -> Stored:
        """As `ResultStore.write`."""
        return written(self.begin(key), chunks)

    def read(self, key: str, offset: int, most_bytes: int) -> bytes:
        """As `ResultStore.read`."""
        return self._find(key)[offset : offset + most_bytes]

    def size(self, key: str) -> int:
        """As `ResultStore.size`."""
        return len(self._find(key))

    def delete(self, keys: Iterable[str]) -> None:
        """As `ResultStore.delete`."""
        with self._lock:
            for key in keys:
                parse_key(key)
                self._objects.pop(key, None)

    def jobs(self) -> Iterator[str]:
        """As `ResultStore.jobs`."""
        with self._lock:
            return iter({parse_key(key).job for key in self._objects})

    def keys(self, job: str) -> list[str]:
        """As `ResultStore.keys`."""
        with self._lock:
            return [key for key in self._objects if key.startswith(f"{job}/")]

    def _find(self, key: str) -> bytes:
        parse_key(key)
        with self._lock:
            data = self._objects.get(key)
        if data is None:
            raise gone(key)
        return data

    def _put(self, key: str, data: bytes) -> None:
        with self._lock:
            self._objects[key] = data


class _Upload:
    def __init__(self, store: MemoryResults, key: str) -> None:
        self.received = Stored()
        self._store = store
        self._key = key
        self._parts: list[bytes] = []

    def feed(self, data: bytes) -> None:
        self._parts.append(bytes(data))
        self.received = self.received.then(data)

    def finish(self, size_bytes: int, crc32: int) -> Stored:
        stored = checked(self.received, size_bytes, crc32)
        self._store._put(self._key, b"".join(self._parts))  # noqa: SLF001 - its other half
        return stored

    def abort(self) -> None:
        self._parts.clear()
