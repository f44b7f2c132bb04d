"""Stages of the engine by themselves: check, evaluate, plan, bind, run, encode."""

from __future__ import annotations

from typing import Any

import numpy as np

import swath as wf
from engine import Engine
from engine.evaluate.program import Program, Step
from engine.geo.stack import Stack
from engine.kernels import elementwise
from engine.kernels.lower import lower
from swath.client.question import question
from swath.graph.graph import Graph
from swath.grid import Affine, Grid, Shape2d

GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(256, 256))
HERE = wf.GeoContext.from_grid(GRID)
SUM = Program(
    ("float32", "float32"),
    ("float64",),
    (
        Step("add", (0, 1), "float32"),
        Step("lt", (3, 2), "float32"),
        Step("mask", (3, 4), "float32"),
    ),
    (5,),
)


def mapped() -> Graph:
    """A thousand elements of a list, a function over each."""
    return question(wf.range(0, 1000).map(lambda n: n * 2 + 1).length()).graph


def image() -> wf.Image:
    """NDVI of an array that travels with the graph."""
    pixels = np.random.default_rng(0).integers(1, 1000, (2, 256, 256)).astype(np.uint16)
    made = wf.Image.from_array(pixels, GRID)
    bands = made.rename_bands("red", "nir")
    return (bands.pick_bands("nir") - bands.pick_bands("red")) / (
        bands.pick_bands("nir") + bands.pick_bands("red")
    )


def test_a_graph_is_checked(benchmark: Any) -> None:
    engine, graph = Engine(), question(image()).graph
    benchmark(engine.validate, graph)


def test_a_function_is_evaluated_over_a_list(benchmark: Any) -> None:
    engine, graph = Engine(), mapped()
    benchmark(lambda: list(engine.stream(graph)))


def test_pixels_are_planned(benchmark: Any) -> None:
    engine, graph = Engine(), question(image()).graph
    benchmark(engine.estimate, graph, HERE.value)


def test_a_program_is_bound_to_the_kernels(benchmark: Any) -> None:
    benchmark(lower, SUM, (1, 2), (0,))


def test_a_bound_program_runs_on_few_pixels(benchmark: Any) -> None:
    values = np.ones((1, 8, 8), np.float32)
    stacks, limit = [Stack(values, None), Stack(values, None)], [np.array([0.1])]
    benchmark(elementwise.run, SUM, stacks, limit)


def test_an_image_is_computed(benchmark: Any) -> None:
    engine, graph = Engine(), question(image()).graph
    benchmark(lambda: list(engine.stream(graph, HERE.value)))


def test_an_image_is_encoded_as_geotiff(benchmark: Any) -> None:
    engine, graph = Engine(), question(image()).graph
    benchmark(lambda: list(engine.stream(graph, HERE.value, format="geotiff")))
