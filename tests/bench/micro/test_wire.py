"""Single functions on the way of a question and of its answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

import swath as wf
from engine import Engine
from inspect_server.route import route
from swath.client.question import question
from swath.grid import Affine, Grid, Shape2d, Window
from swath.results import assemble
from swath.stream import Chunk, Header, RasterHeader, RasterRef, Trailer
from swath.wire.inspect import decode_question, encode_question
from swath.wire.stream import read_stream, write_stream
from swath.wire.value import decode_value, encode_value

GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(512, 512))


def image_events() -> list[Any]:
    values = np.random.default_rng(0).random((1, 1, 512, 512), np.float32)
    header = RasterHeader("image", GRID, ("ndvi",), ("float32",), ({},), ({"dtype": "float32"},))
    image = question(wf.Image.from_id("a:b")).graph
    result_type = Engine().validate(image)
    chunk = Chunk(0, (0, 1), (0, 1), Window(0, 0, 512, 512), values, (values > 0.9).view(np.uint8))
    return [Header(result_type, RasterRef(0), (header,), None), chunk, Trailer({})]


def test_a_small_question_is_built_and_encoded(benchmark: Any) -> None:
    benchmark(lambda: encode_question(question(wf.Int(1) + 1)))


def test_a_small_question_is_decoded(benchmark: Any) -> None:
    benchmark(decode_question, encode_question(question(wf.Int(1) + 1)))


def test_a_small_question_is_routed(benchmark: Any) -> None:
    benchmark(route, encode_question(question(wf.Int(1) + 1)))


def test_a_small_question_is_answered_by_an_engine(benchmark: Any) -> None:
    engine, graph = Engine(), question(wf.Int(1) + 1).graph
    benchmark(lambda: list(write_stream(engine.stream(graph))))


def test_a_megabyte_of_pixels_is_written(benchmark: Any) -> None:
    events = image_events()
    benchmark(lambda: list(write_stream(events)))


def test_a_megabyte_of_pixels_is_read(benchmark: Any) -> None:
    messages = list(write_stream(image_events()))
    benchmark(lambda: assemble(read_stream(messages)))


def test_ten_thousand_dates_travel(benchmark: Any) -> None:
    first = datetime(2020, 1, 1, tzinfo=UTC)
    dates = [first + timedelta(hours=n) for n in range(10_000)]
    benchmark(lambda: decode_value(encode_value(dates)))
