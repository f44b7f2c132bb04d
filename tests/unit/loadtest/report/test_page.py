"""The page of a report needs nothing else, shows what was measured, and takes names for names."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from loadtest.figures import PartResult
from loadtest.report.page import POLICY, page, write
from loadtest.scenario import Limit
from swath.errors import InvalidArgument
from tests.loads import part, report, rounds_at, turn

VOID = {"meta", "br", "hr", "img", "link", "input"}
ELEMENTS = set(
    "html head meta title style body main section h1 h2 p span div table caption thead tbody tr th "
    "td figure figcaption ul li svg desc g line text polyline circle".split()
)
HOSTILE = (
    "</style></title><script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "<a href=https://example.org/>here</a>",
    "&lt;b&gt; & \x00\x1b[31m\ud800",
    "url(https://example.org/x)",
)


class Seen(HTMLParser):
    """Elements, attributes and text of a page; every element must be closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == [], "elements were left open"

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self._open.pop()

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text.append((self._open[-1] if self._open else "", data))

    def texts(self, element: str) -> list[str]:
        return [text for inside, text in self.text if inside == element]


def pictures(text: str) -> list[ET.Element]:
    """Its charts, as XML takes them, which is stricter than HTML."""
    return [ET.fromstring(svg) for svg in re.findall(r"<svg .*?</svg>", text, re.DOTALL)]


def hostile_report():
    """A report each of whose names wants to be more."""
    script, image, link, escapes, url = HOSTILE
    rounds = (turn([2.0] * 50, name=image), turn([3.0] * 50, name=link))
    results = [PartResult(part(name), rounds) for name in HOSTILE]
    limit = Limit(f"{script}.latency_ms.p50", at_most=1.0, why=image)
    found = report(results, [limit], scenario=script, about=link)
    found["generator"]["bottlenecks"] = {escapes: url}
    found["parts"][script]["codes"][image] = 3
    found["parts"][script]["figures"][f"further.{script}"] = 1.0
    found["parts"][script]["beside"] = [link]
    found["parts"][script]["work"][0]["kind"] = image
    found["environment"]["processor"] = script
    found["environment"]["packages"][link] = image
    found["target"]["inspect"] = image
    return found


@pytest.mark.parametrize("make", [report, hostile_report])
def test_a_page_has_no_script_and_refers_to_nothing(make: Callable):
    text = page(make())
    seen = Seen(text)
    assert set(seen.elements) <= ELEMENTS
    names = {name for name, _ in seen.attributes}
    assert not names & {"src", "href", "xlink:href", "srcset", "action", "data", "poster", "style"}
    assert not any(name.startswith("on") for name in names)
    style = "".join(seen.texts("style"))
    assert "url(" not in style and "@import" not in style and "</" not in style
    assert "default-src 'none'" in POLICY and ("content", POLICY) in seen.attributes


def test_names_of_a_report_are_shown_as_they_are_and_are_nothing_else():
    seen = Seen(page(hostile_report()))
    script, image, link, _, url = HOSTILE
    assert seen.texts("h1") == [script]
    for name in (script, image, link, url):
        assert name in seen.texts("h2")
        assert name in seen.texts("li")  # the legend of the chart of percentiles
    assert image in seen.texts("td")


