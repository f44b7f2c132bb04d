"""Settings of a server: a frozen dataclass, filled once at start from flags, environment, a file.

A flag wins over the environment, the environment over the file, the file over the default. The
variable of a field is `SWATH_` and its name in capitals; the file is TOML with a table per server.
"""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from swath.errors import InvalidArgument

PREFIX = "SWATH_"
TABLES = ("client", "inspect", "jobs", "worker")
"""What a file may have: one file serves them all, and a name that is none is a mistyped one."""
LIST_SEPARATOR = ","
DEFAULT_DATA = "~/.local/share/swath"
"""Folder of catalog, jobs and tokens unless another is named; also what `swath catalog` uses."""

_C = TypeVar("_C")


def load(
    cls: type[_C],
    table: str,
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    file: Path | None = None,
) -> _C:
    """The settings of class `cls`.

    Args:
        cls: a dataclass; its fields are bool, int, float, str, Path, tuples of str or Path, or one
            of those or None.
        table: name of the server's table in the file.
        flags: by field name; None and empty lists count as not given.
        file: TOML; absent: none is read.

    Raises:
        InvalidArgument: naming the setting and where it was found: a value of another type, a
            setting or table in the file that does not exist, a file that cannot be read.
    """
    kinds = typing.get_type_hints(cls)
    known: dict[str, Any] = {}
    for name, value in _read_table(file, table).items():
        if name not in kinds:
            raise InvalidArgument(f"{file}: there is no setting {name!r} in [{table}].")
        known[name] = _convert(value, kinds[name], f"{file}: {name}")
    for name, kind in kinds.items():
        variable = PREFIX + name.upper()
        if variable in environ:
            known[name] = _convert(environ[variable], kind, variable)
        flag = flags.get(name)
        if flag is not None and flag not in ((), []):
            known[name] = _convert(flag, kind, f"--{name.replace('_', '-')}")
    return cls(**known)


def describe(config: Any) -> str:
    """The effective settings, one `name = value` a line, as TOML would write them."""
    lines = []
    for item in dataclasses.fields(config):
        value = getattr(config, item.name)
        if value is not None:
            lines.append(f"{item.name} = {_written(value)}")
    return "\n".join(lines)


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_written, value)) + "]"
    return str(value) if isinstance(value, int | float) else f'"{value}"'


def _read_table(file: Path | None, table: str) -> Mapping[str, Any]:
    if file is None:
        return {}
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise InvalidArgument(f"The settings in {file} cannot be read: {problem}.") from None
    for name in content:
        if name not in TABLES:
            known = ", ".join(f"[{one}]" for one in TABLES)
            raise InvalidArgument(f"{file}: {name!r} is no table of settings; there are: {known}.")
    found = content.get(table, {})
    if not isinstance(found, dict):
        raise InvalidArgument(f"{file}: [{table}] is not a table.")
    return found


def _convert(value: Any, kind: Any, where: str) -> Any:
    wanted, is_tuple = _wanted(kind)
    try:
        if is_tuple:
            parts = value.split(LIST_SEPARATOR) if isinstance(value, str) else list(value)
            return tuple(_one(part, wanted) for part in parts if part != "")
        return _one(value, wanted)
    except (TypeError, ValueError):
        what = f"a list of {wanted.__name__}" if is_tuple else f"{wanted.__name__}"
        raise InvalidArgument(f"{where} must be {what}, not {value!r}.") from None


def _wanted(kind: Any) -> tuple[type, bool]:
    """The plain type that a field asks for, and whether it is a tuple of them."""
    if isinstance(kind, types.UnionType):
        kind = next(arg for arg in typing.get_args(kind) if arg is not types.NoneType)
    if typing.get_origin(kind) is tuple:
        return typing.get_args(kind)[0], True
    plain: type = kind
    return plain, False


def _one(value: Any, wanted: type) -> Any:
    if wanted is bool:
        return _switch(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float | Path):
        raise TypeError
    if wanted is int and isinstance(value, float):
        raise ValueError
    return Path(str(value)).expanduser() if wanted is Path else wanted(value)


def _switch(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[
        value.lower()
    ]
