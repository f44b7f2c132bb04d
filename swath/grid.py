"""A grid says exactly where pixels are: crs, affine of pixel edges, shape.

Every raster value carries one. Pure values with no dependency beyond the standard library;
`engine.geo` adds what needs PROJ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple


class Shape2d(NamedTuple):
    """Rows and columns of a raster, in that order."""

    y: int
    x: int


class Window(NamedTuple):
    """A rectangle of pixels of a grid: rows [row, row + rows), columns [col, col + cols)."""

    row: int
    col: int
    rows: int
    cols: int

    def __str__(self) -> str:
        return f"{self.row}:{self.col}+{self.rows}×{self.cols}"


class Affine(NamedTuple):
    """Pixel to world: x = a·col + b·row + c, y = d·col + e·row + f.

    (col, row) = (0, 0) is the outer corner of the first pixel. Same order of terms as the
    `affine` package and rasterio.
    """

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def __matmul__(self, other: Affine) -> Affine:
        """The affine that applies `other` first, then this one."""
        return Affine(
            self.a * other.a + self.b * other.d,
            self.a * other.b + self.b * other.e,
            self.a * other.c + self.b * other.f + self.c,
            self.d * other.a + self.e * other.d,
            self.d * other.b + self.e * other.e,
            self.d * other.c + self.e * other.f + self.f,
        )

    def apply(self, col: float, row: float) -> tuple[float, float]:
        """World (x, y) of the pixel coordinate (col, row)."""
        return self.a * col + self.b * row + self.c, self.d * col + self.e * row + self.f

    @property
    def determinant(self) -> float:
        """Signed area of a pixel; 0 when the affine cannot be inverted."""
        return self.a * self.e - self.b * self.d

    def inverse(self) -> Affine:
        """World to pixel. The determinant must not be 0."""
        det = self.determinant
        a, b, d, e = self.e / det, -self.b / det, -self.d / det, self.a / det
        return Affine(a, b, -a * self.c - b * self.f, d, e, -d * self.c - e * self.f)


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the pixels of a raster are."""

    crs: str
    """Authority code (`EPSG:32613`) where there is one, else WKT 2. Empty: not georeferenced."""
    transform: Affine
    """Pixel edges to world, in units of the crs."""
    shape: Shape2d
    """Rows, columns; both at least 1."""

    @property
    def resolution(self) -> tuple[float, float]:
        """Pixel size (x, y) in units of the crs, both positive."""
        t = self.transform
        return math.hypot(t.a, t.d), math.hypot(t.b, t.e)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(min x, min y, max x, max y) over the four corners, in the crs."""
        rows, cols = self.shape
        corners = [self.transform.apply(c, r) for c in (0, cols) for r in (0, rows)]
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        return min(xs), min(ys), max(xs), max(ys)

    @property
    def gdal_geotrans(self) -> tuple[float, float, float, float, float, float]:
        """The transform in GDAL's order: (c, a, b, f, d, e)."""
        t = self.transform
        return t.c, t.a, t.b, t.f, t.d, t.e

    @property
    def whole(self) -> Window:
        """The window of all pixels."""
        return Window(0, 0, self.shape.y, self.shape.x)

    def crop(self, window: Window) -> Grid:
        """The grid of the pixels of `window`; it may reach beyond this one."""
        t = self.transform @ Affine(1, 0, window.col, 0, 1, window.row)
        return Grid(self.crs, t, Shape2d(window.rows, window.cols))
