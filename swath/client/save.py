"""An encoded result to a file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO
from uuid import uuid4

from swath.errors import SwathError, UnsupportedFormat

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

    A path holds either what it held before or the whole result, never a part of it. To an open
    file the pieces are written as they come.

    Raises:
        OSError: the file cannot be written, naming it; and whatever `pieces` raises.
    """
    if not isinstance(file, str | os.PathLike):
        for piece in pieces:
            file.write(piece)
        return
    path = Path(file)
    part = path.with_name(f".{path.name}.{uuid4().hex[:8]}.part")
    try:
        with part.open("wb") as out:
            for piece in pieces:
                out.write(piece)
        part.replace(path)
    except SwathError:  # some of them are OSErrors too
        raise
    except OSError as error:
        # What was asked for, not the part that the user knows nothing of.
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        part.unlink(missing_ok=True)
