"""Pixels of assets on any grid, by the D, M and W rules."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog.asset import Asset
from engine.evaluate.budget import Budget
from engine.sources import warped
from engine.sources.array import ArrayAsset
from engine.sources.config import SourceLimits
from engine.sources.read import Reader
from engine.sources.tiff_header import block_ranges, read_tiff_header
from swath.errors import (
    Cancelled,
    DeadlineExceeded,
    InvalidArgument,
    InvalidSource,
    ResultTooLarge,
    SourceChanged,
)
from swath.grid import Affine, Grid, Shape2d, Window

NO_LIMIT = Budget()
GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 400_000.0, 0.0, -10.0, 5_000_000.0), Shape2d(90, 120))
WHOLE = GRID.whole


def ramp(rows: int = 90, cols: int = 120, dtype: str = "uint16") -> np.ndarray:
    return (np.arange(rows * cols).reshape(rows, cols) % 50_000 + 1).astype(dtype)


def window_of(values: np.ndarray, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """The window cut from an array by definition: outside masked, with value 0."""
    rows = np.arange(window.row, window.row + window.rows)[:, None]
    cols = np.arange(window.col, window.col + window.cols)
    inside = (rows >= 0) & (rows < values.shape[0]) & (cols >= 0) & (cols < values.shape[1])
    cut = values[rows.clip(0, values.shape[0] - 1), cols.clip(0, values.shape[1] - 1)]
    return np.where(inside, cut, 0).astype(values.dtype), (~inside).astype(np.uint8)


def as_mask(mask: np.ndarray | None, shape: tuple[int, int]) -> np.ndarray:
    return np.zeros(shape, np.uint8) if mask is None else mask


class Memory:
    """Bytes in memory."""

    def __init__(self, raw: bytes) -> None:
        self.raw, self.size = raw, len(raw)

    def read(self, offset: int, count: int) -> bytes:
        return self.raw[offset : offset + count]


def coarser(grid: Grid, factor: int) -> Grid:
    t = grid.transform
    shape = Shape2d(grid.shape.y // factor, grid.shape.x // factor)
    return Grid(grid.crs, Affine(t.a * factor, 0, t.c, 0, t.e * factor, t.f), shape)


@pytest.mark.parametrize("profile", [
    {},
    {"compress": "deflate", "tiled": True, "blockxsize": 16, "blockysize": 32},
    {"compress": "lzw", "predictor": 2, "BLOCKYSIZE": 7},
])  # fmt: skip
def test_w6_on_its_own_grid_a_file_gives_its_pixels(
    profile: dict[str, Any],
    write_tif: Callable[..., Path],
    asset_of: Callable[..., Asset],
    reader: Callable[..., Reader],
) -> None:
    asset, read = asset_of(write_tif(ramp(), **profile)), reader()

    @settings(max_examples=40, deadline=None)
    @given(st.integers(-40, 100), st.integers(-40, 130), st.integers(1, 140), st.integers(1, 160))
    def windows(row: int, col: int, rows: int, cols: int) -> None:
        window = Window(row, col, rows, cols)
        values, mask = read.read(asset, GRID, window, "near", NO_LIMIT)
        expected, outside = window_of(ramp(), window)
        np.testing.assert_array_equal(values, expected)
        np.testing.assert_array_equal(as_mask(mask, values.shape), outside)

    windows()


def test_w6_the_same_grid_is_read_without_resampling_whatever_the_resampler(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    values, mask = reader().read(asset_of(write_tif(ramp())), GRID, WHOLE, "cubic", NO_LIMIT)
    np.testing.assert_array_equal(values, ramp())
    assert mask is None


def test_d1_scale_and_offset_give_the_float_class_rounded_once(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    asset = asset_of(write_tif(ramp(), scale=2.75e-5, offset=-0.2))
    values, _ = reader().read(asset, GRID, WHOLE, "near", NO_LIMIT)
    assert values.dtype == asset.dtype_read == "float32"
    np.testing.assert_array_equal(values, (ramp() * 2.75e-5 + -0.2).astype(np.float32))


def test_m1_nodata_is_masked_with_value_0(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    stored = ramp()
    stored[3:9, 4:50] = 777
    asset = asset_of(write_tif(stored, nodata=777, scale=0.5, offset=3.0))
    values, mask = reader().read(asset, GRID, WHOLE, "near", NO_LIMIT)
    np.testing.assert_array_equal(mask, (stored == 777).astype(np.uint8))
    np.testing.assert_array_equal(values, np.where(stored == 777, 0, stored * 0.5 + 3.0))


def test_m1_nan_is_masked_and_infinity_is_not(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    stored = ramp(dtype="float32")
    stored[0, :3] = np.nan, np.inf, -np.inf
    values, mask = reader().read(asset_of(write_tif(stored)), GRID, WHOLE, "near", NO_LIMIT)
    assert mask is not None
    assert mask.sum() == mask[0, 0] == 1
    assert values[0, :3].tolist() == [0.0, np.inf, -np.inf]


def test_m1_an_internal_mask_masks_each_band_and_joins_nodata(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    valid = np.full((90, 120), 255, np.uint8)
    valid[:10] = 0
    stored = ramp()
    path = write_tif(np.stack([stored, stored + 1]), mask=valid)
    assets = [asset_of(path, 1, nodata=float(stored[50, 60])), asset_of(path, 2)]
    (_, first), (values, second) = reader().read_many(assets, GRID, WHOLE, "near", NO_LIMIT)
    np.testing.assert_array_equal(second, (valid == 0).astype(np.uint8))
    np.testing.assert_array_equal(first, ((valid == 0) | (stored == stored[50, 60])))
    np.testing.assert_array_equal(values, np.where(valid == 0, 0, stored + 1))


def test_m1_alpha_0_masks_and_partial_alpha_does_not(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    bands = np.stack([ramp(dtype="uint8")] * 4)
    bands[3] = 255
    bands[3, :5], bands[3, 5:9] = 0, 1
    path = write_tif(
        bands, photometric="RGB", ALPHA="YES", tiled=True, blockxsize=32, blockysize=32
    )
    red, alpha = reader().read_many(
        [asset_of(path, 1), asset_of(path, 4)], GRID, WHOLE, "near", NO_LIMIT
    )
    np.testing.assert_array_equal(red[1], (bands[3] == 0).astype(np.uint8))
    np.testing.assert_array_equal(alpha[0], bands[3])
    assert alpha[1] is None


def test_bands_of_one_file_read_together_are_those_read_alone(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    path = write_tif(
        np.stack([ramp() + k for k in range(3)]), interleave="pixel", compress="deflate",
        tiled=True, blockxsize=32, blockysize=16, nodata=5,
    )  # fmt: skip
    assets = [asset_of(path, band) for band in (3, 1, 2, 1)]
    window = Window(7, -3, 60, 90)
    together = reader().read_many(assets, GRID, window, "near", NO_LIMIT)
    for asset, (values, mask) in zip(assets, together, strict=True):
        alone, alone_mask = reader().read(asset, GRID, window, "near", NO_LIMIT)
        np.testing.assert_array_equal(values, alone)
        np.testing.assert_array_equal(as_mask(mask, values.shape), as_mask(alone_mask, alone.shape))


def test_what_is_given_may_be_written_to_without_harm(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    stored = ramp()
    stored[0] = 9
    asset, read = asset_of(write_tif(stored, nodata=9)), reader()
    first, mask = read.read(asset, GRID, WHOLE, "near", NO_LIMIT)
    assert mask is not None
    first[:], mask[:] = 0, 1
    again, again_mask = read.read(asset, GRID, WHOLE, "near", NO_LIMIT)
    np.testing.assert_array_equal(again[1:], stored[1:])
    assert again_mask is not None
    assert again_mask.sum() == 120


def test_a_second_read_decodes_and_opens_nothing(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    asset, read = asset_of(write_tif(ramp())), reader()
    read.read(asset, GRID, WHOLE, "near", NO_LIMIT)
    before = read.counts()
    read.read(asset, GRID, WHOLE, "near", NO_LIMIT)
    after = read.counts()
    assert (after.opened, after.cache.misses) == (before.opened, before.cache.misses)
    assert after.cache.hits > before.cache.hits


def test_a_reader_without_a_cache_reads_the_same(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    read = reader(cache_bytes=0)
    values, _ = read.read(asset_of(write_tif(ramp())), GRID, WHOLE, "near", NO_LIMIT)
    np.testing.assert_array_equal(values, ramp())
    assert read.counts().cache.held_blocks == 0


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_only_the_allowed_number_of_files_stays_open(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    assets = [asset_of(write_tif(ramp(), f"{i}.tif")) for i in range(6)]
    read = reader(handles=2)
    before = open_files()
    for asset in assets:
        read.read(asset, GRID, WHOLE, "near", NO_LIMIT)
    assert open_files() - before <= 2
    read.close()
    assert open_files() <= before


# -- which level ----------------------------------------------------------------------------------


def with_overviews(write_tif: Callable[..., Path], how: str, **profile: Any) -> Path:
    noisy = np.random.default_rng(5).integers(1, 40_000, (512, 512)).astype(np.uint16)
    return write_tif(
        noisy, overviews=(2, 4), resampling=how, tiled=True, blockxsize=64, blockysize=64, **profile
    )


BIG = replace(GRID, shape=Shape2d(512, 512))


def overview_of(path: Path, level: int) -> np.ndarray:
    with rasterio.open(path, overview_level=level) as dataset:
        return np.asarray(dataset.read(1))


@pytest.mark.parametrize(("factor", "level"), [(2, 0), (4, 1)])
def test_w5_an_overview_that_has_the_pixels_of_the_grid_is_copied(
    factor: int,
    level: int,
    write_tif: Callable[..., Path],
    asset_of: Callable[..., Asset],
    reader: Callable[..., Reader],
) -> None:
    path = with_overviews(write_tif, "average")
    grid = coarser(BIG, factor)
    values, _ = reader().read(asset_of(path), grid, grid.whole, "near", NO_LIMIT)
    np.testing.assert_array_equal(values, overview_of(path, level))


@pytest.mark.parametrize(
    ("factor", "level"), [(1.0, None), (1.9, None), (2.0, 0), (3.9, 0), (4.0, 1), (9.0, 1)]
)
def test_w5_the_coarsest_overview_that_is_not_coarser_than_the_grid_is_chosen(
    factor: float, level: int | None, write_tif: Callable[..., Path], asset_of: Callable[..., Asset]
) -> None:
    asset = asset_of(with_overviews(write_tif, "average"))
    t = BIG.transform
    grid = Grid(BIG.crs, Affine(t.a * factor, 0, t.c + 3.3, 0, t.e * factor, t.f), Shape2d(50, 50))
    assert warped.choose_level(asset, grid) == level


def test_d10_class_bands_never_read_averaged_overviews(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    averaged = asset_of(with_overviews(write_tif, "average"), kind="class")
    picked = asset_of(with_overviews(write_tif, "nearest", name="n.tif"), kind="class")
    grid = coarser(BIG, 4)
    assert warped.choose_level(averaged, grid) is None
    assert warped.choose_level(picked, grid) == 1
    with rasterio.open(averaged.href) as dataset:
        stored = dataset.read(1)
    values, _ = reader().read(averaged, grid, grid.whole, "near", NO_LIMIT)
    np.testing.assert_array_equal(values, stored[2::4, 2::4])


def test_overviews_without_the_mask_of_the_file_are_not_used(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    valid = np.full((512, 512), 255, np.uint8)
    valid[:64] = 0
    masked = asset_of(with_overviews(write_tif, "nearest", mask=valid))
    assert masked.overviews == (2, 4)
    grid = coarser(BIG, 2)
    _, mask = reader().read(masked, grid, grid.whole, "near", NO_LIMIT)
    np.testing.assert_array_equal(mask, (valid[::2, ::2] == 0).astype(np.uint8))


@pytest.mark.parametrize("resampling", ["bilinear", "average", "cubic", "med"])
@pytest.mark.parametrize("kind", ["class", "flag"])
def test_d10_class_and_flag_bands_are_never_mixed(
    resampling: str,
    kind: str,
    write_tif: Callable[..., Path],
    asset_of: Callable[..., Asset],
    reader: Callable[..., Reader],
) -> None:
    asset = asset_of(write_tif(ramp()), kind=kind)
    with pytest.raises(InvalidArgument, match="mix the codes"):
        reader().read(asset, coarser(GRID, 3), Window(0, 0, 3, 3), resampling, NO_LIMIT)


# -- other grids ----------------------------------------------------------------------------------

OTHER = Grid("EPSG:4326", Affine(2e-4, 0, 13.7355, 0, -1.5e-4, 45.1475), Shape2d(80, 75))


@pytest.mark.parametrize("resampling", ["near", "bilinear", "average", "mode", "med"])
def test_a_result_does_not_depend_on_the_window(
    resampling: str,
    write_tif: Callable[..., Path],
    asset_of: Callable[..., Asset],
    reader: Callable[..., Reader],
) -> None:
    stored = ramp()
    stored[20:40, 30:70] = 3
    asset = asset_of(write_tif(stored, nodata=3, scale=1e-4, offset=-0.1))
    read = reader()
    values, mask = read.read(asset, OTHER, OTHER.whole, resampling, NO_LIMIT)
    assert mask is not None
    assert 0 < mask.sum() < mask.size
    for window in (Window(0, 0, 40, 75), Window(33, 20, 5, 31), Window(79, 74, 1, 1)):
        part, part_mask = read.read(asset, OTHER, window, resampling, NO_LIMIT)
        place = np.s_[window.row : window.row + window.rows, window.col : window.col + window.cols]
        np.testing.assert_array_equal(part, values[place])
        np.testing.assert_array_equal(as_mask(part_mask, part.shape), mask[place])


@pytest.mark.parametrize("resampling", ["near", "bilinear", "average"])
def test_a_source_too_large_for_memory_is_read_in_parts_with_the_same_result(
    resampling: str,
    write_tif: Callable[..., Path],
    asset_of: Callable[..., Asset],
    monkeypatch: pytest.MonkeyPatch,
    reader: Callable[..., Reader],
) -> None:
    asset = asset_of(write_tif(ramp()))
    whole = reader().read(asset, OTHER, OTHER.whole, resampling, NO_LIMIT)
    monkeypatch.setattr(warped, "_MOST_SOURCE_PX", 200)
    parts = reader().read(asset, OTHER, OTHER.whole, resampling, NO_LIMIT)
    np.testing.assert_array_equal(parts[0], whole[0])
    np.testing.assert_array_equal(parts[1], whole[1])


def test_d1_resampled_values_are_scaled_after_in_float64(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    path = write_tif(ramp())
    read = reader()
    stored, mask = read.read(asset_of(path), OTHER, OTHER.whole, "bilinear", NO_LIMIT)
    scaled, _ = read.read(
        asset_of(path, scale=1e-4, offset=-0.1), OTHER, OTHER.whole, "bilinear", NO_LIMIT
    )
    expected = (stored.astype(np.float64) * 1e-4 + -0.1).astype(np.float32)
    assert mask is not None
    np.testing.assert_array_equal(scaled, np.where(mask == 1, 0, expected))


def test_w6_near_takes_the_pixel_whose_area_holds_the_centre(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    t = GRID.transform
    grid = Grid(GRID.crs, Affine(10, 0, t.c + 5.0, 0, -10, t.f - 5.0), Shape2d(90, 120))
    values, mask = reader().read(asset_of(write_tif(ramp())), grid, grid.whole, "near", NO_LIMIT)
    expected, outside = window_of(ramp(), Window(1, 1, 90, 120))
    np.testing.assert_array_equal(values, expected)
    np.testing.assert_array_equal(mask, outside)


def test_m1_a_window_far_from_the_file_is_wholly_masked_and_opens_no_block(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    far = replace(OTHER, transform=OTHER.transform._replace(c=20.0))
    read = reader()
    asset = asset_of(write_tif(ramp()), scale=0.5, offset=1.0)
    values, mask = read.read(asset, far, far.whole, "bilinear", NO_LIMIT)
    assert mask is not None
    assert mask.all()
    assert not values.any()
    assert values.dtype == np.float32
    assert read.counts().cache.misses == 0


# -- what can go wrong ----------------------------------------------------------------------------


def test_a_file_that_was_replaced_is_source_changed(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    asset, read = asset_of(write_tif(ramp())), reader()
    read.read(asset, GRID, WHOLE, "near", NO_LIMIT)
    write_tif(ramp()[::-1])
    with pytest.raises(SourceChanged, match=r"a\.tif") as caught:
        read.read(asset, GRID, WHOLE, "near", NO_LIMIT)
    assert caught.value.where.source == "a.tif"


def test_without_a_recorded_identity_the_file_as_it_is_now_is_read(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    asset, read = asset_of(write_tif(ramp()), identity=None), reader()
    read.read(asset, GRID, WHOLE, "near", NO_LIMIT)
    write_tif(ramp()[::-1].copy())
    values, _ = read.read(asset, GRID, WHOLE, "near", NO_LIMIT)
    np.testing.assert_array_equal(values, ramp()[::-1])


def test_a_file_of_another_size_or_type_than_recorded_is_source_changed(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    asset = asset_of(write_tif(ramp()))
    for wrong in ({"grid": replace(GRID, shape=Shape2d(9, 9))}, {"dtype": "int16"}):
        with pytest.raises(SourceChanged):
            reader().read(replace(asset, **wrong), GRID, WHOLE, "near", NO_LIMIT)


def test_a_band_beyond_the_last_is_invalid_source(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    asset = replace(asset_of(write_tif(ramp())), band=2)
    with pytest.raises(InvalidSource, match="has 1 bands"):
        reader().read(asset, GRID, WHOLE, "near", NO_LIMIT)


def test_a_file_that_is_gone_is_invalid_source(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    asset = asset_of(write_tif(ramp()))
    Path(asset.href).unlink()
    with pytest.raises(InvalidSource, match="no such file"):
        reader().read(asset, GRID, WHOLE, "near", NO_LIMIT)


def test_a_damaged_block_names_file_and_window_and_the_rest_still_reads(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    path = write_tif(ramp(), tiled=True, blockxsize=64, blockysize=64, compress="deflate")
    raw = bytearray(path.read_bytes())
    source = Memory(bytes(raw))
    header = read_tiff_header(source, SourceLimits())
    [(start, count)] = block_ranges(source, header.order, header.main, [(0, 1, 1)])
    raw[start : start + count] = bytes(count)
    path.write_bytes(raw)
    asset, read = asset_of(path), reader()
    with pytest.raises(InvalidSource, match="cannot be decoded") as caught:
        read.read(asset, GRID, WHOLE, "near", NO_LIMIT)
    assert caught.value.where.source == "a.tif"
    assert caught.value.where.window == "64:0+26×120"
    values, _ = read.read(asset, GRID, Window(0, 0, 64, 64), "near", NO_LIMIT)
    np.testing.assert_array_equal(values, ramp()[:64, :64])


def test_more_than_a_read_may_decode_is_too_large(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    read = reader(limits=SourceLimits(read_bytes=10_000))
    with pytest.raises(ResultTooLarge) as caught:
        read.read(asset_of(write_tif(ramp())), GRID, WHOLE, "near", NO_LIMIT)
    assert caught.value.projected_bytes == 90 * 120 * 2
    assert caught.value.where.source == "a.tif"


def test_a_cancelled_read_stops(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    asset = asset_of(write_tif(ramp(), tiled=True, blockxsize=16, blockysize=16))
    asked: list[int] = []

    def is_cancelled() -> bool:
        asked.append(1)
        return len(asked) > 3

    read = reader()
    with pytest.raises(Cancelled):
        read.read(asset, GRID, WHOLE, "near", Budget(is_cancelled=is_cancelled))
    assert 0 < read.counts().cache.held_blocks < 48


def test_a_read_past_its_deadline_stops(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    late = Budget(deadline_s=1.0, now=lambda: 2.0)
    with pytest.raises(DeadlineExceeded):
        reader().read(asset_of(write_tif(ramp())), GRID, WHOLE, "near", late)


def test_threads_read_the_same_pixels_and_decode_each_block_once(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    path = write_tif(ramp(), tiled=True, blockxsize=16, blockysize=16, compress="deflate", nodata=7)
    asset, read = asset_of(path), reader()

    def one(i: int) -> bool:
        window = Window(i % 7, i % 5, 80, 110)
        values, mask = read.read(asset, GRID, window, "near", NO_LIMIT)
        expected = ramp()[i % 7 : i % 7 + 80, i % 5 : i % 5 + 110]
        hidden = as_mask(mask, values.shape) == 1
        return bool(np.array_equal(np.where(hidden, 7, values), expected))

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(one, range(120)))
    assert read.counts().cache.misses == read.counts().cache.held_blocks


# -- arrays ---------------------------------------------------------------------------------------


def test_w8_an_array_is_read_like_a_file(
    write_tif: Callable[..., Path], asset_of: Callable[..., Asset], reader: Callable[..., Reader]
) -> None:
    stored = ramp(dtype="float32")
    stored[4:8], stored[30, 3] = -1.0, np.nan
    array = ArrayAsset(stored, GRID, nodata=-1.0)
    file = asset_of(write_tif(stored, nodata=-1.0))
    for grid, resampling in ((GRID, "near"), (OTHER, "near"), (OTHER, "bilinear")):
        for window in (grid.whole, Window(-5, -6, 30, 40), Window(500, 500, 2, 2)):
            (a, am), (f, fm) = reader().read_many([array, file], grid, window, resampling, NO_LIMIT)
            np.testing.assert_array_equal(a, f)
            np.testing.assert_array_equal(as_mask(am, a.shape), as_mask(fm, f.shape))


def test_w8_a_half_float_array_is_read_as_float32(reader: Callable[..., Reader]) -> None:
    array = ArrayAsset(np.ones((90, 120), np.float16), GRID)
    assert reader().read(array, GRID, WHOLE, "near", NO_LIMIT)[0].dtype == np.float32


@pytest.mark.parametrize("values", [np.zeros((3, 3)), np.zeros((90, 120), complex)])
def test_w8_an_array_of_another_shape_or_of_no_numbers_is_refused(values: np.ndarray) -> None:
    with pytest.raises(InvalidArgument):
        ArrayAsset(values, GRID)
