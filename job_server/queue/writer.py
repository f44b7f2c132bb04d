"""Runs the store's verbs in a thread, for the event loop, and groups their commits.

All verbs that wait run in one transaction, and one commit makes them durable: a commit costs the
same for one as for hundreds. When one of them is refused, all is undone and they run once more,
each in a savepoint of its own: refusals are rare, and savepoints were two fifths of the round trips
of a create. Nobody is told before the commit, and the loop is woken once per group. Of several
servers of one database, one runs its group at a time.

Urgent verbs have every other group for themselves: workers do not stand still while a burst of jobs
is made, nor do those who make jobs while many workers are busy.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from job_server.store.store import Store, Transaction
from swath.errors import ServerBusy, SwathError, Unavailable

MOST_WAITING = 10_000
"""Verbs that may wait; some three seconds of work on SQLite."""
RETRY_AFTER_MS = 500
MOST_BESIDE_URGENT = 64
"""Usual verbs in one transaction while urgent ones come: some 40 ms."""
TOLD_AT_ONCE = 16
"""Who is answered in one turn of the loop: what they do next takes some 5 ms, and 256 of them would
keep a worker's call waiting for 100 ms in each of its own turns."""
FREED_AT_ONCE = 1000
"""Keys in one list of `Writer.freed`: their objects are removed in a fraction of a second."""

_T = TypeVar("_T")
Verb = Callable[[Transaction], _T]


@dataclass(frozen=True, slots=True, eq=False)
class _Order(Generic[_T]):
    verb: Verb[_T]
    answer: asyncio.Future[_T]


class _Bell:
    """Stands in the queue of usual verbs for one that is urgent."""


