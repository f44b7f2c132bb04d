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

    Raises:
        Whatever `write` raises; OSError: the file cannot be replaced.
    """
    there = Path(os.path.realpath(path))
    part = there.with_name(f".swath-{uuid4().hex[:8]}.part{path.suffix[:16]}")
    try:
        write(part)
        part.replace(there)
    finally:
        part.unlink(missing_ok=True)
