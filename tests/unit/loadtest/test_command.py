"""What is wrongly typed is said before any load, in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from loadtest.command import loadtest
from swath.errors import InvalidArgument

NAME = "inspect_overhead"
AWAY = ("--target", "127.0.0.1:1")


def said(*words: str) -> str:
    """The problem that a command ends with, which the command line makes a line of."""
    done = CliRunner().invoke(loadtest, words)
    assert isinstance(done.exception, InvalidArgument), done.output
    assert done.output == ""
    return str(done.exception)


@pytest.mark.parametrize("option", ["--report", "--page"])
def test_a_place_where_nothing_can_be_written_is_said_before_the_load(option, tmp_path: Path):
    missing = tmp_path / "missing" / "out"
    assert f"{missing} cannot be written" in said("run", NAME, *AWAY, option, str(missing))
    assert "it is a folder" in said("run", NAME, *AWAY, option, str(tmp_path))


def test_a_folder_for_reports_that_is_a_file_is_said_before_the_load(tmp_path: Path):
    file = tmp_path / "file"
    file.write_text("")
    assert f"{file} cannot be made" in said("suite", NAME, "--reports", str(file))


@pytest.mark.parametrize(
    "option", [("--workers", "2"), ("--database", "postgresql://a/b")], ids=lambda words: words[0]
)
def test_what_is_for_servers_that_are_started_here_is_refused_with_a_target(option):
    assert "started here" in said("run", NAME, *AWAY, *option)


@pytest.mark.parametrize("command", ["run", "suite"])
def test_what_a_scenario_names_and_there_is_not_is_said_before_the_load(command, tmp_path: Path):
    file = tmp_path / "mine.toml"
    file.write_text(
        'name = "mine"\nabout = "x"\n[[part]]\nname = "one"\nto = "inspect"\n'
        'work = [{ kind = "mars" }]\nphase = [{ rate = 1, seconds = 1 }]\n'
    )
    assert "no work 'mars'" in said(command, str(file))
