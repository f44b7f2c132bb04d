"""Scenarios say what is wrong with them; those that come with Swath have nothing wrong."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from loadtest.audit import AUDITS
from loadtest.beside import start_of
from loadtest.scenario import load, names, parse, repeated
from loadtest.work import kind_of
from swath.errors import InvalidArgument

PLAIN: dict[str, Any] = {
    "name": "plain",
    "about": "a test",
    "part": [
        {
            "name": "one",
            "to": "inspect",
            "work": [{"kind": "constant"}],
            "phase": [{"rate": 10, "seconds": 1.0}],
        }
    ],
    "budget": [{"figure": "one.latency_ms.p50", "at_most": 5.0}],
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The plain scenario with another value at a path such as `part.0.to`; None removes it."""
    table = deepcopy(PLAIN)
    *above, last = [int(key) if key.isdecimal() else key for key in path.split(".")]
    inside: Any = table
    for key in above:
        inside = inside[key]
    if value is None:
        del inside[last]
    else:
        inside[last] = value
    return table


@pytest.mark.parametrize("name", names())
def test_each_scenario_of_swath_can_be_read_and_its_work_is_known(name):
    scenario = load(name)
    assert scenario.name == name
    for part in scenario.parts:
        for work in part.work:
            kind_of(work, part.to, 1)
        for beside in part.beside:
            start_of(beside)
        assert set(part.audit) <= set(AUDITS)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("part", [], "no part"),
        ("part", "x", "arrays of tables"),
        ("part.0.to", "mars", "to is one of"),
        ("part.0.work", [], "needs work"),
        ("part.0.phase", [], "needs work and phases"),
        ("part.0.name", None, "A part lacks name"),
        ("part.0.speed", 3, "no 'speed'"),
        ("part.0.phase", [{"rate": -1, "seconds": 1.0}], "^rate of a phase is 0 or more, not -1"),
        ("part.0.phase", [{"rate": "10"}], "^rate of a phase is a number, not '10'"),
        ("part.0.phase", [{"from": 1, "to": "2"}], "^to of a phase is a number, not '2'"),
        ("part.0.phase", [{"from": -1, "to": 2}], "^from of a phase is 0 or more, not -1"),
        ("part.0.phase", [{"from_rate": 1}], "no 'from_rate'; it has: burst, from, rate, sec"),
        ("part.0.phase", [{"burst": -1}], "^burst of a phase is 0 or more, not -1"),
        ("part.0.warm_up", [{"seconds": float("inf")}], "^seconds of a phase is 0 or more"),
        ("part.0.processes", 0, "processes"),
        ("part.0.work", [{"kind": "create", "owner": "eve"}], "'eve' is none of the owners"),
        ("part.0.timeout_s", 0, "timeout_s"),
        ("budget.0.figure", "two.latency_ms.p50", "no part 'two'"),
        ("budget.0.at_least", 1.0, "at_most or at_least"),
        ("budget.0.at_most", None, "at_most or at_least"),
        ("rounds", 0, "rounds"),
        ("speed", 1, "no 'speed'"),
        ("name", "../x", "a name has letters"),
        ("part.0.name", "a.b", "a name has letters"),
        ("part.0.callers", -1, "callers is 0 or more"),
        ("part.0.callers", 1.5, "callers of a part is a whole number, not 1.5"),
        ("part.0.processes", "2", "processes of a part is a whole number"),
        ("part.0.timeout_s", "1", "timeout_s of a part is a number"),
        ("part.0.beside", "abusers", "beside of a part is an array, each text"),
        ("part.0.work", [{"kind": "constant", "weight": True}], "weight of a work is a number"),
        ("part.0.phase", [{"burst": 1.5}], "burst of a phase is a whole number"),
        ("part.0.phase", [{"rate": 1e12, "seconds": 1.0}], "requests are more than"),
        ("part.0.phase", [{"rate": 0, "seconds": 1.0}], "asks nothing"),
        ("rounds", "3", "rounds of a scenario is a whole number"),
        ("workers", -1, "workers is 0 or more"),
        ("needs", ["mars"], "needs are of"),
        ("owners", 3, "owners of a scenario is an array"),
        ("settings", "x", "settings of a scenario is a table"),
        ("budget.0.at_most", "5", "at_most of a budget is a number"),
        ("budget.0.figure", 3, "figure of a budget is text"),
    ],
)
def test_what_is_wrong_is_said(path, value, said):
    with pytest.raises(InvalidArgument, match=said):
        parse(changed(path, value))


def test_work_may_be_sent_by_an_owner_whom_the_scenario_names():
    table = changed("part.0.work", [{"kind": "create", "owner": "ada"}])
    (work,) = parse({**table, "owners": ["ada"]}).parts[0].work
    assert work.owner == "ada"


def test_two_parts_of_one_name_are_refused():
    with pytest.raises(InvalidArgument, match="one name"):
        parse({**PLAIN, "part": PLAIN["part"] * 2})


@pytest.mark.parametrize("text", ["name = ", "name = 'x'"])
def test_a_file_that_is_no_scenario_is_named(tmp_path, text):
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(InvalidArgument, match=r"mine\.toml"):
        load(str(file))


def test_an_unknown_name_lists_those_that_there_are():
    with pytest.raises(InvalidArgument, match="inspect_overhead"):
        load("no such")


def test_a_scenario_is_repeated_as_often_as_is_said():
    assert repeated(parse(PLAIN), 3).rounds == 3
    with pytest.raises(InvalidArgument, match="rounds"):
        repeated(parse(PLAIN), 0)
