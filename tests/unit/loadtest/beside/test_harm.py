"""Harm is done when its time has come, to the part that was named, and its failure is told."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest

from loadtest.beside.harm import HOLD, Harm, found, kill, pause
from loadtest.link import Address
from loadtest.program import running
from loadtest.target import POSTGRESQL, Target
from swath.errors import InvalidArgument, SwathError

NOWHERE = Target(Address(""))


def test_harm_whose_time_has_not_come_when_all_is_over_is_not_done():
    done: list[int] = []
    harm = Harm("x", lambda _: done.append(1))
    harm.end()
    harm.wait_and_do(60)
    assert not done
    assert harm.figures() == {"harm.x": 0.0}


def test_harm_that_was_done_counts():
    done: list[int] = []
    harm = Harm("x", lambda _: done.append(1))
    harm.wait_and_do(0)
    assert done
    assert harm.figures() == {"harm.x": 1.0}


def test_harm_to_a_part_that_is_not_there_is_told_when_all_is_over():
    going = kill(NOWHERE, "worker@0")
    harm = going.__enter__()
    while harm.problem is None:
        assert not harm.is_done
    with pytest.raises(SwathError, match="no part worker"):
        going.__exit__(None, None, None)


def test_harm_to_a_part_of_servers_that_have_ended_meanwhile_is_told_too():
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    going = kill(Target(Address(""), pids=(ended.pid,)), "worker@0")
    harm = going.__enter__()
    while harm.problem is None:
        assert not harm.is_done
    with pytest.raises(SwathError, match="ended before"):
        going.__exit__(None, None, None)


@pytest.mark.parametrize("argument", ["mars@1", "worker", "worker@soon", ""])
def test_harm_that_is_wrongly_said_is_refused(argument):
    with pytest.raises(InvalidArgument):
        kill(NOWHERE, argument)


@pytest.mark.parametrize("argument", ["database@1+1", "worker@1+1"])
def test_only_the_database_of_servers_started_here_can_be_paused(argument):
    with pytest.raises(InvalidArgument, match="started here"):
        pause(NOWHERE, argument)


def test_a_database_that_is_not_sqlite_is_not_paused(tmp_path):
    target = Target(Address(""), data=tmp_path, database=POSTGRESQL)
    with pytest.raises(InvalidArgument, match="--database"):
        pause(target, "database@1+1")


def test_the_part_is_found_among_the_children_of_the_supervisor(tmp_path):
    """The supervisor is a process that runs two modules of those names, which do nothing."""
    for name in ("inspect_server", "job_server"):
        (tmp_path / f"{name}.py").write_text("import os; os.write(1, b'u'); input()")
    program = (
        "import subprocess, sys\n"
        "parts = [subprocess.Popen([sys.executable, '-m', name], stdin=subprocess.PIPE)"
        " for name in ('inspect_server', 'job_server')]\n"
        "sys.stdin.read()\n"
        "for part in parts: part.kill()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as supervisor:  # fmt: skip
        assert supervisor.stdout is not None and supervisor.stdin is not None
        assert supervisor.stdout.read(2) == "uu"
        jobs = found(Target(Address(""), (supervisor.pid,)), "jobs")
        assert jobs.cmdline()[-1] == "job_server"
        with pytest.raises(SwathError, match="no part worker"):
            found(Target(Address(""), (supervisor.pid,)), "worker")
        supervisor.stdin.close()


def test_a_paused_database_cannot_be_written_and_goes_on_afterwards(tmp_path):
    file = tmp_path / "jobs.db"
    database = sqlite3.connect(file, isolation_level=None, timeout=0)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE job (id)")
    with (
        running("-c", HOLD, str(file)),
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        database.execute("INSERT INTO job VALUES (0)")
    database.execute("INSERT INTO job VALUES (1)")
    assert database.execute("SELECT count(*) FROM job").fetchone() == (1,)
    database.close()
