"""The chores of the server: each does its work, survives what fails, and stops when told."""

from __future__ import annotations

import asyncio
import threading
import zlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from job_server.queue.changes import Changes
from job_server.queue.policy import RetryRules
from job_server.queue.sweep import dead_among
from job_server.queue.upkeep import Upkeep, UpkeepRules
from job_server.queue.writer import Writer
from job_server.results.key import key_of, parse_key
from job_server.results.memory import MemoryResults
from job_server.store.memory.store import MemoryStore
from job_server.store.record import Beat, Claimed, JobRecord, Limits, Manifest, NewJob, Piece
from job_server.store.store import Transaction
from swath.errors import EngineCrashed, JobNotFound, Unavailable
from swath.job import Stage, Status
from swath.serving.events import Event, Instrument
from swath.wire.job_error import decode_job_error
from tests.unit.job_server.queue.records import HOUR, NOW

SECOND = 1_000_000
DAY = 24 * HOUR
LIMITS = Limits()
LEASE = 60 * SECOND
INLINE = Manifest("native", 1, 0, data=b"x")


class Failing:
    """A store that does not answer when a test says so."""

    is_shared = True

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.fails = False
        self.transactions = 0

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction of the store behind."""
        with self._store.transaction() as transaction:
            self.transactions += 1
            yield transaction
            if self.fails:
                raise Unavailable("The database does not answer.")

    def close(self) -> None:
        """Close the store behind."""
        self._store.close()


class Breaking(MemoryResults):
    """Results that cannot be removed when a test says so."""

    is_broken = False

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects, or say that it cannot be done."""
        if self.is_broken:
            raise Unavailable("Results cannot be removed now.")
        super().delete(keys)


class Pauses:
    """Waits of the chores, by name, that end when a test says so."""

    def __init__(self) -> None:
        self._asked: dict[str, asyncio.Queue[float]] = {}
        self._ends: dict[str, asyncio.Event] = {}

    async def __call__(self, seconds: float) -> None:
        """Wait until the test ends it."""
        name = self._name()
        self._asked.setdefault(name, asyncio.Queue()).put_nowait(seconds)
        self._ends[name] = asyncio.Event()
        await self._ends[name].wait()

    def _name(self) -> str:
        task = asyncio.current_task()
        assert task is not None
        return task.get_name().removeprefix("upkeep-")

    async def asked(self, chore: str) -> float:
        """The next wait that a chore asks for."""
        return await self._asked.setdefault(chore, asyncio.Queue()).get()

    def end(self, chore: str) -> None:
        """Let a chore go on."""
        self._ends[chore].set()


