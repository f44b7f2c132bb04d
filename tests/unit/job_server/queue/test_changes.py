"""Watchers get the newest record of their job: steps now and then, anything else at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from job_server.queue.changes import QUIET_S, Changes, Timer, Watch
from job_server.store.record import JobRecord
from swath.job import Stage
from tests.unit.job_server.queue.records import JOB, NOW, done, queued, record


class Hour:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.calls: list[tuple[float, Callable[[], object]]] = []

    def time(self) -> float:
        """Now."""
        return self.now_s

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        """A call when so much time has passed."""
        call = (self.now_s + delay, callback)
        self.calls.append(call)
        return Cancelled(self, call)

    def passes(self, seconds: float) -> None:
        """Let time pass, and calls be made."""
        self.now_s += seconds
        due = [call for call in self.calls if call[0] <= self.now_s]
        self.calls = [call for call in self.calls if call not in due]
        for _, callback in due:
            callback()


class Cancelled:
    """A call that can be taken back."""

    def __init__(self, hour: Hour, call: tuple[float, Callable[[], object]]) -> None:
        self._hour, self._call = hour, call

    def cancel(self) -> None:
        """Take it back."""
        if self._call in self._hour.calls:
            self._hour.calls.remove(self._call)


class Scene:
    """Changes, time, and who watches."""

    def __init__(self) -> None:
        self.hour = Hour()
        self.changes = Changes(lambda: NOW, self.hour)


def run(scenario: Callable[[Scene], Awaitable[None]]) -> None:
    """Run a scenario in an event loop of its own."""

    async def awaited() -> None:
        async with asyncio.timeout(10):
            await scenario(Scene())

    asyncio.run(awaited())


async def settle() -> None:
    """Let every task go as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def told(watch: Watch) -> JobRecord | None:
    """What a watch gives without time passing; None: nothing."""
    waiting = asyncio.create_task(watch.next())
    await settle()
    if waiting.done():
        return waiting.result()
    waiting.cancel()
    await settle()
    return None


def test_a_watcher_gets_a_change_of_its_job_at_once() -> None:
    async def scenario(scene: Scene) -> None:
        with scene.changes.watch(JOB) as watch:
            scene.changes.publish(record(revision=2))
            assert await told(watch) == record(revision=2)

    run(scenario)


def test_a_watcher_that_waits_is_woken() -> None:
    async def scenario(scene: Scene) -> None:
        with scene.changes.watch(JOB) as watch:
            waiting = asyncio.create_task(watch.next())
            await settle()
            scene.changes.publish(record(revision=2))
            assert (await waiting).revision == 2

    run(scenario)


def test_changes_of_other_jobs_are_not_told() -> None:
    async def scenario(scene: Scene) -> None:
        with scene.changes.watch("b" * 32) as watch:
            scene.changes.publish(record(revision=2))
            assert await told(watch) is None

    run(scenario)


def test_every_watcher_of_a_job_is_told() -> None:
    async def scenario(scene: Scene) -> None:
        with scene.changes.watch(JOB) as first, scene.changes.watch(JOB) as second:
            scene.changes.publish(record(revision=2))
            assert await told(first) == await told(second) == record(revision=2)

    run(scenario)


def test_a_slow_watcher_gets_the_newest_record_only() -> None:
    async def scenario(scene: Scene) -> None:
        with scene.changes.watch(JOB) as watch:
            for revision in range(2, 1000):
                scene.changes.publish(record(revision=revision, stage=Stage.SAVING))
            found = await told(watch)
            assert found is not None and found.revision == 999
            assert await told(watch) is None

    run(scenario)


@pytest.mark.parametrize("revision", [4, 5])
def test_a_record_that_is_not_newer_is_passed_over(revision: int) -> None:
    async def scenario(scene: Scene) -> None:
        with scene.changes.watch(JOB, after_revision=5) as watch:
            watch.offer(record(revision=revision))
            assert await told(watch) is None

    run(scenario)


def test_records_that_come_out_of_order_never_go_back() -> None:
    async def scenario(scene: Scene) -> None:
        with scene.changes.watch(JOB) as watch:
            scene.changes.publish(record(revision=7, stage=Stage.SAVING))
            scene.changes.publish(record(revision=6))
            found = await told(watch)
            assert found is not None and found.revision == 7
            scene.changes.publish(queued(revision=5))
            assert await told(watch) is None

    run(scenario)


