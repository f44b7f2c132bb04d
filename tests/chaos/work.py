"""What the customers ask for, and what is right: computed here, by an engine without any server."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import swath as wf
from engine import Catalog, Engine
from engine.catalog.add.files import from_files
from swath.grid import Affine, Grid, Shape2d
from swath.job import JobSpec
from swath.results import assemble
from swath.types import build_graph
from swath.v1 import jobs_pb2 as pb
from swath.wire.delimited import read_delimited
from swath.wire.job_spec import fill_spec
from swath.wire.stream import read_stream
from tests.imagery import fill, write_tiff

GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(2100, 2100))
"""Four tiles."""
HERE = wf.GeoContext.from_grid(GRID)
PRODUCT = "p"
MISSING = "PRODUCT_NOT_FOUND"


@dataclass(frozen=True)
class Work:
    """Something to compute."""

    name: str
    expression: Any
    where: Any = None
    reason: str = ""
    """Of the error that it must end with; empty: it must succeed."""

    def request(self, request_id: str) -> pb.CreateJobRequest:
        """The request to compute it; the id is in a label too, so that the store tells it."""
        request = pb.CreateJobRequest(request_id=request_id, labels={"request": request_id})
        where = None if self.where is None else self.where.value
        fill_spec(request.spec, JobSpec(build_graph(self.expression), where))
        return request


def _numbers() -> list[Work]:
    return [Work(f"number-{n}", wf.Int(n) * 3 + 1) for n in range(20)]


def _images() -> list[Work]:
    image = wf.ImageCollection.from_id(PRODUCT).mosaic().pick_bands("b1")
    slow = image
    for _ in range(3):
        slow = wf.sqrt(wf.exp(wf.sin(slow)) + slow * 0.5)
    return [Work("tiles", image * 2, HERE), Work("slow tiles", slow, HERE)]


def _failing() -> list[Work]:
    missing = wf.ImageCollection.from_id("none").mosaic()
    return [Work("missing product", missing, HERE, MISSING)]


NUMBERS, IMAGES, FAILING = _numbers(), _images(), _failing()
ALL: Mapping[str, Work] = {work.name: work for work in (*NUMBERS, *IMAGES, *FAILING)}


def draw(rng: random.Random) -> Work:
    """Some work: mostly numbers, which take milliseconds."""
    kind = rng.choices((NUMBERS, IMAGES, FAILING), (88, 7, 5))[0]
    return rng.choice(kind)


def prepare(data: Path) -> dict[str, str]:
    """Make the catalog in a data folder; the digest of the right value of each work."""
    pixels = np.random.default_rng(5).integers(0, 900, GRID.shape).astype("u2")
    write_tiff(data / "2020-01-01.tif", pixels, GRID, nodata=0)
    with Catalog.open(data) as catalog:
        fill(catalog, PRODUCT, from_files([str(data / "2020-01-01.tif")]))
        engine = Engine(catalog)
        return {
            work.name: digest(engine.inspect(work.expression, work.where))
            for work in ALL.values()
            if not work.reason
        }


def digest_of_bytes(data: bytes) -> str:
    """The digest of the value that a native result has."""
    return digest(assemble(read_stream(read_delimited([data]))))


def digest(value: Any) -> str:
    """Of a value: equal where it is the same to the bit."""
    found = hashlib.sha256()
    array = getattr(value, "ndarray", None)
    if array is None:
        found.update(repr(value).encode())
    else:
        mask = np.ma.getmaskarray(array)
        found.update(repr((array.dtype, array.shape)).encode())
        found.update(array.data.tobytes())
        found.update(mask.tobytes())
    return found.hexdigest()
