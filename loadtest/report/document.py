"""The report of a run as one document of JSON values: what all other reports are made from.

`docs/loadtest.md` says what each field is. Numbers that could not be measured are null.
"""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from loadtest.budget import Verdict, judged
from loadtest.calibrate import Ruler
from loadtest.figures import MOST_LATE_MS, PartResult, all_figures, by_round, figures_of, name
from loadtest.histogram import PERCENTILES, curve, over_time
from loadtest.records import OK
from loadtest.resources import Growth
from loadtest.run import Outcome
from loadtest.target import Target
from swath.errors import InvalidArgument
from swath.results.whole import replace_whole

FORMAT = 1
STRETCHES = 60
"""Points of the curves over time, at most."""
KEYS = (
    "format", "scenario", "about", "began", "is_whole", "is_passed", "scale", "target",
    "environment", "generator", "parts", "budget",
)  # fmt: skip
PACKAGES = ("swath", "grpcio", "protobuf", "numpy")

OF_OVERLOAD = frozenset({OK, "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED"})
"""How calls end on a server that has too little of its machine."""
Document = Mapping[str, Any]


def document(
    outcome: Outcome, target: Target, ruler: Ruler, began: datetime, scale: float = 1.0
) -> dict[str, Any]:
    """All that a run gave, as values of JSON.

    `scale`: how many times as wide limits are that depend on the machine, those of the generator
    included.
    """
    results = outcome.results
    verdicts = judged(outcome.scenario.limits, all_figures(results), scale)
    bottlenecks = {r.part.name: why for r in results if (why := r.bottleneck(scale))}
    is_passed = outcome.is_whole and not bottlenecks and all(v.is_met for v in verdicts)
    found = {
        "format": FORMAT,
        "scenario": outcome.scenario.name,
        "about": outcome.scenario.about,
        "began": began.astimezone(UTC).isoformat(timespec="seconds"),
        "is_whole": outcome.is_whole,
        "is_passed": is_passed,
        "scale": scale,
        "target": _target(target),
        "environment": environment(),
        "generator": {
            "floor_ms": ruler.floor_ms,
            "most_rate": ruler.most_rate,
            "most_late_ms": MOST_LATE_MS * scale,
            "bottlenecks": bottlenecks,
        },
        "parts": {result.part.name: _part(result) for result in results},
        "budget": [_line(verdict) for verdict in verdicts],
    }
    assert tuple(found) == KEYS, "readers look for these keys"
    plain: dict[str, Any] = _plain(found)
    return plain


def write(of: Document, file: Path) -> None:
    """Write it to a file, as `put`."""
    put(json.dumps(of, indent=1, allow_nan=False) + "\n", file)


def put(text: str, file: Path) -> None:
    """Have a file hold a text, whole, or what it held before; as `replace_whole`.

    Raises:
        InvalidArgument: the file cannot be written.
    """
    try:
        replace_whole(file, partial(_write_text, text))
    except OSError as problem:
        raise InvalidArgument(f"{file} cannot be written: {problem.strerror}.") from None


def _write_text(text: str, path: Path) -> None:
    path.write_text(text, "utf-8")


def read(file: Path) -> Document:
    """A document that `write` wrote.

    Raises:
        InvalidArgument: it is not one.
    """
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise InvalidArgument(f"{file} is no report: {problem}") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise InvalidArgument(f"{file} is no report of this version (format {FORMAT}).")
    lacking = [key for key in KEYS if key not in found]
    if lacking:
        raise InvalidArgument(f"{file} is no whole report: it lacks {', '.join(lacking)}.")
    return found


def may_be_noise(of: Document) -> bool:
    """Whether all that a run missed depends on what else the machine does: it is worth a second."""
    return all(
        line["is_met"] or line["is_of_machine"] or _is_of_overload(of, line["what"])
        for line in of["budget"]
    )


def _is_of_overload(of: Document, figure: str) -> bool:
    """Whether it counts errors, and all of them are of a server that had too little time."""
    name, _, counted = figure.partition(".")
    return counted == "errors" and OF_OVERLOAD.issuperset(of["parts"][name]["codes"])


def environment() -> dict[str, Any]:
    """The machine and the versions."""
    return {
        "machine": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": list(os.getloadavg()),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def _processor() -> str:
    """As Linux tells it; empty where it does not."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return ""
    return next((x.partition(":")[2].strip() for x in lines if x.startswith("model name")), "")


def _target(target: Target) -> dict[str, Any]:
    address = target.address
    return {
        "inspect": address.inspect,
        "jobs": address.jobs,
        "is_local": target.is_local,
        "workers": target.workers,
        "database": target.database,
        "settings": dict(target.settings),
    }


def _part(result: PartResult) -> dict[str, Any]:
    part, records = result.part, result.records
    seconds = sum(phase.seconds for phase in part.phases)
    edges = np.linspace(0.0, seconds, min(STRETCHES, max(2, math.ceil(seconds * 2))) + 1).tolist()
    ok = records.is_ok
    return {
        "to": part.to,
        "work": [asdict(work) for work in part.work],
        "phases": [asdict(phase) for phase in part.phases],
        "warm_up": [asdict(phase) for phase in part.warm_up],
        "callers": part.callers,
        "processes": part.processes,
        "timeout_s": part.timeout_s,
        "beside": part.beside,
        "seconds": seconds,
        "figures": figures_of(result),
        "rounds": by_round(result),
        "codes": records.count_by_code(),
        "curve": [list(point) for point in curve(result.histogram)],
        "over_time": {
            "edges_s": edges,
            "due": np.histogram(records.due_s, edges)[0].tolist(),
            "answered": np.histogram(records.ended_s[ok], edges)[0].tolist(),
            "failed": np.histogram(records.due_s[~ok], edges)[0].tolist(),
            "latency_ms": [
                {name(p): ms for p, ms in found.items()}
                for found in over_time(records.due_s[ok], records.latency_s[ok], edges)
            ],
        },
        "server": _server(result.rounds[-1].growth),
        "percentiles": [name(p) for p in PERCENTILES],
    }


def _server(grown: Sequence[Growth]) -> list[dict[str, Any]]:
    """Each process of it, with times after the first look at any of them."""
    began_s = min((look.at_s for growth in grown for look in growth.samples[:1]), default=0.0)
    return [_process(growth, began_s) for growth in grown]


def _process(growth: Growth, began_s: float) -> dict[str, Any]:
    """One process, with its looks thinned to STRETCHES."""
    looks = growth.samples
    chosen = looks[:: math.ceil(len(looks) / STRETCHES) or 1]
    return {
        "process": growth.command,
        "processor_s": growth.processor_s,
        "gained_bytes": growth.gained_bytes,
        "memory_bytes": growth.last_bytes,
        "over_time": [
            [look.at_s - began_s, look.memory_bytes, look.processor_s] for look in chosen
        ],
    }


def _line(verdict: Verdict) -> dict[str, Any]:
    return {
        "what": verdict.what,
        "value": verdict.value,
        "bound": verdict.bound,
        "is_of_machine": verdict.is_of_machine,
        "is_met": verdict.is_met,
        "missed_by": verdict.missed_by,
        "why": verdict.limit.why,
    }


def _plain(value: Any) -> Any:
    """The same with null for what JSON has no number for."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)  # a date of TOML, among the options of some work
