"""What became of each request, as columns: small enough to keep all, and to merge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

OK = "OK"
LOST = "LOST"
"""Code of a request that had no end when the part was over; none is expected."""


@dataclass(frozen=True, slots=True)
class Records:
    """Requests of one part, in any order; times in seconds after the start of the part."""

    due_s: NDArray[np.float64]
    """When it was to be sent."""
    begun_s: NDArray[np.float64]
    """When it was."""
    ended_s: NDArray[np.float64]
    """When its status was there; nan: never."""
    code: NDArray[np.int16]
    """Index into `codes`."""
    work: NDArray[np.int16]
    """Index into the part's work."""
    size_bytes: NDArray[np.int64]
    """Bytes of its answer."""
    codes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.due_s)

    @property
    def is_ok(self) -> NDArray[np.bool_]:
        """Which succeeded."""
        return np.asarray(self.code == self._index(OK))

    @property
    def latency_s(self) -> NDArray[np.float64]:
        """From when each was due to its end, so that the wait before it was sent counts."""
        return np.asarray(self.ended_s - self.due_s)

    @property
    def late_s(self) -> NDArray[np.float64]:
        """How much later than due each was sent: what the generator itself did wrong."""
        return np.asarray(self.begun_s - self.due_s)

    def where(self, chosen: NDArray[np.bool_]) -> Records:
        """Some of them."""
        columns = {name: getattr(self, name)[chosen] for name in _COLUMNS}
        return Records(**columns, codes=self.codes)

    def count_by_code(self) -> dict[str, int]:
        """How many ended with each status."""
        counts = np.bincount(self.code, minlength=len(self.codes))
        return {c: int(n) for c, n in zip(self.codes, counts, strict=True) if n}

    def write(self, file: Path) -> None:
        """Write them to a file, whole or not at all."""
        fresh = file.with_suffix(".part.npz")
        columns: dict[str, Any] = {name: getattr(self, name) for name in _COLUMNS}
        np.savez(fresh, codes=np.array(self.codes), **columns)
        fresh.replace(file)

    def _index(self, code: str) -> int:
        return self.codes.index(code) if code in self.codes else -1


_COLUMNS = tuple(f.name for f in fields(Records) if f.name != "codes")


def read(file: Path) -> Records:
    """What `Records.write` wrote."""
    with np.load(file) as found:
        columns = {name: found[name] for name in _COLUMNS}
        return Records(**columns, codes=tuple(map(str, found["codes"])))


def joined(parts: Sequence[Records]) -> Records:
    """All of them; each part keeps its own times."""
    codes = tuple(dict.fromkeys(code for part in parts for code in part.codes)) or (OK,)
    columns: dict[str, Any] = {}
    for name in _COLUMNS:
        columns[name] = np.concatenate([_column(p, name, codes) for p in parts] or [np.empty(0)])
    for name in ("code", "work"):
        columns[name] = columns[name].astype(np.int16)
    return Records(**columns, codes=codes)


def _column(part: Records, name: str, codes: tuple[str, ...]) -> NDArray[Any]:
    column: NDArray[Any] = getattr(part, name)
    if name != "code":
        return column
    there = np.array([codes.index(code) for code in part.codes], np.int16)
    return there[column] if len(column) else column


class Recorder:
    """Takes what becomes of each request while it happens; for one event loop."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, float, float, int, int, int]] = []
        self._codes: dict[str, int] = {OK: 0}

    def add(
        self, due_s: float, begun_s: float, ended_s: float, code: str, work: int, size_bytes: int
    ) -> None:
        """One request and its end."""
        number = self._codes.setdefault(code, len(self._codes))
        self._rows.append((due_s, begun_s, ended_s, number, work, size_bytes))

    def records(self) -> Records:
        """All so far."""
        columns = zip(*self._rows, strict=True) if self._rows else [()] * len(_COLUMNS)
        due, begun, ended, code, work, size = columns
        return Records(
            np.array(due, np.float64),
            np.array(begun, np.float64),
            np.array(ended, np.float64),
            np.array(code, np.int16),
            np.array(work, np.int16),
            np.array(size, np.int64),
            tuple(self._codes),
        )
