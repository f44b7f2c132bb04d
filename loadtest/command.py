"""`swath loadtest`: run a scenario, compare two runs."""

from __future__ import annotations

import os
import signal
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loadtest import budget
from loadtest import scenario as scenarios
from loadtest.scenario import Scenario
from swath.errors import InvalidArgument

if TYPE_CHECKING:
    from loadtest.calibrate import Ruler
    from loadtest.link import Address
    from loadtest.report.document import Document
    from loadtest.target import Target


@click.group()
def loadtest() -> None:
    """Put load on servers, and hold them to their latency budgets."""
    # What gRPC would write of a connection that failed is in what we say of it. It looks here when
    # it is imported, so that is left to the commands that need it.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")


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
@click.option("--ca", help="PEM file of the authority to trust.  [those of gRPC]")
@click.option(
    "--workers", type=click.IntRange(0), help="Of servers started here.  [as SCENARIO says, or 1]"
)
@click.option("--database", help="postgresql://... for the jobs of servers started here.  [SQLite]")
@click.option("--report", type=click.Path(path_type=Path), help="Write the report as JSON.")
@click.option("--page", type=click.Path(path_type=Path), help="Write it as a page of HTML.")
@click.option("--scale", type=float, default=1.0, help="How many times as wide limits are.  [1]")
def run(
    scenario: str,
    target: str | None,
    jobs: str | None,
    token: str | None,
    owners: tuple[str, ...],
    tls: bool,
    ca: str | None,
    workers: int | None,
    database: str | None,
    report: Path | None,
    page: Path | None,
    scale: float,
) -> None:
    """Run SCENARIO, a name of `list` or a TOML file. Exit status 1: a limit was missed."""
    # What else it needs is of an extra; `swath --help` is to list this command without it.
    from rich.console import Console

    from loadtest.calibrate import calibrate
    from loadtest.known import require_known
    from loadtest.link import Address
    from loadtest.probe import require_there
    from loadtest.report import document
    from loadtest.report import page as pages
    from loadtest.report.table import print_report
    from loadtest.run import run as run_scenario

    _end_as_by_ctrl_c()
    if (target or jobs) and (database or workers is not None):
        raise InvalidArgument("--database and --workers are for servers that are started here.")
    budget.require_scale(scale)
    chosen = scenarios.load(scenario)
    require_known(chosen)
    for file in filter(None, (report, page)):
        _require_writable(file)
    began = datetime.now(UTC)
    console = Console()
    there = Address(
        target or "", jobs or "", token=token or "", owners=_owners(owners), is_tls=tls,
        certificates=_authority(ca, tls),
    )  # fmt: skip
    require_there(there)
    ruler = calibrate()
    with _target(chosen, there, workers, database or "") as to:
        outcome = run_scenario(chosen, to, lambda line: click.echo(line, err=True))
        found = document.document(outcome, to, ruler, began, scale)
    print_report(found, console)
    if report is not None:
        document.write(found, report)
    if page is not None:
        pages.write(found, page)
    if not found["is_passed"]:
        raise SystemExit(130 if not found["is_whole"] else 1)


@loadtest.command()
@click.argument("scenarios_", metavar="SCENARIO...", nargs=-1, required=True)
@click.option("--reports", type=click.Path(path_type=Path), help="Folder for reports as JSON.")
@click.option("--database", help="postgresql://... for the jobs.  [SQLite]")
@click.option("--rounds", type=int, help="How often parts take turns.  [as each SCENARIO says]")
@click.option("--scale", type=float, default=1.0, help="How many times as wide limits are.  [1]")
@click.option(
    "--tries", type=click.IntRange(1), default=1, help="Of what noise may have failed.  [1]"
)
def suite(
    scenarios_: tuple[str, ...],
    reports: Path | None,
    database: str | None,
    rounds: int | None,
    scale: float,
    tries: int,
) -> None:
    """Run SCENARIOs on servers that it starts. Exit status 1: a limit was missed."""
    from rich.console import Console

    from loadtest.calibrate import calibrate
    from loadtest.known import require_known
    from loadtest.report import document

    _end_as_by_ctrl_c()
    budget.require_scale(scale)
    chosen = [scenarios.load(name) for name in scenarios_]
    for one in chosen:
        require_known(one)
    if rounds is not None:
        chosen = [scenarios.repeated(scenario, rounds) for scenario in chosen]
    if reports is not None:
        _make_folder(reports)
    console, ruler, failed = Console(), calibrate(), list[str]()
    for left in reversed(range(tries)):
        missed = [
            (scenario, found)
            for scenario, found in _reported(chosen, ruler, scale, reports, database or "")
            if not found["is_passed"]
        ]
        chosen = [scenario for scenario, found in missed if left and document.may_be_noise(found)]
        failed += [scenario.name for scenario, _ in missed if scenario not in chosen]
        if chosen:
            again = ", ".join(scenario.name for scenario in chosen)
            console.print(f"[bold yellow]Again, as the machine may be why they failed[/]: {again}.")
    if failed:
        console.print(f"[bold red]These failed[/bold red]: {', '.join(failed)}.")
        raise SystemExit(1)


