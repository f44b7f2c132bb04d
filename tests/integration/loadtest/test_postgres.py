"""Load on servers that keep their jobs in PostgreSQL."""

from __future__ import annotations

import json
import subprocess

import psycopg

from loadtest.target import SWATH

SCENARIO = """
name = "{name}"
about = "a test"
needs = ["jobs"]
owners = ["ann"]

[[part]]
name = "jobs"
to = "jobs"
callers = 2
work = [{{ kind = "job", owner = "ann" }}]
phase = [{{ seconds = 0.5 }}]
audit = ["fate", "quota"]

[[budget]]
figure = "jobs.throughput"
at_least = 0.1

[[budget]]
figure = "jobs.quota.unlisted"
at_most = 0
why = "the owner has no jobs but those of this run"
"""


def schemas(url: str) -> list[str]:
    """Those that servers of loads have there."""
    with psycopg.connect(url) as admin:
        found = admin.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'swath_load_%'")
        return [name for (name,) in found]


def test_each_load_has_jobs_in_a_schema_of_its_own_that_goes_with_its_servers(
    postgres_server, tmp_path
):
    files = [tmp_path / f"{name}.toml" for name in ("first", "second")]
    for workers, file in enumerate(files, 1):  # other workers: servers of its own
        file.write_text(f"workers = {workers}\n" + SCENARIO.format(name=file.stem))
    command = [*SWATH, "loadtest", "suite", *map(str, files), "--reports", str(tmp_path)]
    done = subprocess.run(
        [*command, "--database", postgres_server],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    reports = [json.loads((tmp_path / f"{file.stem}.json").read_text()) for file in files]
    assert [report["target"]["database"] for report in reports] == ["PostgreSQL", "PostgreSQL"]
    assert all(set(report["parts"]["jobs"]["codes"]) == {"OK"} for report in reports)
    assert schemas(postgres_server) == []


def test_a_database_that_is_not_there_is_one_line(tmp_path):
    file = tmp_path / "first.toml"
    file.write_text(SCENARIO.format(name="first"))
    command = [*SWATH, "loadtest", "run", str(file)]
    done = subprocess.run(
        [*command, "--database", "postgresql://nobody:secret@127.0.0.1:1/nothing"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, "")
    assert line.startswith("swath: The database does not ")
    assert "secret" not in line
