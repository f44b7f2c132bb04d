"""One whole `swath serve` with a small product, shared by the tests of clients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from swath.client import InspectClient
from swath.grid import Affine, Grid, Shape2d
from tests.imagery import catalog_of, days
from tests.integration.server import running


@dataclass(frozen=True)
class Served:
    """A running server, and what it serves: product `fields` with bands `red`, `nir`, `scl`."""

    address: str
    grid: Grid
    bands: dict[str, Any]
    """(image, y, x) of each band as it was written; 0 in `red` and `nir` is no data."""
    dates: tuple[str, ...]

    @property
    def client(self) -> InspectClient:
        """A client of it."""
        return InspectClient(self.address)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The server; it must end with status 0."""
    folder = tmp_path_factory.mktemp("served")
    grid = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(60, 80))
    random = np.random.default_rng(7)
    bands: dict[str, Any] = {
        name: random.integers(0, 4000, (4, 60, 80)).astype("u2") for name in ("red", "nir")
    }
    bands["scl"] = random.integers(1, 11, (4, 60, 80)).astype("u1")
    dates = ("2021-05-01", "2021-05-11", "2021-06-01", "2021-07-01")
    pictures = days(folder / "pictures", grid, bands, dates)
    pattern = "{date:%Y-%m-%d}/scene_{band}.tif"
    catalog_of(pictures, pattern, "fields", ["scl:class"], folder / "data").close()
    with running(folder / "data") as address:
        yield Served(address, grid, bands, dates)
