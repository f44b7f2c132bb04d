"""Budgets: whether figures keep their limits, and by how much they miss them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from loadtest.scenario import Limit
from swath.errors import InvalidArgument

OF_THE_MACHINE = (
    "*latency_ms.*", "*late_ms.*", "*throughput", "*outage_s", "*_us", "*_rate", "*.busy", "*_mib",
    "*.fairness.late", "*.fairness.first_ms",
)  # fmt: skip
"""Figures that depend on what else a machine does. All others count what went wrong or happened:
no scale makes room for it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of a budget."""

    limit: Limit
    """As wide as it was made."""
    value: float
    """What was measured; nan: nothing, which keeps no limit."""
    is_of_machine: bool = False
    """Whether it depends on what else the machine does."""

    @property
    def what(self) -> str:
        """The figure, with what it is compared to."""
        limit = self.limit
        over = f" / {limit.over}" if limit.over else ""
        minus = f" - {limit.minus}" if limit.minus else ""
        return f"{limit.figure}{minus}{over}"

    @property
    def bound(self) -> str:
        """`≤ 10`, `≥ 0.5`."""
        limit = self.limit
        return f"≤ {limit.at_most:g}" if limit.at_most is not None else f"≥ {limit.at_least:g}"

    @property
    def is_met(self) -> bool:
        """Whether it is kept."""
        limit = self.limit
        if limit.at_most is not None:
            return self.value <= limit.at_most
        assert limit.at_least is not None, "a limit is one or the other"
        return self.value >= limit.at_least

    @property
    def missed_by(self) -> str:
        """How far it is beyond the limit; empty: it is kept."""
        if self.is_met:
            return ""
        limit = self.limit.at_most if self.limit.at_most is not None else self.limit.at_least
        assert limit is not None, "a limit is one or the other"
        if math.isnan(self.value):
            return "nothing was measured"
        share = f" ({abs(self.value - limit) / abs(limit):.0%})" if limit else ""
        return f"missed by {abs(self.value - limit):.3g}{share}"


def judged(
    limits: Sequence[Limit], figures: Mapping[str, float], scale: float = 1.0
) -> list[Verdict]:
    """A verdict for each limit, in their order.

    `scale`: how many times as wide limits of OF_THE_MACHINE are, for machines that are shared.
    """
    return [_judged(limit, _value(limit, figures), scale) for limit in limits]


def require_scale(scale: float) -> None:
    """Return if limits can be so many times as wide.

    Raises:
        InvalidArgument: they cannot.
    """
    if not 0 < scale < math.inf:
        raise InvalidArgument("The scale of a budget is more than 0.").at(argument="scale")


def _judged(limit: Limit, value: float, scale: float) -> Verdict:
    if not any(fnmatchcase(limit.figure, of) for of in OF_THE_MACHINE):
        return Verdict(limit, value)
    return Verdict(_wider(limit, scale), value, is_of_machine=True)


def _wider(limit: Limit, scale: float) -> Limit:
    if limit.at_most is not None:
        return replace(limit, at_most=limit.at_most * scale)
    assert limit.at_least is not None, "a limit is one or the other"
    return replace(limit, at_least=limit.at_least / scale)


def _value(limit: Limit, figures: Mapping[str, float]) -> float:
    value = _figure(limit.figure, figures)
    if limit.minus:
        value -= _figure(limit.minus, figures)
    if limit.over:
        below = _figure(limit.over, figures)
        value = value / below if below else math.nan
    return value


def _figure(name: str, figures: Mapping[str, float]) -> float:
    """A count of a code that never came is 0; anything else that is missing is nan."""
    absent = 0.0 if ".code." in name else math.nan
    return figures.get(name, absent)
