"""Does harm, as its seed says: each limb does one thing after the other, all limbs at once."""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event
from typing import Any

import psutil
import psycopg

from swath.errors import LeaseLost, SwathError, Transient
from swath.worker.v1 import worker_pb2
from tests.chaos.history import History
from tests.chaos.loop import Loop
from tests.chaos.system import LEASE_S, Slot, System
from tests.integration.jobs.scripted import ScriptedWorker
from tests.integration.jobs.stale_worker import verbs

Acts = dict[Callable[[], None], int]
LONGEST_HOLD_S = 7.0
"""More than SQLite waits."""
PATIENCE_S = 12.0
STALE_TRIES = 10
MOST_LOOKED_AT = 8


class Monkey:
    """All limbs."""

    def __init__(self, system: System, history: History, seed: int) -> None:
        self._system = system
        self._history = history
        self._rng = random.Random(f"{seed} choices")
        self._stale = 0
        self.limbs = [
            _limb("server", self._on_server(), 1.2, seed),
            _limb("database", self._on_database(), 8.0, seed),
            _limb("workers", self._on_workers(), 4.0, seed),
            _limb("stale", {self.outstay: 1}, 1.0, seed),
        ]

    def _on_server(self) -> Acts:
        return {
            self.kill_server: 60,
            self.stop_server: 6,
            self.sleep_server: 6,
            self.kill_everything: 4,
        }

    def _on_database(self) -> Acts:
        if self._system.postgres is None:
            return {self.hold_database: 1}
        return {self.end_connections: 6, self.hold_rows: 2, self.restart_database: 2}

    def _on_workers(self) -> Acts:
        return {
            self.sleep_worker: 40,
            self.kill_child: 20,
            self.kill_worker: 20,
            self.stop_worker: 8,
        }

    # The server

    def kill_server(self) -> None:
        """kill -9, and a new one: at once, or after leases have ended."""
        with self._told("kill_server"), self._system.server_turn:
            self._system.server.kill()
            time.sleep(self._rng.choice((0.0, 0.0, 0.0, 1.3 * LEASE_S)))
            self._system.start_server()

    def stop_server(self) -> None:
        """SIGTERM, and a new one."""
        with self._told("stop_server"), self._system.server_turn:
            status = self._system.server.stop()
            self._history.note("server_stopped", status=status)
            self._system.start_server()

    def sleep_server(self) -> None:
        """SIGSTOP for longer than leases, then SIGCONT: as a virtual machine that is moved."""
        with self._told("sleep_server"), self._system.server_turn:
            self._system.server.process.send_signal(signal.SIGSTOP)
            time.sleep(self._rng.uniform(0.5, 1.5) * LEASE_S)
            self._system.server.process.send_signal(signal.SIGCONT)

    def kill_everything(self) -> None:
        """kill -9 for every process, as a machine that loses power; all start again."""
        with self._told("kill_everything"), self._system.server_turn:
            self._system.server.process.kill()
            for slot in self._system.slots:
                self._system.kill_worker(slot)
            self._system.server.kill()
            self._system.start()

    # The database

    def hold_database(self) -> None:
        """Another program holds the file, as a backup does."""
        held = sqlite3.connect(self._system.database, isolation_level=None, timeout=2)
        try:
            with self._told("hold_database"), suppress(sqlite3.OperationalError):
                held.execute("BEGIN IMMEDIATE")
                time.sleep(self._rng.uniform(0.5, LONGEST_HOLD_S))
                held.execute("ROLLBACK")
        finally:
            held.close()

    def end_connections(self) -> None:
        """An operator ends all connections of the database, a few times."""
        assert self._system.postgres is not None
        for _ in range(self._rng.randrange(1, 10)):
            with self._told("end_connections"):
                self._system.postgres.terminate()
            time.sleep(0.2)

    def hold_rows(self) -> None:
        """Somebody holds the rows that everybody needs."""
        assert self._system.postgres is not None
        with (
            self._told("hold_rows"),
            suppress(psycopg.Error),
            self._system.postgres.held(),
        ):
            time.sleep(self._rng.uniform(0.5, 4.0))

    def restart_database(self) -> None:
        """The database crashes and comes back."""
        assert self._system.postgres is not None
        with self._told("restart_database"):
            self._system.postgres.restart()

    # Workers

    def sleep_worker(self) -> None:
        """SIGSTOP for longer than its lease, then SIGCONT; now and then its children too."""
        slot = self._slot()
        with self._told("sleep_worker"), slot.turn:
            asleep = self._system.children(slot) if self._rng.random() < 0.5 else []
            if slot.worker is not None:
                asleep.append(psutil.Process(slot.worker.process.pid))
            _signal(asleep, signal.SIGSTOP)
            time.sleep(self._rng.uniform(1.1, 1.8) * LEASE_S)
            _signal(asleep, signal.SIGCONT)

    def kill_worker(self) -> None:
        """kill -9 for a worker, and a new one."""
        slot = self._slot()
        with self._told("kill_worker"), slot.turn:
            self._system.kill_worker(slot)
            self._system.start_worker(slot)

    def stop_worker(self) -> None:
        """SIGTERM for a worker, which gives its job back, and a new one."""
        slot = self._slot()
        with self._told("stop_worker"), slot.turn:
            if slot.worker is not None:
                slot.worker.process.terminate()
                slot.worker.status()
            self._system.start_worker(slot)

    def kill_child(self) -> None:
        """kill -9 for the process that computes."""
        slot = self._slot()
        with self._told("kill_child"), slot.turn:
            children = self._system.children(slot)
            if children:
                _signal([self._rng.choice(children)], signal.SIGKILL)

    # The fence

    def outstay(self) -> None:
        """Take a job as a worker, be silent until it is somebody else's, then try everything."""
        self._stale += 1
        secret = self._system.server.secret_file.read_text()
        worker = ScriptedWorker(self._system.server.worker_address, secret, f"stale-{self._stale}")
        try:
            with suppress(SwathError):
                self._outstay(worker)
        finally:
            worker.close()

    def _outstay(self, worker: ScriptedWorker) -> None:
        task = self._long_task(worker)
        if task is None:
            return
        lease = task.lease
        with self._told("outstay"):
            _answered(lambda: worker.put(lease, "before", b"of nobody"))
            with suppress(LeaseLost):
                while True:  # this renews nothing
                    time.sleep(LEASE_S / 4)
                    _answered(lambda: worker.get(lease, "before"))
            for _ in range(STALE_TRIES):
                for verb, act in verbs(worker, lease).items():
                    self._try(verb, act, lease)
                time.sleep(0.4)  # by then somebody else may have it, or not yet, or no more

    def _long_task(self, worker: ScriptedWorker) -> worker_pb2.Assignment | None:
        """A job, if there is one: with pixels, if one is near, so that its next worker is seen."""
        tasks: list[worker_pb2.Assignment] = []
        while len(tasks) < MOST_LOOKED_AT:
            task = worker.try_claim(0.2)
            if task is None:
                break
            tasks.append(task)
            if task.spec.HasField("geocontext"):
                break
        for task in tasks[:-1]:
            worker.release(task.lease)
        return tasks[-1] if tasks else None

    def _try(self, verb: str, act: Callable[[], Any], lease: worker_pb2.Lease) -> None:
        try:
            act()
            is_accepted = True
        except LeaseLost:
            is_accepted = False
        except SwathError:
            return  # no answer
        self._history.note(
            "stale", job=lease.job, fence=lease.fence, act=verb, is_accepted=is_accepted
        )

    def _slot(self) -> Slot:
        return self._rng.choice(self._system.slots)

    @contextmanager
    def _told(self, kind: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self._history.note("fault", began, kind=kind)


def _limb(name: str, acts: Acts, longest_pause_s: float, seed: int) -> Loop:
    """Does harmful things, one after the other, with pauses."""
    rng = random.Random(f"{seed} {name}")
    choices, weights = list(acts), list(acts.values())

    def act(stopping: Event) -> None:
        if not stopping.wait(rng.uniform(0.1, longest_pause_s)):
            rng.choices(choices, weights)[0]()

    return Loop(name, act)


def _answered(ask: Callable[[], Any]) -> Any:
    """The answer to a call, which is repeated while the server is away."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return ask()
        except Transient:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
