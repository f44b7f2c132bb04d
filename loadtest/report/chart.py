"""Line charts as SVG in a page: axes with units, a legend, a title that is read aloud.

Lines differ by colour and by dashes, so that they can be told apart on paper and by everyone.
Colours are classes (`s0` …), which `style.py` gives for a light and for a dark page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from loadtest.report.markup import escaped
from loadtest.report.scale import Scale

WIDTH, HEIGHT = 480, 250
LEFT, RIGHT, TOP, BOTTOM = 52, 26, 12, 42
"""Margins, where the marks of the axes stand. All are units of the picture, about a pixel each."""
COLOURS = 8
"""Classes that `style.py` has; further lines begin anew."""
DASHES = ("", "7 3", "2 3", "9 3 2 3")

Point = tuple[float, float | None]
"""None: nothing was measured there, and the line has a gap."""


@dataclass(frozen=True, slots=True)
class Line:
    """One curve."""

    name: str
    """In the legend."""
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a chart."""

    label: str
    """What it is, with its unit."""
    scale: Scale
    labels: Sequence[str] = ()
    """Of its marks; empty: their numbers."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over one axis."""

    title: str
    x: Axis
    y: Axis
    lines: Sequence[Line]


def figure(chart: Chart, number: int) -> str:
    """The chart with its title and legend, as an element of a page; `number` is its own there."""
    legend = "".join(_legend(index, line.name) for index, line in enumerate(chart.lines))
    return (
        f"<figure><figcaption>{escaped(chart.title)}</figcaption>"
        f'<ul class="legend">{legend}</ul>{svg(chart, number)}</figure>\n'
    )


def svg(chart: Chart, number: int) -> str:
    """The picture alone."""
    names = ", ".join(line.name for line in chart.lines)
    told = f"{chart.y.label} over {chart.x.label}: {names}"
    drawn = "".join(_curve(chart, index, line) for index, line in enumerate(chart.lines))
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-labelledby="t{number} d{number}">'
        f'<title id="t{number}">{escaped(chart.title)}</title>'
        f'<desc id="d{number}">{escaped(told)}</desc>'
        f"{_across(chart.y)}{_along(chart.x)}{drawn}</svg>"
    )


def number_label(value: float) -> str:
    """A mark's number, short: `0.05`, `20`, `5k`, `1M`."""
    for above, letter in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= above:
            return f"{value / above:.4g}{letter}"
    return f"{value:.4g}"


def _x(axis: Axis, value: float) -> float:
    return LEFT + axis.scale.place(value) * (WIDTH - LEFT - RIGHT)


def _y(axis: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - axis.scale.place(value) * (HEIGHT - TOP - BOTTOM)


def _across(axis: Axis) -> str:
    """The axis at the left, and its lines across the picture."""
    marks = "".join(
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="end" x="{LEFT - 6}" y="{y + 4:.1f}">{escaped(label)}</text>'
        for y, label in ((_y(axis, value), label) for value, label in _marks(axis))
    )
    middle = (HEIGHT - BOTTOM + TOP) / 2
    return (
        f'{marks}<text class="middle label" x="12" y="{middle:.1f}" '
        f'transform="rotate(-90 12 {middle:.1f})">{escaped(axis.label)}</text>'
    )


def _along(axis: Axis) -> str:
    """The axis below."""
    floor = HEIGHT - BOTTOM
    marks = "".join(
        f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{floor + 4}"/>'
        f'<text class="middle" x="{x:.1f}" y="{floor + 17}">{escaped(label)}</text>'
        for x, label in ((_x(axis, value), label) for value, label in _marks(axis))
    )
    return (
        f'{marks}<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{floor}" y2="{floor}"/>'
        f'<text class="middle label" x="{(WIDTH + LEFT - RIGHT) / 2:.1f}" y="{HEIGHT - 6}">'
        f"{escaped(axis.label)}</text>"
    )


def _marks(axis: Axis) -> Iterable[tuple[float, str]]:
    labels = axis.labels or [number_label(mark) for mark in axis.scale.marks]
    return zip(axis.scale.marks, labels, strict=True)


def _curve(chart: Chart, index: int, line: Line) -> str:
    pieces = groupby(line.points, key=lambda point: point[1] is not None)
    shown = (_piece(chart, index, list(points)) for is_there, points in pieces if is_there)
    return f"<g><title>{escaped(line.name)}</title>{''.join(shown)}</g>"


def _piece(chart: Chart, index: int, points: Sequence[Point]) -> str:
    """A stretch without gaps; a dot where it is one point."""
    places = [(_x(chart.x, at), _y(chart.y, value)) for at, value in points if value is not None]
    if len(places) == 1:
        x, y = places[0]
        return f'<circle class="{_class(index)}" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>'
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return f'<polyline class="{_class(index)}"{_dashes(index)} points="{path}"/>'


def _legend(index: int, name: str) -> str:
    sample = f'<line class="{_class(index)}"{_dashes(index)} x1="0" x2="28" y1="5" y2="5"/>'
    return (
        f'<li><svg class="sample" viewBox="0 0 28 10" aria-hidden="true">{sample}</svg>'
        f"{escaped(name)}</li>"
    )


def _class(index: int) -> str:
    return f"s{index % COLOURS}"


def _dashes(index: int) -> str:
    pattern = DASHES[index % len(DASHES)]
    return f' stroke-dasharray="{pattern}"' if pattern else ""
