"""The system that is tormented: a job server and workers, each a process of its own.

They are what `swath serve` starts, with its part of starting again what ended played by the monkey,
which so decides for how long a process is gone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Any

import grpc
import psutil

from tests.chaos.postgres import Postgres
from tests.integration.jobs.running import RunningJobServer, User
from tests.integration.jobs.working import RunningWorker

LEASE_S = 2.0
OUTSTANDING = 25
"""Most jobs of an owner: few, so that quotas are reached all the time."""
START_TRIES = 20
"""Another program of this machine may have the port for a moment."""
OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
)


@dataclass
class Slot:
    """A place for a worker; whoever holds `turn` decides about it."""

    number: int
    turn: RLock = field(default_factory=RLock)
    worker: RunningWorker | None = None


class System:
    """A job server on SQLite or PostgreSQL, and its workers."""

    def __init__(self, data: Path, workers: int, postgres: Postgres | None = None) -> None:
        self.data = data
        self.postgres = postgres
        self.server_turn = RLock()
        """Whoever holds it decides about the server."""
        settings: dict[str, Any] = {
            "lease_s": LEASE_S,
            "settle_s": 1.0,
            "outstanding_limit": OUTSTANDING,
        }
        if postgres is not None:
            settings["database"] = postgres.url
        self.server = RunningJobServer(data, settings)
        self.slots = [Slot(number) for number in range(workers)]

    @property
    def store(self) -> str:
        """Where its jobs are, as `open_store` takes it."""
        return self.postgres.url if self.postgres else str(self.database)

    @property
    def database(self) -> Path:
        """The file of SQLite."""
        return self.data / "jobs" / "jobs.db"

    def start(self) -> None:
        """Start everything that does not run."""
        self.start_server()
        self.start_workers()

    def start_workers(self) -> None:
        """Start every worker that does not run."""
        for slot in self.slots:
            self.start_worker(slot)

    def start_server(self) -> None:
        """Start the job server, on the port that it had before."""
        for left in reversed(range(START_TRIES)):
            try:
                return self.server.start()
            except AssertionError:
                if not left:
                    raise
                time.sleep(0.3)
        return None

    def start_worker(self, slot: Slot) -> None:
        """Start a worker where there is none."""
        with slot.turn:
            if slot.worker is None or slot.worker.process.poll() is not None:
                log = self.data / f"worker-{slot.number}.log"
                slot.worker = RunningWorker(self.data, log, spares=1, cache_bytes=16 << 20)

    def kill_worker(self, slot: Slot) -> None:
        """kill -9 for a worker; its children find it gone."""
        with slot.turn:
            if slot.worker is not None:
                slot.worker.close()
                slot.worker = None

    def children(self, slot: Slot) -> list[psutil.Process]:
        """The processes of a worker in which pixels are computed."""
        with suppress(psutil.NoSuchProcess):
            return slot.worker.children() if slot.worker else []
        return []

    @contextmanager
    def user(self, token: str) -> Iterator[User]:
        """Someone who calls, with a connection that comes back soon."""
        with grpc.insecure_channel(self.server.address, OPTIONS) as channel:
            yield User(channel, token)

    def stop(self) -> int:
        """Ask all to stop, workers first; the greatest exit status."""
        statuses = []
        for slot in self.slots:
            if slot.worker is not None:
                slot.worker.process.terminate()
                statuses.append(slot.worker.status())
                slot.worker = None
        return max([*statuses, self.server.stop()])

    def close(self) -> None:
        """End all, however they are."""
        for slot in self.slots:
            self.kill_worker(slot)
        if self.server.process is not None:
            self.server.process.kill()
            self.server.close()
