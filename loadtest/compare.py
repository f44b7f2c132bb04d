"""Two reports of one scenario, before and after: what changed beyond noise.

A run measures each part in several rounds, and how much these differ is the noise. A figure has
changed beyond noise where the rounds of one report lie wholly above those of the other, and where
the medians of the rounds differ by more than a share that the caller states. The first rule alone
would cry wolf: rounds of one and the same server lie apart by chance once in 10 with three rounds
on each side (2 / C(6, 3)), once in 126 with five. The share then asks whether it matters. With
fewer than FEWEST rounds on either side nothing can be told.

What is not noise of the rounds is not seen: two runs at different hours of a shared machine differ
by more than their rounds do. Measure both on the same idle machine, one right after the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from loadtest.report.document import Document
from loadtest.report.meaning import Meaning, meaning_of
from loadtest.report.table import shown
from swath.errors import InvalidArgument

FEWEST = 3
"""Rounds on each side, below which chance alone sets them apart too often."""
LOAD = ("to", "work", "phases", "warm_up", "callers", "processes", "timeout_s", "beside")
"""What two parts must have in common, to be two measurements of one thing."""
MACHINE = ("machine", "processor", "cores", "python")
"""What environments should have in common; the packages come besides."""

Part = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One figure of one part, before and after."""

    part: str
    meaning: Meaning
    figure: str
    before: tuple[float, ...]
    """Of each round, lowest first."""
    after: tuple[float, ...]
    share: float
    """What is too little to matter."""

    @property
    def by(self) -> float:
        """Relative change of the median; infinite: it was 0 before."""
        old, new = median(self.before), median(self.after)
        if old == new:
            return 0.0
        return (new - old) / abs(old) if old else math.copysign(math.inf, new - old)

    @property
    def is_apart(self) -> bool:
        """Whether the rounds of one lie wholly above those of the other."""
        return self.before[-1] < self.after[0] or self.after[-1] < self.before[0]

    @property
    def is_beyond_noise(self) -> bool:
        """Apart, and by more than the share."""
        return self.is_apart and abs(self.by) > self.share

    @property
    def is_worse(self) -> bool:
        """Beyond noise, in the direction that no user wants."""
        is_up = self.by > 0
        return self.is_beyond_noise and is_up == (self.meaning.better == "less")

    @property
    def verdict(self) -> str:
        """`worse`, `better`, or `same`: nothing beyond noise."""
        if not self.is_beyond_noise:
            return "same"
        return "worse" if self.is_worse else "better"

    @property
    def sentence(self) -> str:
        """What changed, with the rounds that tell it."""
        old, new, unit = median(self.before), median(self.after), self.meaning.unit
        how = f"by {abs(self.by):.0%}" if math.isfinite(self.by) else "from nothing"
        grew = "grew" if self.by > 0 else "fell"
        return (
            f"{self.part}: {self.figure} {grew} {how}, from {shown(old)} to {shown(new)} {unit} "
            f"(rounds {_span(self.before)} before, {_span(self.after)} after): {self.verdict}."
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that can be told of two reports."""

    changes: tuple[Change, ...]
    """Every figure that could be compared, also where nothing changed."""
    warnings: tuple[str, ...]
    """Why some of it should be read with care, or is not there."""

    @property
    def is_worse(self) -> bool:
        """Whether anything got worse."""
        return any(change.is_worse for change in self.changes)


def compare(before: Document, after: Document, share: float) -> Comparison:
    """What changed from one report to the other by more than `share` (0.1: 10 %) and noise.

    Raises:
        InvalidArgument: they are of different scenarios, loads or targets, or one is not whole.
    """
    if not (math.isfinite(share) and share >= 0):
        raise InvalidArgument("A share is 0 or more.").at(argument="worse")
    try:
        _require_same(before, after)
        warnings = [*_differences(before, after)]
        changes: list[Change] = []
        for name in before["parts"]:
            why = _why_not(name, before, after)
            if why:
                warnings.append(f"{name} is not compared: {why}.")
                continue
            old, new = (of["parts"][name]["rounds"] for of in (before, after))
            changes += _changes(name, old, new, share)
    except (LookupError, TypeError, AttributeError) as problem:
        raise InvalidArgument(f"A report is not whole: {problem!r}.") from None
    return Comparison(tuple(changes), tuple(warnings))


def _require_same(before: Document, after: Document) -> None:
    """That they measured one thing."""
    pairs = (
        ("scenarios", before["scenario"], after["scenario"]),
        ("parts", [*before["parts"]], [*after["parts"]]),
        ("targets", *(_size(of["target"]) for of in (before, after))),
        *(
            (f"loads ({key} of part {name})", part[key], after["parts"][name][key])
            for name, part in before["parts"].items()
            if name in after["parts"]
            for key in LOAD
        ),
    )
    for what, old, new in pairs:
        if old != new:
            raise InvalidArgument(f"The reports are of different {what}: {old} and {new}.")


def _size(target: Mapping[str, Any]) -> str:
    """What a target's figures depend on, in words."""
    if not target["is_local"]:
        return "servers that ran already"
    chosen = [f"{name} = {value}" for name, value in sorted(target["settings"].items())]
    words = ", ".join([f"{target['workers']} workers", target["database"], *chosen])
    return f"servers started for the run with {words}"


def _differences(before: Document, after: Document) -> Iterator[str]:
    """Why the environment may be what changed."""
    old, new = before["environment"], after["environment"]
    for key in MACHINE:
        if old[key] != new[key]:
            yield f"The environments differ, {key}: {old[key]} and {new[key]}."
    for package in sorted(old["packages"].keys() | new["packages"].keys()):
        versions = [of["packages"].get(package, "none") for of in (old, new)]
        if versions[0] != versions[1]:
            yield f"The environments differ, {package}: {versions[0]} and {versions[1]}."
    for which, of in (("first", before), ("second", after)):
        if not of["is_whole"]:
            yield f"The {which} run was interrupted."
        if of["scale"] != 1:
            most = of["generator"]["most_late_ms"]
            yield f"The generator of the {which} run might be {most:g} ms late, by its --scale."


def _why_not(name: str, before: Document, after: Document) -> str:
    """Why a part cannot be compared; empty: it can."""
    for which, of in (("first", before), ("second", after)):
        if name in of["generator"]["bottlenecks"]:
            return f"the generator was its bottleneck in the {which} report"
    fewest = min(len(of["parts"][name]["rounds"]) for of in (before, after))
    if fewest < FEWEST:
        return f"{fewest} rounds tell nothing of noise, {FEWEST} are needed on each side"
    return ""


def _changes(
    part: str, old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]], share: float
) -> Iterator[Change]:
    for figure in old[0]:
        meaning = meaning_of(figure)
        before, after = _sorted(figure, old), _sorted(figure, new)
        # A figure that a round lacks (nothing succeeded in it) is told by its errors.
        if meaning.is_compared and len(before) == len(old) and len(after) == len(new):
            yield Change(part, meaning, figure, before, after, share)


