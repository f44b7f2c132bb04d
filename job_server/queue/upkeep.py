"""What the server does without being asked: it ends lost attempts, removes objects, sweeps.

Each chore looks at the state as it is, again and again, so a turn that was missed costs time and
nothing else. A database that does not answer is waited for; a fault of our own in one turn is told
and does not end the chore.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from job_server.queue.changes import Changes
from job_server.queue.lookout import SECOND_US, Lookout
from job_server.queue.policy import Random, RetryRules, lost
from job_server.queue.sweep import Sweep
from job_server.queue.writer import Writer
from job_server.results.store import ResultStore
from job_server.store.record import Failure, JobRecord
from swath import status
from swath.errors import Transient, Wait
from swath.serving.events import Instrument

DAY_US = 86_400 * SECOND_US
ASLEEP_US = 5 * SECOND_US
"""A wait that took so much longer than it should: the server, or its machine, was asleep."""
MAX_TRACE = 8000


@dataclass(frozen=True, slots=True)
class UpkeepRules:
    """When chores are done, and how long things are left alone."""

    reap_s: float = 1.0
    """Between two looks for leases and deadlines that have passed."""
    settle_s: float = 20.0
    """After the start, after the database did not answer, and after the server was asleep: time for
    the workers that live to send a heartbeat, before leases that they could not renew are taken for
    lost."""
    rouse_s: float = 1.0
    """Between two looks for jobs whose next attempt may begin, while workers wait."""
    follow_s: float = 1.0
    """Between two looks for what other servers changed of the jobs that are watched here."""
    expire_s: float = 60.0
    sweep_s: float = 3600.0
    forget_s: float = 3600.0
    recount_s: float = 86_400.0
    look_s: float = 60.0
    """Between two looks for transactions of other programs that are old."""
    old_us: int = 300 * SECOND_US
    """How long a transaction of another program may be open before it is told."""
    large_wal_bytes: int = 256 << 20
    """How large the log of SQLite may get, which others keep from being emptied, before that is."""
    orphan_grace_us: int = DAY_US
    """How long an object that nothing names is left alone."""
    tombstone_us: int = 30 * DAY_US
    """How long the row of a deleted job, or of one whose result was removed, stays."""
    most: int = 100
    """Jobs in one transaction."""


@dataclass(frozen=True, slots=True)
class Chore:
    """Something that is done again and again."""

    name: str
    """Verb of its events."""
    first_s: float
    """Before the first turn."""
    period_s: float
    """Between two turns."""
    turn: Callable[[], Awaitable[bool]]
    """Does what there is to do; whether there is more, to be done at once."""


class Upkeep:
    """The chores of one server. All methods belong to one event loop."""

    def __init__(
        self,
        writer: Writer,
        results: ResultStore,
        changes: Changes,
        instrument: Instrument,
        now_us: Callable[[], int],
        random: Random,
        retry: RetryRules,
        rules: UpkeepRules,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        is_shared: bool = False,
    ) -> None:
        """`pause` waits for so many seconds; `is_shared`: other servers change jobs as well."""
        self._writer = writer
        self._results = results
        self._changes = changes
        self._instrument = instrument
        self._now_us = now_us
        self._random = random
        self._retry = retry
        self._rules = rules
        self._pause = pause
        self._is_shared = is_shared
        self._sweep = Sweep(writer, results, now_us, rules.orphan_grace_us)
        self._lookout = Lookout(writer, instrument, now_us, rules.old_us, rules.large_wal_bytes)

    @property
    def oldest_s(self) -> float:
        """How long the oldest transaction that was told as too old has been open; 0: none is."""
        return self._lookout.oldest_s

    async def run(self) -> None:
        """Do all chores until cancelled."""
        async with asyncio.TaskGroup() as group:
            for chore in self._chores():
                group.create_task(self._repeat(chore), name=f"upkeep-{chore.name}")

    def _chores(self) -> tuple[Chore, ...]:
        rules = self._rules
        shared = (Chore("follow", rules.follow_s, rules.follow_s, self.follow),)
        return (
            *(shared if self._is_shared else ()),
            Chore("reap", rules.settle_s, rules.reap_s, self.reap),
            Chore("remove", 0, 0, self.remove),
            Chore("rouse", rules.rouse_s, rules.rouse_s, self.rouse),
            Chore("expire", rules.settle_s, rules.expire_s, self.expire),
            Chore("sweep", rules.settle_s, rules.sweep_s, self.sweep),
            Chore("forget", rules.settle_s, rules.forget_s, self.forget),
            Chore("recount", rules.settle_s, rules.recount_s, self.recount),
            Chore("look", rules.settle_s, rules.look_s, self.look),
        )

    async def _repeat(self, chore: Chore) -> None:
        await self._wait(chore.first_s)
        while True:
            await self._wait(await self._turn(chore))

    async def _wait(self, seconds: float) -> None:
        """Wait; a server that was asleep then hears its workers before it takes them for lost."""
        due_us = self._now_us() + round(seconds * 1e6)
        await self._pause(seconds)
        if self._now_us() > due_us + ASLEEP_US:
            await self._pause(self._rules.settle_s)

    async def _turn(self, chore: Chore) -> float:
        """One turn; seconds until the next."""
        try:
            has_more = await chore.turn()
        except (Transient, Wait) as problem:
            self._tell_failure(chore, {"problem": str(problem), "reason": problem.REASON})
            return self._rules.settle_s
        except Exception as fault:  # noqa: BLE001 - a fault in one turn must not end upkeep
            told = status.known(fault)
            trace = "".join(traceback.format_exception(fault))[-MAX_TRACE:]
            self._tell_failure(chore, {"problem": str(told), "traceback": trace})
            return max(self._rules.settle_s, chore.period_s)
        return 0 if has_more else chore.period_s

    def _tell_failure(self, chore: Chore, fields: dict[str, str]) -> None:
        self._instrument.emit("upkeep_failed", {"chore": chore.name, **fields})

    async def reap(self) -> bool:
        """End attempts whose lease or deadline has passed; whether there may be more."""
        now_us, most = self._now_us(), self._rules.most

        def decide(job: JobRecord) -> Failure:
            return lost(job, now_us, self._random, self._retry)

        jobs = await self._writer.run(lambda t: t.reap(decide, now_us, most), is_urgent=True)
        for job in jobs:
            self._changes.publish(job)
            self._instrument.emit("reap", _reaped(job))
        return len(jobs) >= most

    async def rouse(self) -> bool:
        """Wake a worker that waits where a job is ready; it wakes the next."""
        if self._changes.claims.waiting:
            run_at_us = await self._writer.run(lambda t: t.next_run_at_us())
            if run_at_us is not None and run_at_us <= self._now_us():
                self._changes.claims.ring()
        return False

    async def follow(self) -> bool:
        """Tell watchers what became of their jobs in other servers."""
        seen = self._changes.seen()
        if seen:
            for job in await self._writer.run(lambda t: t.newer(seen)):
                self._changes.publish(job)
        return False

    async def expire(self) -> bool:
        """Remove results that were kept long enough; whether there may be more."""
        now_us, most = self._now_us(), self._rules.most
        expired = await self._writer.run(lambda t: t.expire(now_us, most))
        for job in expired:
            self._changes.publish(job)
        if expired:
            self._instrument.emit("expire", {"jobs": len(expired)})
        await self.remove_freed()  # or the keys of all that is due would be in memory
        return len(expired) >= most

    async def remove(self) -> bool:
        """Wait until a transaction has freed objects, and remove them; there may be more.

        What a fault or a crash leaves, the sweep finds.
        """
        await self._remove(await self._writer.freed.get())
        return True

    async def remove_freed(self) -> None:
        """Remove the objects that were freed until now. Raises Unavailable."""
        while not self._writer.freed.empty():
            await self._remove(self._writer.freed.get_nowait())

    async def _remove(self, keys: list[str]) -> None:
        await asyncio.to_thread(self._results.delete, keys)
        self._instrument.emit("remove", {"objects": len(keys)})

    async def sweep(self) -> bool:
        """Remove objects that nothing names."""
        removed = await self._sweep.run()
        if removed:
            self._instrument.emit("sweep", {"objects": removed})
        return False

    async def forget(self) -> bool:
        """Remove rows of jobs that are long gone; whether there may be more."""
        before_us, most = self._now_us() - self._rules.tombstone_us, self._rules.most
        forgotten = await self._writer.run(lambda t: t.forget(before_us, most))
        if forgotten:
            self._instrument.emit("forget", {"jobs": forgotten})
        return forgotten >= most

    async def recount(self) -> bool:
        """Count each owner's jobs anew, and tell whose counters were wrong: a fault of ours."""
        wrong = await self._writer.run(lambda t: t.recount())
        self._instrument.emit("recount", {"wrong": wrong})
        return False

    async def look(self) -> bool:
        """Look for transactions of other programs that are too old."""
        await self._lookout.look()
        return False


def _reaped(job: JobRecord) -> dict[str, object]:
    return {
        "job": job.id,
        "owner": job.owner,
        "attempt": job.attempt,
        "stage": job.stage.value,
        "crash_losses": job.crash_losses,
        "timeout_losses": job.timeout_losses,
    }
