"""Files of a store: read by few ranges, as if they were local, and failing in words."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.shutil

from engine.catalog.asset import Asset
from engine.evaluate.budget import Budget
from engine.sources.config import S3Access, SourceConfig
from engine.sources.probe import band_asset, probe
from engine.sources.read import Reader
from swath.errors import InvalidSource, SourceChanged, SourceUnavailable
from swath.grid import Window

NO_LIMIT = Budget()


def allowed(store: Any, **more: Any) -> SourceConfig:
    return SourceConfig(remote=(store.address,), **more)


def noise(rows: int, cols: int) -> np.ndarray:
    return np.random.default_rng(3).integers(1, 60_000, (rows, cols)).astype(np.uint16)


@pytest.fixture
def cog(write_tif: Callable[..., Path]) -> Path:
    """A cloud optimised file of 1.5 MB that does not compress."""
    return write_tif(
        noise(768, 1024), "cog.tif", driver="COG", blocksize=128, compress="deflate", nodata=5,
        overview_resampling="average",
    )  # fmt: skip


def remote_asset(store: Any, href: str, band: int = 1, **more: Any) -> Asset:
    return band_asset(probe(href, allowed(store, **more)), band)


def test_a_remote_file_says_of_itself_what_the_local_one_does(store: Any, cog: Path) -> None:
    here = probe(str(cog), SourceConfig())
    there = probe(store.put("a.tif", cog), allowed(store))
    assert replace(there, href=here.href, identity=here.identity) == here
    assert there.identity.size == cog.stat().st_size
    assert there.identity.tag == '"1"'
    assert there.identity.mtime_ns == 1_704_067_200 * 10**9


def test_the_header_is_one_request(store: Any, cog: Path) -> None:
    probe(store.put("a.tif", cog), allowed(store))
    assert len(store.ranges) == 1


def test_a_window_takes_one_more_request_and_little_more_than_its_bytes(
    store: Any, cog: Path, reader: Callable[..., Reader]
) -> None:
    asset = remote_asset(store, store.put("a.tif", cog))
    read = reader(remote=(store.address,))
    store.ranges.clear()
    before = store.sent_bytes
    values, _ = read.read(asset, asset.grid, Window(256, 256, 128, 384), "near", NO_LIMIT)
    np.testing.assert_array_equal(values, noise(768, 1024)[256:384, 256:640])
    assert len(store.ranges) == 2
    assert read.counts().requests == 2
    assert store.sent_bytes - before < 3 * 128 * 128 * 2 * 1.2 + 64 * 1024 + 16 * 1024


def test_blocks_in_the_cache_need_no_request(
    store: Any, cog: Path, reader: Callable[..., Reader]
) -> None:
    asset = remote_asset(store, store.put("a.tif", cog))
    read = reader(remote=(store.address,))
    read.read(asset, asset.grid, Window(0, 0, 128, 128), "near", NO_LIMIT)
    store.ranges.clear()
    read.read(asset, asset.grid, Window(10, 10, 100, 100), "near", NO_LIMIT)
    assert store.ranges == []


def test_each_window_and_level_is_that_of_the_local_file(
    store: Any, cog: Path, reader: Callable[..., Reader]
) -> None:
    here = band_asset(probe(str(cog), SourceConfig()), 1)
    there = remote_asset(store, store.put("a.tif", cog))
    local, remote = reader(), reader(remote=(store.address,))
    t = here.grid.transform
    for factor in (1, 2, 3):
        grid = replace(here.grid, transform=t._replace(a=t.a * factor, e=t.e * factor))
        for window in (Window(0, 0, 64, 64), Window(100, 30, 150, 200), Window(-20, 700, 90, 90)):
            a, a_mask = local.read(here, grid, window, "bilinear", NO_LIMIT)
            b, b_mask = remote.read(there, grid, window, "bilinear", NO_LIMIT)
            np.testing.assert_array_equal(a, b)
            np.testing.assert_array_equal(a_mask is None, b_mask is None)


@pytest.mark.parametrize("profile", [
    {},
    {"BIGTIFF": "YES", "tiled": True, "blockxsize": 64, "blockysize": 64},
    {"ENDIANNESS": "BIG", "compress": "lzw"},
    {"interleave": "band", "compress": "zstd"},
    {"interleave": "pixel", "compress": "deflate", "tiled": True, "blockxsize": 64,
     "blockysize": 64},
    {"masked": True, "compress": "deflate"},
    {"alpha": True, "compress": "deflate"},
])  # fmt: skip
def test_files_that_are_not_cloud_optimised_read_as_the_local_one(
    profile: dict[str, Any],
    store: Any,
    write_tif: Callable[..., Path],
    reader: Callable[..., Reader],
) -> None:
    profile = dict(profile)
    bands = np.stack([noise(300, 200) % 250] * 4).astype(np.uint8)
    if profile.pop("masked", False):
        profile["mask"] = (bands[0] % 2 * 255).astype(np.uint8)
    if profile.pop("alpha", False):
        profile |= {"photometric": "RGB", "ALPHA": "YES"}
    path = write_tif(bands, overviews=(2, 4), **profile)
    href = store.put("a.tif", path)
    here, there = probe(str(path), SourceConfig()), probe(href, allowed(store))
    local, remote = reader(), reader(remote=(store.address,))
    t = here.grid.transform
    for factor in (1, 2, 4):
        grid = replace(here.grid, transform=t._replace(a=t.a * factor, e=t.e * factor))
        window = Window(10, 20, 60, 70)
        ours = [band_asset(there, b) for b in (1, 3)]
        theirs = [band_asset(here, b) for b in (1, 3)]
        for (a, am), (b, bm) in zip(
            remote.read_many(ours, grid, window, "near", NO_LIMIT),
            local.read_many(theirs, grid, window, "near", NO_LIMIT),
            strict=True,
        ):
            np.testing.assert_array_equal(a, b)
            assert (am is None) == (bm is None)
            if am is not None and bm is not None:
                np.testing.assert_array_equal(am, bm)


@pytest.mark.parametrize("how", ["mask", "alpha"])
def test_a_cog_whose_mask_lies_between_its_blocks_reads_as_the_local_one(
    how: str, store: Any, write_tif: Callable[..., Path], reader: Callable[..., Reader]
) -> None:
    bands = np.stack([noise(500, 400) % 250 + 1] * (4 if how == "alpha" else 3)).astype(np.uint8)
    gone = noise(500, 400) % 3 == 0
    profile: dict[str, Any] = {"photometric": "RGB", "ALPHA": "YES"} if how == "alpha" else {}
    bands[3:] = np.where(gone, 0, 255)
    valid = np.where(gone, 0, 255).astype(np.uint8) if how == "mask" else None
    plain = write_tif(bands, "plain.tif", mask=valid, **profile)
    path = plain.with_name("cog.tif")
    rasterio.shutil.copy(plain, path, driver="COG", blocksize=128, compress="deflate")
    there = probe(store.put("a.tif", path), allowed(store))
    assert there.bands[0].mask == ("alpha" if how == "alpha" else "internal")
    read = reader(remote=(store.address,))
    for window in (Window(130, 130, 100, 100), Window(0, 0, 500, 400)):
        values, mask = read.read(band_asset(there, 2), there.grid, window, "near", NO_LIMIT)
        place = np.s_[window.row : window.row + window.rows, window.col : window.col + window.cols]
        assert mask is not None
        np.testing.assert_array_equal(mask == 1, gone[place])
        np.testing.assert_array_equal(values, np.where(gone, 0, bands[1])[place])


def test_a_header_larger_than_the_first_request_is_fetched_whole(
    store: Any, tmp_path: Path, reader: Callable[..., Reader]
) -> None:
    path = tmp_path / "many.tif"
    part = rasterio.windows.Window(9000, 9000, 200, 200)
    with rasterio.open(
        path, "w", driver="GTiff", width=10_000, height=10_000, count=1, dtype="uint16",
        tiled=True, blockxsize=64, blockysize=64, SPARSE_OK=True, crs="EPSG:32633",
        transform=rasterio.Affine(10, 0, 4e5, 0, -10, 5e6), compress="deflate",
    ) as dataset:  # fmt: skip
        dataset.write(noise(200, 200), 1, window=part)
    assert path.stat().st_size > 4 * 64 * 1024
    asset = remote_asset(store, store.put("a.tif", path))
    read = reader(remote=(store.address,))
    values, _ = read.read(asset, asset.grid, Window(9000, 9000, 200, 200), "near", NO_LIMIT)
    np.testing.assert_array_equal(values, noise(200, 200))
    empty, _ = read.read(asset, asset.grid, Window(0, 0, 70, 70), "near", NO_LIMIT)
    assert not empty.any()
    assert read.counts().requests <= 6


def test_every_shape_of_tiff_reads_as_the_local_one(
    store: Any, shared_data: Path, reader: Callable[..., Reader]
) -> None:
    compared = 0
    local, remote = reader(), reader(remote=(store.address,))
    for path in sorted((shared_data / "formats").glob("*/*.tif")):
        try:
            here = probe(str(path), SourceConfig())
        except InvalidSource:
            continue
        there = probe(store.put(f"{compared}.tif", path), allowed(store))
        for band in range(1, len(here.bands) + 1):
            a = local.read(band_asset(here, band), here.grid, here.grid.whole, "near", NO_LIMIT)
            b = remote.read(band_asset(there, band), here.grid, here.grid.whole, "near", NO_LIMIT)
            np.testing.assert_array_equal(a[0], b[0], err_msg=path.name)
            assert (a[1] is None) == (b[1] is None), path.name
            if a[1] is not None and b[1] is not None:
                np.testing.assert_array_equal(a[1], b[1], err_msg=path.name)
        compared += 1
    assert compared > 50


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        ("500", SourceUnavailable, "HTTP 500"),
        ("503", SourceUnavailable, "HTTP 503"),
        ("429", SourceUnavailable, "HTTP 429"),
        ("404", InvalidSource, "no such file"),
        ("403", InvalidSource, "refuses access"),
        ("302", InvalidSource, "redirects elsewhere"),
        ("cut", SourceUnavailable, "cut its answer short|IncompleteRead"),
        ("hang", SourceUnavailable, r"within 0\.3 s"),
    ],
)
@pytest.mark.parametrize("after", [0, 1])
def test_a_failing_store_is_told_in_words(
    fault: str,
    error: type[Exception],
    message: str,
    after: int,
    store: Any,
    cog: Path,
    reader: Callable[..., Reader],
) -> None:
    href = store.put("a.tif", cog)
    asset = remote_asset(store, href)
    store.ranges.clear()
    store.faults["/a.tif"], store.fault_after = fault, after
    read = reader(remote=(store.address,), timeout_s=0.3)
    with pytest.raises(error, match=message) as caught:
        read.read(asset, asset.grid, Window(600, 600, 100, 100), "near", NO_LIMIT)
    assert caught.value.where.source == "a.tif"  # type: ignore[attr-defined]
    assert len(store.ranges) == after + 1


def test_after_a_failure_the_next_read_works(
    store: Any, cog: Path, reader: Callable[..., Reader]
) -> None:
    asset = remote_asset(store, store.put("a.tif", cog))
    read = reader(remote=(store.address,))
    store.faults["/a.tif"] = "500"
    with pytest.raises(SourceUnavailable):
        read.read(asset, asset.grid, Window(0, 0, 8, 8), "near", NO_LIMIT)
    store.faults.clear()
    values, _ = read.read(asset, asset.grid, Window(0, 0, 8, 8), "near", NO_LIMIT)
    np.testing.assert_array_equal(values, noise(768, 1024)[:8, :8])


def test_a_store_that_drips_bytes_is_given_up(store: Any, cog: Path) -> None:
    href = store.put("a.tif", cog)
    store.faults["/a.tif"] = "drip"
    start = time.monotonic()
    with pytest.raises(SourceUnavailable):
        probe(href, allowed(store, timeout_s=0.2))
    assert time.monotonic() - start < 4.0


def test_a_store_without_ranges_is_refused_for_a_large_file(store: Any, tmp_path: Path) -> None:
    large = tmp_path / "large.tif"
    large.write_bytes(b"II*\0" + bytes(9 * 1024 * 1024))
    href = store.put("large.tif", large)
    store.faults["/large.tif"] = "no range"
    with pytest.raises(InvalidSource, match="byte ranges"):
        probe(href, allowed(store))


def test_a_small_file_is_read_whole_from_a_store_without_ranges(
    store: Any, cog: Path, reader: Callable[..., Reader]
) -> None:
    href = store.put("a.tif", cog)
    store.faults["/a.tif"] = "no range"
    info = probe(href, allowed(store))
    read = reader(remote=(store.address,))
    values, _ = read.read(
        band_asset(info, 1), info.grid, Window(700, 900, 60, 60), "near", NO_LIMIT
    )
    np.testing.assert_array_equal(values, noise(768, 1024)[700:760, 900:960])


def test_a_file_whose_tag_changed_is_source_changed(
    store: Any, cog: Path, reader: Callable[..., Reader]
) -> None:
    asset = remote_asset(store, store.put("a.tif", cog))
    store.tags["/a.tif"] = '"2"'
    with pytest.raises(SourceChanged):
        reader(remote=(store.address,)).read(
            asset, asset.grid, Window(0, 0, 8, 8), "near", NO_LIMIT
        )


def test_a_file_that_changes_between_two_ranges_is_source_changed(
    store: Any, cog: Path, reader: Callable[..., Reader]
) -> None:
    asset = remote_asset(store, store.put("a.tif", cog))
    read = reader(remote=(store.address,))
    read.read(asset, asset.grid, Window(0, 0, 8, 8), "near", NO_LIMIT)
    store.tags["/a.tif"] = '"2"'
    with pytest.raises(SourceChanged):
        read.read(asset, asset.grid, Window(700, 900, 8, 8), "near", NO_LIMIT)


def test_only_listed_prefixes_are_asked(store: Any, cog: Path) -> None:
    href = store.put("a.tif", cog)
    with pytest.raises(InvalidSource, match="not under a prefix"):
        probe(href, SourceConfig(remote=("https://good.example/",)))
    assert store.ranges == []


def test_an_s3_object_is_asked_for_at_its_endpoint_and_signed(store: Any, cog: Path) -> None:
    store.put("bucket/dir/a b.tif", cog)
    store.files["/bucket/dir/a%20b.tif"] = store.files.pop("/bucket/dir/a b.tif")
    access = S3Access(endpoint=store.address, key_id="id", secret="word")
    config = SourceConfig(remote=("s3://bucket/",), s3=access)
    info = probe("s3://bucket/dir/a b.tif", config)
    assert info.grid.shape == (768, 1024)
    assert store.ranges[0][0] == "/bucket/dir/a%20b.tif"
    sent = {k.lower(): v for k, v in store.headers[0].items()}
    assert sent["authorization"].startswith("AWS4-HMAC-SHA256 Credential=id/")


def test_sparse_copies_are_gone_once_the_reader_is_closed(
    store: Any,
    cog: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    reader: Callable[..., Reader],
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    asset = remote_asset(store, store.put("a.tif", cog))
    read = reader(remote=(store.address,))
    read.read(asset, asset.grid, Window(0, 0, 8, 8), "near", NO_LIMIT)
    assert list(tmp_path.glob("swath-*"))
    read.close()
    assert not list(tmp_path.glob("swath-*"))