class House:
    """A server's store, results and chores, at a time that a test sets."""

    def __init__(self, **rules: Any) -> None:
        self.now_us = NOW
        self.store = Failing(MemoryStore())
        self.results = Breaking()
        self.events: list[Event] = []
        self.instrument = Instrument(self.events.append)
        self.pauses = Pauses()
        self.writer = Writer(self.store, 100)
        self.changes = Changes(lambda: self.now_us)
        self.upkeep = Upkeep(
            self.writer,
            self.results,
            self.changes,
            self.instrument,
            lambda: self.now_us,
            lambda: 0.5,
            RetryRules(),
            UpkeepRules(**rules),
            self.pauses,
            self.store.is_shared,
        )

    async def __aenter__(self) -> House:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.writer.close()
        self.instrument.close()

    def said(self, verb: str) -> list[dict[str, Any]]:
        """Events of a verb so far."""
        self.instrument.close()
        return [dict(event.fields) for event in self.events if event.verb == verb]

    async def create(self, number: int = 1, **changed: Any) -> JobRecord:
        """A job that waits."""
        plain: dict[str, Any] = {"keep_us": DAY, "attempt_timeout_us": HOUR, "age_limit_us": DAY}
        new = NewJob(f"{number:032x}", "ana", b"", b"", b"", "native", **{**plain, **changed})
        return (await self.writer.run(lambda t: t.create(new, LIMITS, self.now_us))).job

    async def claim(self) -> Claimed:
        """The next job, leased for a minute."""
        claimed = await self.writer.run(lambda t: t.claim("w", LEASE, 0, self.now_us))
        assert claimed is not None
        return claimed

    async def get(self, number: int = 1) -> JobRecord:
        """A job as it is."""
        return await self.writer.run(lambda t: t.get(f"{number:032x}"))

    def put(self, claimed: Claimed, data: bytes = b"pixels", name: str = "tile-0") -> Piece:
        """A stored object that nothing names yet."""
        key = key_of(claimed.job.id, name, claimed.job.fence, zlib.crc32(data))
        stored = self.results.write(key, [data])
        return Piece(name, key, stored.size_bytes, stored.crc32)

    async def record(self, claimed: Claimed, piece: Piece) -> None:
        """Name an object as a piece of its job."""
        await self.writer.run(lambda t: t.put_piece(claimed.lease, piece, 1, self.now_us))

    async def finished(self, number: int = 1) -> Piece:
        """A job that is done, with a result of one piece."""
        await self.create(number)
        claimed = await self.claim()
        piece = self.put(claimed)
        await self.record(claimed, piece)
        manifest = Manifest("native", piece.size_bytes, piece.crc32, pieces=(piece,))
        await self.writer.run(lambda t: t.commit(claimed.lease, manifest, self.now_us))
        return piece

    def keys(self) -> set[str]:
        """All objects that there are."""
        return {key for job in self.results.jobs() for key in self.results.keys(job)}


def run(scenario: Callable[[House], Awaitable[None]], **rules: Any) -> None:
    """Run a scenario in an event loop of its own."""

    async def awaited() -> None:
        async with asyncio.timeout(20), House(**rules) as house:
            await scenario(house)

    asyncio.run(awaited())


# Reap


def test_a_job_whose_worker_was_lost_is_queued_again() -> None:
    async def scenario(house: House) -> None:
        await house.create()
        await house.claim()
        house.now_us += LEASE + 1
        assert not await house.upkeep.reap()
        job = await house.get()
        assert (job.stage, job.crash_losses) == (Stage.QUEUED, 1)
        assert job.run_at_us == house.now_us + SECOND // 2
        assert house.said("reap")[0]["job"] == job.id

    run(scenario)


def test_a_job_whose_lease_is_good_is_left_alone() -> None:
    async def scenario(house: House) -> None:
        await house.create()
        await house.claim()
        house.now_us += LEASE - 1
        await house.upkeep.reap()
        assert (await house.get()).is_leased
        assert house.said("reap") == []

    run(scenario)


def test_a_job_that_loses_every_worker_ends_and_says_so() -> None:
    async def scenario(house: House) -> None:
        await house.create()
        for _ in range(3):
            await house.claim()
            house.now_us += LEASE + 1
            await house.upkeep.reap()
            house.now_us += 10 * SECOND
        job = await house.get()
        assert (job.stage, job.status) == (Stage.DONE, Status.FAILURE)
        assert job.error is not None
        error = decode_job_error(job.error)
        assert isinstance(error, EngineCrashed)
        assert "3 times" in error.problem

    run(scenario)


def test_an_attempt_that_takes_too_long_is_ended_though_its_worker_lives() -> None:
    async def scenario(house: House) -> None:
        await house.create(attempt_timeout_us=30 * SECOND)
        await house.claim()
        house.now_us += 31 * SECOND
        await house.upkeep.reap()
        job = await house.get()
        assert (job.stage, job.timeout_losses, job.crash_losses) == (Stage.QUEUED, 1, 0)

    run(scenario)


