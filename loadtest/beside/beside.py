"""The interface of what goes on beside a part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from loadtest.target import Target


class Beside(Protocol):
    """Something that goes on while its context is open."""

    def figures(self) -> Mapping[str, float]:
        """What it measured itself, by name; asked for when its context has ended."""
        ...


Start = Callable[[Target, str, int], AbstractContextManager[Beside]]
"""`start(target, argument, seed)`: its context returns when it goes on, before the part starts, and
ends it after the part. What it leaves to chance follows from the seed. Raises SwathError: it cannot
go on with that target, and why."""
