"""A report as one HTML page: nothing is fetched, nothing runs, any name is only a name.

It can be opened from a file, kept as an artefact of CI, sent by mail and printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from loadtest.report import curves
from loadtest.report.chart import Chart, figure
from loadtest.report.document import Document, put
from loadtest.report.markup import escaped, table
from loadtest.report.meaning import meaning_of
from loadtest.report.style import STYLE
from loadtest.report.table import COLUMNS, bound, loose, shown, verdict
from swath.errors import InvalidArgument

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What a browser is to refuse, should any escaping ever fail."""
MIB = 1 << 20
RULER = (
    "generator.busy", "generator.each_us", "generator.most_rate", "late_ms.p50", "late_ms.p99",
)  # fmt: skip
"""Figures that tell what the generator did, not the server."""


def write(of: Document, file: Path) -> None:
    """Write the page of a report to a file.

    Raises:
        InvalidArgument: the file cannot be written, or the report is not as `document` writes it.
    """
    try:
        text = page(of)
    except (LookupError, TypeError, AttributeError) as problem:
        raise InvalidArgument(f"The report is not whole: {problem!r}.") from None
    put(text, file)


def page(of: Document) -> str:
    """The page: verdict and budget, all parts beside each other, each part, what measured it."""
    numbers = count()
    title = f"{of['scenario']}: {verdict(of)}"
    body = "".join(
        (
            _head(of),
            _budget(of),
            _parts(of),
            _charts([curves.percentiles(of)], numbers),
            *(_part(name, part, numbers) for name, part in of["parts"].items()),
            _surroundings(of),
            *(_all_figures(name, part) for name, part in of["parts"].items()),
        )
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escaped(POLICY)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escaped(title)}</title><style>{STYLE}</style></head>\n"
        f"<body><main>{body}</main></body></html>\n"
    )


def _head(of: Document) -> str:
    look = "good" if of["is_passed"] else "bad"
    missed = sum(not line["is_met"] for line in of["budget"])
    limits = f"{len(of['budget']) - missed} of {len(of['budget'])} limits were kept."
    return (
        f"<h1>{escaped(of['scenario'])}</h1><p>{escaped(of['about'])}</p>"
        f'<p class="verdict"><span class="{look}">{escaped(verdict(of))}</span> '
        f'<span class="weak">{limits if of["budget"] else "It has no limits."}</span></p>'
        f"{''.join(_troubles(of))}\n"
    )


def _troubles(of: Document) -> Iterator[str]:
    if of["scale"] != 1:
        yield f'<p class="bad">{escaped(loose(of))}</p>'
    if not of["is_whole"]:
        yield '<p class="bad">It was interrupted: these are the parts that were run.</p>'
    for name, why in of["generator"]["bottlenecks"].items():
        yield (
            f'<p class="bad">The generator was the bottleneck of {escaped(name)}: '
            f"{escaped(why)}. Its figures there are of itself, not of the server.</p>"
        )


def _budget(of: Document) -> str:
    if not of["budget"]:
        return ""
    rows = (
        (
            escaped(line["what"]),
            shown(line["value"]),
            escaped(bound(of, line)),
            '<span class="good">kept</span>'
            if line["is_met"]
            else f'<span class="bad">{escaped(line["missed_by"])}</span>',
            escaped(line["why"]),
        )
        for line in of["budget"]
    )
    return table(
        ("figure", "measured", "limit", "verdict", "why"), rows, "Budget", frozenset({3, 4})
    )


def _parts(of: Document) -> str:
    headings = ("part", "requests", "per second", *COLUMNS, "errors", "sent late p99")
    rows = (
        (
            escaped(name),
            shown(part["figures"]["count"]),
            shown(part["figures"]["throughput"]),
            *(shown(part["figures"][f"latency_ms.{column}"]) for column in COLUMNS),
            _errors(part["codes"]),
            shown(part["figures"]["late_ms.p99"]),
        )
        for name, part in of["parts"].items()
    )
    return table(headings, rows, "Latency from when each request was due, ms")


def _errors(codes: Mapping[str, int]) -> str:
    failed = [f"{n} {escaped(code)}" for code, n in codes.items() if code != "OK"]
    return ", ".join(failed) or "none"


