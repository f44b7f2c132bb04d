"""An encoded result to a file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from swath.errors import SwathError, UnsupportedFormat
from swath.results.whole import replace_whole

File = str | os.PathLike[str] | IO[bytes]
"""A path, or an open binary file."""


def require_encoded(format_: str) -> None:
    """Return if a result of that format is bytes that a file takes.

    Raises:
        UnsupportedFormat: it is native.
    """
    if format_ == "native":
        raise UnsupportedFormat(
            'A file takes an encoded result: name a format, such as "geotiff" or "json".',
            format="native",
            supported=["geotiff", "json"],
        )


def save(pieces: Iterable[bytes], file: File) -> None:
    """Write a result piece by piece.

    A path holds either what it held before or the whole result, never a part of it; where it is a
    link, that is said of the file that it leads to. To an open file, and to what is no file, such
    as a pipe, the pieces are written as they come.

    Raises:
        OSError: the file cannot be written, naming it; and whatever `pieces` raises.
    """
    if not isinstance(file, str | os.PathLike):
        _write(pieces, file)
        return
    path = Path(file)
    try:
        if path.exists() and not path.is_file():
            _write_to(pieces, path)
        else:
            replace_whole(path, lambda part: _write_to(pieces, part))
    except SwathError:  # some of them are OSErrors too
        raise
    except OSError as error:
        # What was asked for, not the part that the user knows nothing of.
        raise OSError(error.errno, error.strerror, str(path)) from error


def _write_to(pieces: Iterable[bytes], path: Path) -> None:
    with path.open("wb") as out:
        _write(pieces, out)


def _write(pieces: Iterable[bytes], out: IO[bytes]) -> None:
    for piece in pieces:
        out.write(piece)
