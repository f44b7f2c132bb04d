"""`swath loadtest run` against servers behind TLS that ask who calls."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from loadtest.target import SWATH, started
from tests.integration.tls import tls_before

pytestmark = pytest.mark.xdist_group("loadtest_tls")  # its servers are started once

SCENARIO = """
name = "tiny"
about = "a test"
needs = ["jobs"]
owners = ["ann"]

[[part]]
name = "question"
to = "inspect"
callers = 1
work = [{ kind = "constant" }]
phase = [{ seconds = 0.3 }]

[[part]]
name = "job"
to = "jobs"
callers = 1
work = [{ kind = "get", owner = "ann" }]
phase = [{ seconds = 0.3 }]

[[budget]]
figure = "question.throughput"
at_least = 1

[[budget]]
figure = "job.throughput"
at_least = 1
"""


@dataclass(frozen=True)
class Deployment:
    """Servers that are reached by TLS alone, and whom they know."""

    inspect: str
    jobs: str
    authority: str
    """Its PEM file."""
    token: str
    ann: str
    """A token of another owner."""


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """What a deployment has."""
    authority = trustme.CA()
    with (
        started(workers=0, owners=("ann",)) as target,
        tls_before(target.address.inspect, authority) as inspect,
        tls_before(target.address.jobs, authority) as jobs,
    ):
        pem = pem_of(authority, tmp_path_factory.mktemp("authority"))
        tokens = target.address
        yield Deployment(inspect, jobs, pem, tokens.token, tokens.owners["ann"])


def pem_of(authority: trustme.CA, folder: Path) -> str:
    file = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    return str(file)


def run(folder: Path, of: Deployment, *words: str) -> subprocess.CompletedProcess[str]:
    """What `swath loadtest run` said of a deployment, and its exit status."""
    scenario = folder / "tiny.toml"
    scenario.write_text(SCENARIO)
    command = [*SWATH, "loadtest", "run", str(scenario)]
    there = ["--target", of.inspect, "--jobs", of.jobs]
    return subprocess.run(
        [*command, *there, *words], capture_output=True, text=True, timeout=90, check=False
    )


def refused(folder: Path, of: Deployment, *words: str) -> str:
    """The one line that it said."""
    done = run(folder, of, *words)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, "")
    return line


def test_a_deployment_behind_tls_is_measured_by_those_whom_it_knows(deployed, tmp_path):
    report = tmp_path / "out.json"
    done = run(
        tmp_path, deployed, "--tls", "--ca", deployed.authority, "--token", deployed.token,
        "--owner", f"ann={deployed.ann}", "--report", str(report),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    found = json.loads(report.read_text())
    assert not found["target"]["is_local"]
    assert {name: set(part["codes"]) for name, part in found["parts"].items()} == {
        "question": {"OK"},
        "job": {"OK"},
    }


def test_a_token_that_the_servers_do_not_know_is_said_before_any_load(deployed, tmp_path):
    line = refused(
        tmp_path, deployed, "--tls", "--ca", deployed.authority, "--token", "wrong",
        "--owner", f"ann={deployed.ann}",
    )  # fmt: skip
    assert line.startswith(f"swath: {deployed.inspect} refuses the token: ")


def test_the_owner_whose_token_the_servers_do_not_know_is_named(deployed, tmp_path):
    line = refused(
        tmp_path, deployed, "--tls", "--ca", deployed.authority, "--token", deployed.token,
        "--owner", "ann=wrong",
    )  # fmt: skip
    assert line.startswith(f"swath: {deployed.inspect} refuses the token of ann: ")


def test_an_authority_that_did_not_sign_the_certificate_is_said(deployed, tmp_path):
    other = pem_of(trustme.CA(), tmp_path)
    line = refused(tmp_path, deployed, "--tls", "--ca", other, "--token", deployed.token)
    assert line.startswith(f"swath: No server answers at {deployed.inspect}: its certificate ")
    assert "--ca" in line


def test_a_file_that_is_no_certificate_is_said(deployed, tmp_path):
    line = refused(tmp_path, deployed, "--tls", "--ca", __file__, "--token", deployed.token)
    assert line.startswith(f"swath: {__file__} has no certificate")


def test_servers_behind_tls_that_are_asked_without_it_are_said_to_want_it(deployed, tmp_path):
    line = refused(tmp_path, deployed, "--token", deployed.token)
    assert deployed.inspect in line
    assert "--tls" in line


def test_a_server_that_is_another_one_is_said(deployed, tmp_path):
    swapped = Deployment(deployed.jobs, deployed.inspect, "", deployed.token, "")
    line = refused(
        tmp_path, swapped, "--tls", "--ca", deployed.authority, "--token", deployed.token
    )
    assert line == f"swath: The server at {deployed.jobs} is no inspect server of Swath."
