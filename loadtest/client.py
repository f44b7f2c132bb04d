"""One client process: sends what is due when it is due, and notes what becomes of it.

`python -m loadtest.client` reads its orders, a line of JSON, from standard input; connects, and
says that it is ready; and starts when a second line says. A thread keeps the time, for an event
loop's sleeps are up to a millisecond late; the loop sends and receives.
SIGTERM and SIGINT stop the sending; what is in the air is waited for, and all is written. Where its
standard input is closed, it ends at once.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
import select
import signal
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from grpc import aio

from loadtest import told
from loadtest.link import Address, Link, code_of
from loadtest.pace import Phase, Times, arrivals, duration_s
from loadtest.records import LOST, Recorder
from loadtest.scenario import Part, Work
from loadtest.told import Told
from loadtest.work import kind_of
from loadtest.work.kind import Kind
from swath.errors import SwathError, Unavailable

AT_ONCE = 64
"""Requests that are handed to the loop together, where more are due than it has begun."""
CHOICES = 1000
"""Works that callers draw from, in the shares of their weights."""
READY = "ready\n"
"""What it says when nothing is left to be done before the first request."""
GRACE_S = 2.0
"""After the last deadline, for what should have ended by then."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What one process is to do."""

    part: Part
    address: Address
    seed: int
    share: int
    """Which of the processes it is, from 0."""
    shares: int
    file: str
    """Where its records go."""

    def encode(self) -> str:
        """A line of JSON."""
        return json.dumps(asdict(self)) + "\n"


def decode(line: str) -> Orders:
    """What `Orders.encode` wrote."""
    said: dict[str, Any] = json.loads(line)
    part = said.pop("part")
    for name, cls in (("work", Work), ("phases", Phase), ("warm_up", Phase)):
        part[name] = tuple(cls(**item) for item in part[name])
    for name in ("beside", "audit"):
        part[name] = tuple(part[name])
    address = Address(**said.pop("address"))
    return Orders(part=Part(**part), address=address, **said)


@dataclass(frozen=True, slots=True)
class Used:
    """What a client process used between the start of a part and its end."""

    processor_s: float
    wall_s: float


def told_file(records: Path) -> Path:
    """Where a process writes what it was told of jobs, beside its records."""
    return records.with_suffix(".told.json")


def decode_used(records: Path) -> Used:
    """What was written beside the records of a process."""
    return Used(**json.loads(records.with_suffix(".json").read_text("utf-8")))


