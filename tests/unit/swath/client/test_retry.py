from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.client.patience import AWAY_S, Patience
from swath.client.retry import Pacing, retried
from swath.errors import (
    DeadlineExceeded,
    JobNotFound,
    ResourceExhausted,
    ServerBusy,
    SwathError,
    Transient,
    Unavailable,
)


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def pacing(self, draw: float = 1.0) -> Pacing:
        return Pacing(sleep=self.sleep, monotonic=lambda: self.now, draw=lambda: draw)


def failing(*errors: SwathError) -> Callable[[float | None], str]:
    left = list(errors)

    def call(_left_s: float | None) -> str:
        if left:
            raise left.pop(0)
        return "done"

    return call


def fail_for_ever(patience: Patience, error: SwathError, *, hears: bool = False) -> None:
    while True:
        if hears:
            patience.heard()
        patience.failed(error)


AWAY = Unavailable("away")
FULL = ResourceExhausted("full")


def test_waits_double_up_to_a_bound() -> None:
    clock = Clock()
    assert retried(failing(*[AWAY] * 5), 60, pacing=clock.pacing()) == "done"
    assert clock.slept == [0.1, 0.2, 0.4, 0.8, 1.6]


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_wait_is_between_nothing_and_its_bound(failures: int, draw: float) -> None:
    pacing = Pacing(draw=lambda: draw)
    assert 0 <= pacing.wait_s(failures, AWAY) <= 2.0
    assert 0 <= pacing.wait_s(failures, FULL) <= 30.0


def test_a_wait_is_no_shorter_than_the_server_asked_for() -> None:
    assert Pacing(draw=lambda: 0.0).wait_s(1, ServerBusy("busy", retry_after_ms=250)) == 0.25


def test_a_server_that_asks_not_to_try_again_adds_nothing_to_the_wait() -> None:
    assert Pacing(draw=lambda: 0.0).wait_s(1, ResourceExhausted("full", retry_after_ms=-1)) == 0.0


def test_no_try_begins_after_the_time_for_all() -> None:
    clock = Clock()
    with pytest.raises(Unavailable):
        retried(failing(*[AWAY] * 9), 0.5, pacing=clock.pacing())
    assert clock.now < 0.5


def test_a_try_that_time_cuts_short_leaves_what_was_said_before() -> None:
    call = failing(AWAY, DeadlineExceeded("none came"))
    with pytest.raises(Unavailable, match="away"):
        retried(call, 30, pacing=Clock().pacing())


def test_a_first_try_that_time_cuts_short_says_so() -> None:
    with pytest.raises(DeadlineExceeded):
        retried(failing(DeadlineExceeded("none came")), 30, pacing=Clock().pacing())


@pytest.mark.parametrize("num_retries", [0, 3])
def test_a_quota_is_tried_again_as_often_as_asked(num_retries: int) -> None:
    clock = Clock()
    with pytest.raises(ResourceExhausted):
        retried(failing(*[FULL] * 9), 30, num_retries, clock.pacing())
    assert len(clock.slept) == num_retries


def test_waiting_for_a_quota_takes_no_time_from_the_call() -> None:
    clock = Clock()
    left: list[float | None] = []

    def call(left_s: float | None) -> str:
        left.append(left_s)
        if len(left) < 6:
            raise FULL
        return "done"

    assert retried(call, 10, 9, clock.pacing()) == "done"
    assert set(left) == {10}
    assert sum(clock.slept) > 10


def test_a_server_that_was_there_may_be_away_for_minutes() -> None:
    clock = Clock()
    patience = Patience(clock.pacing(), None)
    patience.heard()
    with pytest.raises(Unavailable):
        fail_for_ever(patience, AWAY)
    assert AWAY_S < clock.now < AWAY_S + 5


def test_so_may_one_that_answered_another_call() -> None:
    clock = Clock()
    with pytest.raises(Unavailable):
        fail_for_ever(Patience(clock.pacing(), None, was_there=True), AWAY)
    assert AWAY_S < clock.now < AWAY_S + 5


def test_a_message_begins_patience_anew() -> None:
    clock = Clock()
    patience = Patience(clock.pacing(), None)
    for _ in range(500):
        patience.heard()
        patience.failed(AWAY)
    assert set(clock.slept) == {0.1}


def test_a_server_that_never_answered_is_given_up_soon() -> None:
    clock = Clock()
    patience = Patience(clock.pacing(), None)
    with pytest.raises(Unavailable):
        fail_for_ever(patience, AWAY)
    assert len(clock.slept) == 5


def test_damage_is_borne_five_times_in_all() -> None:
    patience = Patience(Clock().pacing(), None)
    with pytest.raises(Transient):
        fail_for_ever(patience, Transient("damaged"), hears=True)
    assert patience.damaged == 6


def test_the_timeout_ends_all_patience() -> None:
    clock = Clock()
    patience = Patience(clock.pacing(), 3.0)
    patience.heard()
    with pytest.raises(DeadlineExceeded) as caught:
        fail_for_ever(patience, AWAY)
    assert caught.value.timeout_s == 3.0
    assert clock.now == pytest.approx(3.0)


def test_what_is_wrong_with_the_request_is_not_borne() -> None:
    with pytest.raises(JobNotFound):
        Patience(Clock().pacing(), None).failed(JobNotFound("none"))


def test_a_deadline_that_came_a_little_early_is_the_timeout() -> None:
    clock = Clock()
    patience = Patience(clock.pacing(), 3.0)
    clock.now = 2.99
    with pytest.raises(DeadlineExceeded, match="within 3 s"):
        patience.failed(DeadlineExceeded("of gRPC"))


def test_a_server_that_sets_a_deadline_of_its_own_is_asked_again() -> None:
    clock = Clock()
    Patience(clock.pacing(), 3.0).failed(DeadlineExceeded("of the server"))
    assert clock.slept == [0.1]
