"""Two reports: what changed beyond noise, and which pairs are not to be compared."""

from __future__ import annotations

import io

import pytest
from click.testing import CliRunner
from rich.console import Console

from loadtest.command import loadtest
from loadtest.compare import Comparison, compare, print_comparison
from loadtest.figures import PartResult
from loadtest.pace import Phase
from loadtest.report.document import write
from loadtest.scenario import Work
from swath.errors import InvalidArgument
from tests.loads import part, report, rounds_at, turn, with_environment

SHARE = 0.1


def at(*median_ms: float, **changed):
    """A report whose rounds have these medians."""
    return report([PartResult(part(**changed), rounds_at(*median_ms))])


def change(found: Comparison, figure: str):
    (one,) = (c for c in found.changes if c.figure == figure)
    return one


def printed(found: Comparison) -> str:
    file = io.StringIO()
    print_comparison(found, Console(width=200, file=file))
    return file.getvalue()


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ((2.0, 2.1, 2.2), (2.0, 2.1, 2.2), "same"),
        ((2.0, 2.1, 2.2), (3.0, 3.1, 3.2), "worse"),
        ((3.0, 3.1, 3.2), (2.0, 2.1, 2.2), "better"),
        ((2.0, 2.1, 9.0), (3.0, 3.1, 3.2), "same"),  # rounds overlap: noise, whatever the medians
        ((2.0, 2.01, 2.02), (2.1, 2.11, 2.12), "same"),  # apart, but by 5 %
    ],
)
def test_a_change_is_apart_and_more_than_the_share(before, after, verdict):
    assert change(compare(at(*before), at(*after), SHARE), "latency_ms.p50").verdict == verdict


def test_a_smaller_share_finds_the_smaller_change():
    found = compare(at(2.0, 2.01, 2.02), at(2.1, 2.11, 2.12), 0.03)
    assert change(found, "latency_ms.p50").is_worse


def test_what_is_wanted_more_of_gets_worse_when_it_falls():
    busy = [PartResult(part(), tuple(turn([2.0] * n) for n in (100, 101, 102)))]
    idle = [PartResult(part(), tuple(turn([2.0] * n) for n in (50, 51, 52)))]
    assert change(compare(report(busy), report(idle), SHARE), "throughput").is_worse
    assert change(compare(report(idle), report(busy), SHARE), "throughput").verdict == "better"


@pytest.mark.parametrize(
    ("figure", "of_server"),
    [("server.each_us", {"used_s": 0.9}), ("server.memory_mib", {"memory_mib": 150.0})],
)
def test_processor_time_and_memory_of_the_server_are_compared(figure, of_server):
    before = report([PartResult(part(), tuple(turn([2.0] * 50) for _ in range(3)))])
    after = report([PartResult(part(), tuple(turn([2.0] * 50, **of_server) for _ in range(3)))])
    found = compare(before, after, SHARE)
    assert [c.figure for c in found.changes if c.is_worse] == [figure]


def test_errors_where_there_were_none_are_worse_whatever_the_share():
    failing = [PartResult(part(), tuple(turn([2.0] * 50, failed=1) for _ in range(3)))]
    sound = [PartResult(part(), tuple(turn([2.0] * 50) for _ in range(3)))]
    found = change(compare(report(sound), report(failing), 100.0), "errors")
    assert found.is_worse
    assert "from nothing, from 0 to 0.02 share" in found.sentence


def test_a_sentence_says_what_changed_and_which_rounds_tell_it():
    found = change(compare(at(2.0, 2.1, 2.2), at(4.0, 4.2, 4.4), SHARE), "latency_ms.p50")
    assert found.sentence == (
        "one: latency_ms.p50 grew by 100%, from 2.1 to 4.2 ms "
        "(rounds 2 to 2.2 before, 4 to 4.4 after): worse."
    )


def test_two_rounds_tell_nothing():
    found = compare(at(2.0, 2.1), at(9.0, 9.1), SHARE)
    assert found.changes == ()
    assert found.warnings == (
        "one is not compared: 2 rounds tell nothing of noise, 3 are needed on each side.",
    )
    assert "Nothing could be compared." in printed(found)


