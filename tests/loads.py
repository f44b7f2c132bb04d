"""Reports of loads that nobody sent: made by the real `document`, of records that are made up."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from loadtest.calibrate import Ruler
from loadtest.client import Used
from loadtest.figures import PartResult, Round
from loadtest.link import Address
from loadtest.pace import Phase
from loadtest.records import Records
from loadtest.report.document import document
from loadtest.resources import Growth, Sample
from loadtest.run import Outcome
from loadtest.scenario import Limit, Part, Scenario, Work
from loadtest.target import Target

SECONDS = 2.0
BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
MIB = 1 << 20


def records(latency_ms: Sequence[float], failed: int = 0, late_ms: float = 0.1) -> Records:
    """Requests that were due evenly over SECONDS; the first `failed` of them did not succeed."""
    count = len(latency_ms)
    due_s = np.arange(count) * SECONDS / max(count, 1)
    code = np.zeros(count, np.int16)
    code[:failed] = 1
    return Records(
        due_s, due_s + late_ms / 1e3, due_s + np.array(latency_ms, np.float64) / 1e3, code,
        np.zeros(count, np.int16), np.full(count, 64), ("OK", "UNAVAILABLE"),
    )  # fmt: skip


def growth(name: str = "inspect_server", memory_mib: float = 100.0, used_s: float = 0.5) -> Growth:
    """A process of the server that kept its size, looked at four times."""
    memory = int(memory_mib * MIB)
    looks = tuple(Sample(50.0 + i, memory, i * used_s / 3) for i in range(4))
    return Growth(1, name, used_s, 0, memory, samples=looks)


def turn(latency_ms: Sequence[float], failed: int = 0, **of_server: Any) -> Round:
    """A round of a part."""
    return Round(records(latency_ms, failed), (Used(0.2, SECONDS),), (growth(**of_server),))


def part(name: str = "one", **changed: Any) -> Part:
    """A constant load."""
    plain: dict[str, Any] = {"work": (Work("constant"),), "phases": (Phase(SECONDS, 50.0, 50.0),)}
    return Part(name, "inspect", **{**plain, **changed})


def rounds_at(*median_ms: float, count: int = 100) -> tuple[Round, ...]:
    """A round for each median, whose latencies lie a little around it."""
    return tuple(turn([ms * (1 + (i - 50) / 1000) for i in range(count)]) for ms in median_ms)


def report(
    results: Sequence[PartResult] = (),
    limits: Sequence[Limit] = (),
    *,
    scenario: str = "made_up",
    about: str = "A load that nobody sent.",
    is_whole: bool = True,
    workers: int | None = 0,
    scale: float = 1.0,
) -> dict[str, Any]:
    """The report of such a run, as it is read from its file."""
    results = results or (PartResult(part(), rounds_at(2.0, 2.1, 2.2)),)
    of = Scenario(scenario, about, tuple(result.part for result in results), tuple(limits))
    target = Target(Address("127.0.0.1:1", "127.0.0.1:2"), workers=workers)
    outcome, ruler = Outcome(of, tuple(results), is_whole), Ruler(0.5, 2000.0)
    found = document(outcome, target, ruler, BEGAN, scale)
    read: dict[str, Any] = json.loads(json.dumps(found, allow_nan=False))
    return read


def with_environment(of: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
    """The same report of another machine."""
    return {**of, "environment": {**of["environment"], **changed}}
