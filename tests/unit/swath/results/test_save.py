"""Results as files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from swath.errors import InvalidArgument, UnsupportedFormat
from swath.grid import Affine, Grid, Shape2d
from swath.results import GeoContextResult, ImageCollectionResult, ImageResult

GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(4, 5))
WHERE = GeoContextResult(GRID)
BANDS: dict[str, dict[str, Any]] = {"red": {"dtype": "uint16"}, "nir": {"dtype": "uint16"}}
VALUES = np.arange(40, dtype="u2").reshape(2, 4, 5)
MASK = VALUES % 20 == 3
IMAGE = ImageResult(np.ma.MaskedArray(VALUES, MASK), {"id": "a"}, BANDS, WHERE)
STACK = ImageCollectionResult(
    np.ma.MaskedArray(VALUES[np.newaxis], MASK[np.newaxis]), [{"id": "a"}], BANDS, WHERE
)


@pytest.mark.parametrize("result", [IMAGE, STACK], ids=["an image", "a collection"])
def test_npz_holds_the_pixels_their_mask_and_where_they_are(result: Any, tmp_path: Path) -> None:
    path = tmp_path / "result.npz"
    result.save(path)
    with np.load(path) as held:
        assert held["values"].tolist() == result.ndarray.data.tolist()
        assert held["mask"].tolist() == result.ndarray.mask.tolist()
        assert held["bands"].tolist() == ["red", "nir"]
        assert held["transform"].tolist() == list(WHERE.transform)
        assert str(held["crs"]) == "EPSG:32633"
        assert json.loads(str(held["properties"])) == result.properties
        assert json.loads(str(held["bandinfo"])) == BANDS
    assert list(tmp_path.iterdir()) == [path]


def test_a_geotiff_holds_the_pixels_their_mask_and_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "image.tif"
    IMAGE.save(str(path))
    with rasterio.open(path) as dataset:
        read = dataset.read(masked=True)
        assert read.data[~MASK].tolist() == VALUES[~MASK].tolist()
        assert read.mask.tolist() == MASK.tolist()
        assert dataset.descriptions == ("red", "nir")
        assert dataset.crs.to_epsg() == 32633
        assert tuple(dataset.transform)[:6] == WHERE.transform
    assert list(tmp_path.iterdir()) == [path]


def test_a_collection_is_no_geotiff(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFormat, match="one image"):
        STACK.save(tmp_path / "stack.tif")


@pytest.mark.parametrize("name", ["image.png", "image"])
@pytest.mark.parametrize("result", [IMAGE, STACK], ids=["an image", "a collection"])
def test_another_end_of_the_name_is_refused(result: Any, name: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFormat, match=r"\.npz"):
        result.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["image.npz", "image.tif"])
def test_what_is_empty_is_no_file(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="empty"):
        ImageResult(None, {}, {}, None).save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_there_stays_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "image.npz"
    path.write_bytes(b"before")

    def full(file: Path, **arrays: Any) -> None:
        file.write_bytes(b"a part")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(OSError, match="No space"):
        IMAGE.save(path)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_without_the_engine_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "engine.encode.geotiff", raising=False)
    monkeypatch.setitem(sys.modules, "rasterio", None)
    with pytest.raises(ImportError, match=r"swath\[engine\]"):
        IMAGE.save(tmp_path / "image.tif")