@loadtest.command("page")
@click.argument("report", type=click.Path(path_type=Path))
@click.argument("page", type=click.Path(path_type=Path))
def make_page(report: Path, page: Path) -> None:
    """Make PAGE, one HTML file that needs nothing else, of REPORT, which `run --report` wrote."""
    from loadtest.report import document
    from loadtest.report import page as pages

    pages.write(document.read(report), page)


@loadtest.command("compare")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option(
    "--worse", type=click.FloatRange(0), default=10.0, show_default=True, metavar="PERCENT",
    help="Smaller changes do not count.",
)  # fmt: skip
def compare_reports(before: Path, after: Path, worse: float) -> None:
    """What changed beyond noise from report BEFORE to report AFTER. Exit status 1: it got worse."""
    from rich.console import Console

    from loadtest import compare
    from loadtest.report import document

    found = compare.compare(document.read(before), document.read(after), worse / 100)
    compare.print_comparison(found, Console())
    if found.is_worse:
        raise SystemExit(1)


@loadtest.command("readme")
@click.argument("reports", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--write", type=click.Path(path_type=Path), help="Replace the block in this file.")
def make_readme(reports: tuple[Path, ...], write: Path | None) -> None:
    """The table of budgets in the README, made of REPORTS; without --write it is printed."""
    from loadtest.report import document, readme

    block = readme.block([document.read(report) for report in reports])
    if write is None:
        click.echo(block, nl=False)
    else:
        readme.write(block, write)


def _reported(
    chosen: Sequence[Scenario], ruler: Ruler, scale: float, reports: Path | None, database: str
) -> Iterator[tuple[Scenario, Document]]:
    """Run scenarios on servers that are started; print and write the report of each."""
    from rich.console import Console

    from loadtest.report import document
    from loadtest.report.table import print_report
    from loadtest.suite import run_all

    console, began = Console(), datetime.now(UTC)
    for outcome, target in run_all(chosen, lambda line: click.echo(line, err=True), database):
        found = document.document(outcome, target, ruler, began, scale)
        print_report(found, console)
        if reports is not None:
            document.write(found, reports / f"{outcome.scenario.name}.json")
        if not outcome.is_whole:
            raise SystemExit(130)
        yield outcome.scenario, found
        began = datetime.now(UTC)


@contextmanager
def _target(
    scenario: Scenario, address: Address, workers: int | None, database: str
) -> Iterator[Target]:
    from loadtest.suite import started_for
    from loadtest.target import Target

    if address.inspect or address.jobs:
        yield Target(address)
        return
    with started_for([scenario], workers, database) as target:
        yield target


def _require_writable(file: Path) -> None:
    """Before the load, rather than after it."""
    if file.is_dir():
        raise InvalidArgument(f"{file} cannot be written: it is a folder.")
    if not _takes_files(file.parent):
        raise InvalidArgument(f"{file} cannot be written: nor can anything in {file.parent}.")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise InvalidArgument(f"{folder} cannot be made: {problem.strerror}.") from None
    if not _takes_files(folder):
        raise InvalidArgument(f"Nothing can be written in {folder}.")


def _takes_files(folder: Path) -> bool:
    return os.access(folder, os.W_OK | os.X_OK)


def _owners(given: tuple[str, ...]) -> dict[str, str]:
    named = [one.partition("=") for one in given]
    for name, _, token in named:
        if not name or not token:
            raise InvalidArgument("An owner is NAME=TOKEN.").at(argument="owner")
    return {name: token for name, _, token in named}


def _authority(file: str | None, is_tls: bool) -> str:
    """The same file, if there is a certificate in it; empty: none was named."""
    if file is None:
        return ""
    if not is_tls:
        raise InvalidArgument("--ca is of no use without --tls.").at(argument="ca")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except ssl.SSLError:
        raise InvalidArgument(f"{file} has no certificate in PEM.").at(argument="ca") from None
    except OSError as problem:
        raise InvalidArgument(f"{file}: {problem.strerror}.").at(argument="ca") from None
    return file


def _end_as_by_ctrl_c() -> None:
    """SIGTERM, too, stops the servers that were started here, and writes what was measured."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