def test_a_job_that_was_done_before_is_told_though_it_was_known() -> None:
    async def scenario(scene: Scene) -> None:
        with scene.changes.watch(JOB, after_revision=9) as watch:
            watch.offer(done(revision=9))
            assert await told(watch) == done(revision=9)
            watch.offer(done(revision=9))
            assert await told(watch) is None

    run(scenario)


def test_steps_are_told_at_most_four_times_a_second() -> None:
    async def scenario(scene: Scene) -> None:
        given = []
        with scene.changes.watch(JOB) as watch:
            for step in range(100):
                scene.changes.publish(record(revision=2 + step, steps_done=step))
                if (found := await told(watch)) is not None:
                    given.append(found.steps_done)
                scene.hour.passes(0.015625)  # a sixteenth of a quarter
        assert given == [0, 16, 32, 48, 64, 80, 96]

    run(scenario)


def test_steps_that_were_held_back_are_told_when_their_time_comes() -> None:
    async def scenario(scene: Scene) -> None:
        with scene.changes.watch(JOB) as watch:
            scene.changes.publish(record(revision=2))
            await told(watch)
            scene.changes.publish(record(revision=3, steps_done=1))
            waiting = asyncio.create_task(watch.next())
            await settle()
            assert not waiting.done()
            scene.hour.passes(QUIET_S)
            assert (await waiting).steps_done == 1

    run(scenario)


def test_the_end_is_told_at_once_though_steps_are_held_back() -> None:
    async def scenario(scene: Scene) -> None:
        with scene.changes.watch(JOB) as watch:
            scene.changes.publish(record(revision=2))
            await told(watch)
            scene.changes.publish(record(revision=3, steps_done=1))
            waiting = asyncio.create_task(watch.next())
            await settle()
            scene.changes.publish(done(revision=4))
            assert (await waiting).is_done

    run(scenario)


@pytest.mark.parametrize(
    "change",
    [
        {"stage": Stage.SAVING},
        {"cancel_requested": True},
        {"error": b"why"},
        {"labels": {"a": "b"}},
        {"attempt": 2},
    ],
)
def test_what_is_not_steps_is_told_at_once(change: dict[str, object]) -> None:
    async def scenario(scene: Scene) -> None:
        with scene.changes.watch(JOB) as watch:
            scene.changes.publish(record(revision=2))
            await told(watch)
            scene.changes.publish(record(revision=3, **change))
            assert await told(watch) == record(revision=3, **change)

    run(scenario)


def test_a_watcher_that_is_cancelled_misses_nothing() -> None:
    async def scenario(scene: Scene) -> None:
        with scene.changes.watch(JOB) as watch:
            waiting = asyncio.create_task(watch.next())
            await settle()
            scene.changes.publish(record(revision=2))
            waiting.cancel()
            await settle()
            assert await told(watch) == record(revision=2)

    run(scenario)


def test_no_timer_is_left_when_a_watcher_is_cancelled() -> None:
    async def scenario(scene: Scene) -> None:
        with scene.changes.watch(JOB) as watch:
            scene.changes.publish(record(revision=2))
            await told(watch)
            scene.changes.publish(record(revision=3, steps_done=1))
            assert await told(watch) is None
            assert scene.hour.calls == []

    run(scenario)


def test_a_watch_that_ended_is_forgotten() -> None:
    async def scenario(scene: Scene) -> None:
        with scene.changes.watch(JOB), scene.changes.watch(JOB, is_users=False):
            assert scene.changes.watched == 1
        assert scene.changes.watched == 0
        assert scene.changes._watches == {}
        scene.changes.publish(record(revision=2))

    run(scenario)


@pytest.mark.parametrize(
    ("job", "wakes"),
    [
        (queued(), True),
        (done(), True),
        (queued(run_at_us=NOW + 1), False),
        (record(), False),
    ],
)
def test_a_job_that_is_ready_or_ended_wakes_one_who_waits(job: JobRecord, wakes: bool) -> None:
    async def scenario(scene: Scene) -> None:
        tries = 0

        async def attempt() -> None:
            nonlocal tries
            tries += 1

        waiting = asyncio.create_task(scene.changes.claims.first(attempt, 30))
        await settle()
        scene.changes.publish(job)
        await settle()
        assert tries == 1 + wakes
        waiting.cancel()

    run(scenario)
