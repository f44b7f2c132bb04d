"""The image that pixel scenarios ask about: what it is called, and where its pixels lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import swath as wf
from swath.grid import Affine, Grid, Shape2d

OPTION = "imagery"
"""The option of a work that names the image, as a table of the fields of `Imagery`."""


@dataclass(frozen=True, slots=True)
class Imagery:
    """A square image of two bands in some product.

    The defaults are what `loadtest.paint` makes; the table `imagery` of a scenario names another
    one, which a target has.
    """

    product: str = "loadtest"
    image: str = "loadtest:2021-06-01"
    """Its id."""
    red: str = "red"
    nir: str = "nir"
    crs: str = "EPSG:32633"
    west: float = 5e5
    """Edge of its first column, in units of `crs`; likewise those below."""
    north: float = 5e6
    """Edge of its first row."""
    pixel: float = 10.0
    side_px: int = 4096

    def square(
        self, row: int, col: int, size_px: int, finer: int = 1, resampler: str | None = None
    ) -> wf.GeoContext:
        """One of the squares of `size_px` that it is cut into.

        `finer`: pixels of the question in each pixel of the image, along a side.
        """
        side = size_px * self.pixel
        west, north = self.west + col * side, self.north - row * side
        cell = self.pixel / finer
        transform = Affine(cell, 0.0, west, 0.0, -cell, north)
        grid = Grid(self.crs, transform, Shape2d(size_px * finer, size_px * finer))
        found: wf.GeoContext = wf.GeoContext.from_grid(grid, resampler=resampler)
        return found

    def pixels(self) -> wf.Image:
        """The image, in expressions."""
        found: wf.Image = wf.Image.from_id(self.image)
        return found

    def ndvi(self) -> wf.Image:
        """Its NDVI."""
        bands = self.pixels()
        found: wf.Image = wf.normalized_difference(
            bands.pick_bands(self.nir), bands.pick_bands(self.red)
        )
        return found


def imagery_of(options: Mapping[str, Any]) -> Imagery:
    """The image that the options of a work name; none: the one that is made here."""
    return Imagery(**options.get(OPTION, {}))
