"""`swath loadtest`: run a scenario, compare two runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from loadtest import scenario as scenarios
from loadtest.link import Address
from loadtest.scenario import Scenario
from loadtest.target import Target, started
from swath.errors import InvalidArgument


@click.group()
def loadtest() -> None:
    """Put load on servers, and hold them to their latency budgets."""


@loadtest.command("list")
def list_scenarios() -> None:
    """The scenarios that come with Swath."""
    for name in scenarios.names():
        click.echo(f"{name:18} {scenarios.load(name).about}")


@loadtest.command()
@click.argument("scenario")
@click.option("--target", help="host:port of the inspect server.  [servers that it starts]")
@click.option("--jobs", help="host:port of the job server.")
@click.option("--token", envvar="SWATH_TOKEN", help="Who asks.")
@click.option("--owner", "owners", multiple=True, metavar="NAME=TOKEN", help="Further ones.")
@click.option("--tls", is_flag=True, help="Connect with TLS.")
@click.option("--ca", type=click.Path(exists=True), help="PEM file of the authority to trust.")
@click.option("--workers", type=int, help="Of servers started here.  [as SCENARIO says, or 1]")
@click.option("--report", type=click.Path(path_type=Path), help="Write the report as JSON.")
@click.option("--scale", type=float, default=1.0, help="How much wider each limit is.  [1]")
def run(
    scenario: str,
    target: str | None,
    jobs: str | None,
    token: str | None,
    owners: tuple[str, ...],
    tls: bool,
    ca: str | None,
    workers: int | None,
    report: Path | None,
    scale: float,
) -> None:
    """Run SCENARIO, a name of `list` or a TOML file. Exit status 1: a limit was missed."""
    # What else it needs is of an extra; `swath --help` is to list this command without it.
    from rich.console import Console

    from loadtest.calibrate import calibrate
    from loadtest.report import document
    from loadtest.report.table import print_report
    from loadtest.run import run as run_scenario

    chosen = scenarios.loosened(scenarios.load(scenario), scale)
    began = datetime.now(UTC)
    console = Console()
    ruler = calibrate()
    there = Address(
        target or "", jobs or "", token=token or "", owners=_owners(owners), is_tls=tls,
        certificates=ca or "",
    )  # fmt: skip
    with _target(chosen, there, workers) as to:
        outcome = run_scenario(chosen, to, lambda line: click.echo(line, err=True))
        found = document.document(outcome, to, ruler, began)
    print_report(found, console)
    if report is not None:
        document.write(found, report)
    if not found["is_passed"]:
        raise SystemExit(130 if not found["is_whole"] else 1)


@contextmanager
def _target(scenario: Scenario, address: Address, workers: int | None) -> Iterator[Target]:
    if address.inspect or address.jobs:
        yield Target(address)
        return
    if workers is None:
        workers = 1 if scenario.workers is None else scenario.workers
    with started(
        workers if "jobs" in scenario.needs else 0,
        owners=scenario.owners,
        settings=scenario.settings,
    ) as target:
        yield target


def _owners(given: tuple[str, ...]) -> dict[str, str]:
    named = [one.partition("=") for one in given]
    for name, _, token in named:
        if not name or not token:
            raise InvalidArgument("An owner is NAME=TOKEN.").at(argument="owner")
    return {name: token for name, _, token in named}
