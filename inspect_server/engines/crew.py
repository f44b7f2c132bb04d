"""Engine processes by lane, warm spares, and the watch that ends what went too far."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from inspect_server.engines.child import out_of_memory
from inspect_server.engines.forks import Forks
from inspect_server.engines.process import EngineProcess, EngineSpec, State
from inspect_server.engines.quarantine import Quarantine
from swath.errors import EngineCrashed, SwathError, Unavailable

START_ATTEMPTS = 3
UNREAD_S = 0.01
"""A reader who has taken nothing for so long, while the process can write no more, is slow."""
LONGEST_PAUSE_S = 10.0
"""Between attempts to start a process, when they keep failing."""


class Lane(enum.Enum):
    """Kinds of work, by how long they may take."""

    SHORT = "short"
    """Metadata, checks, estimates, catalog: milliseconds."""
    PIXELS = "pixels"
    """Whatever may read pixels."""


@dataclass(frozen=True, slots=True)
class CrewConfig:
    """How many processes, and what they may not do."""

    pixel_engines: int = 2
    short_engines: int = 1
    extra_engines: int = 4
    """Further ones for pixels, while others wait for readers that are slow."""
    linger_s: float = 10.0
    """How long those stay when they are not needed any more."""
    spare_engines: int = 1
    """Warm processes that replace one that died."""
    pixel_nice: int = 10
    """Niceness of processes that compute pixels; the event loop and the short lane are at 0."""
    stop_grace_s: float = 2.0
    """A process that goes on for longer after cancel or deadline is killed."""
    start_timeout_s: float = 120.0
    """A process that is not ready by then is killed."""
    watch_every_s: float = 0.25

    def places(self) -> dict[Lane, int]:
        """Number of processes of each lane."""
        return {Lane.SHORT: self.short_engines, Lane.PIXELS: self.pixel_engines}


Emit = Callable[[str, dict[str, Any]], None]
"""Called with the name and the fields of what happened."""
OnIdle = Callable[[Lane, EngineProcess], None]
"""Called when a process of a lane can take a request."""


class Crew:
    """The engine processes of one server. All methods belong to one event loop."""

    def __init__(
        self,
        spec: EngineSpec,
        config: CrewConfig,
        emit: Emit,
        on_idle: OnIdle,
        waiting: Callable[[], int],
    ) -> None:
        """`waiting` says how many requests wait for a process."""
        self.lanes: dict[Lane, list[EngineProcess]] = {lane: [] for lane in Lane}
        self.spares: list[EngineProcess] = []
        self.quarantine = Quarantine()
        self.is_closing = False
        self._spec = spec
        self._forks = Forks(spec.computation, spec.preload)
        self._config = config
        self._emit = emit
        self._on_idle = on_idle
        self._waiting = waiting
        self._has_started = False
        self._failed_starts = 0
        self._start_error: SwathError | None = None
        self._born_at_s: dict[EngineProcess, float] = {}
        self._dismissed: set[EngineProcess] = set()
        self._needed_s = 0.0
        self._is_looking = False
        self._watcher: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the processes; return when each lane has one that is ready.

        Raises:
            SwathError: why processes do not start.
        """
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._watcher = self._loop.create_task(self._watch())
        self._refill()
        while not all(self._is_ready(lane) for lane in Lane):
            if self._start_error is not None:
                await self.close()
                raise self._start_error
            self._news.clear()
            await self._news.wait()
        self._has_started = True

    async def close(self) -> None:
        """End all processes; requests that are still running get Unavailable."""
        self.is_closing = True
        if self._watcher is not None:
            self._watcher.cancel()
        engines = [*self.engines(), *self._dismissed]
        for engine in engines:
            engine.kill(stopping())
        await asyncio.gather(*(engine.buried.wait() for engine in engines))
        await self._forks.close()

    def engines(self) -> list[EngineProcess]:
        """Every process that is not known to be gone."""
        return [engine for group in (*self.lanes.values(), self.spares) for engine in group]

    def _is_ready(self, lane: Lane) -> bool:
        return any(engine.state in (State.IDLE, State.BUSY) for engine in self.lanes[lane])

    def relieve(self) -> None:
        """One more process for pixels, where those that there are wait for slow readers.

        Someone who reads slowly, or not at all, must not keep others from being answered: as many
        as there are processes would do.
        """
        group, places = self.lanes[Lane.PIXELS], self._config.pixel_engines
        most = places + min(len(group) - self._at_work(), self._config.extra_engines)
        with suppress(OSError):  # the system has none to give now
            # Those that are missing since they died come back by themselves, after a pause.
            while places <= len(group) < most:
                self._add(Lane.PIXELS)
                self._fill_spares()
        self._look_again()

    def _look_again(self) -> None:
        """Soon, for as long as requests wait: readers prove slow one after the other."""
        if self._waiting() and not self._is_looking:
            self._is_looking = True
            self._loop.call_later(UNREAD_S, self._looked)

    def _looked(self) -> None:
        self._is_looking = False
        if self._waiting() and not self.is_closing:
            self.relieve()

    def _dismiss(self, now_s: float) -> None:
        """End a process that has been too many for a while, since readers have gone on."""
        group = self.lanes[Lane.PIXELS]
        if self._at_work() <= self._config.pixel_engines:
            self._needed_s = now_s
        idle = [engine for engine in group if engine.state is State.IDLE]
        if idle and now_s - self._needed_s > self._config.linger_s:
            group.remove(idle[-1])
            self._dismissed.add(idle[-1])
            idle[-1].kill(stopping())

    def _at_work(self) -> int:
        """Processes of the pixel lane that do not wait for a reader."""
        since_s = self._loop.time() - UNREAD_S
        runs = [engine.run for engine in self.lanes[Lane.PIXELS]]
        return sum(run is None or not run.waits_for_reader(since_s) for run in runs)

    def _add(self, lane: Lane) -> None:
        engine = self._ready_spare() or self._hire()
        self.lanes[lane].append(engine)
        if engine.state is State.IDLE:
            self._enter(lane, engine)

    def _fill_lanes(self) -> None:
        for lane, places in self._config.places().items():
            while len(self.lanes[lane]) < places:
                self._add(lane)

    def _fill_spares(self) -> None:
        while len(self.spares) < self._config.spare_engines:
            self.spares.append(self._hire())

    def _ready_spare(self) -> EngineProcess | None:
        ready = [engine for engine in self.spares if engine.is_idle]
        if ready:
            self.spares.remove(ready[0])
        return ready[0] if ready else None

    def _hire(self) -> EngineProcess:
        engine = EngineProcess(self._spec, self._forks, self._changed)
        self._born_at_s[engine] = self._loop.time()
        return engine

    def _enter(self, lane: Lane, engine: EngineProcess) -> None:
        if lane is Lane.PIXELS:
            engine.lower_priority(self._config.pixel_nice)
        self._on_idle(lane, engine)

    def _changed(self, engine: EngineProcess) -> None:
        self._news.set()
        if engine.state is State.GONE:
            self._lost(engine)
            return
        if engine.state is not State.IDLE:
            return
        is_new = self._born_at_s.pop(engine, None) is not None
        if is_new:
            self._failed_starts = 0
        for lane, group in self.lanes.items():
            if engine in group:
                (self._enter if is_new else self._on_idle)(lane, engine)

    def _lost(self, engine: EngineProcess) -> None:
        for group in (*self.lanes.values(), self.spares):
            if engine in group:
                group.remove(engine)
        if self.is_closing or engine in self._dismissed:
            self._dismissed.discard(engine)
            return
        if self._born_at_s.pop(engine, None) is not None:
            self._did_not_start(engine.how_it_ended, engine.start_error)
        caught = self.quarantine.blame(engine.last_sources) if engine.is_guilty else ()
        fields = {"pid": engine.pid, "how": engine.how_it_ended, "sources": engine.last_sources}
        if self._has_started:  # before, `start` raises the reason
            self._emit("engine_lost", {**fields, "quarantined": caught})
        self._refill_soon()

    def _did_not_start(self, how: str, said: SwathError | None = None) -> None:
        self._failed_starts += 1
        if said is not None:
            self._start_error = said
        elif self._failed_starts >= START_ATTEMPTS:
            self._start_error = EngineCrashed(f"Engine processes die while they start ({how}).")
        self._news.set()

    def _refill_soon(self) -> None:
        pause_s = min(0.1 * 2**self._failed_starts, LONGEST_PAUSE_S) if self._failed_starts else 0.0
        self._loop.call_later(pause_s, self._refill)

    def _refill(self) -> None:
        if self.is_closing:
            return
        try:
            self._fill_lanes()
            self._fill_spares()
        except OSError as problem:  # the system may have something to give later
            self._emit("engine_not_started", {"problem": str(problem)})
            self._did_not_start(str(problem))
            self._refill_soon()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._config.watch_every_s)
            now_s = self._loop.time()
            for engine in self.engines():
                self._check(engine, now_s)
            self._dismiss(now_s)

    def _check(self, engine: EngineProcess, now_s: float) -> None:
        run = engine.run
        limit_bytes = self._spec.memory_bytes
        if now_s - self._born_at_s.get(engine, now_s) > self._config.start_timeout_s:
            engine.kill(EngineCrashed("The process took too long to start."))
        elif run is None:
            if engine.memory_bytes() > limit_bytes * 3 // 4:
                # Its next request must not be killed for memory that earlier ones left behind.
                engine.kill(EngineCrashed("The process kept too much memory."))
        elif run.stopped_at_s is not None and not run.has_ended:
            if now_s - run.stopped_at_s > self._config.stop_grace_s:
                engine.kill(EngineCrashed("The process did not stop in time."), is_guilty=True)
        elif engine.memory_bytes() > limit_bytes:
            engine.kill(out_of_memory(limit_bytes))


def stopping() -> Unavailable:
    """What requests get that a stopping server will not answer."""
    return Unavailable("The server is stopping: try again when it is back.")
