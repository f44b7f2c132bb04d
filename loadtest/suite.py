"""Several scenarios, in turn, on servers that are started once for as many as may be."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from itertools import groupby

from loadtest.run import Outcome, Say, run
from loadtest.scenario import Scenario
from loadtest.target import Target, started


def run_all(scenarios: Sequence[Scenario], say: Say) -> Iterator[tuple[Outcome, Target]]:
    """What each gave, as soon as it is over; it ends with the one that Ctrl-C interrupted.

    Raises:
        SwathError: as `loadtest.run.run`.
    """
    for _, together in groupby(scenarios, servers_for):
        with closing(_on_one(list(together), say)) as outcomes:
            for outcome, target in outcomes:
                yield outcome, target
                if not outcome.is_whole:
                    return


def _on_one(
    scenarios: Sequence[Scenario], say: Say
) -> Generator[tuple[Outcome, Target], None, None]:
    workers = int(any("jobs" in scenario.needs for scenario in scenarios))
    with started(workers) as target:
        for scenario in scenarios:
            say(f"--- {scenario.name}")
            yield run(scenario, target, say), target


def servers_for(scenario: Scenario) -> tuple[str, ...]:
    """Equal for scenarios whose servers may be the same ones."""
    return (scenario.name,) if "local" in scenario.needs else ()