def test_who_watches_a_reaped_job_is_told() -> None:
    async def scenario(house: House) -> None:
        job = await house.create()
        await house.claim()
        house.now_us += LEASE + 1
        with house.changes.watch(job.id) as watch:
            await house.upkeep.reap()
            assert (await watch.next()).stage is Stage.QUEUED

    run(scenario)


def test_more_lost_jobs_than_one_transaction_takes_are_reaped_at_once_after() -> None:
    async def scenario(house: House) -> None:
        for number in range(3):
            await house.create(number)
            await house.claim()
        house.now_us += LEASE + 1
        assert await house.upkeep.reap()
        assert not await house.upkeep.reap()
        assert not any([(await house.get(number)).is_leased for number in range(3)])

    run(scenario, most=2)


# Remove


async def checkpointed(house: House) -> Claimed:
    """A job that runs, and has a tile."""
    await house.create()
    claimed = await house.claim()
    await house.record(claimed, house.put(claimed))
    return claimed


def test_tiles_of_a_job_that_was_cancelled_go_at_once() -> None:
    async def scenario(house: House) -> None:
        claimed = await checkpointed(house)
        house.now_us += LEASE + 1
        await house.upkeep.reap()
        assert len(house.keys()) == 1  # it goes on from there
        await house.writer.run(lambda t: t.cancel(claimed.job.id, None, house.now_us))
        await house.upkeep.remove()
        assert house.keys() == set()
        assert house.said("remove") == [{"objects": 1}]

    run(scenario)


def test_tiles_of_a_job_that_lost_its_last_worker_go_at_once() -> None:
    async def scenario(house: House) -> None:
        claimed = await checkpointed(house)
        await house.writer.run(lambda t: t.cancel(claimed.job.id, None, house.now_us))
        house.now_us += LEASE + 1
        await house.upkeep.reap()
        await house.upkeep.remove()
        assert house.keys() == set()

    run(scenario)


def test_tiles_that_a_result_does_not_name_go_and_the_others_stay() -> None:
    async def scenario(house: House) -> None:
        claimed = await checkpointed(house)
        piece = house.put(claimed, b"whole", "image")
        await house.record(claimed, piece)
        manifest = Manifest("native", piece.size_bytes, piece.crc32, pieces=(piece,))
        await house.writer.run(lambda t: t.commit(claimed.lease, manifest, house.now_us))
        await house.upkeep.remove()
        assert house.keys() == {piece.key}

    run(scenario)


def test_tiles_stay_where_the_end_of_their_job_is_not_durable() -> None:
    async def scenario(house: House) -> None:
        claimed = await checkpointed(house)
        await house.writer.run(lambda t: t.release(claimed.lease, house.now_us))
        house.store.fails = True
        with pytest.raises(Unavailable):
            await house.writer.run(lambda t: t.cancel(claimed.job.id, None, house.now_us))
        house.store.fails = False
        await house.upkeep.remove_freed()
        assert len(house.keys()) == 1

    run(scenario)


def test_tiles_go_though_whoever_cancelled_the_job_did_not_wait() -> None:
    async def scenario(house: House) -> None:
        claimed = await checkpointed(house)
        await house.writer.run(lambda t: t.release(claimed.lease, house.now_us))
        begun, goes_on = threading.Event(), threading.Event()

        def cancel(transaction: Transaction) -> None:
            begun.set()
            goes_on.wait(10)
            transaction.cancel(claimed.job.id, None, house.now_us)

        call = asyncio.create_task(house.writer.run(cancel))
        await asyncio.to_thread(begun.wait, 10)
        call.cancel()
        goes_on.set()
        await house.upkeep.remove()
        assert house.keys() == set()

    run(scenario)