class Sender:
    """Sends the requests of one part. Belongs to one event loop, but for `pace`."""

    def __init__(self, orders: Orders) -> None:
        self._part, self._start_s = orders.part, math.nan
        self._loop = asyncio.get_running_loop()
        self._link = Link(orders.address)
        self._recorder = Recorder()
        self._flying: dict[asyncio.Task[None], tuple[float, float, int]] = {}
        self._spent_s = time.process_time()
        self._stopped = threading.Event()
        self._paced = asyncio.Event()
        self._first_s = -duration_s(self._part.warm_up)
        self._end_s = duration_s(self._part.phases)
        due = arrivals((*self._part.warm_up, *self._part.phases)) + self._first_s
        self._due: Times = due[orders.share :: orders.shares]
        dice = random.Random(f"{orders.seed} {orders.part.name} {orders.share}")  # noqa: S311
        self._dice = dice
        self._kinds: list[Kind] = [
            kind_of(work, orders.part.to, orders.seed + index)
            for index, work in enumerate(orders.part.work)
        ]
        weights = [work.weight for work in orders.part.work]
        self._chosen = dice.choices(range(len(weights)), weights, k=len(self._due) or CHOICES)

    def stop(self) -> None:
        """Send no more."""
        self._stopped.set()

    async def prepare(self) -> None:
        """All that would delay the first request: after this it only has to be sent.

        A server that cannot be connected to is no fault here: the requests are to meet it.
        """
        for kind in self._kinds:
            await self._prepared(kind)
        for where in dict.fromkeys(kind.where for kind in self._kinds):
            await self._link.connect(where)

    async def _prepared(self, kind: Kind) -> None:
        try:
            await kind.prepare(self._link)
        except aio.AioRpcError as error:
            said = f"{code_of(error)} {error.details()}"
            raise Unavailable(f"The {kind.where} server answers what comes first: {said}") from None

    async def run(self, start_s: float) -> Recorder:
        """Send everything; return when all has ended.

        `start_s`: when the part starts, after its warm-up, on the monotonic clock, which processes
        of one machine share.
        """
        self._start_s = start_s
        self._loop.call_later(max(0.0, -self._now_s()), self._note_start)
        if self._part.callers:
            await self._ask_again_and_again()
        else:
            thread = threading.Thread(target=self._pace, name="pace", daemon=True)
            thread.start()
            await self._paced.wait()
            await self._land()
        await self._link.close()
        return self._recorder

    def _pace(self) -> None:
        """Hand each request over when it is due; those that are due together, together.

        The wait is a thread's, within some 60 µs of its time.
        """
        due, count, sent = self._due, len(self._due), 0
        while sent < count and not self._stopped.is_set():
            wait_s = due[sent] - self._now_s()
            if wait_s > 0:
                self._stopped.wait(wait_s)
                continue
            now_s, first = self._now_s(), sent
            while sent < count and sent - first < AT_ONCE and due[sent] <= now_s:
                sent += 1
            self._loop.call_soon_threadsafe(self._begin, first, sent)
        self._stopped.wait(self._end_s - self._now_s())
        self._loop.call_soon_threadsafe(self._paced.set)

    def _begin(self, first: int, end: int) -> None:
        for number in range(first, end):
            due_s, work = float(self._due[number]), self._chosen[number]
            begun_s = self._now_s()
            task = self._loop.create_task(self._send(number, due_s, begun_s, work))
            self._flying[task] = due_s, begun_s, work
            task.add_done_callback(self._flying.pop)

    async def _send(self, number: int, due_s: float, begun_s: float, work: int) -> None:
        code, size_bytes = await self._kinds[work].send(self._link, number, self._part.timeout_s)
        self._recorder.add(due_s, begun_s, self._now_s(), code, work, size_bytes)

    async def _land(self) -> None:
        """Wait for what is in the air; what does not come down is lost."""
        if self._flying:
            await asyncio.wait(set(self._flying), timeout=self._part.timeout_s + GRACE_S)
        for task, (due_s, begun_s, work) in tuple(self._flying.items()):
            task.cancel()
            self._recorder.add(due_s, begun_s, math.nan, LOST, work, 0)

    def _note_start(self) -> None:
        self._spent_s = time.process_time()

    async def _ask_again_and_again(self) -> None:
        await asyncio.gather(*(self._caller(n) for n in range(self._part.callers)))

    async def _caller(self, number: int) -> None:
        """One who asks as soon as it is answered: never late, and blind to most of a stall."""
        await asyncio.sleep(max(0.0, self._first_s - self._now_s()))
        while self._now_s() < self._end_s and not self._stopped.is_set():
            begun_s = self._now_s()
            work = self._dice.choice(self._chosen)
            await self._send(number, begun_s, begun_s, work)
            number += self._part.callers

    def told(self) -> list[Told]:
        """What its owners were told of the jobs that they asked for, the warm-up's included."""
        return [told for kind in self._kinds for told in kind.told]

    def used(self) -> Used:
        """Since the warm-up was over."""
        return Used(time.process_time() - self._spent_s, self._now_s())

    def _now_s(self) -> float:
        return time.monotonic() - self._start_s


async def work_off(orders: Orders) -> None:
    """Send, and write the records without those of the warm-up; and what this process used."""
    loop, sender = asyncio.get_running_loop(), Sender(orders)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, sender.stop)
    await sender.prepare()
    sys.stdout.write(READY)
    sys.stdout.flush()
    word = await asyncio.to_thread(sys.stdin.readline)
    records = (await sender.run(float(word))).records()
    file = Path(orders.file)
    records.where(records.due_s >= 0).write(file)
    file.with_suffix(".json").write_text(json.dumps(asdict(sender.used())), "utf-8")
    told.write(sender.told(), told_file(file))


def _end_with_generator() -> None:
    """End at once when the other end of standard input is gone: nobody waits for the records."""
    poll = select.poll()
    poll.register(sys.stdin.fileno(), 0)  # no event asked for: only a hang-up is reported
    poll.poll()
    os._exit(1)


def main() -> None:
    """Work off the orders on standard input, as long as it is open."""
    threading.Thread(target=_end_with_generator, daemon=True).start()
    sys.setswitchinterval(0.0005)  # the pacer is not to wait for the loop
    try:
        asyncio.run(work_off(decode(sys.stdin.readline())))
    except SwathError as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
