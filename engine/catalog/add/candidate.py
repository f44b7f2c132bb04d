"""What may become an image: the files that someone says belong together, before they are opened."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import shapely
from shapely.geometry.base import BaseGeometry

from engine.catalog.asset import Identity, Kind, MaskSource
from swath.errors import SwathError
from swath.grid import Grid, Shape2d

DIGEST_VERSION = "1"
"""Part of every digest: raise it where equal files would now be recorded differently."""


class BandInfo(Protocol):
    """What a file says about one band; `engine.sources.probe.BandInfo` is one."""

    @property
    def index(self) -> int:
        """From 1."""

    @property
    def dtype(self) -> str:
        """The numpy name of the stored dtype."""

    @property
    def nodata(self) -> float | None:
        """Stored value that means no data."""

    @property
    def scale(self) -> float:
        """Of physical = stored × scale + offset."""

    @property
    def offset(self) -> float:
        """Of physical = stored × scale + offset."""

    @property
    def name(self) -> str:
        """Its description; empty where there is none."""

    @property
    def color(self) -> str:
        """`gray`, `alpha`, `palette`, …."""

    @property
    def mask(self) -> MaskSource:
        """Where else the file says what is invalid."""


class FileInfo(Protocol):
    """What a file says about itself; `engine.sources.probe.FileInfo` is one."""

    @property
    def href(self) -> str:
        """As it was asked for."""

    @property
    def grid(self) -> Grid:
        """Full-resolution grid."""

    @property
    def bands(self) -> Sequence[BandInfo]:
        """All bands, in order."""

    @property
    def block(self) -> Shape2d:
        """Rows and columns that are decoded at once."""

    @property
    def overviews(self) -> tuple[int, ...]:
        """Decimation factors, ascending."""

    @property
    def overviews_averaged(self) -> bool:
        """False only where overviews hold stored values."""

    @property
    def identity(self) -> Identity:
        """Tells whether it is still the same file."""

    @property
    def acquired(self) -> str:
        """Text of TIFFTAG_DATETIME; empty where there is none."""


Probe = Callable[[str], FileInfo]
"""Opens the file at an href and says what it is; raises errors of our tree."""


@dataclass(frozen=True, slots=True)
class Hint:
    """What an item says of one band of a file; absent fields are left to the file."""

    name: str | None = None
    scale: float | None = None
    offset: float | None = None
    nodata: float | None = None
    kind: Kind | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """Where an item says that the pixels of a file are; the file knows better."""

    crs: str | None = None
    """Authority code."""
    shape: tuple[int, int] | None = None
    """Rows, columns."""
    transform: tuple[float, ...] | None = None
    """Six terms (a, b, c, d, e, f)."""


@dataclass(frozen=True, slots=True)
class CandidateFile:
    """One file of an image."""

    href: str
    """Absolute path, or an address."""
    band: str | None = None
    """Name of its band; of several bands: what their names start with. Absent: the file says."""
    hints: tuple[Hint, ...] = ()
    """For its first, second, … band."""
    claim: Claim = Claim()

    def digest(self, identity: Identity) -> str:
        """Equal for the same file with the same words about it."""
        said = [DIGEST_VERSION, self.href, self.band, [asdict(hint) for hint in self.hints]]
        return _digest([*said, identity.size, identity.mtime_ns, identity.tag])


@dataclass(frozen=True, slots=True)
class Candidate:
    """One image that may be added."""

    name: str
    """What reports call it: a file, a group of files, an item."""
    id: str
    files: tuple[CandidateFile, ...]
    date_us: int | None = None
    """µs since 1970 UTC, where someone said it."""
    date_guess_us: int | None = None
    """A date found in a name, for where nobody said one."""
    properties: Mapping[str, Any] = field(default_factory=dict)
    """JSON values."""
    footprint: BaseGeometry | None = None
    """As the item gives it; absent: the outline of the files."""

    def digest(self) -> str:
        """Equal where the same was said about the image."""
        outline = None if self.footprint is None else shapely.to_wkb(self.footprint, hex=True)
        return _digest(
            [DIGEST_VERSION, self.date_us, self.date_guess_us, dict(self.properties), outline]
        )


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that cannot become an image, and why."""

    name: str
    error: SwathError


def _digest(said: list[Any]) -> str:
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