def test_characters_that_no_page_can_hold_are_replaced(tmp_path):
    write(hostile_report(), tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text("utf-8")
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", text)
    assert "&amp;lt;b&amp;gt; &amp; \ufffd\ufffd[31m\ufffd" in text


@pytest.mark.parametrize("make", [report, hostile_report])
def test_each_chart_is_sound_xml_with_a_title_that_is_read_aloud(make: Callable):
    text = page(make())
    shown = [svg for svg in pictures(text) if svg.get("role") == "img"]
    assert len(shown) == 1 + 4 * len(make()["parts"])
    named = [svg.attrib["aria-labelledby"].split() for svg in shown]
    ids = [one for pair in named for one in pair]
    assert len(set(ids)) == len(ids)
    for svg, (title, told) in zip(shown, named, strict=True):
        assert svg.findtext(f"title[@id='{title}']")
        assert " over " in (svg.findtext(f"desc[@id='{told}']") or "")


def test_all_that_is_drawn_lies_inside_its_picture():
    rounds = rounds_at(0.01, 2.0, 30_000.0)
    for svg in pictures(page(report([PartResult(part(), rounds)]))):
        _, _, width, height = map(float, svg.attrib["viewBox"].split())
        for line in svg.iter("polyline"):
            for point in line.attrib["points"].split():
                x, y = map(float, point.split(","))
                assert 0 <= x <= width and 0 <= y <= height


def chart_named(text: str, title: str) -> ET.Element:
    (found,) = (svg for svg in pictures(text) if svg.findtext("title") == title)
    return found


def marks(svg: ET.Element) -> list[str]:
    return [text.text or "" for text in svg.iter("text")]


def test_all_parts_are_in_one_chart_of_percentiles_with_marks_at_the_nines():
    results = [PartResult(part(name), rounds_at(2.0)) for name in ("one", "two", "three")]
    svg = chart_named(page(report(results)), "Latency by percentile, all parts")
    assert [m for m in marks(svg) if m.startswith(("50", "9"))] == "50 90 99 99.9 99.99".split()
    assert [group.findtext("title") for group in svg.iter("g")] == ["one", "two", "three"]
    assert "latency, ms (logarithmic)" in marks(svg)


def test_the_nines_are_equally_far_apart_and_the_longest_is_where_all_but_one_are():
    rounds = (turn([1.0] * 999 + [50.0]),)
    svg = chart_named(
        page(report([PartResult(part(), rounds)])), "Latency by percentile, all parts"
    )
    places = {t.text: float(t.attrib["x"]) for t in svg.iter("text") if t.get("x")}
    step = places["99"] - places["90"]
    assert places["99.9"] - places["99"] == pytest.approx(step, abs=0.2)
    (line,) = svg.iter("polyline")
    last = float(line.attrib["points"].split()[-1].split(",")[0])
    assert last == pytest.approx(places["99.9"], abs=0.2)  # one of 1000


def test_a_stretch_in_which_nothing_succeeded_is_a_gap():
    failing = [PartResult(part(), (turn([2.0] * 100, failed=60),))]
    svg = chart_named(page(report(failing)), "Latency over time")
    whole = chart_named(page(report()), "Latency over time")
    assert first_x(svg) > first_x(whole)
    drawn = chart_named(page(report(failing)), "Throughput and errors over time")
    assert [group.findtext("title") for group in drawn.iter("g")] == ["due", "answered", "failed"]


def first_x(svg: ET.Element) -> float:
    line = next(svg.iter("polyline"))
    return float(line.attrib["points"].partition(",")[0])


def test_the_verdict_comes_first_with_what_was_missed():
    limits = [Limit("one.latency_ms.p50", at_most=1.0, why="a promise"), Limit("one.errors", 0.0)]
    seen = Seen(page(report(limits=limits)))
    said = [text for _, text in seen.text]
    assert said.index("FAILED") < said.index("one.latency_ms.p50") < said.index("requests")
    assert "1 of 2 limits were kept." in said
    assert any(text.startswith("missed by 1.1 (110%)") for text in seen.texts("span"))
    assert "a promise" in seen.texts("td")


def test_a_run_that_measured_the_generator_or_was_interrupted_says_so():
    found = report(is_whole=False)
    found["generator"]["bottlenecks"] = {"one": "it sent its requests 9.0 ms late (p99)"}
    said = " ".join(Seen(page(found)).texts("p"))
    assert "interrupted" in said
    assert "bottleneck of one: it sent its requests 9.0 ms late (p99)" in said


def test_a_pass_by_wider_limits_says_so():
    limits = [Limit("one.latency_ms.p50", at_most=1.0), Limit("one.errors", at_most=0.0)]
    seen = Seen(page(report(limits=limits, scale=5.0)))
    assert "passed, by limits 5 times as wide" in seen.texts("span")
    assert {"≤ 5 (5 x)", "≤ 0"} <= set(seen.texts("td"))
    assert "up to 25 ms late" in " ".join(seen.texts("p"))


def test_a_server_that_could_not_be_looked_at_has_no_charts_of_it():
    found = report(workers=None)
    found["parts"]["one"]["server"] = []
    text = page(found)
    assert "could not be looked at" in text
    assert "Memory of the servers" not in text


def test_a_part_in_which_nothing_was_sent_has_a_page():
    text = page(report([PartResult(part(), (turn([]),))]))
    assert "<h2>one</h2>" in text


def test_each_process_of_one_name_has_a_number():
    rounds = turn([2.0] * 50)
    twins = type(rounds)(rounds.records, rounds.used, rounds.growth * 2)
    svg = chart_named(
        page(report([PartResult(part(), (twins,))])), "Memory of the servers' processes"
    )
    names = [group.findtext("title") for group in svg.iter("g")]
    assert names == ["inspect_server 1", "inspect_server 2"]


def test_a_report_that_lacks_something_is_refused_in_a_sentence(tmp_path):
    found = report()
    del found["parts"]["one"]["curve"]
    with pytest.raises(InvalidArgument, match="not whole"):
        write(found, tmp_path / "page.html")


def test_a_page_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(InvalidArgument, match="cannot be written"):
        write(report(), tmp_path / "no such folder" / "page.html")
