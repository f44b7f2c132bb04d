"""What each op of the language does to evaluated values: one table over the op table's names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.evaluate.operations import (
    arithmetic,
    containers,
    groups,
    imagery,
    load,
    strings,
    times,
    where,
)

OPERATIONS: Mapping[str, Callable[..., Any]] = {
    **arithmetic.ROWS,
    **containers.ROWS,
    **groups.ROWS,
    **imagery.ROWS,
    **load.ROWS,
    **strings.ROWS,
    **times.ROWS,
    **where.ROWS,
}
"""Op name → function of (context, arguments as in the op table)."""
