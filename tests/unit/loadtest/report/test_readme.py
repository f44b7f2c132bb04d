"""The README's budgets come from reports, and from sound ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from loadtest import scenario as scenarios
from loadtest.budget import judged
from loadtest.command import loadtest
from loadtest.report import document, readme
from loadtest.scenario import Limit
from swath.errors import InvalidArgument
from tests.loads import report, with_environment

README = Path(__file__).parents[4] / "README.md"
LIMITS = (
    Limit("one.latency_ms.p50", at_most=5.0, why="a promise"),
    Limit("one.latency_ms.p99", at_most=1.0),
    Limit("one.throughput", at_least=0.5, over="one.count"),
)


def test_a_row_for_each_limit_says_what_was_measured_and_whether_it_was_kept():
    lines = readme.block([report(limits=LIMITS)]).splitlines()
    assert lines[0] == readme.BEGIN and lines[-1] == readme.END
    assert lines[3:6] == [
        "| made_up | a promise: one.latency_ms.p50 | 2.1 ms | ≤ 5 ms | yes |",
        "| made_up | one.latency_ms.p99 | 2.3 ms | ≤ 1 ms | **no**, missed by 1.3 (130%) |",
        "| made_up | one.throughput / one.count | 0.168 | ≥ 0.5 | **no**, missed by 0.332 (66%) |",
    ]
    assert lines[-2].startswith("Measured on 2026-03-01, the generator on a machine with ")


def test_the_busiest_machine_of_several_reports_is_told():
    idle, busy = (with_environment(report(), load=[load, 0, 0]) for load in (0.5, 7.25))
    assert "load average was 7.2 at the end" in readme.block([idle, busy])


def test_names_are_text_in_the_table_and_make_no_further_cell():
    hostile = report(scenario="a|b`<c>[d](e)\n| x |", limits=LIMITS[:1])
    (row,) = (x for x in readme.block([hostile]).splitlines() if "promise" in x)
    assert row.startswith(r"| a\|b\`&lt;c&gt;\[d\](e) \| x \| | a promise: ")


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (lambda: [report(is_whole=False)], "interrupted"),
        (lambda: [report(scale=5.0)], "not its own"),
        (lambda: [report(), with_environment(report(), cores=99)], "different machines"),
        (lambda: [{**report(), "generator": {"bottlenecks": {"one": "late"}}}], "bottleneck"),
    ],
)
def test_figures_that_are_not_the_servers_are_refused(spoilt, said):
    with pytest.raises(InvalidArgument, match=said):
        readme.block(spoilt())


def test_the_block_is_replaced_and_the_rest_stays(tmp_path):
    file, one = tmp_path / "README.md", tmp_path / "one.json"
    file.write_text(f"before\n{readme.BEGIN}\nold\n{readme.END}\nafter\n")
    document.write(report(limits=LIMITS), one)
    words = ["readme", str(one), "--write", str(file)]
    assert CliRunner().invoke(loadtest, words, catch_exceptions=False).exit_code == 0
    assert file.read_text() == f"before\n{readme.block([report(limits=LIMITS)])}after\n"


@pytest.mark.parametrize("text", ["", f"{readme.BEGIN}\n", f"{readme.END}\n{readme.BEGIN}\n"])
def test_a_file_without_a_place_for_it_is_left_alone(tmp_path, text):
    file = tmp_path / "README.md"
    file.write_text(text)
    with pytest.raises(InvalidArgument, match="no place"):
        readme.write("new", file)
    assert file.read_text() == text


def test_without_a_file_the_block_is_printed(tmp_path):
    document.write(report(limits=LIMITS), tmp_path / "one.json")
    found = CliRunner().invoke(loadtest, ["readme", str(tmp_path / "one.json")])
    assert found.output == readme.block([report(limits=LIMITS)])


def rows_of_readme() -> list[list[str]]:
    text = README.read_text("utf-8")
    inside = text.split(f"{readme.BEGIN}\n")[1].split(f"{readme.END}\n")[0]
    assert inside.startswith(readme.HEAD)
    lines = inside.removeprefix(readme.HEAD).splitlines()
    return [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]


def test_the_readme_has_every_limit_of_the_scenarios_that_it_names_as_they_are_today():
    rows = rows_of_readme()
    wanted = [
        readme.promise(name, {"what": verdict.what, "bound": verdict.bound, "why": limit.why})
        for name in dict.fromkeys(row[0] for row in rows)
        for limit in scenarios.load(name).limits
        for verdict in judged([limit], {})
    ]
    assert [(row[0], row[1], row[3]) for row in rows] == wanted
    assert "inspect_overhead" in {row[0] for row in rows}
