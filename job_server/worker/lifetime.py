"""From start to end of a worker: signals decide when, and how long it may take."""

from __future__ import annotations

import asyncio
import random
import secrets
import signal
from collections.abc import Callable

from job_server.worker.calls import Calls
from job_server.worker.ending import Emit
from job_server.worker.parent import ParentConfig, Worker
from job_server.worker.process import ChildSpec
from job_server.worker.scratch import Scratch

INTERRUPTED = 130
"""Exit status where a second signal, or one during the start, cut things short."""


async def work_until_signalled(
    address: str,
    secret: str,
    spec: ChildSpec,
    config: ParentConfig,
    scratch: Scratch,
    emit: Emit,
    say_ready: Callable[[], None],
) -> int:
    """Start, run jobs until SIGINT or SIGTERM; the exit status of the process.

    The job in progress goes on for a while, then it is given back; a second signal gives it back at
    once.

    Raises:
        SwathError: the worker could not start, or the server does not take its secret; nothing is
        left running.
    """
    loop = asyncio.get_running_loop()
    rng, identity = random.Random(secrets.randbits(64)), secrets.token_hex(16)  # noqa: S311
    calls = Calls(address, secret, identity, rng, loop.time, config.attempt.storage_wait_s)
    worker = Worker(calls, spec, config, scratch, emit, rng)
    working = asyncio.ensure_future(_work(worker, say_ready, emit, identity))
    signals = Signals(worker, working)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, signals)
    await asyncio.wait((working,))
    await worker.close()
    if not working.cancelled():
        working.result()
    emit("stopped", {"worker": identity, "signals": signals.count})
    return INTERRUPTED if working.cancelled() or signals.count > 1 else 0


class Signals:
    """What signals do: the first stops, the second hurries; during the start, one is enough."""

    def __init__(self, worker: Worker, working: asyncio.Future[None]) -> None:
        self.count = 0
        self._worker = worker
        self._working = working

    def __call__(self) -> None:
        """One came."""
        self.count += 1
        if not self._worker.has_started:
            self._working.cancel()
        elif self.count == 1:
            self._worker.stop()
        else:
            self._worker.abort()


async def _work(worker: Worker, say_ready: Callable[[], None], emit: Emit, identity: str) -> None:
    await worker.start()
    emit("started", {"worker": identity})
    say_ready()
    await worker.work()
