"""Writes into a folder of a process that may write no file over 8 KiB: a disk that is full.

`python full_child.py DIR KEY` prints the error that it got, then stores a small object.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from job_server.results.folder import Folder
from swath.errors import Unavailable


def main(root: str, key: str) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
    folder = Folder(Path(root))
    try:
        folder.write(key, [b"x" * 4096] * 3)
    except Unavailable as problem:
        print(problem)
    folder.write(key, [b"small"])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
