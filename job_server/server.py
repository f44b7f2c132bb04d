"""One job server: the store and its writer, users on one port, workers on another address."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hashlib
import random
import secrets
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from grpc import aio

from job_server.config import MEGA, JobConfig, microseconds
from job_server.queue.changes import Changes
from job_server.queue.clock import Clock
from job_server.queue.policy import RetryRules, decide
from job_server.queue.upkeep import Upkeep, UpkeepRules
from job_server.queue.writer import Writer
from job_server.results.folder import Folder
from job_server.service.jobs import Jobs
from job_server.service.service import (
    JOB_SERVICE,
    WORKER_SERVICE,
    admin_service,
    job_service,
    worker_service,
)
from job_server.service.workers.secret import FILE, open_secret, worker_with
from job_server.store.open import open_store
from job_server.store.record import Totals
from job_server.store.sqlite import SqliteStore
from job_server.store.store import Store
from swath.errors import SwathError
from swath.serving.call import Calls
from swath.serving.drain import drain
from swath.serving.events import Instrument
from swath.serving.listen import OPTIONS, SWITCH_INTERVAL_S, listen, listen_unix
from swath.serving.metrics import MetricsEndpoint
from swath.serving.standard import Health
from swath.serving.subscriber import LogAndMetrics, Sample
from swath.serving.tokens import Tokens, require_loopback

RESULTS = "results"
"""Folder of results inside the folder of jobs."""
MOST_GROUPED = 256
"""Verbs in one transaction: some 100 ms on SQLite, 200 ms on PostgreSQL. One thread runs them on
either: an owner's jobs take turns at its counters anyway, and what is grouped commits once."""
COUNT_S = 5.0
"""How old the figures of `/metrics` may be."""
TOLD_BEHIND_S = 1.0
"""A wall clock that is behind the jobs by so much is told: it was set back, or had been ahead."""
WORKERS_DRAIN_S = 2.0
"""Time for calls of workers once those of users have ended."""


