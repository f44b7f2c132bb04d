"""Several scenarios, in turn, on servers that are started once for as many as may be."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from itertools import groupby
from typing import Any

from loadtest.run import Outcome, Say, run
from loadtest.scenario import Scenario
from loadtest.target import Target, started


def run_all(
    scenarios: Sequence[Scenario], say: Say, database: str = ""
) -> Iterator[tuple[Outcome, Target]]:
    """What each gave, as soon as it is over; it ends with the one that Ctrl-C interrupted.

    `database`: as `loadtest.target.started`.

    Raises:
        SwathError: as `loadtest.run.run`.
    """
    for _, together in groupby(scenarios, servers_for):
        with closing(_on_one(list(together), say, database)) as outcomes:
            for outcome, target in outcomes:
                yield outcome, target
                if not outcome.is_whole:
                    return


def started_for(
    scenarios: Sequence[Scenario], workers: int | None = None, database: str = ""
) -> AbstractContextManager[Target]:
    """Servers for scenarios for which `servers_for` is the same.

    `workers`: of job servers; absent: as many as the scenarios say, or one. `database`: as
    `loadtest.target.started`.
    """
    first = scenarios[0]
    if workers is None:
        workers = 1 if first.workers is None else first.workers
    has_jobs = any("jobs" in scenario.needs for scenario in scenarios)
    workers = workers if has_jobs else 0
    return started(workers, owners=first.owners, settings=first.settings, database=database)


def servers_for(scenario: Scenario) -> tuple[Any, ...]:
    """Equal for scenarios whose servers may be the same ones."""
    alone = scenario.name if "local" in scenario.needs else ""
    return alone, scenario.owners, scenario.workers, sorted(scenario.settings.items())


def _on_one(
    scenarios: Sequence[Scenario], say: Say, database: str
) -> Generator[tuple[Outcome, Target], None, None]:
    with started_for(scenarios, database=database) as target:
        for scenario in scenarios:
            say(f"--- {scenario.name}")
            yield run(scenario, target, say), target
