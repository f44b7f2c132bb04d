"""The page of a report in a real browser, where there is one."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from loadtest.figures import PartResult
from loadtest.report.page import page
from loadtest.scenario import Limit
from tests.loads import part, report, rounds_at

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), "")
NARROW_PX = 400
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')

pytestmark = pytest.mark.skipif(not BROWSER, reason="no Chromium is installed here")


def shown(file: Path) -> str:
    """The document as the browser has it once it is loaded."""
    command = [
        BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
        f"--user-data-dir={file.parent / 'profile'}", "--virtual-time-budget=3000", "--dump-dom",
        file.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    return done.stdout


def wide_report():
    """Names that are longer than a narrow screen."""
    names = ["a_part_whose_name_is_longer_than_any_screen_of_a_telephone_is_wide" + c for c in "ab"]
    results = [PartResult(part(name), rounds_at(2.0, 2.1, 2.2)) for name in names]
    return report(results, [Limit(f"{names[0]}.latency_ms.p50", at_most=1.0, why="a promise " * 9)])


def test_no_script_runs_in_a_page_even_if_one_had_got_in(tmp_path):
    script = "<script>document.title = 'it ran'</script>"
    whole = page(report()).replace("</main>", f"</main>{script}")
    (tmp_path / "held.html").write_text(whole, "utf-8")
    (tmp_path / "free.html").write_text(POLICY.sub("", whole), "utf-8")
    assert "<title>it ran</title>" in shown(tmp_path / "free.html")
    assert "<title>made_up: passed</title>" in shown(tmp_path / "held.html")


def test_only_tables_are_wider_than_a_narrow_screen_and_they_scroll_inside_their_box(tmp_path):
    measure = """<script>parent.postMessage([
        document.documentElement.scrollWidth,
        Math.max(...[...document.querySelectorAll('.box')].map(box => box.scrollWidth)),
        document.querySelectorAll('svg[role=img] polyline').length], '*')</script>"""
    page_ = POLICY.sub("", page(wide_report())).replace("</main>", f"</main>{measure}")
    (tmp_path / "page.html").write_text(page_, "utf-8")
    (tmp_path / "frame.html").write_text(
        "<title>nothing yet</title><script>onmessage = said => document.title = said.data</script>"
        f'<iframe src="page.html" style="width:{NARROW_PX}px;height:900px;border:0"></iframe>'
    )
    (said,) = re.findall("<title>(.*?)</title>", shown(tmp_path / "frame.html"))
    across, widest_table, lines = map(int, said.split(","))
    assert across <= NARROW_PX
    assert widest_table > NARROW_PX
    assert lines >= 2 * (3 + 3)
