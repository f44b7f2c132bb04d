"""Questions about pixels: where they are asked, in what order, and which may come from a cache."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from loadtest.link import Address, Link
from loadtest.scenario import Work
from loadtest.work import kind_of
from loadtest.work.kind import Message
from swath.wire.inspect import decode_question


def asked(kind: str, count: int, seed: int = 1, **options: Any) -> list[Any]:
    """The first questions of a kind."""

    async def encoded() -> list[bytes]:
        made = kind_of(Work(kind, options=options), "inspect", seed)
        assert isinstance(made, Message)
        await made.prepare(Link(Address("127.0.0.1:1")))
        return [made.request(number) for number in range(count)]

    return [decode_question(request) for request in asyncio.run(encoded())]


def places(questions: list[Any]) -> list[tuple[float, float]]:
    return [(q.geocontext.transform[2], q.geocontext.transform[5]) for q in questions]


def test_cold_questions_come_to_every_place_once_and_past_the_cache():
    found = asked("ndvi", 16, size_px=256, within_px=1024)
    assert len(set(places(found))) == 16
    assert not any(question.cache for question in found)
    assert all(5e5 <= west < 5e5 + 10240.0 for west, _ in places(found))


def test_warm_questions_are_one_place_that_the_cache_may_answer():
    found = asked("ndvi", 20, size_px=256, cold=0.0)
    assert len(set(places(found))) == 1
    assert all(question.cache for question in found)


def test_a_share_of_them_is_cold():
    cold = [not question.cache for question in asked("ndvi", 400, cold=0.25)]
    assert 60 <= sum(cold) <= 140


def test_a_seed_gives_the_same_places_again_and_another_one_others():
    first, again, other = (places(asked("ndvi", 30, seed=seed)) for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize(("options", "side"), [({}, 4096), ({"size_px": 1024}, 1024)])
def test_a_whole_image_is_all_of_it_or_the_corner_that_is_said(options, side):
    (question,) = asked("whole", 1, **options)
    assert question.geocontext.shape == (side, side)


def test_another_image_is_asked_about_where_the_scenario_names_one():
    other = {"crs": "EPSG:32634", "west": 0.0, "north": 1000.0, "pixel": 20.0, "side_px": 512}
    (question,) = asked("whole", 1, imagery=other)
    assert question.geocontext.crs == "EPSG:32634"
    assert question.geocontext.transform[0] == 20.0
