"""Which scenarios may share servers: all but those that do harm to them."""

from __future__ import annotations

from itertools import groupby

from loadtest.scenario import Scenario, parse
from loadtest.suite import servers_for
from tests.unit.loadtest.test_scenario import PLAIN


def named(name: str, *needs: str) -> Scenario:
    return parse({**PLAIN, "name": name, "needs": list(needs)})


def test_scenarios_share_servers_but_for_those_that_need_their_own():
    given = [named("a"), named("b", "jobs"), named("c", "local"), named("d", "local"), named("e")]
    groups = [[one.name for one in group] for _, group in groupby(given, servers_for)]
    assert groups == [["a", "b"], ["c"], ["d"], ["e"]]
