"""The image that is asked about is cut into squares that lie on its own pixels."""

from __future__ import annotations

import pytest

import swath as wf
from loadtest.imagery import Imagery, imagery_of
from loadtest.scenario import parse
from swath.errors import InvalidArgument
from swath.geocontext import GeoContextValue
from swath.grid import Affine
from tests.unit.loadtest.test_scenario import PLAIN


def place(of: wf.GeoContext) -> GeoContextValue:
    assert of.value is not None
    return of.value


def test_a_square_lies_where_its_row_and_column_say():
    square = place(Imagery().square(2, 3, 256))
    assert square.shape == (256, 256)
    assert square.transform == Affine(10.0, 0.0, 5e5 + 7680.0, 0.0, -10.0, 5e6 - 5120.0)


def test_a_finer_square_covers_the_same_ground_with_more_pixels():
    square = place(Imagery().square(0, 0, 4096, finer=4, resampler="bilinear"))
    assert square.shape == (16384, 16384)
    assert square.transform == Affine(2.5, 0.0, 5e5, 0.0, -2.5, 5e6)
    assert square.resampler == "bilinear"


def test_the_table_of_a_scenario_is_an_option_of_all_its_work():
    scenario = parse({**PLAIN, "imagery": {"image": "s2:x", "red": "B04", "nir": "B08"}})
    (work,) = scenario.parts[0].work
    assert imagery_of(work.options) == scenario.imagery
    assert imagery_of(work.options).red == "B04"


def test_without_a_table_the_image_is_the_one_that_is_made():
    scenario = parse(PLAIN)
    assert scenario.imagery is None
    assert imagery_of(scenario.parts[0].work[0].options) == Imagery()


@pytest.mark.parametrize(("table", "said"), [({"colour": 1}, "no 'colour'"), ("s2:x", "a table")])
def test_what_is_wrong_with_the_table_is_said(table, said):
    with pytest.raises(InvalidArgument, match=said):
        parse({**PLAIN, "imagery": table})
