"""Settings of a worker; `swath.serving.config.load` fills them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from job_server.worker.attempt import AttemptConfig
from job_server.worker.crew import CrewConfig
from job_server.worker.parent import ParentConfig
from job_server.worker.process import ChildSpec
from swath.errors import InvalidArgument, PermissionDenied

MIB = 1 << 20
COMPUTATION = "job_server.worker.evaluation:open_evaluation"
DEFAULT_SERVER = "127.0.0.1:7074"


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """How one worker runs."""

    server: str = DEFAULT_SERVER
    """Address of the job server for workers: host:port, or unix:PATH."""
    data: Path = Path("~/.local/share/swath")
    """Folder of the catalog; only read."""
    secret_file: Path | None = None
    """File with the secret of workers; absent: none is sent."""
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
    """Longest time between two heartbeats, and so until a cancellation is heard of."""
    stop_grace_s: float = 5.0
    """A process that works on for longer after it was asked to stop is killed."""
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
        _require(bool(self.server), "server must name an address")
        _require(
            self.memory_bytes >= self.pixels_bytes + self.cache_bytes + 256 * MIB,
            "memory_bytes must be at least 256 MiB more than pixels_bytes and cache_bytes",
        )
        _require(self.pixels_bytes > 0 and self.cache_bytes >= 0, "sizes must be more than 0")
        _require(self.spares >= 0, "spares must be 0 or more")
        _require(self.heartbeat_s > 0, "heartbeat_s must be more than 0")
        _require(self.stop_grace_s >= 0 and self.drain_s >= 0, "times must be 0 or more")
        return self

    def secret(self) -> str:
        """What is shown to the server; empty: nothing.

        Raises:
            PermissionDenied: the file cannot be read. InvalidArgument: there is nothing in it.
        """
        if self.secret_file is None:
            return ""
        try:
            secret = self.secret_file.expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as problem:
            raise PermissionDenied(
                f"The secret in {self.secret_file} cannot be read: {problem}."
            ) from None
        _require(bool(secret) and secret.isascii(), f"{self.secret_file} must hold a secret")
        return secret

    def parent(self) -> ParentConfig:
        """What the worker itself goes by."""
        return ParentConfig(
            drain_s=self.drain_s,
            attempt=AttemptConfig(heartbeat_s=self.heartbeat_s, stop_grace_s=self.stop_grace_s),
            crew=CrewConfig(spares=self.spares),
        )

    def child(self) -> ChildSpec:
        """What its children are."""
        settings: dict[str, Any] = {
            "data": str(self.data.expanduser()),
            "roots": [str(folder.resolve()) for folder in self.root] or None,
            "remote": list(self.allow_prefix),
            "cache_bytes": self.cache_bytes,
            "pixels_bytes": self.pixels_bytes,
        }
        return ChildSpec(COMPUTATION, settings, self.memory_bytes)


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise InvalidArgument(f"Settings: {what}.")
