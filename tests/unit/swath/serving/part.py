"""A part for tests of the supervisor: `python -m tests.unit.swath.serving.part HOW [FOLDER]`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from swath.serving.follow import follow_supervisor


def main(how: str, folder: str, *rest: str) -> int:
    """Say that it is ready, and wait for SIGTERM; `how` says what goes otherwise."""
    follow_supervisor(os.environ)
    mine = Path(folder) / f"{how}-{os.getpid()}"
    if how == "fails":
        return 3
    if how == "stubborn":
        signal.signal(signal.SIGTERM, lambda *_: mine.with_suffix(".asked").touch())
    else:
        signal.signal(signal.SIGTERM, lambda *_: _leave(folder, how))
    mine.touch()
    port = rest[rest.index("--port") + 1] if "--port" in rest else "0"
    print(f"part: {how} ready on 127.0.0.1:{port if port != '0' else 4321}", flush=True)
    while True:
        signal.pause()


def _leave(folder: str, how: str) -> None:
    with (Path(folder) / "left").open("a") as file:
        file.write(f"{how}\n")
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
