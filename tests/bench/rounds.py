"""Times of several subjects in turns, so that what disturbs one disturbs the others too."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Subject = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure of each round."""

    median: float
    least: float
    most: float

    def shown(self, scale: float = 1.0) -> str:
        """`median (least … most)`, each times `scale`."""
        median, least, most = (f"{v * scale:.2f}" for v in (self.median, self.least, self.most))
        return f"{median} ({least} … {most})"


def spread(found: Iterable[float]) -> Spread:
    """Median, least and most of the rounds' values."""
    values = np.array(list(found))
    return Spread(float(np.median(values)), float(values.min()), float(values.max()))


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of each call of one subject."""

    seconds: NDArray[np.float64]
    """(round, call)."""

    def p50(self) -> Spread:
        """Median over rounds of each round's median."""
        return spread(np.median(self.seconds, axis=1))

    def percentile(self, q: float) -> float:
        """Of all calls together."""
        return float(np.percentile(self.seconds, q))

    def over(self, other: Times) -> Spread:
        """This subject's median over the other's, round by round."""
        return spread(np.median(self.seconds, axis=1) / np.median(other.seconds, axis=1))


def seconds(subject: Subject) -> float:
    """How long one call takes."""
    began = time.perf_counter()
    subject()
    return time.perf_counter() - began


def in_turns(
    subjects: Mapping[str, Subject], rounds: int, calls: int, warm_up: int = 1
) -> dict[str, Times]:
    """A B A B: `calls` calls of each subject in each round, after some that are not counted."""
    found: dict[str, list[list[float]]] = {name: [] for name in subjects}
    for subject in subjects.values():
        for _ in range(warm_up):
            subject()
    for number in range(rounds):
        names = list(subjects) if number % 2 == 0 else list(subjects)[::-1]
        for name in names:
            found[name].append([seconds(subjects[name]) for _ in range(calls)])
    return {name: Times(np.array(times)) for name, times in found.items()}


def ms(value: float) -> str:
    """Seconds as text in milliseconds."""
    return f"{value * 1e3:.2f} ms"


def mib(value: float) -> str:
    """Bytes as text in MiB."""
    return f"{value / (1 << 20):.0f} MiB"
