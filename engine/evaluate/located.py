"""Which node is being evaluated, so that what is made later still knows where it came from."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A node of the graph; every field absent when unknown."""

    node: int | None
    op: str | None
    line: str | None


CURRENT: ContextVar[Place | None] = ContextVar("node", default=None)
"""The node being evaluated; None outside an evaluation."""
