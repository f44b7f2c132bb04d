"""`docs/loadtest.md` names every key, figure and field that there is, and no others."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from loadtest import scenario as scenarios
from loadtest.beside import STARTS
from loadtest.command import loadtest
from loadtest.compare import FEWEST
from loadtest.figures import MOST_BUSY, MOST_LATE_MS, PartResult, figures_of
from loadtest.known import require_known
from loadtest.report.meaning import MEANINGS
from loadtest.scenario import Limit, Part, Scenario, Work
from loadtest.work import KINDS
from tests.loads import part, report, rounds_at

PAGE = (Path(__file__).parents[3] / "docs" / "loadtest.md").read_text("utf-8")
SPELT = {"parts": "part", "limits": "budget", "phases": "phase"}
"""Fields of the dataclasses whose keys in TOML are other words."""
FREE = {"figures", "rounds[]", "codes", "packages", "bottlenecks", "latency_ms[]", "settings"}
"""Objects of a report whose names are those of figures, codes and the like: `*` in the page."""


def section(title: str) -> str:
    """Below a heading, to the next one."""
    return re.split(r"\n##+ ", PAGE.split(f"\n{title}\n", 1)[1], maxsplit=1)[0]


def first_cells(text: str) -> list[str]:
    """The names in the first column of all tables."""
    rows = re.findall(r"^\| (`[^|]*`) \|", text, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def keys(cls: type[Any]) -> list[str]:
    return sorted(SPELT.get(field.name, field.name) for field in fields(cls))


@pytest.mark.parametrize(
    ("title", "cls"),
    [
        ("### The scenario", Scenario),
        ("### `[[part]]`", Part),
        ("### `[[budget]]`", Limit),
    ],
)
def test_every_key_of_a_scenario_is_described(title, cls):
    assert sorted(first_cells(section(title))) == keys(cls)


def test_every_key_of_work_and_every_kind_is_described():
    assert sorted(first_cells(section("### `work`"))) == sorted([*keys(Work), *KINDS])


def test_every_key_of_a_phase_is_described_and_is_one():
    named = first_cells(section("### `[[part.phase]]`, and `warm_up`"))
    assert sorted(named) == ["burst", "from", "rate", "seconds", "to"]
    phases = [dict.fromkeys(named, 1)]
    one = {"name": "x", "to": "inspect", "work": [{"kind": "constant"}], "phase": phases}
    parsed = scenarios.parse({"name": "x", "about": "x", "part": [one]})
    assert parsed.parts[0].phases[0].from_rate == 1


@pytest.mark.parametrize("name", [*STARTS, *scenarios.WHERE])
def test_what_goes_on_beside_and_each_server_is_named(name):
    assert f"`{name}`" in PAGE or f"`{name}:" in PAGE


def test_the_example_is_a_scenario():
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    found = scenarios.parse(tomllib.loads(text))
    require_known(found)
    assert found.rounds >= FEWEST
    assert {work.kind for part in found.parts for work in part.work} <= set(KINDS)


@pytest.mark.parametrize("row", MEANINGS, ids=lambda row: row.name)
def test_every_figure_is_described_with_its_unit(row):
    assert f"| `{row.name}` | {row.unit} | {row.text} |\n" in section("## Figures")


def test_no_figure_is_described_that_there_is_not():
    there = figures_of(PartResult(part(), rounds_at(2.0)))
    described = first_cells(section("## Figures"))
    assert described == [row.name for row in MEANINGS]
    for row in MEANINGS:
        assert any(row.is_of(name) for name in there), row.name


def paths(value: Any, path: str = "") -> Iterator[str]:
    """Where the values of a document are: `parts.*.rounds[].*`."""
    last = path.rpartition(".")[2]
    if isinstance(value, dict) and last == "parts":
        yield from (found for item in value.values() for found in paths(item, f"{path}.*"))
    elif isinstance(value, dict) and last in FREE:
        yield f"{path}.*"
    elif isinstance(value, dict) and last != "options":
        for key, item in value.items():
            yield from paths(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and last in ITEMS:
        yield from paths(value[0], f"{path}[]")
    else:
        yield path


ITEMS = {"work", "phases", "warm_up", "rounds", "curve", "latency_ms", "server", "percentiles"}
ITEMS |= {"budget"}


def test_every_field_of_a_report_is_described_and_no_other():
    loaded = part(warm_up=part().phases)
    result = PartResult(loaded, rounds_at(2.0))
    found = set(paths(report([result], [Limit("one.errors", at_most=0.0)])))
    # Lists of numbers are fields by themselves, but for the one whose items are lists.
    found = {"parts.*.server[].over_time[]" if p.endswith("].over_time") else p for p in found}
    assert set(first_cells(section("### The JSON, field by field"))) == found


@pytest.mark.parametrize("command", ["list", "run", "page", "compare", "readme"])
def test_every_command_is_described(command):
    assert f"swath loadtest {command}" in PAGE
    assert command in loadtest.commands


def test_every_option_of_run_is_described():
    offered = re.findall(r"--[a-z]+", CliRunner().invoke(loadtest, ["run", "--help"]).output)
    assert [option for option in offered if option != "--help" and option not in PAGE] == []


def test_the_rules_have_the_numbers_of_the_code():
    ruler, runs = section("## Whether the ruler is straight"), section("## Two runs")
    assert f"more than {MOST_LATE_MS:g} ms" in ruler
    assert f"more than {MOST_BUSY:g} of one core" in ruler
    assert "fewer than three rounds" in runs and FEWEST == 3