def test_what_cannot_be_removed_is_told_and_holds_up_nothing_else() -> None:
    async def scenario(house: House) -> None:
        task = await started(house)
        house.results.is_broken = True
        assert await house.pauses.asked("remove") == 0
        house.pauses.end("remove")
        claimed = await checkpointed(house)
        await house.writer.run(lambda t: t.commit(claimed.lease, INLINE, house.now_us))
        assert await house.pauses.asked("remove") == 20
        house.results.is_broken = False
        house.pauses.end("remove")
        await house.finished(2)
        house.now_us += DAY + 1
        await house.writer.run(lambda t: t.delete(f"{2:032x}", None, house.now_us))
        assert await house.pauses.asked("remove") == 0
        await stopped(task)
        left = sorted(house.keys())
        assert [parse_key(key).job for key in left] == [claimed.job.id]
        told = house.said("upkeep_failed")
        assert [(event["chore"], event["reason"]) for event in told] == [("remove", "UNAVAILABLE")]

    run(scenario)


def test_a_reaper_does_not_wait_until_objects_are_gone() -> None:
    async def scenario(house: House) -> None:
        claimed = await checkpointed(house)
        await house.writer.run(lambda t: t.cancel(claimed.job.id, None, house.now_us))
        house.now_us += LEASE + 1
        await house.upkeep.reap()
        assert (await house.get()).status is Status.CANCELLED
        assert len(house.keys()) == 1
        await house.upkeep.remove()
        assert house.keys() == set()

    run(scenario)


# Expire and forget


def test_a_result_that_was_kept_long_enough_goes_with_its_objects() -> None:
    async def scenario(house: House) -> None:
        await house.finished()
        house.now_us += DAY + 1
        await house.upkeep.expire()
        assert (await house.get()).result_bytes is None
        assert house.keys() == set()
        assert house.said("expire") == [{"jobs": 1}]
        assert house.said("remove") == [{"objects": 1}]

    run(scenario)


def test_a_result_stays_until_its_time() -> None:
    async def scenario(house: House) -> None:
        piece = await house.finished()
        house.now_us += DAY - 1
        await house.upkeep.expire()
        assert house.keys() == {piece.key}

    run(scenario)


def test_objects_stay_where_their_row_could_not_be_marked() -> None:
    async def scenario(house: House) -> None:
        piece = await house.finished()
        house.now_us += DAY + 1
        house.store.fails = True
        with pytest.raises(Unavailable):
            await house.upkeep.expire()
        house.store.fails = False
        assert house.keys() == {piece.key}
        assert (await house.get()).result_bytes == piece.size_bytes

    run(scenario)


def test_more_results_than_one_transaction_takes_are_removed_at_once_after() -> None:
    async def scenario(house: House) -> None:
        for number in range(3):
            await house.finished(number)
        house.now_us += DAY + 1
        assert await house.upkeep.expire()
        assert not await house.upkeep.expire()
        assert house.keys() == set()

    run(scenario, most=2)


def test_the_row_of_a_result_that_is_gone_stays_for_its_time_and_then_goes() -> None:
    async def scenario(house: House) -> None:
        await house.finished()
        house.now_us += DAY + 1
        await house.upkeep.expire()
        house.now_us += 7 * DAY - 2
        await house.upkeep.forget()
        await house.get()
        house.now_us += 3
        await house.upkeep.forget()
        with pytest.raises(JobNotFound):
            await house.get()
        assert house.said("forget") == [{"jobs": 1}]

    run(scenario, tombstone_us=7 * DAY)


# Sweep


def test_an_object_that_nothing_names_goes_after_its_grace() -> None:
    async def scenario(house: House) -> None:
        await house.create()
        claimed = await house.claim()
        house.put(claimed)
        await house.writer.run(lambda t: t.release(claimed.lease, house.now_us))
        await house.upkeep.sweep()
        house.now_us += DAY - 1
        await house.upkeep.sweep()
        assert len(house.keys()) == 1
        house.now_us += 1
        await house.upkeep.sweep()
        assert house.keys() == set()
        assert house.said("sweep") == [{"objects": 1}]

    run(scenario)


