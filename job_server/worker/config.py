"""Settings of a worker; `swath.serving.config.load` fills them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from job_server.folder import jobs_folder, workers_socket
from job_server.worker.attempt import AttemptConfig
from job_server.worker.crew import CrewConfig
from job_server.worker.parent import ParentConfig
from job_server.worker.process import ChildSpec
from swath.errors import InvalidArgument, PermissionDenied
from swath.serving.config import DEFAULT_DATA

MIB = 1 << 20
COMPUTATION = "job_server.worker.evaluation:open_evaluation"
CREDENTIAL = "worker.secret"
"""File in which a job server of the same data folder has the secret of workers."""
SHORTEST_SECRET = 16


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """How one worker runs."""

    server: str = ""
    """Address of the job server for workers: `host:port` or `unix:/path`; empty: the socket of
    the job server of the same data folder."""
    data: Path = Path(DEFAULT_DATA)
    """Folder of the catalog; only read."""
    secret_file: Path | None = None
    """File with the secret of workers; absent: that of the job server of the same data folder."""
    memory_bytes: int = 2048 * MIB
    """Most private memory of the process that computes; over it, it is killed."""
    pixels_bytes: int = 512 * MIB
    """Most bytes of pixels that a job may hold at once; it computes in windows that fit."""
    cache_bytes: int = 128 * MIB
    """Decoded blocks that the process keeps."""
    scratch: Path = Path(tempfile.gettempdir()) / "swath"
    """Folder for files of jobs in progress; made if it is missing."""
    spares: int = 1
    """Warm processes that replace one that died."""
    heartbeat_s: float = 5.0
    """Longest time between two heartbeats; also until a cancellation is heard of, where the job
    server is older than the worker and does not tell of it at once."""
    stop_grace_s: float = 5.0
    """A process that works on for longer after it was asked to stop is killed."""
    storage_wait_s: float = 20.0
    """How long a part of a result is sent again where the job server has no room for it; then the
    job goes back to the queue, and is tried again later."""
    drain_s: float = 30.0
    """Time for the job in progress when the worker is asked to stop; then it is given back."""
    root: tuple[Path, ...] = ()
    """Folders whose files may be read; none given: every file that the catalog names."""
    allow_prefix: tuple[str, ...] = ()
    """Remote addresses that may be read, as `https://host/path/` or `s3://bucket/`."""

    def validate(self) -> WorkerConfig:
        """The same, if its settings fit each other.

        Raises:
            InvalidArgument: naming the setting that does not.
        """
        _require(
            self.memory_bytes >= self.pixels_bytes + self.cache_bytes + 256 * MIB,
            "memory_bytes must be at least 256 MiB more than pixels_bytes and cache_bytes",
        )
        _require(
            self.pixels_bytes > 0 and self.cache_bytes >= 0,
            "pixels_bytes must be more than 0, cache_bytes 0 or more",
        )
        _require(self.spares >= 0, "spares must be 0 or more")
        _require(self.heartbeat_s > 0, "heartbeat_s must be more than 0")
        _require(
            min(self.stop_grace_s, self.drain_s, self.storage_wait_s) >= 0,
            "stop_grace_s, drain_s and storage_wait_s must be 0 or more",
        )
        return self

    def secret(self) -> str:
        """What is shown to the server.

        Raises:
            PermissionDenied: the file cannot be read, or holds no secret.
        """
        path = (self.secret_file or jobs_folder(self.data) / CREDENTIAL).expanduser()
        try:
            secret = path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as problem:
            why = getattr(problem, "strerror", None) or "it is not text"
            raise PermissionDenied(
                f"The secret of workers in {path} cannot be read: {why}. A job server writes it;"
                " say where with --secret-file."
            ) from None
        if len(secret) < SHORTEST_SECRET:
            raise PermissionDenied(f"The secret of workers in {path} is too short to be one.")
        return secret

    def address(self) -> str:
        """Where the job server listens for workers."""
        return self.server or f"unix:{workers_socket(self.data.expanduser())}"

    def parent(self) -> ParentConfig:
        """What the worker itself goes by."""
        return ParentConfig(
            drain_s=self.drain_s,
            attempt=AttemptConfig(
                heartbeat_s=self.heartbeat_s,
                stop_grace_s=self.stop_grace_s,
                storage_wait_s=self.storage_wait_s,
            ),
            crew=CrewConfig(spares=self.spares),
        )

    def child(self) -> ChildSpec:
        """What its children are."""
        settings: dict[str, Any] = {
            "data": str(self.data.expanduser().absolute()),
            "roots": [str(folder.resolve()) for folder in self.root] or None,
            "remote": list(self.allow_prefix),
            "cache_bytes": self.cache_bytes,
            "pixels_bytes": self.pixels_bytes,
        }
        return ChildSpec(COMPUTATION, settings, self.memory_bytes)


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise InvalidArgument(f"Settings: {what}.")
