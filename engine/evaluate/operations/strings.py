"""Ops on Str: those of Python's `str`, with the same names and meaning."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from engine.evaluate.context import Context
from engine.evaluate.operations.arithmetic import check_length
from swath.errors import InvalidArgument

PLAIN = (
    "capitalize count endswith find isalnum isalpha isdigit islower isspace istitle isupper lower "
    "lstrip partition rfind rpartition rstrip splitlines startswith strip swapcase title upper"
).split()
"""Methods whose result is not longer than their arguments."""
PADDING = ("center", "ljust", "rjust", "zfill")


def _plain(name: str, _: Context, text: str, *args: Any, **kwargs: Any) -> Any:
    named = [v for v in kwargs.values() if v is not None]
    return getattr(text, name)(*(a for a in args if a is not None), *named)


def _padded(name: str, _: Context, text: str, width: int, fillchar: str = " ") -> str:
    check_length(width)
    if name == "zfill":
        return text.zfill(width)
    if len(fillchar) != 1:
        raise InvalidArgument(f"{name}: fillchar is one character.").at(argument="fillchar")
    return str(getattr(text, name)(width, fillchar))


def _expandtabs(_: Context, text: str, tabsize: int = 8) -> str:
    check_length(len(text) + text.count("\t") * max(tabsize, 0))
    return text.expandtabs(tabsize)


def _join(_: Context, separator: str, strings: list[str]) -> str:
    check_length(sum(map(len, strings)) + len(separator) * len(strings))
    return separator.join(strings)


def _replace(_: Context, text: str, old: str, new: str, count: int = -1) -> str:
    found = text.count(old)
    times = found if count < 0 else min(count, found)
    check_length(len(text) + times * len(new))
    return text.replace(old, new, count)


def _split(name: str, _: Context, text: str, sep: str | None = None, maxsplit: int = -1) -> Any:
    if sep == "":
        raise InvalidArgument(f"{name}: sep is empty.").at(argument="sep")
    return getattr(text, name)(sep, maxsplit)


ROWS: dict[str, Callable[..., Any]] = {
    **{f"Str.{name}": partial(_plain, name) for name in PLAIN},
    **{f"Str.{name}": partial(_padded, name) for name in PADDING},
    "Str.expandtabs": _expandtabs,
    "Str.join": _join,
    "Str.replace": _replace,
    "Str.split": partial(_split, "split"),
    "Str.rsplit": partial(_split, "rsplit"),
}