def _sorted(figure: str, rounds: Sequence[Mapping[str, Any]]) -> tuple[float, ...]:
    return tuple(sorted(one[figure] for one in rounds if one.get(figure) is not None))


def _span(rounds: Sequence[float]) -> str:
    return f"{shown(rounds[0])} to {shown(rounds[-1])}"


def print_comparison(of: Comparison, console: Console) -> None:
    """A table of all that was compared, then a sentence for each change, then the verdict."""
    table = Table(title="median of the rounds", title_justify="left")
    for heading in ("part", "figure", "unit", "before", "after", "change", "rounds", ""):
        table.add_column(heading, justify=_side(heading), overflow="fold")
    for change in of.changes:
        table.add_row(*map(escape, _row(change)))
    console.print(table)
    for warning in of.warnings:
        console.print(Text(warning, "yellow"))
    for change in of.changes:
        if change.is_beyond_noise:
            console.print(Text(change.sentence, "bold red" if change.is_worse else "green"))
    console.print(Text(_conclusion(of), "bold red" if of.is_worse else "bold"))


def _side(heading: str) -> Literal["left", "right"]:
    return "right" if heading in {"before", "after", "change"} else "left"


def _row(change: Change) -> tuple[str, ...]:
    old, new = median(change.before), median(change.after)
    by = f"{change.by:+.0%}" if math.isfinite(change.by) else "from 0"
    rounds = "apart" if change.is_apart else "overlap"
    verdict = "" if change.verdict == "same" else change.verdict
    name, unit = change.figure, change.meaning.unit
    return change.part, name, unit, shown(old), shown(new), by, rounds, verdict


def _conclusion(of: Comparison) -> str:
    if not of.changes:
        return "Nothing could be compared."
    worse = sum(change.is_worse for change in of.changes)
    better = sum(change.verdict == "better" for change in of.changes)
    return f"Of {len(of.changes)} figures {worse} got worse and {better} better, beyond noise."
