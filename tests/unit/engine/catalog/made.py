"""Files that need not exist: a probe that makes up what they say, and images made of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.catalog.add.candidate import Candidate, CandidateFile
from engine.catalog.asset import Identity, MaskSource
from swath.errors import InvalidSource
from swath.grid import Affine, Grid, Shape2d

DAY_US = 86_400_000_000


@dataclass(frozen=True)
class MadeBand:
    index: int = 1
    dtype: str = "uint16"
    nodata: float | None = None
    scale: float = 1.0
    offset: float = 0.0
    name: str = ""
    color: str = "gray"
    mask: MaskSource = "none"


@dataclass(frozen=True)
class MadeInfo:
    href: str
    grid: Grid
    bands: tuple[MadeBand, ...] = (MadeBand(),)
    block: Shape2d = Shape2d(128, 128)
    overviews: tuple[int, ...] = (2, 4)
    overviews_averaged: bool = True
    identity: Identity = Identity(100, 7, "x")  # noqa: RUF009
    acquired: str = ""


def grid_at(west: float, south: float, side_deg: float = 1.0, pixels: int = 100) -> Grid:
    step = side_deg / pixels
    transform = Affine(step, 0, west, 0, -step, south + side_deg)
    return Grid("EPSG:4326", transform, Shape2d(pixels, pixels))


@dataclass
class MadeFiles:
    """A probe over files that were put here; counts what was opened."""

    infos: dict[str, MadeInfo] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)

    def put(
        self, href: str, grid: Grid, *bands: MadeBand, size: int = 100, acquired: str = ""
    ) -> str:
        identity = Identity(size, 7, "x")
        made = bands or (MadeBand(),)
        self.infos[href] = MadeInfo(href, grid, made, identity=identity, acquired=acquired)
        return href

    def __call__(self, href: str) -> MadeInfo:
        self.opened.append(href)
        if href not in self.infos:
            raise InvalidSource("There is no such file.")
        return self.infos[href]

    def image(
        self,
        image_id: str,
        date_us: int = 0,
        west: float = 10.0,
        south: float = 40.0,
        bands: tuple[str, ...] = ("red", "nir"),
        **properties: object,
    ) -> Candidate:
        """A candidate of one file per band, one degree wide, that can be probed."""
        grid = grid_at(west, south)
        files = tuple(
            CandidateFile(self.put(f"/made/{image_id}_{band}.tif", grid), band) for band in bands
        )
        return Candidate(image_id, image_id, files, date_us, None, properties)