_BELL = _Bell()


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a verb gave, or why it gave nothing."""

    value: Any = None
    error: Exception | None = None


class Writer:
    """The thread that may touch the store. All methods belong to the loop it was made in."""

    def __init__(self, store: Store, most_grouped: int, most_waiting: int = MOST_WAITING) -> None:
        """Start the thread.

        Args:
            most_grouped: verbs in one transaction; bounds how long the first waits for the rest.
            most_waiting: verbs that may wait before further ones are refused.
        """
        self._store = store
        self._most_grouped = most_grouped
        self._most_beside = min(most_grouped, MOST_BESIDE_URGENT)
        self._most_waiting = most_waiting
        self._loop = asyncio.get_running_loop()
        self._orders: SimpleQueue[_Order[Any] | _Bell | None] = SimpleQueue()
        self._urgent: SimpleQueue[_Order[Any]] = SimpleQueue()
        self.freed: asyncio.Queue[list[str]] = asyncio.Queue()
        """Keys that transactions have freed and that are durable: whoever removes their objects
        takes them from here."""
        self._was_urgent = False
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="store", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Verbs that the thread has not taken yet."""
        return self._orders.qsize()

    async def run(self, verb: Verb[_T], *, is_urgent: bool = False) -> _T:
        """What the verb gives, once it is durable.

        Whoever is cancelled before the thread took the verb takes it along; later, its changes
        stay, and only the answer is lost: shield what must not be.

        Args:
            verb: runs in the thread, perhaps more than once, until one run counts.
            is_urgent: not refused, however many wait, and soon done: for what workers say, which
                keeps jobs alive and going.

        Raises:
            Whatever the verb raises; then nothing of it was done. Unavailable: the transaction
            failed; nothing was done, or (where the connection broke in the commit) all of it.
            ServerBusy: too many wait; nothing was done.
        """
        if self._is_closed:
            raise Unavailable("The job server is stopping: try again in a moment.")
        if self.waiting >= self._most_waiting and not is_urgent:
            raise ServerBusy(
                f"More than {self._most_waiting} requests wait for the database. Try again later.",
                retry_after_ms=RETRY_AFTER_MS,
            )
        answer: asyncio.Future[_T] = self._loop.create_future()
        order = _Order(verb, answer)
        if is_urgent:
            self._urgent.put(order)
        self._orders.put(_BELL if is_urgent else order)
        return await answer

    async def close(self) -> None:
        """Refuse further verbs, run those that wait, and end the thread."""
        if not self._is_closed:
            self._is_closed = True
            self._orders.put(None)
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        while group := self._next_group():
            # Nobody waits for the others any more, and nothing of them was begun.
            wanted = [order for order in group if not order.answer.cancelled()]
            if wanted:
                self._tell(wanted, *self._carried_out(wanted))

    def _next_group(self) -> list[_Order[Any]]:
        """What waits; at least one, or none at the end."""
        while True:
            if self._was_urgent and (usual := self._usual_group(self._most_beside)):
                self._was_urgent = False
                return usual
            if urgent := self._urgent_group():
                self._was_urgent = True
                return urgent
            self._was_urgent = False
            first = self._orders.get()
            if first is None:
                return []
            if isinstance(first, _Order):
                return [first, *self._usual_group(self._most_grouped - 1)]

    def _urgent_group(self) -> list[_Order[Any]]:
        """What is urgent; the bells stay in the queue, and ring for nothing."""
        group: list[_Order[Any]] = []
        with contextlib.suppress(Empty):
            while len(group) < self._most_grouped:
                group.append(self._urgent.get_nowait())
        return group

    def _usual_group(self, most: int) -> list[_Order[Any]]:
        """What is not urgent; none, where nothing waits."""
        group: list[_Order[Any]] = []
        with contextlib.suppress(Empty):
            while len(group) < most:
                order = self._orders.get_nowait()
                if order is None:
                    self._orders.put(None)
                    break
                if isinstance(order, _Order):
                    group.append(order)
        return group

    def _carried_out(self, group: list[_Order[Any]]) -> tuple[list[_Outcome], set[str]]:
        """What became of each verb, and the keys that all of them freed."""
        try:
            with self._transaction() as transaction:
                outcomes = [_Outcome(_unrefused(transaction, order.verb)) for order in group]
        except Unavailable as error:
            # One each: whoever gets an error may add to it.
            return [_Outcome(error=copy.copy(error)) for _ in group], set()
        except Exception:  # noqa: BLE001 - whose it is shows when each runs by itself
            return self._one_by_one(group)
        return outcomes, transaction.freed

    def _one_by_one(self, group: list[_Order[Any]]) -> tuple[list[_Outcome], set[str]]:
        try:
            with self._transaction() as transaction:
                outcomes = [_attempted(transaction, order.verb) for order in group]
        except SwathError as error:
            return [_Outcome(error=copy.copy(error)) for _ in group], set()
        except Exception as fault:  # noqa: BLE001 - as above
            return [_Outcome(error=fault) for _ in group], set()
        return outcomes, transaction.freed

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Transaction]:
        with self._store.transaction() as transaction:
            transaction.take_turn()
            yield transaction

    def _tell(
        self, group: list[_Order[Any]], outcomes: list[_Outcome], freed: Iterable[str]
    ) -> None:
        keys = sorted(freed)
        lists = [keys[at : at + FREED_AT_ONCE] for at in range(0, len(keys), FREED_AT_ONCE)]
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._answer, group, outcomes, lists)

    def _answer(
        self, group: list[_Order[Any]], outcomes: list[_Outcome], freed: list[list[str]]
    ) -> None:
        for keys in freed:
            self.freed.put_nowait(keys)
        self._answer_some(list(zip(group, outcomes, strict=True)))

    def _answer_some(self, told: list[tuple[_Order[Any], _Outcome]]) -> None:
        if later := told[TOLD_AT_ONCE:]:
            self._loop.call_soon(self._answer_some, later)
        for order, outcome in told[:TOLD_AT_ONCE]:
            if order.answer.done():
                continue  # cancelled meanwhile
            if outcome.error is not None:
                order.answer.set_exception(outcome.error)
            else:
                order.answer.set_result(outcome.value)


class _Refused(Exception):
    """A signal: a verb of the group raised, so that nothing of the group may stay."""


def _unrefused(transaction: Transaction, verb: Verb[_T]) -> _T:
    try:
        return verb(transaction)
    except Exception as refusal:
        raise _Refused from refusal


def _attempted(transaction: Transaction, verb: Verb[Any]) -> _Outcome:
    """What a verb gave in its savepoint.

    Where not only that but the transaction itself is gone, its context says so to all of the group.
    """
    try:
        return _Outcome(transaction.attempted(partial(verb, transaction)))
    except Exception as error:  # noqa: BLE001 - the savepoint is undone; whoever waits is told
        return _Outcome(error=error)
