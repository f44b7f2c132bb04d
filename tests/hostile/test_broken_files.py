"""Files that are broken, lie or attack: each gives pixels or one clear error that names it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from engine.sources.config import SourceConfig
from engine.sources.probe import probe
from swath.errors import InvalidSource, SwathError, every_error

CHILD = Path(__file__).with_name("read_files_child.py")
REPOSITORY = Path(__file__).resolve().parents[2]
MOST_SECONDS = 25.0
MOST_SECONDS_A_FILE = 5.0
MOST_GROWTH_BYTES = 400 * 1024**2
FLIPPED_FILES = 150


@dataclass(frozen=True)
class Outcome:
    href: str
    kind: str
    text: str
    seconds: float
    peak_bytes: int


def read_in_a_child(hrefs: list[str]) -> list[Outcome]:
    """What became of each file; fails naming the one at which the child died or hung."""
    child = subprocess.Popen(
        [sys.executable, "-W", "error", str(CHILD)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, cwd=REPOSITORY, env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    hung = False
    try:
        out, err = child.communicate("".join(json.dumps(h) + "\n" for h in hrefs), MOST_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        out, err = child.communicate()
        hung = True
    lines = [json.loads(line) for line in out.splitlines()]
    if child.returncode != 0:
        begun = [line["begin"] for line in lines if "begin" in line]
        pytest.fail(f"{'hung' if hung else 'died'} at {begun[-1:]}: {err[-800:]}")
    return [
        Outcome(line["end"], line["kind"], line["text"], line["s"], line["peak"])
        for line in lines
        if "end" in line
    ]


def complaints(outcomes: list[Outcome]) -> list[str]:
    """What is wrong with the outcomes, by file; empty when all are as they should be."""
    ours = {error.__name__ for error in every_error()}
    found = []
    for got in outcomes:
        name = Path(got.href).name
        if got.kind != "read" and got.kind not in ours:
            found.append(f"{name}: foreign {got.text}")
        if got.kind in ours and f"source {name}" not in got.text:
            found.append(f"{name}: error does not name it: {got.text}")
        if str(Path(got.href).parent) in got.text:
            found.append(f"{name}: error shows its folder: {got.text}")
        if got.seconds > MOST_SECONDS_A_FILE or got.peak_bytes > MOST_GROWTH_BYTES:
            found.append(f"{name}: {got.seconds:.1f} s, {got.peak_bytes >> 20} MiB")
    return found


@pytest.fixture(scope="module")
def broken_outcomes(shared_data: Path) -> dict[str, Outcome]:
    folder = shared_data / "broken"
    hrefs = sorted(
        str(path)
        for path in folder.glob("*/*")
        if path.parent.name not in ("stac", "vector") and path.is_file()
    )
    assert len(hrefs) > 100
    return {os.path.relpath(o.href, folder): o for o in read_in_a_child(hrefs)}


def test_every_broken_file_is_read_or_refused_by_one_error_that_names_it(
    broken_outcomes: dict[str, Outcome],
) -> None:
    assert complaints(list(broken_outcomes.values())) == []


@pytest.mark.parametrize(
    "name",
    [
        "vrt/vrt_named.tif",
        "vrt/raw_named.tif",
        "vrt/wms_minidriver.tif",
        "made/png_named.tif",
        "made/bands_20000.tif",
        "made/width_lies.tif",
        "made/huge_dims_sparse.tif",
        "made/one_block_is_the_image.tif",
        "made/truncated_half.tif",
        "made/one_tile_zeroed.tif",
        "made/no_georef.tif",
        "made/singular_transform.tif",
        "made/zero_pixel_size.tif",
        "made/nan_transform.tif",
        "made/origin_1e300.tif",
        "made/complex64.tif",
        "made/latlon_out_of_range.tif",
    ],
)
def test_a_file_that_would_mislead_is_refused(
    name: str, broken_outcomes: dict[str, Outcome]
) -> None:
    assert broken_outcomes[name].kind == "InvalidSource", broken_outcomes[name].text


@pytest.mark.parametrize(
    "name",
    [
        "made/_seed_good.tif",
        "made/south_up.tif",
        "made/rotated_30deg.tif",
        "made/one_pixel.tif",
        "made/na me 'ü' & 100%.tif",
        "made/hostile_tags.tif",
        "made/nodata_text.tif",
        "made/int64_big.tif",
        "made/inf_nan_denormal.tif",
    ],
)
def test_an_odd_but_sound_file_is_read(name: str, broken_outcomes: dict[str, Outcome]) -> None:
    assert broken_outcomes[name].kind == "read", broken_outcomes[name].text


def write_tif(path: Path, shape: tuple[int, int] = (96, 96), **options: object) -> Path:
    rows, cols = shape
    values = np.arange(rows * cols, dtype=np.uint16).reshape(1, rows, cols)
    profile = {
        "driver": "GTiff", "dtype": "uint16", "count": 1, "height": rows, "width": cols,
        "crs": "EPSG:32633", "transform": Affine(10, 0, 4e5, 0, -10, 5e6), **options,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(np.repeat(values, dataset.count, axis=0))
    return path


def patch_tag(path: Path, number: int, value: int) -> None:
    """Overwrite the one inline value of a tag of the first directory of a little-endian TIFF."""
    raw = bytearray(path.read_bytes())
    first = int.from_bytes(raw[4:8], "little")
    for i in range(int.from_bytes(raw[first : first + 2], "little")):
        entry = first + 2 + 12 * i
        if int.from_bytes(raw[entry : entry + 2], "little") == number:
            raw[entry + 2 : entry + 12] = (
                (4).to_bytes(2, "little") + (1).to_bytes(4, "little") + value.to_bytes(4, "little")
            )
    path.write_bytes(raw)


def test_generated_files_that_lie_are_refused_before_they_cost_anything(tmp_path: Path) -> None:
    good = write_tif(tmp_path / "good.tif", tiled=True, blockxsize=32, blockysize=32)
    truncated = tmp_path / "truncated.tif"
    truncated.write_bytes(good.read_bytes()[:400])
    wide = write_tif(tmp_path / "wide.tif")
    patch_tag(wide, 256, 2**31 - 1)
    tall = write_tif(tmp_path / "tall.tif")
    patch_tag(tall, 257, 3_000_000)
    bands = write_tif(tmp_path / "bands.tif")
    patch_tag(bands, 277, 60_000)
    strip = tmp_path / "strip.tif"
    write_tif(strip, shape=(8400, 8400), compress="zstd", BLOCKYSIZE=8400)
    vrt = tmp_path / "vrt_named.tif"
    vrt.write_text(
        '<VRTDataset rasterXSize="8" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1" '
        'subClass="VRTRawRasterBand"><SourceFilename>/etc/hostname</SourceFilename>'
        "</VRTRasterBand></VRTDataset>",
        encoding="utf-8",
    )
    pipe = tmp_path / "pipe.tif"
    os.mkfifo(pipe)
    files = [truncated, wide, tall, bands, strip, vrt, pipe, tmp_path, tmp_path / "absent.tif"]
    outcomes = read_in_a_child([str(path) for path in files])
    assert complaints(outcomes) == []
    assert {Path(o.href).name: o.kind for o in outcomes} == {
        path.name: "InvalidSource" for path in files
    }


def test_files_with_flipped_bytes_never_crash_hang_or_balloon(tmp_path: Path) -> None:
    good = write_tif(
        tmp_path / "good.tif", tiled=True, blockxsize=32, blockysize=32, compress="deflate"
    ).read_bytes()
    rng = np.random.default_rng(20240229)
    hrefs = []
    for i in range(FLIPPED_FILES):
        raw = bytearray(good)
        for place in rng.integers(0, 700, rng.integers(1, 6)):
            raw[place] = rng.integers(0, 256)
        path = tmp_path / f"flipped_{i}.tif"
        path.write_bytes(raw)
        hrefs.append(str(path))
    outcomes = read_in_a_child(hrefs)
    assert len(outcomes) == FLIPPED_FILES
    assert complaints(outcomes) == []
    assert {"read", "InvalidSource"} <= {o.kind for o in outcomes}


@pytest.mark.parametrize(
    "href",
    [
        "file:///etc/hostname",
        "/vsicurl/http://127.0.0.1:9/a.tif",
        "/vsizip/a.zip/b.tif",
        "NETCDF:/data/a.nc:b",
        "GTIFF_DIR:2:/data/a.tif",
        "vrt:///data/a.tif",
        "zip+https://host/a.zip",
        "data/a.tif",
        "../a.tif",
        "",
        "/data/\0.tif",
        "/data/\udcff.tif",
        "https://elsewhere.example/a.tif",
        "https://good.example/open/../secret/a.tif",
        "https://good.example/open/%2e%2e/secret/a.tif",
        "https://good.example/open/%252e%252e/secret/a.tif",
        "https://good.example/open\\..\\a.tif",
        "https://user@good.example/open/a.tif",
        "http://good.example/open/a.tif",
        "https://good.example.evil.example/open/a.tif",
        "s3://other/a.tif",
    ],
)
def test_an_address_outside_what_is_allowed_is_refused_unread(href: str) -> None:
    config = SourceConfig(remote=("https://good.example/open/", "s3://bucket/"))
    with pytest.raises(InvalidSource):
        probe(href, config)


def test_a_link_out_of_the_roots_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    secret = write_tif(tmp_path / "secret.tif")
    link = tmp_path / "in" / "link.tif"
    link.symlink_to(secret)
    config = SourceConfig(roots=(tmp_path / "in",))
    with pytest.raises(InvalidSource, match="outside the folders"):
        probe(str(link), config)
    with pytest.raises(InvalidSource, match="outside the folders"):
        probe(str(tmp_path / "in" / ".." / "secret.tif"), config)


def test_a_root_that_is_a_prefix_of_another_name_does_not_open_it(tmp_path: Path) -> None:
    (tmp_path / "data2").mkdir()
    path = write_tif(tmp_path / "data2" / "a.tif")
    with pytest.raises(SwathError):
        probe(str(path), SourceConfig(roots=(tmp_path / "data",)))
