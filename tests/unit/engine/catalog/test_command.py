from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from engine.catalog.catalog import Catalog
from engine.catalog.command import catalog as command
from engine.geo.resolve import resolve
from swath.errors import BandNotFound, InvalidArgument, ProductNotFound
from swath.geocontext import GeoContextValue

RUN = "import sys; from swath.command import main; sys.exit(main())"


@pytest.fixture
def run(tmp_path):
    """Runs `swath catalog …` on a data folder of its own; errors of our tree come out."""

    def invoke(*words, data=None):
        result = CliRunner().invoke(
            command, [*map(str, words), "--data", str(data or tmp_path / "data")]
        )
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@pytest.fixture
def series(tmp_path, write_tif):
    """Two dates of two bands: a folder and its pattern."""
    for date in ("2018-01-07", "2018-02-06"):
        for band in ("B04", "SCL"):
            write_tif(tmp_path / "series" / date / f"S2_{band}.tif")
    return tmp_path / "series", "{date:%Y-%m-%d}/S2_{band}.tif"


def typed(*words, data):
    """The command as a shell runs it."""
    return subprocess.run(
        [sys.executable, "-c", RUN, "catalog", *map(str, words), "--data", str(data)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_folder_with_a_pattern_is_added(run, series, tmp_path):
    folder, pattern = series
    result = run("add", "s2", folder, "--pattern", pattern, "--band", "SCL:class")
    assert result.exit_code == 0
    assert "s2: 2 added" in result.output
    product = Catalog.open(tmp_path / "data").product("s2")
    assert [(band.name, band.kind) for band in product.bands] == [
        ("B04", "physical"), ("SCL", "class"),
    ]  # fmt: skip


def test_adding_again_says_that_nothing_changed(run, series):
    folder, pattern = series
    run("add", "s2", folder, "--pattern", pattern)
    assert (
        "0 added, 0 replaced, 2 unchanged" in run("add", "s2", folder, "--pattern", pattern).output
    )


def test_files_are_images(run, tmp_path, write_tif):
    path = write_tif(tmp_path / "scene_20180107.tif", count=2)
    assert "1 added" in run("add", "scenes", path).output
    assert Catalog.open(tmp_path / "data").product("scenes").band_names == ["b1", "b2"]


def test_a_stac_item_is_an_image(run, tmp_path, write_tif):
    write_tif(tmp_path / "red.tif")
    item: dict = {
        "type": "Feature", "stac_version": "1.1.0", "id": "x", "geometry": None,
        "properties": {"datetime": "2018-01-07T09:20:00Z"}, "links": [],
        "assets": {"red": {"href": "./red.tif", "bands": [{"raster:scale": 0.5}]}},
    }  # fmt: skip
    (tmp_path / "item.json").write_text(json.dumps(item))
    assert "1 added" in run("add", "p", tmp_path / "item.json").output
    assert Catalog.open(tmp_path / "data").product("p").bands[0].scale == 0.5


def test_a_bad_file_is_named_and_the_rest_added_with_status_1(run, tmp_path, write_tif):
    good = write_tif(tmp_path / "good.tif")
    (tmp_path / "bad.tif").write_bytes(b"II*\x00 and no more")
    result = run("add", "p", good, tmp_path / "bad.tif", "--date", "2018-01-07")
    assert result.exit_code == 1
    assert f"swath: {tmp_path / 'bad.tif'}: " in result.stderr
    assert "1 added" in result.stdout


def test_of_many_bad_files_each_is_named(run, tmp_path):
    bad = [tmp_path / f"{number}.tif" for number in range(30)]
    result = run("add", "p", *bad, "--date", "2018-01-07")
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == list(map(str, bad))


def test_a_folder_without_a_pattern_asks_for_one(run, series):
    with pytest.raises(InvalidArgument, match=r"2018-01-07/S2_B04\.tif"):
        run("add", "s2", series[0])


def test_a_pattern_with_a_file_is_refused(run, series):
    with pytest.raises(InvalidArgument, match="goes with folders"):
        run("add", "s2", series[0] / "2018-01-07" / "S2_B04.tif", "--pattern", "x")


def test_an_unknown_band_names_those_there_are(run, series):
    with pytest.raises(BandNotFound, match="B04, SCL"):
        run("add", "s2", series[0], "--pattern", series[1], "--band", "B05:class")


def test_list_shows_the_products(run, series):
    run("add", "s2", series[0], "--pattern", series[1], "--title", "A forest")
    output = run("list").output
    assert "s2" in output
    assert "2018-02-06" in output
    assert "A forest" in output


def test_list_of_nothing_says_where_it_looked(run, tmp_path):
    result = run("list", data=tmp_path / "empty")
    assert result.exit_code == 0
    assert str(tmp_path / "empty") in result.output
    assert not (tmp_path / "empty").exists()


def test_show_prints_a_geocontext_of_the_files_own_pixels(run, series, tmp_path):
    run("add", "s2", series[0], "--pattern", series[1])
    output = run("show", "s2").output
    assert "2 images, 2018-01-07 to 2018-02-06" in output
    (line,) = [line for line in output.splitlines() if "GeoContext" in line]
    names = {"wf": type("wf", (), {"GeoContext": GeoContextValue})}
    value = eval(line.partition(" = ")[2], names)
    asset = Catalog.open(tmp_path / "data").search("s2").assets("B04")[0]
    assert asset is not None
    assert resolve(value).grid == asset.grid


def test_show_of_what_is_not_there_offers_what_is(run, series):
    run("add", "s2", series[0], "--pattern", series[1])
    with pytest.raises(ProductNotFound, match="s2"):
        run("show", "s3")


def test_one_image_can_be_removed(run, series):
    run("add", "s2", series[0], "--pattern", series[1])
    run("remove", "s2", "--image", "2018-01-07")
    assert "1 images" in run("show", "s2").output


def test_removing_from_a_folder_that_is_not_there_makes_none(run, tmp_path):
    with pytest.raises(InvalidArgument, match="--data"):
        run("remove", "s2", data=tmp_path / "gone")
    assert not (tmp_path / "gone").exists()


def test_the_folder_comes_from_the_environment(series, tmp_path):
    environment = {"SWATH_DATA": str(tmp_path / "elsewhere")}
    words = ["add", "s2", str(series[0]), "--pattern", series[1]]
    result = CliRunner().invoke(command, words, env=environment)
    assert result.exit_code == 0
    assert (tmp_path / "elsewhere" / "catalog.sqlite").is_file()


def test_an_error_is_one_line_and_status_1(tmp_path):
    result = typed("show", "nothing", data=tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith("swath: There is no product")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_a_data_folder_that_is_a_file_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    result = typed("add", "p", "x.tif", data=tmp_path / "file")
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)


def test_ctrl_c_leaves_a_whole_catalog_and_says_so(tmp_path):
    script = (
        "import sys, time\n"
        "from engine.catalog import command\n"
        "def slow(*args, **kwargs):\n"
        "    print('opening', flush=True)\n"
        "    time.sleep(1)\n"
        "    raise command.InvalidArgument('x')\n"
        "command.probe = slow\n"
        f"{RUN}"
    )
    (tmp_path / "a_20180107.tif").write_bytes(b"")
    words = ["catalog", "add", "p", str(tmp_path / "a_20180107.tif"), "--data", str(tmp_path / "d")]
    adder = subprocess.Popen(
        [sys.executable, "-c", script, *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert adder.stdout is not None
    assert adder.stdout.readline() == "opening\n"
    time.sleep(0.1)
    os.kill(adder.pid, signal.SIGINT)
    _, errors = adder.communicate(timeout=30)
    assert adder.returncode == 130
    assert errors.startswith("swath: interrupted")
    assert errors.count("\n") == 1
    assert Catalog.open(tmp_path / "d").products() == []


def test_a_real_series_is_added_by_its_pattern(run, shared_data, tmp_path):
    folder = shared_data / "timeseries" / "s2_romania_10m_2018"
    run(
        "add", "s2", folder, "--pattern", "{date:%Y-%m-%d}/S2_*_{band}.tif",
        "--band", "SCL:class", "--band", "B04:scale=1e-4",
    )  # fmt: skip
    product = Catalog.open(tmp_path / "data").product("s2")
    assert product.images == 34
    assert product.band_names == ["B02", "B03", "B04", "B08", "SCL"]


@pytest.mark.parametrize(
    ("folder", "pattern", "images"),
    [
        ("timeseries/landsat_colorado_105dates", "{id}/*_{band}.tif", 105),
        ("scenes/ls5_nbar_ganbar_19920323", "LS5_TM_NBAR_*_{date:%Y%m%d}_{band}.tif", 1),
        ("scenes/ls9_l2sp_manaus_20230723", "{id}_SR_{band}.tif", 1),
        ("scenes/s2_l1c_T33UUU_20170216", "{id}_{band}.jp2", 1),
    ],
)
def test_other_real_layouts_have_a_pattern(run, shared_data, tmp_path, folder, pattern, images):
    result = run("add", "p", shared_data / folder, "--pattern", pattern)
    assert result.exit_code == 0, result.output
    assert Catalog.open(tmp_path / "data").product("p").images == images
