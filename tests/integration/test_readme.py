"""The README's first example prints what the README says, and its commands are real ones."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.catalog.command import catalog
from tests.integration.server import running

README = Path(__file__).resolve().parents[2] / "README.md"
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def blocks(language: str) -> list[str]:
    """The code blocks of one language, in order."""
    return [text for name, text in BLOCK.findall(README.read_text()) if name == language]


@pytest.fixture(scope="module")
def landsat(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Iterator[str]:
    """The address of a server that has the product of the example."""
    data = tmp_path_factory.mktemp("readme")
    folder = shared_data / "timeseries" / "landsat_colorado_105dates"
    bands = ["b3:scale=1e-4", "b4:scale=1e-4", "fmask:class"]
    options = [word for band in bands for word in ("--band", band)]
    pattern = "{id}/L??03?032{date:%Y%j}*_{band}.tif"
    added = CliRunner().invoke(
        catalog,
        ["add", "landsat", str(folder), "--pattern", pattern, *options, "--data", str(data)],
    )
    assert added.exit_code == 0, added.output
    with running(data) as address:
        yield address


def test_the_first_example_prints_what_it_says(
    landsat: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWATH_INSPECT", landsat)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(blocks("python")[0], {})
    assert printed.getvalue() == blocks("text")[0]


def test_every_example_is_python() -> None:
    for block in blocks("python"):
        compile(block, "README.md", "exec")
