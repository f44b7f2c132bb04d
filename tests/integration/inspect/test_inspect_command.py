"""`swath serve` as a user meets it: one line when ready, one line when it cannot, a clean end."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

import grpc
import numpy as np
import psutil
import pytest

import swath as wf
from swath.client import InspectClient
from swath.errors import Cancelled, DeadlineExceeded, EngineCrashed
from swath.grid import Affine, Grid, Shape2d
from swath.wire.inspect import INSPECT, Question, encode_question
from tests.imagery import catalog_of, days

PROGRAM = "from swath.command.main import main; raise SystemExit(main())"
READY = re.compile(r"^swath: inspect server ready on 127\.0\.0\.1:(\d+) \(data .+\)$")
GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(64, 64))
FREE_PORTS = ("--inspect-port", "0", "--metrics-port", "0")


def serve(*options: str, log: IO[str] | int, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "inspectserver", *options],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env=os.environ | environ,
    )


def refusal(*options: str, **environ: str) -> str:
    """The one line that a server says which cannot start."""
    process = serve(*options, log=subprocess.PIPE, **environ)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert out == ""
    (line,) = err.splitlines()
    return line


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog with one product of four images."""
    folder = tmp_path_factory.mktemp("serve")
    random = np.random.default_rng(3)
    images = random.integers(1, 4000, (4, 64, 64)).astype("u2")
    dates = [f"2021-05-0{day}" for day in range(1, 5)]
    days(folder / "pictures", GRID, {"red": images, "nir": images[::-1]}, dates)
    catalog_of(
        folder / "pictures", "{date:%Y-%m-%d}/scene_{band}.tif", "s2", data=folder / "data"
    ).close()
    return folder / "data"


@pytest.fixture
def running(data: Path, tmp_path: Path):
    """A running server: its process and a client."""
    with (tmp_path / "log").open("w") as log:
        process = serve("--data", str(data), "--engines", "1", *FREE_PORTS, log=log)
    assert process.stdout is not None
    line = process.stdout.readline()
    port = READY.match(line)
    assert port, line
    client = InspectClient(f"127.0.0.1:{port[1]}")
    yield process, client
    client.close()
    process.kill()
    process.wait(10)
    process.stdout.close()


@pytest.fixture
def heavy():
    """A number from pixels, and a place where it takes minutes."""
    red, nir = wf.ImageCollection.from_id("s2").unpack_bands("red nir")
    ndvi = wf.normalized_difference(nir, red)
    where = wf.GeoContext(bounds=GRID.bounds, bounds_crs=GRID.crs, crs=GRID.crs, resolution=0.03)
    return ndvi.median("images").max(), where


def engines_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    family = psutil.Process(process.pid).children(recursive=True)
    return [p for p in family if p.name() == "swath-engine"]


def busiest(process: subprocess.Popen[str]) -> psutil.Process:
    """The engine process that computes."""
    end_s = time.monotonic() + 20
    while time.monotonic() < end_s:
        used = [(p.cpu_percent(0.2), p.pid, p) for p in engines_of(process)]
        if used and max(used)[0] > 10:  # idle ones take none; beside other tests a share is small
            return max(used)[2]
    raise AssertionError("no engine process is busy")


def begun(client: InspectClient, obj: wf.Proxy, where: wf.GeoContext) -> Any:
    """A call in progress, which can be cancelled from outside."""
    rpc: Any = grpc.insecure_channel(client.address).unary_stream(INSPECT)
    return rpc(encode_question(Question(wf.build_graph(obj), where.value)), timeout=100)


def in_background(work):
    """A thread that does `work`, and a list that gets what it raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, raised


def test_it_says_one_line_answers_and_ends_with_ctrl_c(running):
    process, client = running
    assert (
        client.inspect(wf.Int(1) + 1),
        client.inspect(wf.ImageCollection.from_id("s2").length()),
    ) == (2, 4)
    pids = [engine.pid for engine in engines_of(process)]
    assert len(pids) >= 2
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert process.stdout.read() == ""
    assert not [pid for pid in pids if psutil.pid_exists(pid)]


def test_heavy_pixel_work_stops_when_its_caller_leaves(running, heavy):
    process, client = running
    call = begun(client, *heavy)
    engine = busiest(process)
    call.cancel()
    time.sleep(1)
    assert engine.cpu_percent(0.5) < 20


def test_heavy_pixel_work_ends_at_its_deadline(running, heavy):
    process, client = running
    with pytest.raises(DeadlineExceeded):
        client.inspect(*heavy, timeout=1)
    time.sleep(1)
    assert max(engine.cpu_percent(0.2) for engine in engines_of(process)) < 20
    assert client.inspect(wf.ImageCollection.from_id("s2").length()) == 4


def test_a_crash_of_an_engine_process_fails_its_request_and_no_other(running, heavy):
    process, client = running
    thread, raised = in_background(lambda: client.inspect(*heavy))
    while thread.is_alive():
        busiest(process).kill()  # one that warms up is busy too: then the next
        thread.join(5)
    assert isinstance(raised[0], EngineCrashed)
    first = wf.ImageCollection.from_id("s2")[0].pick_bands("red")
    where = wf.GeoContext.from_grid(GRID)
    assert client.inspect(first, where).ndarray.shape == (1, 64, 64)


def test_small_questions_are_answered_while_pixels_are_computed(running, heavy):
    process, client = running
    thread, raised = in_background(lambda: client.inspect(*heavy, timeout=4))
    busiest(process)
    assert client.inspect(wf.Int(1) + 1) == 2
    assert client.inspect(wf.ImageCollection.from_id("s2").length()) == 4
    assert str(client.validate(wf.Int(1) + 1)) == "Int"
    thread.join()
    assert isinstance(raised[0], DeadlineExceeded | Cancelled)


def test_a_catalog_that_changes_is_seen_at_once(running, data, tmp_path):
    _, client = running
    with pytest.raises(LookupError):
        client.inspect(wf.ImageCollection.from_id("fresh").length())
    folder = days(tmp_path, GRID, {"b": [np.ones((64, 64), np.uint8)]}, ["2022-01-01"])
    catalog_of(folder, "{date:%Y-%m-%d}/scene_{band}.tif", "fresh", data=data).close()
    assert client.inspect(wf.ImageCollection.from_id("fresh").length()) == 1


def test_a_port_in_use_is_one_clear_line(data):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        line = refusal("--data", str(data), "--inspect-port", port, "--metrics-port", "-1")
    assert f"127.0.0.1:{port}" in line
    assert "--inspect-port" in line


def test_a_data_folder_that_is_a_file_is_one_clear_line(tmp_path):
    file = tmp_path / "file"
    file.touch()
    line = refusal("--data", str(file), *FREE_PORTS)
    assert line.startswith(f"swath: The data folder {file} cannot be made")


def test_a_catalog_that_is_none_is_one_clear_line(tmp_path):
    (tmp_path / "catalog.sqlite").write_bytes(b"not a catalog" * 100)
    assert "catalog" in refusal("--data", str(tmp_path), *FREE_PORTS)


def test_settings_that_do_not_fit_are_one_clear_line(tmp_path):
    line = refusal("--data", str(tmp_path), "--allow-prefix", "ftp://x/")
    assert "ftp://x/" in line


def test_a_variable_that_is_no_number_is_one_clear_line(tmp_path):
    line = refusal("--data", str(tmp_path), SWATH_INSPECT_PORT="many")
    assert "SWATH_INSPECT_PORT must be int" in line
