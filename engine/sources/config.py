"""What may be read and what reading may cost; passed down, never taken from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class S3Access:
    """How `s3://bucket/key` is reached."""

    endpoint: str = ""
    """`https://host` of the store, buckets as its first path part. Empty: Amazon's, by region."""
    region: str = "us-east-1"
    key_id: str = ""
    """Access key id. Empty: requests are not signed, which public buckets allow."""
    secret: str = ""
    """Secret access key that belongs to `key_id`."""
    token: str = ""
    """Session token of temporary credentials. Empty: none."""


@dataclass(frozen=True, slots=True)
class SourceLimits:
    """Costs above which a file is refused before it is decoded."""

    bands: int = 4096
    """Most bands of a file. GDAL's time to open grows with their square: 20,000 took 16 s."""
    side_px: int = 4_000_000
    """Most rows, and most columns."""
    block_bytes: int = 128 * _MIB
    """Most decoded bytes of one block, that is of the least that can be read."""
    directories: int = 256
    """Most image directories: overviews, masks and pages."""
    header_bytes: int = 64 * _MIB
    """Most bytes of tags and block tables of a file."""
    read_bytes: int = 1024 * _MIB
    """Most decoded bytes that one read may take."""


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """Which files may be read, how much is kept, and when to give up."""

    roots: tuple[Path, ...] | None = None
    """Folders whose files may be read, links resolved. Absent: every local file (embedded use).
    Empty: no local file."""
    remote: tuple[str, ...] = ()
    """Address prefixes that may be read, as `https://host/path/` or `s3://bucket/`; each ends in
    a slash. Plain `http://` only where it is listed. Empty: nothing remote."""
    s3: S3Access = S3Access()
    cache_bytes: int = 256 * _MIB
    """Decoded blocks kept, least recently used first to go. 0: none."""
    handles: int = 64
    """Most files kept open between reads."""
    timeout_s: float = 10.0
    """Longest wait for a remote store to connect, or to send the next bytes."""
    limits: SourceLimits = SourceLimits()

    def __post_init__(self) -> None:
        for prefix in self.remote:
            scheme = prefix.partition("://")[0]
            if scheme not in ("https", "http", "s3") or not prefix.endswith("/"):
                raise ValueError(
                    f"remote prefix {prefix!r} must be https://… or s3://… and end in a slash"
                )
