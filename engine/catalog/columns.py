"""All images of a product as columns in memory: what searching and sorting work on."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from engine.catalog.asset import Asset
from engine.catalog.footprint import Bboxes
from engine.catalog.product import Product
from engine.catalog.store.record import ImageRows
from swath.grid import Grid

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Absent:
    """The one value that stands in a column where an image lacks the property."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


def to_datetime(date_us: int) -> datetime:
    """The aware datetime (UTC) of µs since 1970."""
    return EPOCH + timedelta(microseconds=date_us)


def to_us(date: datetime) -> int:
    """µs since 1970 of a datetime; one without a zone is UTC (rule O2)."""
    aware = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
    return (aware - EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True)
class ProductColumns:
    """One row per image, ordered by (date, id), of one revision of the product. Immutable."""

    product: Product
    keys: list[int]
    """Numbers of the images in the store."""
    ids: list[str]
    dates_us: NDArray[np.int64]
    """µs since 1970 UTC, ascending."""
    bboxes: Bboxes
    """(west, south, east, north) in degrees; west > east: across the antimeridian."""
    grids: list[Grid]
    """Grid of the first band of each image; equal grids are one object."""
    footprints_wkb: list[bytes]
    properties_json: list[str]
    assets: dict[str, list[Asset | None]] = field(default_factory=dict, compare=False)
    """By band, filled as bands are asked for."""
    _parsed: dict[int, dict[str, Any]] = field(default_factory=dict, compare=False)
    _by_name: dict[str, list[Any]] = field(default_factory=dict, compare=False)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def footprints(self) -> NDArray[Any]:
        """The (multi)polygons (shapely, EPSG:4326). Cost: 5 ms per 10,000, once."""
        return np.asarray(shapely.from_wkb(np.array(self.footprints_wkb, dtype=object)))

    @cached_property
    def dates(self) -> list[datetime]:
        """Aware datetimes (UTC)."""
        return [to_datetime(us) for us in self.dates_us.tolist()]

    @cached_property
    def positions(self) -> dict[int, int]:
        """Row of each image by its key."""
        return {key: i for i, key in enumerate(self.keys)}

    def own_properties(self, row: int) -> dict[str, Any]:
        """What the product's files and items say of the image in that row; not to be changed."""
        parsed = self._parsed.get(row)
        if parsed is None:
            parsed = self._parsed[row] = json.loads(self.properties_json[row])
        return parsed

    def properties(self, row: int) -> dict[str, Any]:
        """All properties of the image in that row, a new dict (rule I2)."""
        grid = self.grids[row]
        return {
            **self.own_properties(row),
            "id": self.ids[row],
            "product": self.product.name,
            "date": to_datetime(int(self.dates_us[row])),
            "crs": grid.crs,
            "geotrans": grid.gdal_geotrans,
        }

    def column(self, name: str) -> list[Any]:
        """The property of that name for every row, `ABSENT` where an image lacks it.

        Not to be changed: it is kept for the next time.
        """
        if name not in self._by_name:
            self._by_name[name] = self._column(name)
        return self._by_name[name]

    def _column(self, name: str) -> list[Any]:
        if name == "id":
            return self.ids
        if name == "date":
            return self.dates
        if name == "product":
            return [self.product.name] * len(self)
        if name == "crs":
            return [grid.crs for grid in self.grids]
        if name == "geotrans":
            return [grid.gdal_geotrans for grid in self.grids]
        return [self.own_properties(row).get(name, ABSENT) for row in range(len(self))]


def columns_of(product: Product, rows: ImageRows) -> ProductColumns:
    """The columns of a product from what the store gave."""
    return ProductColumns(
        product=product,
        keys=rows.keys,
        ids=rows.ids,
        dates_us=np.array(rows.dates_us, dtype=np.int64),
        bboxes=np.array(rows.bboxes, dtype=np.float64).reshape(-1, 4),
        grids=rows.grids,
        footprints_wkb=rows.footprints,
        properties_json=rows.properties,
    )