def test_objects_of_a_job_that_is_not_known_go_after_their_grace() -> None:
    async def scenario(house: House) -> None:
        house.results.write(key_of("f" * 32, "tile-0", 3, 0), [b""])
        await house.upkeep.sweep()
        house.now_us += DAY
        await house.upkeep.sweep()
        assert house.keys() == set()

    run(scenario)


def test_objects_that_a_piece_or_a_manifest_names_stay() -> None:
    async def scenario(house: House) -> None:
        finished = await house.finished(1)
        await house.create(2)
        claimed = await house.claim()
        piece = house.put(claimed)
        await house.record(claimed, piece)
        await house.writer.run(lambda t: t.release(claimed.lease, house.now_us))
        for _ in range(3):
            await house.upkeep.sweep()
            house.now_us += 2 * DAY
        assert house.keys() == {finished.key, piece.key}

    run(scenario)


def test_an_object_stays_while_the_lease_that_stored_it_may_still_name_it() -> None:
    async def scenario(house: House) -> None:
        await house.create(attempt_timeout_us=90 * DAY)
        claimed = await house.writer.run(lambda t: t.claim("w", 60 * DAY, 0, house.now_us))
        assert claimed is not None
        piece = house.put(claimed)
        for _ in range(3):
            await house.upkeep.sweep()
            house.now_us += 2 * DAY
        await house.record(claimed, piece)
        assert house.keys() == {piece.key}

    run(scenario)


def test_an_object_of_a_lease_that_was_lost_goes_though_the_job_runs_again() -> None:
    async def scenario(house: House) -> None:
        await house.create(attempt_timeout_us=90 * DAY)
        lost = await house.claim()
        house.put(lost, b"of the lost one")
        house.now_us += LEASE + 1
        await house.upkeep.reap()
        house.now_us += SECOND
        claimed = await house.writer.run(lambda t: t.claim("w", 60 * DAY, 0, house.now_us))
        assert claimed is not None
        piece = house.put(claimed, b"of the one that runs")
        await house.upkeep.sweep()
        house.now_us += DAY
        await house.upkeep.sweep()
        assert house.keys() == {piece.key}

    run(scenario)


def test_an_upload_in_progress_is_not_swept() -> None:
    async def scenario(house: House) -> None:
        await house.create()
        claimed = await house.claim()
        data = b"pixels"
        key = key_of(claimed.job.id, "tile-0", claimed.job.fence, zlib.crc32(data))
        upload = house.results.begin(key)
        upload.feed(data)
        for _ in range(2):
            await house.upkeep.sweep()
            house.now_us += DAY
        upload.finish(len(data), zlib.crc32(data))
        assert house.keys() == {key}

    run(scenario)


def test_an_object_that_came_to_be_named_within_its_grace_starts_anew() -> None:
    async def scenario(house: House) -> None:
        piece = await house.finished()
        database = house.store._store
        house.store._store = MemoryStore()  # an older copy was put back by mistake
        await house.upkeep.sweep()
        house.store._store = database  # and then the right one
        house.now_us += HOUR
        await house.upkeep.sweep()
        house.store._store = MemoryStore()  # and the older one once more
        house.now_us += DAY
        await house.upkeep.sweep()
        assert house.keys() == {piece.key}

    run(scenario)


def test_a_sweep_while_the_store_does_not_answer_removes_nothing() -> None:
    async def scenario(house: House) -> None:
        house.results.write(key_of("f" * 32, "tile-0", 3, 0), [b""])
        await house.upkeep.sweep()
        house.now_us += DAY
        house.store.fails = True
        with pytest.raises(Unavailable):
            await house.upkeep.sweep()
        assert len(house.keys()) == 1
        house.store.fails = False
        await house.upkeep.sweep()
        assert house.keys() == set()

    run(scenario)


