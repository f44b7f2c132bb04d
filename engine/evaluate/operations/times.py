"""Ops that make and compare times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from engine.evaluate import time
from engine.evaluate.context import Context


def _total_seconds(_: Context, value: timedelta) -> float:
    return value.total_seconds()


def _is_between(_: Context, value: Any, start: Any, end: Any, inclusive: bool = True) -> bool:
    return time.is_between(value, start, end, inclusive)


ROWS: dict[str, Callable[..., Any]] = {
    "datetime.from_components": lambda _, **parts: time.from_components(**parts),
    "datetime.from_string": lambda _, text: time.parse(text),
    "datetime.from_timestamp": lambda _, seconds: time.from_timestamp(seconds),
    "datetime.is_between": _is_between,
    "timedelta.from_components": lambda _, **parts: time.span(**parts),
    "timedelta.total_seconds": _total_seconds,
}