def test_a_part_that_measured_the_generator_is_not_compared():
    before = at(2.0, 2.1, 2.2)
    before["generator"]["bottlenecks"] = {"one": "it was late"}
    found = compare(before, at(9.0, 9.1, 9.2), SHARE)
    assert not found.changes
    assert "the generator was its bottleneck in the first report" in found.warnings[0]


def test_a_figure_that_a_round_lacks_is_left_out_and_its_errors_tell_of_it():
    nothing = turn([2.0] * 50, failed=50)
    some = tuple(turn([2.0] * 50) for _ in range(2))
    found = compare(at(2.0, 2.1, 2.2), report([PartResult(part(), (*some, nothing))]), SHARE)
    figures = [c.figure for c in found.changes]
    assert "latency_ms.p50" not in figures
    assert "errors" in figures


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (lambda: report(scenario="another"), "different scenarios"),
        (lambda: report([PartResult(part("two"), rounds_at(2.0))]), "different parts"),
        (lambda: at(2.0, phases=(Phase(2.0, 99.0, 99.0),)), r"loads \(phases of part one\)"),
        (lambda: at(2.0, work=(Work("ndvi", options={"size_px": 9}),)), r"loads \(work of part"),
        (lambda: at(2.0, processes=2), r"loads \(processes of part one\)"),
        (lambda: {**report(), "target": {**report()["target"], "is_local": True}}, "targets"),
    ],
)
def test_reports_of_different_things_are_refused(other, said):
    with pytest.raises(InvalidArgument, match=said):
        compare(report(), other(), SHARE)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"workers": 2}, r"with 1 workers, SQLite and .* with 2 workers, SQLite"),
        ({"database": "PostgreSQL"}, r"1 workers, SQLite and .* 1 workers, PostgreSQL"),
        ({"settings": {"engines": 1}}, r"SQLite and .* SQLite, engines = 1"),
    ],
)
def test_servers_that_were_started_otherwise_are_refused(changed, said):
    usual = {"is_local": True, "workers": 1, "database": "SQLite", "settings": {}}
    one, two = ({**report(), "target": target} for target in (usual, {**usual, **changed}))
    with pytest.raises(InvalidArgument, match=said):
        compare(one, two, SHARE)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"cores": 64}, "cores"),
        ({"python": "3.99"}, "python: "),
        ({"packages": {"grpcio": "0.1"}}, "grpcio: "),
    ],
)
def test_other_environments_are_warned_of(changed, said):
    found = compare(report(), with_environment(report(), **changed), SHARE)
    assert any("environments differ" in w and said in w for w in found.warnings)
    assert found.changes


def test_an_interrupted_run_is_warned_of():
    assert (
        "The second run was interrupted."
        in compare(report(), report(is_whole=False), SHARE).warnings
    )


def test_a_report_that_lacks_something_is_refused_in_a_sentence():
    lacking = report()
    del lacking["parts"]["one"]["rounds"]
    with pytest.raises(InvalidArgument, match="not whole"):
        compare(report(), lacking, SHARE)


def test_the_table_shows_names_as_they_are():
    results = [PartResult(part("[red]one[/red]"), rounds_at(2.0, 2.1, 2.2))]
    assert "[red]one[/red]" in printed(compare(report(results), report(results), SHARE))


@pytest.mark.parametrize(
    ("after", "options", "status"),
    [
        ((2.0, 2.1, 2.2), [], 0),
        ((3.0, 3.1, 3.2), [], 1),
        ((3.0, 3.1, 3.2), ["--worse", "80"], 0),
        ((1.0, 1.1, 1.2), [], 0),
    ],
)
def test_the_exit_status_is_1_when_something_got_worse(tmp_path, after, options, status):
    write(at(2.0, 2.1, 2.2), tmp_path / "a.json")
    write(at(*after), tmp_path / "b.json")
    words = ["compare", str(tmp_path / "a.json"), str(tmp_path / "b.json"), *options]
    found = CliRunner().invoke(loadtest, words)
    assert found.exit_code == status, found.output
    assert "beyond noise." in found.output
