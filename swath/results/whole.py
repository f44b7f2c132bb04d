"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4


def replace_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Have a path hold what `write` writes to the path that it is given; or what it held before.

    Where the path is a link, that is said of the file that it leads to. The name given to `write`
    ends like that of the path, as some formats are told by it, and is short however long that is.
    What is no file, such as a pipe or a device, is written to as it is: nothing takes its place.

    Raises:
        Whatever `write` raises; OSError: the file cannot be replaced.
    """
    there = Path(os.path.realpath(path))
    if there.exists() and not there.is_file():
        write(path)
        return
    part = there.with_name(f".swath-{uuid4().hex[:8]}.part{path.suffix[:16]}")
    try:
        write(part)
        part.replace(there)
    finally:
        part.unlink(missing_ok=True)