class JobServer:
    """A server that can be started once and stopped once, in one event loop."""

    def __init__(self, config: JobConfig) -> None:
        self.config = config
        self.port = 0
        """Where users reach it, once started."""
        self.worker_address = ""
        """Where workers reach it, once started."""
        self.metrics_port = -1
        """Where `/metrics` is, once started; -1: nowhere."""
        self._subscriber = LogAndMetrics()
        self._instrument = Instrument(self._subscriber)
        self._clock = Clock()
        self._tokens = Tokens(config.data)
        self._calls = Calls(self._instrument, config.max_request_s, self._tokens.owner_of)
        self._totals = Totals()
        self._ready_us: int | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._store: Store | None = None
        self._users: aio.Server | None = None
        self._workers: aio.Server | None = None
        self._metrics: MetricsEndpoint | None = None
        self._writer: Writer | None = None
        self._upkeep: Upkeep | None = None
        self._jobs: Jobs | None = None

    @property
    def secret_file(self) -> Path:
        """The file with the secret of workers."""
        return self.config.folder() / FILE

    async def start(self) -> None:
        """Return when requests can be answered.

        Raises:
            Unavailable: the database, the port or the metrics port cannot be had, or another
            server has the jobs of this folder. PermissionDenied: others could reach it, and there
            are no tokens.
        """
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        require_loopback(self.config.jobs_host, self._tokens)
        secret = open_secret(self.secret_file)
        jobs = self._jobs = await self._open(secret)
        self._serve_users(jobs)
        self._serve_workers(jobs, secret)
        if self.config.jobs_metrics_port >= 0:
            self._metrics = self._open_metrics()
        assert self._users is not None and self._workers is not None
        await self._workers.start()
        await self._users.start()
        await self._health.open()
        gc.collect()
        gc.freeze()  # what lives as long as the server is not looked through again and again
        self._instrument.emit("started", {"port": self.port, "workers": self.worker_address})

    async def stop(self) -> None:
        """Refuse new calls, end those that wait, let others finish for a while, close the store."""
        assert self._users is not None and self._workers is not None and self._jobs is not None
        in_flight = self._calls.in_flight
        self._jobs.drain()
        has_finished = await drain(self._users, self._health, self._calls, self.config.drain_s)
        await drain(self._workers, self._worker_health, self._worker_calls, WORKERS_DRAIN_S)
        await self.abort()
        self._instrument.emit("stopped", {"in_flight": in_flight, "has_finished": has_finished})
        self._instrument.close()

    async def abort(self) -> None:
        """End every call and thread now; what was acknowledged is durable."""
        for server in (self._users, self._workers):
            if server is not None:
                await server.stop(0)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._jobs is not None:
            await self._jobs.close()
        if self._writer is not None:
            await self._writer.close()
        if self._upkeep is not None:
            with contextlib.suppress(SwathError):  # what cannot be removed is the sweep's
                await self._upkeep.remove_freed()
        if self._store is not None:
            await asyncio.to_thread(self._store.close)
            self._store = None
        if self._metrics is not None:
            await asyncio.to_thread(self._metrics.close)
            self._metrics = None

    async def _open(self, secret: str) -> Jobs:
        """The store, the results and what works on them."""
        config, now_us = self.config, self._clock.now_us
        store = await asyncio.to_thread(open_store, config.store())
        self._store = store
        if isinstance(store, SqliteStore):
            version = {"version": store.sqlite_version, "has_wal_bug": store.has_wal_bug}
            self._instrument.emit("sqlite", version)
        self._start_clock(await asyncio.to_thread(_latest_us, store, microseconds(config.lease_s)))
        results = await asyncio.to_thread(Folder, config.folder() / RESULTS)
        self._writer = Writer(store, MOST_GROUPED)
        changes = Changes(now_us)
        dice = random.Random(secrets.randbits(64)).random  # noqa: S311 - spreads, hides nothing
        rules = RetryRules()
        upkeep = self._upkeep = Upkeep(
            self._writer,
            results,
            changes,
            self._instrument,
            now_us,
            dice,
            rules,
            UpkeepRules(settle_s=config.settle_s, expire_s=config.expire_s),
            is_shared=store.is_shared,
        )
        self._tasks = [asyncio.ensure_future(upkeep.run()), asyncio.ensure_future(self._count())]
        return Jobs(
            config,
            self._writer,
            results,
            changes,
            now_us,
            dice,
            partial(decide, random=dice, rules=rules),
            self._instrument.emit,
            hashlib.sha256(f"pages {secret}".encode()).digest(),
        )

    def _start_clock(self, latest_us: int | None) -> None:
        """Go on where the jobs are; tell where the wall clock is behind them."""
        behind_us = self._clock.advance(latest_us or 0)
        if behind_us >= TOLD_BEHIND_S * MEGA:
            self._instrument.emit("clock_behind", {"seconds": behind_us / MEGA})

    def _serve_users(self, jobs: Jobs) -> None:
        server = self._users = aio.server(options=OPTIONS)
        server.add_generic_rpc_handlers((job_service(jobs, self._calls),))
        self._health = Health(server, (JOB_SERVICE,))
        config = self.config
        self.port = listen(server, config.jobs_host, config.jobs_port, "--jobs-port")

    def _serve_workers(self, jobs: Jobs, secret: str) -> None:
        server = self._workers = aio.server(options=OPTIONS)
        who = partial(worker_with, secret)
        self._worker_calls = Calls(self._instrument, self.config.max_request_s, who)
        services = worker_service(jobs, self._worker_calls), admin_service(jobs, self._worker_calls)
        server.add_generic_rpc_handlers(services)
        self._worker_health = Health(server, (WORKER_SERVICE,))
        socket = self.config.worker_socket()
        if socket is not None:
            self.worker_address = listen_unix(server, socket.absolute(), "--worker-address")
            return
        host, port = self.config.worker_host()
        self.worker_address = f"{host}:{listen(server, host, port, '--worker-address')}"

    def _open_metrics(self) -> MetricsEndpoint:
        self._subscriber.watch(self._gauges)
        port = self.config.jobs_metrics_port
        endpoint = MetricsEndpoint(
            self._subscriber.registry, "127.0.0.1", port, "--jobs-metrics-port"
        )
        self.metrics_port = endpoint.port
        return endpoint

    async def _count(self) -> None:
        """Keep the figures of the store current; those of a store that is away stay as they are."""
        assert self._writer is not None
        while True:
            with contextlib.suppress(SwathError):
                self._totals, self._ready_us = await self._writer.run(
                    lambda tx: (tx.totals(), tx.next_run_at_us())
                )
            await asyncio.sleep(COUNT_S)

    def _gauges(self) -> Iterable[Sample]:
        assert self._jobs is not None and self._writer is not None and self._upkeep is not None
        totals, changes = self._totals, self._jobs.changes
        yield "swath_jobs_queued", "Jobs that wait for a worker.", {}, totals.queued
        yield "swath_jobs_running", "Jobs that a worker has.", {}, totals.running
        now_us = self._clock.now_us()
        wait_s = (now_us - min(now_us, self._ready_us or now_us)) / MEGA
        yield "swath_jobs_wait_seconds", "How long the next job has been ready.", {}, wait_s
        old_s, told = self._upkeep.oldest_s, "Age of the oldest transaction of others, if too old."
        yield "swath_old_transaction_seconds", told, {}, old_s
        yield "swath_watchers", "Streams of changes.", {}, changes.watched
        yield "swath_workers_waiting", "Workers that wait for a job.", {}, changes.claims.waiting
        yield "swath_verbs_waiting", "Verbs that wait for the store.", {}, self._writer.waiting
        in_flight = self._calls.in_flight + self._worker_calls.in_flight
        yield "swath_in_flight", "Requests in progress.", {}, in_flight


def _latest_us(store: Store, lease_us: int) -> int | None:
    with store.transaction() as transaction:
        return transaction.latest_us(lease_us)
