"""A report for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from loadtest.report.document import Document

COLUMNS = ("p50", "p90", "p99", "p99.9", "max")
WIDE = 100
"""Columns of a terminal in which the table of parts has room for spaces between its figures."""


def print_report(of: Document, console: Console) -> None:
    """Latencies of each part, then the budget, line by line, then the verdict."""
    console.print(f"[bold]{of['scenario']}[/bold]: {of['about']}")
    console.print(_parts(of, (0, 1) if console.width >= WIDE else (0, 0)))
    for name, part in of["parts"].items():
        if failed := _failed(part):
            said = ", ".join(f"{count} {code}" for code, count in failed.items())
            console.print(f"[bold red]Errors of {name}[/bold red]: {said}.")
    console.print(_ruler(of))
    if of["budget"]:
        console.print(_budget(of))
    for name, why in of["generator"]["bottlenecks"].items():
        console.print(f"[bold red]The generator was the bottleneck of {name}[/bold red]: {why}.")
    if not of["is_whole"]:
        console.print("[bold red]Interrupted: these are the parts that were run.[/bold red]")
    if of["scale"] != 1:
        console.print(f"[bold yellow]{loose(of)}[/bold yellow]")
    console.print(f"[bold {'green' if of['is_passed'] else 'red'}]{verdict(of)}[/]")


def verdict(of: Document) -> str:
    """`passed` or `FAILED`; and how much wider than the scenario's the limits were."""
    said = "passed" if of["is_passed"] else "FAILED"
    return said if of["scale"] == 1 else f"{said}, by limits {of['scale']:g} times as wide"


def loose(of: Document) -> str:
    """What was widened by a scale that is not 1."""
    late_ms = of["generator"]["most_late_ms"]
    share = "half" if of["scale"] > 1 else "99 in 100"
    return (
        f"Limits of time, throughput and memory were {of['scale']:g} times as wide as the "
        f"scenario's, and {share} of the requests might be sent up to {late_ms:g} ms late, any "
        "others later: a pass is none of its own budget. Limits of errors and counts were its own."
    )


def bound(of: Document, line: Mapping[str, Any]) -> str:
    """The limit of a line of its budget; `≤ 50 (5 x)` is five times as wide as in the scenario."""
    limit: str = line["bound"]
    is_wider = of["scale"] != 1 and line["is_of_machine"]
    return f"{limit} ({of['scale']:g} x)" if is_wider else limit


def _parts(of: Document, padding: tuple[int, int]) -> Table:
    title = "latency from when each request was due, ms"
    table = Table(title=title, title_justify="left", padding=padding)
    table.add_column("part", no_wrap=True)
    for heading in ("requests", "per second", *COLUMNS, "errors", "sent late p99"):
        table.add_column(heading, justify="right", overflow="fold")
    for name, part in of["parts"].items():
        found = part["figures"]
        table.add_row(
            name,
            f"{found['count']:.0f}",
            shown(found["throughput"]),
            *(shown(found[f"latency_ms.{column}"]) for column in COLUMNS),
            f"{sum(_failed(part).values()) or 'none'}",
            shown(found["late_ms.p99"]),
        )
    return table


def _failed(part: Mapping[str, Any]) -> Mapping[str, int]:
    """How many requests ended with each status but OK."""
    return {code: count for code, count in part["codes"].items() if code != "OK"}


def _ruler(of: Document) -> str:
    ruler = of["generator"]
    return (
        f"The generator: a bare server's answer takes {shown(ruler['floor_ms'])} ms; one process "
        f"gets at most {shown(ruler['most_rate'])} answers a second from it."
    )


def _budget(of: Document) -> Table:
    table = Table(title="budget", title_justify="left")
    for heading in ("figure", "measured", "limit", ""):
        table.add_column(heading)
    for line in of["budget"]:
        kept = "kept" if line["is_met"] else f"[bold red]MISSED[/]: {line['missed_by']}"
        table.add_row(line["what"], shown(line["value"]), bound(of, line), kept)
    return table


def shown(value: float | None) -> str:
    """A figure with three digits; a dash where there is none."""
    if value is None or value != value:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
