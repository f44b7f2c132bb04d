"""What a file says about itself reaches the catalog; what makes it unusable is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from engine.sources.config import SourceConfig
from engine.sources.probe import band_asset, probe
from swath.errors import BandNotFound, InvalidSource
from swath.grid import Shape2d

ANY = SourceConfig()
ONES = np.ones((40, 60), np.uint16)


def test_grid_dtype_block_and_identity_are_those_of_the_file(
    write_tif: Callable[..., Path],
) -> None:
    path = write_tif(ONES, tiled=True, blockxsize=32, blockysize=16)
    info = probe(str(path), ANY)
    assert info.grid.crs == "EPSG:32633"
    assert info.grid.shape == (40, 60)
    assert info.grid.gdal_geotrans == (400_000.0, 10.0, 0.0, 5_000_000.0, 0.0, -10.0)
    assert info.block == Shape2d(16, 32)
    assert info.bands[0].dtype == "uint16"
    assert info.identity.size == path.stat().st_size
    assert info.identity.mtime_ns == path.stat().st_mtime_ns


def test_scale_offset_nodata_and_description_travel_to_the_asset(
    write_tif: Callable[..., Path],
) -> None:
    path = write_tif(ONES, nodata=0, scale=1e-4, offset=-0.1)
    with rasterio.open(path, "r+") as dataset:
        dataset.set_band_description(1, "red\x1b[31m\u202e edge")
    info = probe(str(path), ANY)
    asset = band_asset(info, 1)
    assert (asset.scale, asset.offset, asset.nodata) == (1e-4, -0.1, 0.0)
    assert info.bands[0].name == "red[31m edge"


def test_overrides_win_over_what_the_file_says(write_tif: Callable[..., Path]) -> None:
    info = probe(str(write_tif(ONES, nodata=0)), ANY)
    asset = band_asset(info, 1, {"nodata": 7.0, "kind": "class"})
    assert (asset.nodata, asset.kind) == (7.0, "class")


def test_a_band_that_is_not_there_is_named(write_tif: Callable[..., Path]) -> None:
    with pytest.raises(BandNotFound, match="1 bands"):
        band_asset(probe(str(write_tif(ONES)), ANY), 2)


@pytest.mark.parametrize(
    ("text", "dtype", "expected"),
    [
        (b"255", "uint8", 255.0),
        (b"-99", "uint8", None),
        (b"0.5", "uint8", None),
        (b"abcde", "uint16", None),
        (b"nan", "uint16", None),
        (b"1e999", "int16", None),
        (b"-3.4028235e+38", "float32", float(np.finfo("f4").min)),
        (b"-3.40282354e+38", "float32", float(np.finfo("f4").min)),
        (b"0.1", "float32", float(np.float32(0.1))),
        (b"1e39", "float32", None),
    ],
)
def test_nodata_counts_only_where_pixels_can_equal_it(
    text: bytes, dtype: str, expected: float | None, write_tif: Callable[..., Path]
) -> None:
    path = write_tif(np.ones((8, 8), dtype), nodata=1)
    raw = path.read_bytes()
    # The tag holds "1\0" inline; give it a longer text at the end of the file.
    first = int.from_bytes(raw[4:8], "little")
    data = bytearray(raw)
    for i in range(int.from_bytes(raw[first : first + 2], "little")):
        entry = first + 2 + 12 * i
        if int.from_bytes(raw[entry : entry + 2], "little") == 42113:
            padded = text.ljust(8, b"\0")
            data[entry + 4 : entry + 8] = len(padded).to_bytes(4, "little")
            data[entry + 8 : entry + 12] = len(raw).to_bytes(4, "little")
            data += padded
    path.write_bytes(data)
    assert probe(str(path), ANY).bands[0].nodata == expected


def test_nan_nodata_of_a_float_file_is_kept(write_tif: Callable[..., Path]) -> None:
    nodata = probe(str(write_tif(np.ones((8, 8), "f4"), nodata=np.nan)), ANY).bands[0].nodata
    assert nodata is not None
    assert np.isnan(nodata)


def test_overviews_are_listed_and_averaged_unless_the_file_says_otherwise(
    write_tif: Callable[..., Path],
) -> None:
    values = np.ones((256, 256), np.uint8)
    near = probe(str(write_tif(values, "n.tif", overviews=(2, 4))), ANY)
    mean = probe(str(write_tif(values, "m.tif", overviews=(2, 4), resampling="average")), ANY)
    assert (near.overviews, near.overviews_averaged) == ((2, 4), False)
    assert (mean.overviews, mean.overviews_averaged) == ((2, 4), True)


def test_alpha_masks_the_other_bands_and_not_itself(write_tif: Callable[..., Path]) -> None:
    path = write_tif(np.ones((4, 8, 8), np.uint8), photometric="RGB", ALPHA="YES")
    assert [b.mask for b in probe(str(path), ANY).bands] == ["alpha"] * 3 + ["none"]


def test_an_internal_mask_is_told(write_tif: Callable[..., Path]) -> None:
    path = write_tif(ONES, mask=np.full(ONES.shape, 255, np.uint8))
    assert probe(str(path), ANY).bands[0].mask == "internal"


def test_side_files_are_never_looked_at(write_tif: Callable[..., Path]) -> None:
    path = write_tif(ONES, nodata=5)
    side = path.with_name(path.name + ".aux.xml")
    side.write_text(
        "<PAMDataset><SRS>EPSG:4326</SRS><GeoTransform>0,1,0,0,0,-1</GeoTransform>"
        '<PAMRasterBand band="1"><NoDataValue>9</NoDataValue></PAMRasterBand></PAMDataset>',
        encoding="utf-8",
    )
    info = probe(str(path), ANY)
    assert (info.grid.crs, info.bands[0].nodata) == ("EPSG:32633", 5.0)


def test_overviews_and_masks_beside_the_file_are_not_read(write_tif: Callable[..., Path]) -> None:
    path = write_tif(np.ones((256, 256), np.uint8))
    with rasterio.Env(TIFF_USE_OVR=True), rasterio.open(path, "r+") as dataset:
        dataset.build_overviews([2], rasterio.enums.Resampling.nearest)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False), rasterio.open(path, "r+") as dataset:
        dataset.write_mask(np.zeros((256, 256), np.uint8))
    assert path.with_name("a.tif.ovr").exists()
    assert path.with_name("a.tif.msk").exists()
    info = probe(str(path), ANY)
    assert (info.overviews, info.bands[0].mask) == ((), "none")


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ({"crs": None}, "names no coordinate system"),
        ({"transform": Affine.identity()}, "not georeferenced"),
        ({"transform": Affine(0, 0, 4e5, 0, 0, 5e6)}, "no area"),
        ({"transform": Affine(10, 5, 4e5, 20, 10, 5e6)}, "no area"),
        ({"transform": Affine(10, 0, 1e300, 0, -10, 5e6)}, "no place on Earth"),
        ({"crs": "EPSG:4326", "transform": Affine(0.1, 0, 500, 0, -0.1, 40)}, "beyond the sphere"),
        ({"dtype": "complex64"}, "complex64"),
    ],
)
def test_a_file_without_a_usable_place_or_number_is_refused(
    profile: dict[str, object], message: str, write_tif: Callable[..., Path]
) -> None:
    values = np.ones((8, 8), str(profile.get("dtype", "uint8")))
    path = write_tif(values, **profile)
    with pytest.raises(InvalidSource, match=message) as caught:
        probe(str(path), ANY)
    assert caught.value.where.source == "a.tif"


@pytest.mark.parametrize(
    "transform",
    [Affine(10, 0, 4e5, 0, 10, 5e6), Affine(8, 6, 4e5, 6, -8, 5e6), Affine(7, 0, 4e5, 0, -3, 5e6)],
)
def test_south_up_rotated_and_oblong_grids_are_usable(
    transform: Affine, write_tif: Callable[..., Path]
) -> None:
    grid = probe(str(write_tif(ONES, transform=transform)), ANY).grid
    assert tuple(grid.transform) == tuple(transform)[:6]


def test_a_file_placed_by_control_points_only_says_so(tmp_path: Path) -> None:
    path = tmp_path / "gcp.tif"
    points = [rasterio.control.GroundControlPoint(r, c, 4e5 + 10 * c, 5e6 - 10 * r)
              for r, c in ((0, 0), (0, 8), (8, 0))]  # fmt: skip
    with rasterio.open(
        path, "w", driver="GTiff", dtype="uint8", count=1, height=8, width=8,
        gcps=points, crs="EPSG:32633",
    ) as dataset:  # fmt: skip
        dataset.write(np.ones((1, 8, 8), np.uint8))
    with pytest.raises(InvalidSource, match="control points"):
        probe(str(path), ANY)


def test_the_vertical_part_of_a_compound_system_is_left_out(
    write_tif: Callable[..., Path],
) -> None:
    assert probe(str(write_tif(ONES, crs="EPSG:32633+5773")), ANY).grid.crs == "EPSG:32633"
