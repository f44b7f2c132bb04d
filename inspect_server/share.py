"""Equal requests in progress are computed once.

A request whose bytes equal those of one that is being computed waits for that one's answer instead
of a process. Only small answers are shared; one that grows over LARGEST_BYTES belongs to whoever
asked first, and the others are computed on their own. When whoever asked first leaves, one of the
others takes its place.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing

from inspect_server.engines import Lane, Task
from inspect_server.engines.run import Run
from swath.errors import Cancelled, DeadlineExceeded, SwathError

LARGEST_BYTES = 1 << 20
"""The largest answer that is shared."""

Start = Callable[[Task, Lane], AbstractAsyncContextManager[Run]]
Flight = asyncio.Future["list[bytes] | None"]
"""Answers of a computation in progress; None: they are not for others."""


class Share:
    """The computations in progress that others may join. All methods belong to one event loop."""

    def __init__(self) -> None:
        self._flights: dict[bytes, Flight] = {}

    async def answer(self, task: Task, lane: Lane, start: Start) -> AsyncGenerator[bytes, None]:
        """The messages of a task; use it with `aclosing`. `start` runs it on a process.

        Raises: as `Pool.run` and its run, whoever's it was.
        """
        while (flight := self._flights.get(task.request)) is not None:
            found = await self._joined(flight, task)
            if found is not None:
                for message in found:
                    yield message
                return
            if self._flights.get(task.request) is flight:
                break  # it goes on without us
        async with aclosing(self._lead(task, lane, start)) as messages:
            async for message in messages:
                yield message

    async def _joined(self, flight: Flight, task: Task) -> list[bytes] | None:
        """What another's computation gave; None where this task has to be computed itself."""
        try:
            async with asyncio.timeout_at(task.deadline_s):
                return await asyncio.shield(flight)
        except (DeadlineExceeded, Cancelled):
            return None  # of the other's time, not of this one's
        except TimeoutError:
            raise DeadlineExceeded(
                "The time allowed ran out while an equal request was computed."
            ) from None

    async def _lead(self, task: Task, lane: Lane, start: Start) -> AsyncGenerator[bytes, None]:
        flight: Flight = asyncio.get_running_loop().create_future()
        is_first = self._flights.setdefault(task.request, flight) is flight
        try:
            async with start(task, lane) as run:
                ahead: asyncio.Queue[bytes | None] = asyncio.Queue()
                reader = asyncio.create_task(self._read_ahead(run, ahead, task, flight))
                try:
                    while (message := await ahead.get()) is not None:
                        yield message
                    await reader
                finally:
                    reader.cancel()
                async for message in run:  # what was too large to read ahead
                    yield message
        finally:
            if is_first:
                self._land(task, flight, None)

    async def _read_ahead(
        self, run: Run, ahead: asyncio.Queue[bytes | None], task: Task, flight: Flight
    ) -> None:
        """Take messages as they come, for the others who wait, until they are too many to hold.

        So a client that reads slowly delays nobody but itself.
        """
        held: list[bytes] = []
        size_bytes = 0
        try:
            async for message in run:
                ahead.put_nowait(message)
                held.append(message)
                size_bytes += len(message)
                if size_bytes > LARGEST_BYTES:
                    break
            self._land(task, flight, held if size_bytes <= LARGEST_BYTES else None)
        except SwathError as error:
            if not flight.done():
                flight.set_exception(error)
                flight.exception()  # seen, also where nobody waits
            raise
        finally:
            ahead.put_nowait(None)

    def _land(self, task: Task, flight: Flight, answer: list[bytes] | None) -> None:
        """End a flight; later equal requests start their own."""
        if self._flights.get(task.request) is flight:
            del self._flights[task.request]
        if not flight.done():
            flight.set_result(answer)
