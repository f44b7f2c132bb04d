"""Verbs that wait share a commit; nobody is told before it, and nobody harms the others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from job_server.queue import writer
from job_server.queue.writer import Verb, Writer
from job_server.store.memory.store import MemoryStore
from job_server.store.record import JobRecord, Limits, NewJob
from job_server.store.store import Store, Transaction
from swath.errors import JobNotFound, ResourceExhausted, ServerBusy, Unavailable
from tests.unit.job_server.queue.records import NOW

PLENTY = Limits(outstanding=10_000)


class Watched:
    """A store that counts its transactions, and fails to commit when a test says so."""

    is_shared = False

    def __init__(self, store: Store) -> None:
        self._store = store
        self.transactions = 0
        self.fails = False

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction of the store behind."""
        with self._store.transaction() as transaction:
            self.transactions += 1
            yield transaction
            if self.fails:
                raise Unavailable("The disk of the database is full.")

    def close(self) -> None:
        """Close the store behind."""
        self._store.close()


class Desk:
    """A writer over a store, whose thread can be held."""

    def __init__(self, grouped: int = 100, waiting: int = 1000) -> None:
        self.store = Watched(MemoryStore())
        self.writer = Writer(self.store, grouped, waiting)
        self._free = threading.Event()
        self._held = threading.Event()

    async def hold(self) -> asyncio.Task[None]:
        """Keep the thread busy until `free`."""

        def busy(_transaction: Transaction) -> None:
            self._held.set()
            self._free.wait(10)

        task = asyncio.create_task(self.writer.run(busy))
        await asyncio.to_thread(self._held.wait, 10)
        return task

    def free(self) -> None:
        """Let the thread go on."""
        self._free.set()

    async def waiting(self, *verbs: Verb[Any]) -> list[asyncio.Task[Any]]:
        """Verbs that wait behind what holds the thread."""
        tasks = [asyncio.create_task(self.writer.run(verb)) for verb in verbs]
        await asyncio.sleep(0)
        return tasks

    def outstanding(self) -> int:
        """Jobs that the store has, whatever the writer says."""
        with self.store.transaction() as transaction:
            return transaction.usage("ana", PLENTY).outstanding


def create(number: int, limits: Limits = PLENTY) -> Verb[JobRecord]:
    """A verb that makes a job."""
    new = NewJob(f"{number:032x}", "ana", b"", b"", b"", "native")
    return lambda transaction: transaction.create(new, limits, NOW).job


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    """Run a scenario in an event loop of its own."""

    async def awaited() -> None:
        async with asyncio.timeout(20):
            await scenario()

    asyncio.run(awaited())


def test_a_verb_gives_what_it_gave_and_is_durable() -> None:
    async def scenario() -> None:
        desk = Desk()
        job = await desk.writer.run(create(1))
        assert job.id == f"{1:032x}"
        assert desk.outstanding() == 1
        await desk.writer.close()

    run(scenario)


def test_all_that_waits_is_one_transaction() -> None:
    async def scenario() -> None:
        desk = Desk()
        await desk.hold()
        tasks = await desk.waiting(*map(create, range(50)))
        desk.free()
        jobs = await asyncio.gather(*tasks)
        assert [job.id for job in jobs] == [f"{n:032x}" for n in range(50)]
        assert desk.store.transactions == 2
        await desk.writer.close()

    run(scenario)


def test_a_transaction_has_no_more_verbs_than_may_be_grouped() -> None:
    async def scenario() -> None:
        desk = Desk(grouped=20)
        await desk.hold()
        tasks = await desk.waiting(*map(create, range(50)))
        desk.free()
        await asyncio.gather(*tasks)
        assert desk.store.transactions == 1 + 3
        await desk.writer.close()

    run(scenario)


