"""Where a result is: the grid of its pixels, as the attributes that users ask for."""

from __future__ import annotations

from dataclasses import dataclass

from swath.geocontext import GeoContextValue
from swath.grid import Grid


@dataclass(frozen=True, slots=True)
class GeoContextResult:
    """The geocontext that a result was computed in, resolved to one exact grid."""

    grid: Grid
    """Crs, affine and shape of the pixels."""
    asked: GeoContextValue | None = None
    """The geocontext as it was asked for; absent: none was given."""

    @property
    def crs(self) -> str:
        """Authority code or WKT 2; empty: not georeferenced."""
        return self.grid.crs

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, columns."""
        return self.grid.shape.y, self.grid.shape.x

    @property
    def resolution(self) -> tuple[float, float]:
        """Pixel size (x, y) in units of the crs."""
        return self.grid.resolution

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(min x, min y, max x, max y) in the crs: outer edges of the pixels."""
        return self.grid.bounds

    @property
    def gdal_geotrans(self) -> tuple[float, float, float, float, float, float]:
        """The affine in GDAL's order: (x origin, a, b, y origin, d, e)."""
        return self.grid.gdal_geotrans

    @property
    def transform(self) -> tuple[float, float, float, float, float, float]:
        """The affine in rasterio's order: (a, b, c, d, e, f)."""
        a, b, c, d, e, f = self.grid.transform
        return a, b, c, d, e, f

    @property
    def geometry(self) -> str | None:
        """GeoJSON geometry in longitude and latitude outside which all is masked; or None."""
        return None if self.asked is None else self.asked.geometry

    @property
    def value(self) -> GeoContextValue:
        """A geocontext of exactly this grid and geometry: to ask the next question with."""
        return GeoContextValue(
            geometry=self.geometry,
            all_touched=self.asked is not None and self.asked.all_touched,
            resampler=None if self.asked is None else self.asked.resampler,
            crs=self.grid.crs,
            transform=self.transform,
            shape=self.shape,
        )

    def __str__(self) -> str:
        x, y = self.resolution
        size = f"{x:.10g}" if x == y else f"{x:.10g} × {y:.10g}"
        low_x, low_y, high_x, high_y = self.bounds
        crs = self.crs if len(self.crs) <= 40 else f"{self.crs[:37]}..."
        return (
            f"{crs or 'no crs'}, pixels of {size}, "
            f"x {low_x:.10g} … {high_x:.10g}, y {low_y:.10g} … {high_y:.10g}"
        )
