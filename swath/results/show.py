"""How results read in a terminal and in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

MAX_COUNTED = 50_000_000
"""Up to so many pixels the masked ones are counted: about 10 ms."""


def describe_array(array: Any, axes: Sequence[str]) -> str:
    """Axes with their lengths, dtype, and how much is masked; `Empty` for None."""
    if array is None:
        return "Empty"
    sizes = " × ".join(f"{n} {axis}" for n, axis in zip(array.shape, axes, strict=True))
    if array.size > MAX_COUNTED or not array.size:
        return f"{sizes}, {array.dtype}"
    masked = np.count_nonzero(np.ma.getmaskarray(array)) / array.size
    return f"{sizes}, {array.dtype}, {_share(masked)} masked"


def _share(part: float) -> str:
    if part in (0, 1):
        return "none" if part == 0 else "all"
    return f"{min(max(100 * part, 0.1), 99.9):.1f} %"


def describe_span(values: Sequence[Any]) -> str:
    """The one value, or first and last of several; empty where nothing is known."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    if all(value == known[0] for value in known):
        return str(known[0])
    return f"{known[0]} … {known[-1]}"


def as_text(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """A title, and a line for each row."""
    width = max(len(name) for name, _ in rows)
    return "\n".join([title, *(f"  {name:<{width}}  {_short(value)}" for name, value in rows)])


def as_html(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """The same as a small table; everything in it is escaped."""
    cells = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th>"
        f"<td style='text-align:left'>{escape(_short(value))}</td></tr>"
        for name, value in rows
    )
    return f"<div><strong>{escape(title)}</strong><table>{cells}</table></div>"


def _short(text: str, most: int = 120) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
