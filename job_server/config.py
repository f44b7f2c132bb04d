"""Settings of the job server; `swath.serving.config.load` fills them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from job_server.folder import jobs_folder, workers_socket
from job_server.store.record import Limits
from swath.errors import InvalidArgument
from swath.job import DAY_S, KEEP_S
from swath.serving.config import DEFAULT_DATA
from swath.serving.listen import UNIX

DATABASES = ("postgresql://", "postgresql+psycopg://")
"""How the address of a database may begin."""
MEGA = 1_000_000
SHORTEST_LEASE_S = 0.4
"""A heartbeat comes every quarter of a lease; a busy machine may be 0.1 s late."""


@dataclass(frozen=True, slots=True)
class JobConfig:
    """How one job server runs."""

    data: Path = Path(DEFAULT_DATA)
    """Folder of catalog, tokens, and jobs; made if it is missing."""
    database: str = ""
    """`postgresql://...` of the jobs; empty: SQLite in the data folder."""
    jobs_host: str = "127.0.0.1"
    """Address that users reach."""
    jobs_port: int = 7072
    """Port that users reach; 0 takes a free one."""
    worker_address: str = ""
    """`host:port` or `unix:/path` that workers reach; empty: a socket in the data folder."""
    jobs_metrics_port: int = 7073
    """Port of `/metrics`, always on loopback; 0 takes a free one, -1 serves none."""
    outstanding_limit: int = 120
    """Most jobs of an owner that are not done, unless it was given limits of its own."""
    running_limit: int = 0
    """Most jobs of an owner that workers have at once; 0: as many as there are workers."""
    lease_s: float = 60.0
    """A worker that is silent for so long is lost, and its jobs are run again. Workers send a
    heartbeat every quarter of it."""
    settle_s: float = 20.0
    """After the start, and after the database was away, workers have so long to send a heartbeat
    before their leases are looked at."""
    attempt_timeout_s: float = 6 * 3600.0
    """How long an attempt may take, unless the job says so."""
    max_attempt_timeout_s: float = 7 * DAY_S
    """The longest that a job may say."""
    age_limit_s: float = DAY_S
    """How long after its creation a job is still run again after transient failures."""
    keep_s: float = KEEP_S
    """How long results are kept, unless the job says so; 0: for ever."""
    expire_s: float = 60.0
    """How often results that were kept long enough are looked for."""
    max_request_s: float = 60.0
    """Longest time for one call, also where its caller allows more; streams have their own."""
    watch_s: float = 1800.0
    """A stream of changes ends after so long, give or take a tenth, and is opened again."""
    silence_s: float = 15.0
    """A stream of changes says that it is there at least so often."""
    max_watchers: int = 10_000
    """Streams of changes at once; further ones are refused."""
    drain_s: float = 10.0
    """Time for calls in progress when the server is asked to stop."""

    def validate(self) -> JobConfig:
        """The same, if its settings fit each other.

        Raises:
            InvalidArgument: naming the setting that does not.
        """
        ports = (self.jobs_port, max(self.jobs_metrics_port, 0))
        _require(all(0 <= port < 65536 for port in ports), "a port must be from 0 to 65535")
        _require(self.outstanding_limit >= 1, "outstanding_limit must be 1 or more")
        _require(self.running_limit >= 0, "running_limit must be 0 or more")
        _require(self.max_watchers >= 1, "max_watchers must be 1 or more")
        _require(self.lease_s >= SHORTEST_LEASE_S, "lease_s must be at least 0.4")
        times = (self.attempt_timeout_s, self.age_limit_s, self.watch_s, self.max_request_s)
        _require(min(*times, self.expire_s) > 0, "times must be more than 0")
        waits = (self.keep_s, self.drain_s, self.settle_s)
        _require(min(waits) >= 0, "times must not be less than 0")
        _require(
            self.attempt_timeout_s <= self.max_attempt_timeout_s,
            "attempt_timeout_s must be at most max_attempt_timeout_s",
        )
        _require(0 < self.silence_s < self.watch_s, "silence_s must be less than watch_s")
        _require(
            self.database == "" or self.database.startswith(DATABASES),
            f"database must begin with {DATABASES[0]}",
        )
        self.worker_host()
        return self

    def folder(self) -> Path:
        """Folder of all that the job server keeps."""
        return jobs_folder(self.data)

    def store(self) -> str:
        """Where the jobs are, as `open_store` takes it."""
        return self.database or str(self.folder() / "jobs.db")

    def limits(self) -> Limits:
        """What an owner may have, unless it was given limits of its own."""
        return Limits(self.outstanding_limit, self.running_limit)

    def worker_socket(self) -> Path | None:
        """The Unix socket that workers reach; None: it is a port."""
        if self.worker_address == "":
            return workers_socket(self.data)
        if self.worker_address.startswith(UNIX):
            return Path(self.worker_address.removeprefix(UNIX))
        return None

    def worker_host(self) -> tuple[str, int]:
        """Host and port that workers reach, where it is no socket.

        Raises:
            InvalidArgument: the address is neither.
        """
        if self.worker_socket() is not None:
            return "", 0
        host, _, port = self.worker_address.rpartition(":")
        _require(
            bool(host) and port.isdecimal() and int(port) < 65536,
            "worker_address must be host:port or unix:/path",
        )
        return host.strip("[]"), int(port)


def microseconds(seconds: float) -> int:
    """Whole microseconds, as the store counts time; 0 only for 0, which often means for ever."""
    return max(round(seconds * MEGA), int(seconds > 0))


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise InvalidArgument(f"Settings: {what}.")
