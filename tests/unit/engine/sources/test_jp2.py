"""JPEG 2000 files, by content whatever their suffix, within limits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.evaluate.budget import Budget
from engine.sources.config import SourceConfig, SourceLimits
from engine.sources.probe import band_asset, probe
from engine.sources.read import Reader
from swath.errors import InvalidSource
from swath.grid import Window

PIXELS = np.arange(200 * 300, dtype=np.uint16).reshape(200, 300)


@pytest.fixture
def jp2(write_tif: Callable[..., Path]) -> Path:
    """A lossless JPEG 2000 whose name says TIFF."""
    made = write_tif(PIXELS, "a.jp2", driver="JP2OpenJPEG", QUALITY="100", REVERSIBLE="YES")
    return made.rename(made.with_suffix(".tif"))


def test_a_jpeg_2000_is_read_whatever_its_name(jp2: Path, reader: Callable[..., Reader]) -> None:
    info = probe(str(jp2), SourceConfig())
    window = Window(20, 30, 100, 150)
    values, mask = reader().read(band_asset(info, 1), info.grid, window, "near", Budget())
    np.testing.assert_array_equal(values, PIXELS[20:120, 30:180])
    assert mask is None


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (SourceLimits(side_px=250), "300 × 200 pixels"),
        (SourceLimits(block_bytes=10_000), "too much memory"),
    ],
)
def test_a_jpeg_2000_over_the_limits_is_refused(
    limits: SourceLimits, message: str, jp2: Path
) -> None:
    with pytest.raises(InvalidSource, match=message):
        probe(str(jp2), SourceConfig(limits=limits))


@pytest.mark.parametrize("end", [12, 40, 90])
def test_a_cut_jpeg_2000_is_refused(end: int, jp2: Path) -> None:
    jp2.write_bytes(jp2.read_bytes()[:end])
    with pytest.raises(InvalidSource):
        probe(str(jp2), SourceConfig())


def test_a_jpeg_2000_of_a_store_is_refused(
    store: Any, jp2: Path, reader: Callable[..., Reader]
) -> None:
    href = store.put("a.jp2", jp2)
    asset = band_asset(probe(str(jp2), SourceConfig()), 1, {"href": href, "identity": None})
    read = reader(remote=(store.address,))
    with pytest.raises(InvalidSource, match="local disks only"):
        probe(href, SourceConfig(remote=(store.address,)))
    with pytest.raises(InvalidSource, match="local disks only"):
        read.read(asset, asset.grid, Window(0, 0, 9, 9), "near", Budget())
