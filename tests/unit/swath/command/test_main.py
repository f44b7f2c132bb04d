"""The `swath` command, with sub-commands of a package that is installed for the test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

ENTRY_POINTS = """[swath.commands]
greet = greeting:greet
fail = greeting:fail
interrupted = greeting:interrupted
lack = needing:command
broken = engine.no_such_module:command
"""
GREETING = """
import click
from swath.errors import ServerBusy

@click.command()
@click.argument("name")
def greet(name):
    "Say hello."
    click.echo(f"hello {name}")

@click.command()
def interrupted():
    "Be typed Ctrl-C at."
    raise KeyboardInterrupt

@click.command()
def fail():
    "Fail as a server does."
    raise ServerBusy("the server has no room; try again")
"""
NEEDING = "import package_of_an_extra\n"


@pytest.fixture
def swath(tmp_path: Path) -> Run:
    """Runs the command in a process of its own, where the package `greeting` is installed."""
    metadata = tmp_path / "greeting-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "greeting.py").write_text(GREETING)
    (tmp_path / "needing.py").write_text(NEEDING)
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[4])])

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        code = "import sys; from swath.command import main; sys.exit(main())"
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_an_installed_package_adds_a_sub_command(swath: Run) -> None:
    done = swath("greet", "Landsat")
    assert (done.returncode, done.stdout) == (0, "hello Landsat\n")


def test_one_sub_command_never_waits_for_the_imports_of_another(swath: Run) -> None:
    assert swath("lack").returncode == 1
    assert swath("greet", "Landsat").returncode == 0


def test_an_error_of_ours_is_one_line_and_status_1(swath: Run) -> None:
    done = swath("fail")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("swath: the server has no room; try again")
    assert done.stderr.count("\n") == 1


def test_control_c_ends_quietly_with_status_130(swath: Run) -> None:
    done = swath("interrupted")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_missing_extra_is_named_with_the_way_to_get_it(swath: Run) -> None:
    done = swath("lack")
    assert (done.returncode, done.stderr) == (
        1,
        "swath: this needs package_of_an_extra, not installed here: pip install 'swath[server]'\n",
    )


def test_a_missing_module_of_ours_is_a_bug_and_shows_where(swath: Run) -> None:
    done = swath("broken")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_an_unknown_sub_command_is_status_2(swath: Run) -> None:
    done = swath("fly")
    assert done.returncode == 2
    assert "No such command 'fly'" in done.stderr


def test_the_version_is_that_of_the_distribution(swath: Run) -> None:
    done = swath("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("swath, version ")
