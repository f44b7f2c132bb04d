"""Settings of the inspect server; `swath.serving.config.load` fills them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine.sources.config import SourceConfig
from swath.errors import InvalidArgument
from swath.serving.config import DEFAULT_DATA

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class InspectConfig:
    """How one inspect server runs. Every process of it gets the same."""

    data: Path = Path(DEFAULT_DATA)
    """Folder of the catalog; made if it is missing."""
    inspect_host: str = "127.0.0.1"
    """Address to listen on."""
    inspect_port: int = 7070
    """Port to listen on; 0 takes a free one."""
    metrics_port: int = 7071
    """Port of `/metrics`, always on loopback; 0 takes a free one, -1 serves none."""
    engines: int = 0
    """Processes that compute pixels; 0: as many as there are processor cores."""
    extra_engines: int = 4
    """Further ones while others wait for readers that are slow: at most as many."""
    engine_memory_bytes: int = 2048 * MIB
    """Most private memory of one engine process; over it, its request is refused."""
    pixels_bytes: int = 512 * MIB
    """Most bytes of pixels that one request may hold at once."""
    cache_bytes: int = 128 * MIB
    """Decoded blocks that each engine process keeps."""
    answers_bytes: int = 64 * MIB
    """Small answers that each engine process keeps; 0: none."""
    max_waiting: int = 64
    """Requests that may wait for an engine process; further ones are refused at once."""
    max_waiting_bytes: int = 256 * MIB
    """Sum of the sizes of waiting requests."""
    max_request_s: float = 300.0
    """Longest time for one request, also where its caller allows more."""
    stop_grace_s: float = 2.0
    """An engine process that works on for longer after cancel or deadline is killed."""
    drain_s: float = 10.0
    """Time for requests in progress when the server is asked to stop."""
    root: tuple[Path, ...] = ()
    """Folders whose files may be read; none given: every file that the catalog names."""
    allow_prefix: tuple[str, ...] = ()
    """Remote addresses that may be read, as `https://host/path/` or `s3://bucket/`."""

    def validate(self) -> InspectConfig:
        """The same, if its settings fit each other.

        Raises:
            InvalidArgument: naming the setting that does not.
        """
        ports = (self.inspect_port, max(self.metrics_port, 0))
        _require(all(0 <= port < 65536 for port in ports), "a port must be from 0 to 65535")
        _require(self.engines >= 0, "engines must be 0 or more")
        _require(self.extra_engines >= 0, "extra_engines must be 0 or more")
        _require(self.max_waiting >= 0, "max_waiting must be 0 or more")
        _require(self.max_request_s > 0 and self.drain_s >= 0, "times must be more than 0")
        held_bytes = self.pixels_bytes + self.cache_bytes + self.answers_bytes
        _require(
            self.engine_memory_bytes >= held_bytes + 256 * MIB,
            "engine_memory_bytes must be at least 256 MiB more than pixels_bytes, cache_bytes and "
            "answers_bytes",
        )
        try:
            self.sources()
        except ValueError as problem:
            raise InvalidArgument(f"{problem}.") from None
        return self

    def pixel_engines(self) -> int:
        """Number of processes that compute pixels."""
        return self.engines or os.cpu_count() or 1

    def sources(self) -> SourceConfig:
        """What may be read."""
        roots = tuple(folder.resolve() for folder in self.root) or None
        return SourceConfig(roots=roots, remote=self.allow_prefix, cache_bytes=self.cache_bytes)


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise InvalidArgument(f"Settings: {what}.")
