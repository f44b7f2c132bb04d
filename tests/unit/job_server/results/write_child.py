"""Writes an object into a folder and dies on the way: `python write_child.py DIR KEY STEP`.

STEP n: killed just before the n-th call that touches the disk; more than there are: it ends well.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from job_server.results.folder import Folder

CHUNKS = (b"a" * 5000, b"b" * 3000)
TOUCHING = ("write", "fsync", "replace", "mkdir", "unlink", "close")


def main(root: str, key: str, last_step: int) -> None:
    steps = 0

    def fatal(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **named: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps == last_step:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **named)

        return counted

    for name in TOUCHING:
        setattr(os, name, fatal(getattr(os, name)))
    fcntl.flock = fatal(fcntl.flock)
    Folder(Path(root)).write(key, chunks())


def chunks() -> Iterator[bytes]:
    yield from CHUNKS


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
