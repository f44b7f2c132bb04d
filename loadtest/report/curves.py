"""The charts of a report: which figures of a document are drawn, over what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, pairwise
from typing import Any

from loadtest.report.chart import Axis, Chart, Line, Point
from loadtest.report.document import Document
from loadtest.report.scale import Scale, even, logarithmic, stretch

Part = Mapping[str, Any]
NINES = (50.0, 90.0, 99.0, 99.9, 99.99, 99.999, 99.9999)
"""Marks of the axis of percentiles; it ends at the fifth unless more requests were sent."""
OVER_TIME = ("p50", "p99", "max")
PROCESSES = 6
"""Of the servers that have a line of their own, the largest first."""
MIB = 1 << 20
TIME = "seconds after the start of the part"


def percentiles(of: Document) -> Chart:
    """Latency over percentile, all parts: each step to the right leaves a tenth of the requests."""
    lines = [Line(name, _nines(part)) for name, part in of["parts"].items()]
    most = max((x for line in lines for x, _ in line.points), default=1.0)
    marks = [p for index, p in enumerate(NINES) if index < 5 or _left(p) <= most * (1 + 1e-9)]
    places = tuple(_left(p) for p in marks)
    x = Axis("percentile", Scale(1.0, max(places[-1], most), places, is_log=True), _texts(marks))
    return Chart("Latency by percentile, all parts", x, _latency_axis(lines), lines)


def latency(part: Part) -> Chart:
    """Latency over time."""
    over, x = part["over_time"], _time(part)
    lines = [
        Line(column, _at_middles(part, [found.get(column) for found in over["latency_ms"]]))
        for column in OVER_TIME
    ]
    return Chart("Latency over time", x, _latency_axis(lines), lines)


def throughput(part: Part) -> Chart:
    """Requests that were due, answered and failed each second; of several rounds the mean."""
    over = part["over_time"]
    rounds = max(1, len(part["rounds"]))
    lengths = [end - begin for begin, end in pairwise(over["edges_s"])]
    lines = [
        Line(name, _at_middles(part, _rates(over[key], lengths, rounds)))
        for name, key in (("due", "due"), ("answered", "answered"), ("failed", "failed"))
    ]
    y = Axis("requests per second", even(_values(lines)))
    return Chart("Throughput and errors over time", _time(part), y, lines)


def memory(part: Part) -> Chart:
    """Resident memory of the servers' largest processes over time, in the last round."""
    lines = [
        Line(name, [(at_s, memory_bytes / MIB) for at_s, memory_bytes, _ in process["over_time"]])
        for name, process in _largest(part)
    ]
    y = Axis("resident memory, MiB", even(_values(lines)))
    return Chart("Memory of the servers' processes", _looks(lines), y, lines)


def processor(part: Part) -> Chart:
    """What each of these processes used of a core between two looks."""
    lines = [Line(name, _busy(process["over_time"])) for name, process in _largest(part)]
    y = Axis("share of one core", even(_values(lines)))
    return Chart("Processor time of the servers' processes", _looks(lines), y, lines)


def _left(percentile: float) -> float:
    """One request in how many takes longer."""
    return 100.0 / (100.0 - percentile)


def _texts(marks: Sequence[float]) -> list[str]:
    return [f"{p:g}" for p in marks]


def _nines(part: Part) -> list[Point]:
    """Without 100 %, which lies nowhere on the axis: the longest is where all but one are."""
    found: list[Point] = [(_left(p), ms) for p, ms in part["curve"] if p < 100.0]
    longest = [ms for p, ms in part["curve"] if p >= 100.0]
    if longest:
        count = float(part["codes"].get("OK", 1))
        # Below the last level that was resolved there is no room for a further point.
        found = [point for point in found if point[0] < count]
        found.append((max(count, 1.0), longest[-1]))
    return found


def _latency_axis(lines: Sequence[Line]) -> Axis:
    return Axis("latency, ms (logarithmic)", logarithmic(_values(lines)))


def _time(part: Part) -> Axis:
    edges = part["over_time"]["edges_s"]
    return Axis(TIME, stretch(edges[0], edges[-1]))


def _looks(lines: Sequence[Line]) -> Axis:
    """Of what is looked at from outside, which begins before the part: with its warm-up."""
    last = max((x for line in lines for x, _ in line.points), default=0.0)
    return Axis("seconds after the first look", stretch(0.0, last or 1.0))


def _at_middles(part: Part, values: Sequence[float | None]) -> list[Point]:
    middles = [(begin + end) / 2 for begin, end in pairwise(part["over_time"]["edges_s"])]
    return list(zip(middles, values, strict=True))


def _rates(counts: Sequence[int], lengths: Sequence[float], rounds: int) -> list[float | None]:
    return [n / length / rounds for n, length in zip(counts, lengths, strict=True)]


def _values(lines: Sequence[Line]) -> list[float]:
    points = chain.from_iterable(line.points for line in lines)
    return [y for _, y in points if y is not None]


def _largest(part: Part) -> list[tuple[str, Mapping[str, Any]]]:
    """By memory, with a number where several have one name."""
    chosen = sorted(part["server"], key=lambda process: -process["memory_bytes"])[:PROCESSES]
    names = [process["process"] for process in chosen]
    numbered = [
        f"{name} {names[: index + 1].count(name)}" if names.count(name) > 1 else name
        for index, name in enumerate(names)
    ]
    return list(zip(numbered, chosen, strict=True))


def _busy(looks: Sequence[Sequence[float]]) -> list[Point]:
    return [
        ((begin_s + end_s) / 2, max(0.0, used - before) / (end_s - begin_s))
        for (begin_s, _, before), (end_s, _, used) in pairwise(looks)
        if end_s > begin_s
    ]