class Between:
    """A transaction in which something happens after its first statement."""

    def __init__(self, transaction: Transaction, happens: Callable[[], object]) -> None:
        self._transaction = transaction
        self._to_come = [happens]

    def get(self, job: str) -> JobRecord:
        """The job, as the store says."""
        found = self._transaction.get(job)
        self._happen()
        return found

    def referenced(self, jobs: Sequence[str]) -> set[str]:
        """The names, as the store says."""
        found = self._transaction.referenced(jobs)
        self._happen()
        return found

    def _happen(self) -> None:
        while self._to_come:
            self._to_come.pop()()


def test_a_piece_recorded_between_two_statements_of_the_sweep_is_alive() -> None:
    async def scenario(house: House) -> None:
        await house.create()
        claimed = await house.claim()
        piece = house.put(claimed)

        def look(transaction: Transaction) -> list[str]:
            def happens() -> None:
                transaction.put_piece(claimed.lease, piece, 1, house.now_us)
                transaction.release(claimed.lease, house.now_us)

            between: Any = Between(transaction, happens)
            return dead_among(between, [piece.key])

        assert await house.writer.run(look) == []

    run(scenario)


# Rouse and recount


def test_a_job_whose_time_has_come_wakes_a_worker_that_waits() -> None:
    async def scenario(house: House) -> None:
        await house.create()
        claimed = await house.claim()
        house.now_us += LEASE + 1
        await house.upkeep.reap()
        tries = 0

        async def attempt() -> Claimed | None:
            nonlocal tries
            tries += 1
            return await house.writer.run(lambda t: t.claim("w", LEASE, 0, house.now_us))

        waiting = asyncio.create_task(house.changes.claims.first(attempt, 10))
        await asyncio.sleep(0)
        await house.upkeep.rouse()
        await house.upkeep.rouse()
        assert tries == 1
        house.now_us += SECOND
        await house.upkeep.rouse()
        found = await waiting
        assert found is not None and found.job.id == claimed.job.id

    run(scenario)


def test_a_watcher_hears_what_another_server_did() -> None:
    async def scenario(house: House) -> None:
        job = await house.create()
        with house.changes.watch(job.id, job.revision) as watch:
            with house.store.transaction() as elsewhere:
                elsewhere.cancel(job.id, None, house.now_us)
            await house.upkeep.follow()
            heard = await watch.next()
            assert heard.is_done and heard == await house.get()
            before = house.store.transactions
            await house.upkeep.follow()
            assert house.store.transactions == before + 1
        await house.upkeep.follow()
        assert house.store.transactions == before + 1  # nobody watches

    run(scenario)


def test_nothing_is_asked_of_the_database_while_nobody_waits() -> None:
    async def scenario(house: House) -> None:
        await house.create()
        before = house.store.transactions
        await house.upkeep.rouse()
        assert house.store.transactions == before

    run(scenario)


def test_a_recount_says_whose_counters_were_wrong() -> None:
    async def scenario(house: House) -> None:
        await house.create()
        await house.upkeep.recount()
        assert house.said("recount") == [{"wrong": []}]

    run(scenario)


def test_transactions_of_others_that_are_old_are_looked_for_every_minute() -> None:
    async def scenario(house: House) -> None:
        task = await started(house)
        assert await house.pauses.asked("look") == 20
        before = house.store.transactions
        house.pauses.end("look")
        assert await house.pauses.asked("look") == 60
        assert house.store.transactions == before + 1
        assert house.upkeep.oldest_s == 0
        await stopped(task)

    run(scenario)


# The loops


async def started(house: House) -> asyncio.Task[None]:
    """All chores, at their first wait."""
    task = asyncio.create_task(house.upkeep.run())
    await asyncio.sleep(0)
    return task


async def stopped(task: asyncio.Task[None]) -> None:
    """The chores cancelled, and at their end."""
    task.cancel()
    await asyncio.wait((task,))
    assert task.cancelled()