def test_nobody_is_told_before_the_commit() -> None:
    async def scenario() -> None:
        desk = Desk()
        holding = await desk.hold()
        task, last = await desk.waiting(create(1), create(2))
        desk.store.fails = True
        desk.free()
        for waits in (holding, task, last):
            with pytest.raises(Unavailable, match="full"):
                await waits
        desk.store.fails = False
        assert desk.outstanding() == 0
        await desk.writer.close()

    run(scenario)


def test_each_of_a_group_that_failed_gets_an_error_of_its_own() -> None:
    async def scenario() -> None:
        desk = Desk()
        await desk.hold()
        tasks = await desk.waiting(create(1), create(2))
        desk.store.fails = True
        desk.free()
        first, second = await asyncio.gather(*tasks, return_exceptions=True)
        assert str(first) == str(second)
        assert first is not second
        await desk.writer.close()

    run(scenario)


def test_the_writer_works_again_after_a_commit_that_failed() -> None:
    async def scenario() -> None:
        desk = Desk()
        desk.store.fails = True
        with pytest.raises(Unavailable):
            await desk.writer.run(create(1))
        desk.store.fails = False
        await desk.writer.run(create(1))
        assert desk.outstanding() == 1
        await desk.writer.close()

    run(scenario)


def test_a_verb_that_fails_undoes_itself_and_not_the_others() -> None:
    async def scenario() -> None:
        desk = Desk()

        def half(transaction: Transaction) -> None:
            create(7)(transaction)
            transaction.get("f" * 32)

        await desk.hold()
        before, fails, after = await desk.waiting(create(1), half, create(2))
        desk.free()
        await asyncio.gather(before, after)
        with pytest.raises(JobNotFound):
            await fails
        assert desk.outstanding() == 2
        await desk.writer.close()

    run(scenario)


def test_a_fault_in_a_verb_reaches_its_caller_alone_and_undoes_it() -> None:
    async def scenario() -> None:
        desk = Desk()

        def faulty(transaction: Transaction) -> None:
            create(7)(transaction)
            raise ZeroDivisionError

        await desk.hold()
        before, fails, after = await desk.waiting(create(1), faulty, create(2))
        desk.free()
        await asyncio.gather(before, after)
        with pytest.raises(ZeroDivisionError):
            await fails
        assert desk.outstanding() == 2
        await desk.writer.close()

    run(scenario)


def test_a_database_that_fails_in_a_verb_fails_the_whole_group() -> None:
    async def scenario() -> None:
        desk = Desk()

        def breaks(_transaction: Transaction) -> None:
            desk.store.fails = True
            raise Unavailable("The disk of the database is full.")

        await desk.hold()
        tasks = await desk.waiting(create(1), breaks, create(2))
        desk.free()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(end) for end in ends] == [Unavailable] * 3
        desk.store.fails = False
        assert desk.outstanding() == 0
        await desk.writer.close()

    run(scenario)


def test_a_verb_whose_own_rows_are_held_fails_alone() -> None:
    async def scenario() -> None:
        desk = Desk()

        def waits_in_vain(_transaction: Transaction) -> None:
            raise Unavailable("Something holds the database of jobs for too long.")

        await desk.hold()
        before, fails, after = await desk.waiting(create(1), waits_in_vain, create(2))
        desk.free()
        await asyncio.gather(before, after)
        with pytest.raises(Unavailable):
            await fails
        assert desk.outstanding() == 2
        await desk.writer.close()

    run(scenario)


def test_quota_is_exact_within_a_group() -> None:
    async def scenario() -> None:
        desk, five = Desk(), Limits(outstanding=5)
        await desk.hold()
        tasks = await desk.waiting(*(create(number, five) for number in range(8)))
        desk.free()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert sum(isinstance(end, ResourceExhausted) for end in ends) == 3
        assert desk.outstanding() == 5
        await desk.writer.close()

    run(scenario)


