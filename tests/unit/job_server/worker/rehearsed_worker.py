"""A whole worker, as `swath worker` runs it, on rehearsed computations: a program.

Arguments: the server's address, a folder for scratch files, seconds to drain.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from job_server.worker.attempt import AttemptConfig
from job_server.worker.lifetime import work_until_signalled
from job_server.worker.parent import ParentConfig
from job_server.worker.process import ChildSpec
from job_server.worker.scratch import open_scratch
from tests.unit.job_server.worker.scripted import SECRET

FACTORY = "tests.unit.job_server.worker.rehearsal:factory"


def say(verb, fields):
    """One line for each event."""
    print(json.dumps({"verb": verb, **fields}, default=str), flush=True)


def main(address: str, scratch: str, drain_s: str) -> int:
    """Work until a signal."""
    config = ParentConfig(drain_s=float(drain_s), attempt=AttemptConfig(stop_grace_s=0.5))
    folder = open_scratch(Path(scratch), "rehearsed")
    return asyncio.run(
        work_until_signalled(
            address, SECRET, ChildSpec(FACTORY), config, folder, say, lambda: say("ready", {})
        )
    )


if __name__ == "__main__":
    status = main(*sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)
