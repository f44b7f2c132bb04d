"""The engine as a program embeds it: by expressions and geocontexts, with no server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import swath as wf
from engine import Engine
from swath.errors import TypeMismatch
from swath.graph.type import IMAGE
from swath.grid import Affine, Grid, Shape2d
from swath.results import assemble

GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 500000.0, 0.0, -10.0, 5000000.0), Shape2d(2, 3))
TWICE = wf.Image.from_array(np.arange(6, dtype="uint16").reshape(2, 3), GRID) * 2
HERE = wf.GeoContext.from_grid(GRID)


@pytest.mark.parametrize("verb", [Engine.estimate, Engine.explain])
def test_an_expression_does_as_well_as_its_graph(verb: Callable[..., Any]) -> None:
    engine = Engine()
    assert verb(engine, TWICE, HERE) == verb(engine, wf.build_graph(TWICE), HERE.value)


def test_the_type_of_an_expression_is_that_of_its_graph() -> None:
    assert Engine().validate(TWICE) == Engine().validate(wf.build_graph(TWICE)) == IMAGE


def test_the_result_of_an_expression_streams() -> None:
    header, *chunks, trailer = Engine().stream(TWICE, HERE)
    result = assemble([header, *chunks, trailer])
    assert result.ndarray[0].tolist() == [[0, 2, 4], [6, 8, 10]]


def test_a_stream_starts_where_an_earlier_result_lies() -> None:
    earlier = Engine().inspect(TWICE, HERE)
    (_, *chunks, _) = Engine().stream(TWICE, earlier.geocontext)
    assert len(chunks) == 1


@pytest.mark.parametrize("geocontext", ["EPSG:4326", (0, 0, 1, 1), GRID])
def test_what_is_no_geocontext_is_a_type_error(geocontext: Any) -> None:
    with pytest.raises(TypeMismatch, match="geocontext is a GeoContext"):
        Engine().inspect(TWICE, geocontext)


def test_what_is_no_expression_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="object is nothing that the language knows"):
        list(Engine().stream(object()))
