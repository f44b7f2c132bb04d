"""Answers kept in an engine process, given again while nothing they depend on has changed.

Small ones only: what is large is seldom asked for twice, and costs more to keep than to compute.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

from engine.catalog.asset import Identity, identity_of

LARGEST_BYTES = 1 << 20
"""The largest answer that is kept."""
MOST_SOURCES = 256
"""Most files of an answer that is kept: each is looked at (2 µs) before it is given again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Encoded messages, and the files that they were computed from as they were then."""

    messages: tuple[bytes, ...]
    sources: tuple[tuple[str, Identity], ...]

    @property
    def size_bytes(self) -> int:
        """Bytes of all messages."""
        return sum(map(len, self.messages))

    def is_current(self) -> bool:
        """Whether every file is still the one that it was."""
        try:
            return all(identity_of(os.stat(path)) == was for path, was in self.sources)  # noqa: PTH116  os.stat is 3 times as fast as Path.stat
        except OSError:
            return False


class Answers:
    """The answers that were asked for last, within `limit_bytes`."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._kept: OrderedDict[Hashable, Answer] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable) -> tuple[bytes, ...] | None:
        """The messages kept under `key`; None where there are none, or a file has changed."""
        answer = self._kept.get(key)
        if answer is None:
            return None
        if not answer.is_current():
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return answer.messages

    def keep(
        self, key: Hashable, messages: Iterator[bytes], sources: Mapping[str, Identity | None]
    ) -> Iterator[bytes]:
        """The messages as they come; kept when all have come and they may be.

        `sources`: filled while the messages are computed; one without identity (a remote one, whose
        change cannot be seen without asking) means that the answer is not kept.
        """
        held: list[bytes] = []
        size_bytes = 0
        for message in messages:
            size_bytes += len(message)
            if size_bytes <= LARGEST_BYTES:
                held.append(message)
            else:
                held.clear()
            yield message
        known = [(path, was) for path, was in sources.items() if was is not None]
        if size_bytes <= LARGEST_BYTES and len(known) == len(sources) <= MOST_SOURCES:
            self._put(key, Answer(tuple(held), tuple(known)))

    def _put(self, key: Hashable, answer: Answer) -> None:
        self._drop(key)
        self._kept[key] = answer
        self._bytes += answer.size_bytes
        while self._bytes > self._limit_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Hashable) -> None:
        dropped = self._kept.pop(key, None)
        if dropped is not None:
            self._bytes -= dropped.size_bytes