def test_over_the_bound_the_server_is_busy_and_says_when_to_come_again() -> None:
    async def scenario() -> None:
        desk = Desk(waiting=3)
        await desk.hold()
        tasks = await desk.waiting(*map(create, range(3)))
        assert desk.writer.waiting == 3
        with pytest.raises(ServerBusy) as raised:
            await desk.writer.run(create(9))
        assert raised.value.retry_after_ms > 0
        desk.free()
        await asyncio.gather(*tasks)
        assert desk.outstanding() == 3
        await desk.writer.close()

    run(scenario)


def test_what_is_urgent_is_not_refused() -> None:
    async def scenario() -> None:
        desk = Desk(waiting=1)
        await desk.hold()
        await desk.waiting(create(1))
        urgent = asyncio.create_task(desk.writer.run(create(2), is_urgent=True))
        await asyncio.sleep(0)
        desk.free()
        assert (await urgent).id == f"{2:032x}"
        await desk.writer.close()

    run(scenario)


def noted(order: list[str], name: str) -> Verb[None]:
    """A verb that says when it ran."""
    return lambda _transaction: order.append(name)


def test_what_is_urgent_goes_before_what_has_waited_longer() -> None:
    async def scenario() -> None:
        desk, order = Desk(grouped=2), list[str]()
        await desk.hold()
        usual = await desk.waiting(*(noted(order, f"usual {n}") for n in range(4)))
        urgent = asyncio.create_task(desk.writer.run(noted(order, "urgent"), is_urgent=True))
        await asyncio.sleep(0)
        desk.free()
        await asyncio.gather(urgent, *usual)
        assert order == ["urgent", "usual 0", "usual 1", "usual 2", "usual 3"]
        await desk.writer.close()

    run(scenario)


def test_what_is_urgent_has_at_most_every_other_group() -> None:
    async def scenario() -> None:
        desk, order = Desk(grouped=2), list[str]()
        await desk.hold()
        usual = await desk.waiting(*(noted(order, "usual") for _ in range(4)))
        urgent = [
            asyncio.create_task(desk.writer.run(noted(order, "urgent"), is_urgent=True))
            for _ in range(6)
        ]
        await asyncio.sleep(0)
        desk.free()
        await asyncio.gather(*urgent, *usual)
        assert order == [*("urgent", "urgent", "usual", "usual") * 2, "urgent", "urgent"]
        await desk.writer.close()

    run(scenario)


def test_beside_what_is_urgent_others_wait_for_fewer_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writer, "MOST_BESIDE_URGENT", 2)

    async def scenario() -> None:
        desk, order = Desk(), list[str]()
        await desk.hold()
        usual = await desk.waiting(*(noted(order, "usual") for _ in range(4)))
        urgent = asyncio.create_task(desk.writer.run(noted(order, "urgent"), is_urgent=True))
        await asyncio.sleep(0)
        before = desk.store.transactions
        desk.free()
        await asyncio.gather(urgent, *usual)
        assert desk.store.transactions == before + 3  # what is urgent, two, and the rest
        await desk.writer.close()

    run(scenario)


def test_between_those_of_a_large_group_who_are_answered_the_loop_does_other_things() -> None:
    async def scenario() -> None:
        desk, seen = Desk(), set[int]()
        await desk.hold()
        usual = await desk.waiting(*(create(n) for n in range(2 * writer.TOLD_AT_ONCE)))
        desk.free()
        while not all(one.done() for one in usual):
            seen.add(sum(one.done() for one in usual))
            await asyncio.sleep(0)
        assert writer.TOLD_AT_ONCE in seen
        await desk.writer.close()

    run(scenario)


def test_closing_runs_what_is_urgent_too() -> None:
    async def scenario() -> None:
        desk, order = Desk(grouped=2), list[str]()
        await desk.hold()
        urgent = [
            asyncio.create_task(desk.writer.run(noted(order, "urgent"), is_urgent=True))
            for _ in range(3)
        ]
        await desk.waiting(noted(order, "usual"))
        closing = asyncio.create_task(desk.writer.close())
        await asyncio.sleep(0)
        desk.free()
        await closing
        await asyncio.gather(*urgent)
        assert sorted(order) == ["urgent"] * 3 + ["usual"]
        assert not desk.writer._thread.is_alive()

    run(scenario)


