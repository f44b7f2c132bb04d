"""A worker that takes a job, stores a piece, and later tries all that a worker may do: a program.

It says `claimed JOB FENCE` on its standard output and waits for a line on its standard input. Then
it says in a line of JSON what became of all that it tried: `refused` by its lease, or `done`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from swath.errors import LeaseLost
from swath.worker.v1 import worker_pb2 as pb
from tests.integration.jobs.scripted import ScriptedWorker

LOST = pb.HeartbeatResponse.DIRECTIVE_LEASE_LOST


def verbs(worker: ScriptedWorker, lease: pb.Lease) -> dict[str, Callable[[], object]]:
    """All that a worker may do to a job; the job has the piece `before`."""
    kinds = pb.FailRequest
    return {
        "await stop": lambda: worker.await_stop(lease),
        "pin": lambda: worker.pin(lease, b"a plan", "stale"),
        "put": lambda: worker.put(lease, "late", b"of nobody"),
        "put again": lambda: worker.put(lease, "before", b"of nobody"),
        "get": lambda: worker.get(lease, "before"),
        "commit": lambda: worker.commit(lease, b"stale"),
        "commit pieces": lambda: worker.commit(lease, pieces=["before"]),
        "fail": lambda: worker.fail(lease, kinds.KIND_PERMANENT, "INTERNAL", "Stale."),
        "fail as cancelled": lambda: worker.fail(lease, kinds.KIND_CANCELLED),
        "release": lambda: worker.release(lease),
    }


def tried(worker: ScriptedWorker, lease: pb.Lease) -> dict[str, str]:
    """What became of each."""
    found = {"heartbeat": "refused" if worker.beat(lease) == LOST else "done"}
    for name, verb in verbs(worker, lease).items():
        try:
            verb()
            found[name] = "done"
        except LeaseLost:
            found[name] = "refused"
    return found


def main() -> None:
    """See the module."""
    address, secret = sys.argv[1:]
    worker = ScriptedWorker(address, Path(secret).read_text(), "stale")
    lease = worker.claim(20).lease
    worker.put(lease, "before", b"of nobody")
    print("claimed", lease.job, lease.fence, flush=True)
    sys.stdin.readline()
    print(json.dumps(tried(worker, lease)), flush=True)
    worker.close()


if __name__ == "__main__":
    main()