def _part(name: str, part: Mapping[str, Any], numbers: Iterator[int]) -> str:
    charts = [curves.latency(part), curves.throughput(part)]
    if part["server"]:
        charts += [curves.memory(part), curves.processor(part)]
    return (
        f"<section><h2>{escaped(name)}</h2><p>{escaped(_load(part))}</p>"
        f"{_charts(charts, numbers)}{_server(part)}</section>\n"
    )


def _load(part: Mapping[str, Any]) -> str:
    """What was sent, in a sentence."""
    works = ", ".join(work["kind"] for work in part["work"])
    who = f"{part['callers']} callers that ask again once answered, for {part['seconds']:g} s"
    if not part["callers"]:
        who = "; ".join(map(_phase, part["phases"]))
    rounds = len(part["rounds"])
    again = f", {rounds} rounds, which are drawn one over the other" if rounds > 1 else ""
    beside = f"; beside it {', '.join(part['beside'])}" if part["beside"] else ""
    return f"To {part['to']}: {works}; {who}{again}{beside}."


def _phase(phase: Mapping[str, float]) -> str:
    low, high = phase["from_rate"], phase["to_rate"]
    rate = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    burst = f", {phase['burst']} at once" if phase["burst"] else ""
    return f"{rate} requests per second for {phase['seconds']:g} s{burst}"


def _server(part: Mapping[str, Any]) -> str:
    if not part["server"]:
        return '<p class="weak">The processes of this server could not be looked at.</p>'
    rows = (
        (
            escaped(process["process"]),
            shown(process["processor_s"]),
            shown(process["memory_bytes"] / MIB),
            shown(process["gained_bytes"] / MIB),
        )
        for process in part["server"]
    )
    headings = ("process", "processor, s", "memory, MiB", "gained, MiB")
    return table(headings, rows, "Processes of the servers, last round")


def _settings(target: Mapping[str, Any]) -> str:
    chosen = ", ".join(f"{name} = {value}" for name, value in target["settings"].items())
    return chosen or ("the usual ones" if target["is_local"] else "unknown")


def _surroundings(of: Document) -> str:
    """Where it was measured, and how finely."""
    target, machine, ruler = of["target"], of["environment"], of["generator"]
    where = "started for this run" if target["is_local"] else "running already"
    rows = (
        ("begun", of["began"]),
        ("inspect server", f"{target['inspect'] or 'none'}, {where}"),
        ("job server", f"{target['jobs'] or 'none'}, {where}"),
        ("workers", "unknown" if target["workers"] is None else target["workers"]),
        ("database of the jobs", target["database"] or "unknown"),
        ("settings", _settings(target)),
        ("machine", machine["machine"]),
        ("processor", f"{machine['processor'] or 'unknown'}, {machine['cores']} cores"),
        ("load of the machine", ", ".join(f"{load:.2f}" for load in machine["load"])),
        ("Python", machine["python"]),
        ("packages", ", ".join(f"{name} {of}" for name, of in machine["packages"].items())),
        ("a bare server's answer", f"{shown(ruler['floor_ms'])} ms"),
        ("most of one client process", f"{shown(ruler['most_rate'])} answers per second"),
    )
    cells = ((escaped(name), escaped(value)) for name, value in rows)
    about = table(
        ("", ""), cells, "Target, environment, and the generator by itself", frozenset({1})
    )
    return f"<section><h2>How it was measured</h2>{about}{_generator(of)}</section>\n"


def _generator(of: Document) -> str:
    headings = ("part", *(f"{name}, {meaning_of(name).unit}" for name in RULER))
    rows = (
        (escaped(part), *(shown(found["figures"].get(name)) for name in RULER))
        for part, found in of["parts"].items()
    )
    return table(headings, rows, "The generator in each part")


def _all_figures(name: str, part: Mapping[str, Any]) -> str:
    rounds = part["rounds"]
    headings = ("figure", "all", *(f"round {n + 1}" for n in range(len(rounds))), "unit")
    rows = (
        (
            escaped(key),
            shown(value),
            *(shown(one.get(key)) for one in rounds),
            escaped(meaning_of(key).unit),
        )
        for key, value in part["figures"].items()
    )
    return table(headings, rows, f"All figures of {name}")


def _charts(charts: list[Chart], numbers: Iterator[int]) -> str:
    drawn = "".join(figure(chart, next(numbers)) for chart in charts)
    return f'<div class="charts">{drawn}</div>'
