"""One short run of a real server: its report can be read, drawn and compared with itself."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from loadtest.command import loadtest
from loadtest.report.document import read
from tests.integration.server import running

# One who waits for its answers: on a busy machine no generator is late whose requests have no time.
SCENARIO = """
name = "short"
about = "A question with nothing in it."
rounds = 3
[[part]]
name = "swath"
to = "inspect"
callers = 1
work = [{ kind = "constant" }]
phase = [{ seconds = 2.0 }]
[[budget]]
figure = "swath.errors"
at_most = 0
"""


def command(*words: object) -> tuple[int, str]:
    """Exit status and what was printed."""
    done = CliRunner().invoke(loadtest, list(map(str, words)))
    return done.exit_code, f"{done.output}{done.exception or ''}"


def test_a_run_gives_a_report_a_page_and_what_to_compare(tmp_path: Path) -> None:
    scenario, report, page = (tmp_path / name for name in ("short.toml", "a.json", "a.html"))
    scenario.write_text(SCENARIO)
    with running(tmp_path / "data") as address:
        status, said = command(
            "run", scenario, "--target", address, "--report", report, "--page", page
        )
    assert status == 0, said
    found = read(report)
    part = found["parts"]["swath"]
    assert found["is_passed"] and found["target"]["workers"] is None
    assert part["figures"]["count"] == sum(one["count"] for one in part["rounds"]) > 3
    assert sum(part["over_time"]["answered"]) > 0
    assert found["generator"]["floor_ms"] > 0
    assert "<h1>short</h1>" in page.read_text("utf-8")
    assert "0 got worse and 0 better" in command("compare", report, report)[1]
    assert "| short | swath.errors | 0 | ≤ 0 | yes |" in command("readme", report)[1]