def test_whoever_leaves_before_its_verb_began_takes_it_along() -> None:
    async def scenario() -> None:
        desk = Desk()
        await desk.hold()
        leaves, stays = await desk.waiting(create(1), create(2))
        leaves.cancel()
        await asyncio.wait((leaves,))
        desk.free()
        await stays
        assert desk.outstanding() == 1
        await desk.writer.close()

    run(scenario)


def test_whoever_leaves_while_its_verb_runs_leaves_its_change_behind() -> None:
    async def scenario() -> None:
        desk = Desk()
        began, goes_on = threading.Event(), threading.Event()

        def slow(transaction: Transaction) -> None:
            create(1)(transaction)
            began.set()
            goes_on.wait(10)

        leaves = asyncio.create_task(desk.writer.run(slow))
        await asyncio.to_thread(began.wait, 10)
        leaves.cancel()
        await asyncio.wait((leaves,))
        goes_on.set()
        await desk.writer.run(create(2))
        assert desk.outstanding() == 2
        await desk.writer.close()

    run(scenario)


def test_a_group_of_which_all_left_needs_no_transaction() -> None:
    async def scenario() -> None:
        desk = Desk()
        await desk.hold()
        tasks = await desk.waiting(create(1), create(2))
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        desk.free()
        await desk.writer.close()
        assert desk.store.transactions == 1

    run(scenario)


def test_the_loop_is_woken_once_for_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        desk, loop = Desk(), asyncio.get_running_loop()
        woken, wake = [], loop.call_soon_threadsafe

        def counted(callback: Callable[..., Any], *args: Any, **named: Any) -> asyncio.Handle:
            if threading.current_thread().name == "store":
                woken.append(len(args[0]))
            return wake(callback, *args, **named)

        await desk.hold()
        monkeypatch.setattr(loop, "call_soon_threadsafe", counted)
        tasks = await desk.waiting(*map(create, range(30)))
        desk.free()
        await asyncio.gather(*tasks)
        assert woken == [1, 30]
        await desk.writer.close()

    run(scenario)


def test_closing_runs_what_waits_and_ends_the_thread() -> None:
    async def scenario() -> None:
        desk = Desk()
        await desk.hold()
        tasks = await desk.waiting(*map(create, range(10)))
        closing = asyncio.create_task(desk.writer.close())
        await asyncio.sleep(0)
        desk.free()
        await closing
        assert all(task.done() for task in tasks)
        assert desk.outstanding() == 10
        assert not desk.writer._thread.is_alive()

    run(scenario)


def test_a_closed_writer_refuses_verbs_and_may_be_closed_again() -> None:
    async def scenario() -> None:
        desk = Desk()
        await desk.writer.close()
        with pytest.raises(Unavailable, match="stopping"):
            await desk.writer.run(create(1))
        await desk.writer.close()

    run(scenario)


def test_in_a_crowd_where_some_leave_everyone_who_stays_gets_its_own_answer() -> None:
    async def scenario() -> None:
        desk = Desk(grouped=7)
        tasks = {n: asyncio.create_task(desk.writer.run(create(n))) for n in range(300)}
        await asyncio.sleep(0)
        for number in range(0, 300, 3):
            tasks[number].cancel()
            await asyncio.sleep(0)
        ends = await asyncio.gather(*tasks.values(), return_exceptions=True)
        stayed = {n: end for n, end in enumerate(ends) if isinstance(end, JobRecord)}
        assert len(stayed) >= 200
        assert all(job.id == f"{n:032x}" for n, job in stayed.items())
        assert len(stayed) <= desk.outstanding() <= 300
        await desk.writer.close()

    run(scenario)
