"""JSON of strangers, read strictly and within limits: what RFC 8259 leaves open is an error."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from engine.catalog.names import shown
from swath.errors import InvalidSource, SourceUnavailable

MAX_FILE_BYTES = 256 * 1024 * 1024
MAX_PROPERTIES_CHARS = 256 * 1024
_MAX_DEPTH = 32
_INT64 = 2**63


def read_json(path: str | Path) -> Any:
    """The value in a JSON file.

    Raises:
        InvalidSource: no file, too large, not UTF-8, not JSON, nested too deeply, NaN or Infinity,
            the same key twice. SourceUnavailable: an I/O error.
    """
    file = Path(path)
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise InvalidSource(f"The file is larger than {MAX_FILE_BYTES >> 20} MiB.")
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidSource("The file is not UTF-8 text.") from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InvalidSource("There is no such file.") from error
    except (IsADirectoryError, PermissionError) as error:
        raise InvalidSource(f"The file cannot be read: {error.strerror}.") from error
    except OSError as error:
        raise SourceUnavailable(f"The file could not be read: {error.strerror}.") from error
    return parse_json(text)


def parse_json(text: str) -> Any:
    """The value that the JSON text says.

    Raises:
        InvalidSource: as `read_json`.
    """
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_int,
        )
    except json.JSONDecodeError as error:
        raise InvalidSource(
            f"It is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error
    except RecursionError as error:
        raise InvalidSource("It is nested too deeply.") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InvalidSource(f"It has the key {shown(twice)} twice in one object.")
    return made


def _constant(name: str) -> Any:
    raise InvalidSource(f"It holds {name}, which is no number in JSON.")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise InvalidSource(f"It holds the number {shown(text)}, which is too large.")
    return value


def _int(text: str) -> int | float:
    if len(text) > 400:
        raise InvalidSource(f"It holds the number {shown(text)}, which is too large.")
    value = int(text)
    # The language's Int has 64 bits.
    return value if -_INT64 <= value < _INT64 else _float(text)


def check_properties(properties: dict[str, Any]) -> dict[str, Any]:
    """`properties`, if they are small and shallow enough to keep.

    Raises:
        InvalidSource: more than 256 KiB of text, or nested more than 32 deep.
    """
    level: list[Any] = [properties]
    for _ in range(_MAX_DEPTH):
        level = [inner for value in level for inner in _inside(value)]
    if level:
        raise InvalidSource(f"Its properties are nested more than {_MAX_DEPTH} deep.")
    if len(json.dumps(properties)) > MAX_PROPERTIES_CHARS:
        raise InvalidSource(f"Its properties have more than {MAX_PROPERTIES_CHARS:,} characters.")
    return properties


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