def test_living_workers_have_time_to_come_back_before_the_first_reap() -> None:
    async def scenario(house: House) -> None:
        await house.create()
        claimed = await house.claim()
        house.now_us += LEASE + 1  # the server was down for longer than the lease
        task = await started(house)
        assert await house.pauses.asked("reap") == 20
        beats = [Beat(claimed.lease)]
        await house.writer.run(lambda t: t.heartbeat(beats, LEASE, house.now_us))
        house.pauses.end("reap")
        assert await house.pauses.asked("reap") == 1
        assert (await house.get()).is_leased
        await stopped(task)

    run(scenario)


def test_a_server_that_was_asleep_hears_its_workers_before_it_reaps() -> None:
    async def scenario(house: House) -> None:
        await house.create()
        claimed = await house.claim()
        task = await started(house)
        await house.pauses.asked("reap")
        house.pauses.end("reap")
        assert await house.pauses.asked("reap") == 1
        house.now_us += 2 * LEASE  # it is stopped, and goes on
        house.pauses.end("reap")
        assert await house.pauses.asked("reap") == 20
        beats = [Beat(claimed.lease)]
        await house.writer.run(lambda t: t.heartbeat(beats, LEASE, house.now_us))
        house.now_us += 20 * SECOND
        house.pauses.end("reap")
        assert await house.pauses.asked("reap") == 1
        assert (await house.get()).is_leased
        await stopped(task)

    run(scenario)


def test_a_chore_survives_a_database_that_does_not_answer() -> None:
    async def scenario(house: House) -> None:
        await house.create()
        await house.claim()
        house.now_us += LEASE + 1
        task = await started(house)
        await house.pauses.asked("reap")
        house.store.fails = True
        house.pauses.end("reap")
        assert await house.pauses.asked("reap") == 20
        house.store.fails = False
        house.pauses.end("reap")
        assert await house.pauses.asked("reap") == 1
        assert (await house.get()).stage is Stage.QUEUED
        await stopped(task)
        (said,) = house.said("upkeep_failed")
        assert (said["chore"], said["reason"]) == ("reap", "UNAVAILABLE")

    run(scenario)


def test_a_fault_of_ours_in_a_chore_is_told_and_does_not_end_it() -> None:
    async def scenario(house: House) -> None:
        broken = house.results.jobs

        def fail() -> Iterator[str]:
            raise ZeroDivisionError

        task = await started(house)
        await house.pauses.asked("sweep")
        house.results.jobs = fail  # type: ignore[method-assign]
        house.pauses.end("sweep")
        assert await house.pauses.asked("sweep") == 3600
        house.results.jobs = broken  # type: ignore[method-assign]
        house.results.write(key_of("f" * 32, "tile-0", 3, 0), [b""])
        house.pauses.end("sweep")
        assert await house.pauses.asked("sweep") == 3600
        house.now_us += DAY + 1
        house.pauses.end("sweep")
        assert await house.pauses.asked("sweep") == 20  # a day for an hour: it was asleep
        house.pauses.end("sweep")
        assert await house.pauses.asked("sweep") == 3600
        assert house.keys() == set()
        await stopped(task)
        (said,) = house.said("upkeep_failed")
        assert "ZeroDivisionError" in said["traceback"]
        assert "ZeroDivisionError" not in said["problem"]

    run(scenario)


def test_a_chore_with_more_to_do_goes_on_at_once() -> None:
    async def scenario(house: House) -> None:
        for number in range(3):
            await house.create(number)
            await house.claim()
        house.now_us += LEASE + 1
        task = await started(house)
        await house.pauses.asked("reap")
        house.pauses.end("reap")
        assert await house.pauses.asked("reap") == 0
        house.pauses.end("reap")
        assert await house.pauses.asked("reap") == 1
        await stopped(task)

    run(scenario, most=2)


def test_upkeep_stops_at_once_though_a_chore_is_at_work() -> None:
    async def scenario(house: House) -> None:
        task = await started(house)
        await house.pauses.asked("recount")
        house.pauses.end("recount")
        await stopped(task)

    run(scenario)
