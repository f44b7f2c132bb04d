"""The clock begins at the wall and goes on without it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from job_server.queue.clock import Clock


class Times:
    """A wall and a monotonic clock that a test sets."""

    def __init__(self) -> None:
        self.wall_ns, self.monotonic_ns = 1_800_000_000_000_000_000, 5_000

    def clock(self) -> Clock:
        """A clock of these."""
        return Clock(lambda: self.wall_ns, lambda: self.monotonic_ns)


def test_it_begins_at_the_time_of_the_wall() -> None:
    assert Times().clock().now_us() == 1_800_000_000_000_000


def test_it_advances_with_the_monotonic_clock() -> None:
    times = Times()
    clock = times.clock()
    times.monotonic_ns += 1_500_000
    assert clock.now_us() == 1_800_000_000_001_500


@given(st.integers(-(10**19), 10**19))
def test_a_jump_of_the_wall_does_not_reach_it(jump_ns: int) -> None:
    times = Times()
    clock = times.clock()
    times.wall_ns += jump_ns
    times.monotonic_ns += 1_000
    assert clock.now_us() == 1_800_000_000_000_001


@given(st.lists(st.integers(0, 10**12)))
def test_it_never_goes_back(steps_ns: list[int]) -> None:
    times = Times()
    clock = times.clock()
    told = [clock.now_us()]
    for step_ns in steps_ns:
        times.monotonic_ns += step_ns
        told.append(clock.now_us())
    assert told == sorted(told)


def test_it_begins_no_earlier_than_it_is_told() -> None:
    clock = Times().clock()
    assert clock.advance(1_800_000_000_000_007) == 7
    assert clock.now_us() == 1_800_000_000_000_007
    assert clock.advance(1_700_000_000_000_000) == 0
    assert clock.now_us() == 1_800_000_000_000_007


def test_by_itself_it_tells_the_time_of_this_machine() -> None:
    import time

    before_us = time.time_ns() // 1000 - 2_000_000
    assert before_us < Clock().now_us() < before_us + 62_000_000
