"""Works that threads share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from engine.execute.reading import share


def test_all_works_are_done_once_and_before_it_returns() -> None:
    done: list[int] = []
    share([partial(done.append, i) for i in range(100)])
    assert sorted(done) == list(range(100))


def test_two_works_are_in_progress_at_once() -> None:
    meeting = threading.Barrier(2, timeout=20)

    def meet() -> None:
        meeting.wait()

    share([meet, meet])
    assert not meeting.broken


def test_no_work_is_no_trouble() -> None:
    share([])


def test_the_first_of_the_failures_is_raised_when_no_work_is_in_progress() -> None:
    meeting = threading.Barrier(2, timeout=20)
    ended: list[str] = []

    def fail(name: str) -> None:
        meeting.wait()
        ended.append(name)
        raise ValueError(name)

    with pytest.raises(ValueError, match="first"):
        share([partial(fail, "first"), partial(fail, "second")])
    assert sorted(ended) == ["first", "second"]


def test_after_a_failure_no_further_work_is_begun() -> None:
    begun: list[int] = []

    def fail(i: int) -> None:
        begun.append(i)
        raise ValueError(i)

    with pytest.raises(ValueError):
        share([partial(fail, i) for i in range(100)])
    assert len(begun) <= 2


def test_while_the_other_thread_is_busy_one_does_all_of_its_works_itself() -> None:
    release, started = threading.Event(), threading.Event()

    def hold() -> None:
        started.set()
        assert release.wait(20)

    first = threading.Thread(target=share, args=([hold, hold],))
    first.start()
    assert started.wait(20)
    done: list[int] = []
    works: list[Callable[[], None]] = [partial(done.append, i) for i in range(10)]
    share(works)
    release.set()
    first.join(20)
    assert sorted(done) == list(range(10))
