"""One whole `swath serve` with a small product, shared by the tests of clients."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from swath.client import InspectClient
from swath.grid import Affine, Grid, Shape2d
from tests.imagery import catalog_of, days

PROGRAM = "from swath.command.main import main; main()"
START_S = 90
"""A first start compiles kernels."""


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
    ports = ("--inspect-port", "0", "--metrics-port", "-1", "--engines", "1")
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "serve", "--data", str(folder / "data"), *ports],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield Served(_address(process), grid, bands, dates)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def _address(process: subprocess.Popen[str]) -> str:
    """Where it says that it listens; from then on its output is read and dropped."""
    assert process.stdout is not None
    watch = threading.Timer(START_S, process.kill)
    watch.start()
    said = []
    for line in process.stdout:
        said.append(line)
        if " ready on " in line:
            watch.cancel()
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return line.partition(" ready on ")[2].split()[0]
    watch.cancel()
    raise AssertionError(f"swath serve did not start: {''.join(said)}")
