"""What a scenario names and there is not is said before anything is started."""

from __future__ import annotations

import pytest

from loadtest.known import require_known
from loadtest.scenario import load, names, parse
from swath.errors import InvalidArgument
from tests.unit.loadtest.test_scenario import changed


@pytest.mark.parametrize("name", names())
def test_all_that_the_scenarios_of_swath_name_is_known(name):
    require_known(load(name))


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("part.0.work.0.kind", "mars", "no work 'mars'"),
        ("part.0.beside", ["mars"], "nothing 'mars'"),
        ("part.0.audit", ["mars"], "no audit 'mars'"),
        ("part.0.work.0.options", {"size_px": 8}, "constant has no option 'size_px'"),
        ("settings", {"outstanding_limt": 3}, "no 'outstanding_limt'; it has: .*outstanding_limit"),
        ("settings", {"data": "x"}, "no 'data'"),
        ("settings", {"lease_s": "soon"}, "lease_s of a table settings is a number, not 'soon'"),
    ],
)
def test_a_name_that_is_not_known_is_said(path, value, said):
    with pytest.raises(InvalidArgument, match=said):
        require_known(parse(changed(path, value)))


@pytest.mark.parametrize(
    ("kind", "said"),
    [("ndvi", r'say needs = \["imagery"\], or'), ("job", r'say needs = \["jobs"\]')],
)
def test_what_a_kind_of_work_needs_is_asked_of_the_scenario(kind, said):
    with pytest.raises(InvalidArgument, match=f"part one: {kind} .*{said}"):
        require_known(parse(changed("part.0.work", [{"kind": kind}])))


def test_an_image_that_the_target_has_is_all_that_pixels_need():
    table = changed("part.0.work", [{"kind": "ndvi"}])
    require_known(parse({**table, "imagery": {}}))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sizepx": 8}, "no option 'sizepx'; there are: size_px"),
        ({"size_px": "8"}, "size_px is 1 or more, not '8'"),
        ({"size_px": 0}, "size_px is 1 or more, not 0"),
        ({"cold": float("nan")}, "cold is 0 or more"),
        ({"size_px": 512, "within_px": 256}, "512 px do not fit into 256 px"),
    ],
)
def test_an_option_of_a_kind_that_cannot_be_is_said(options, said):
    work = [{"kind": "ndvi", "options": options}]
    with pytest.raises(InvalidArgument, match=said):
        require_known(parse({**changed("part.0.work", work), "needs": ["imagery"]}))
