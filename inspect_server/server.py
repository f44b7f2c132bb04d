"""One inspect server: an event loop that answers or hands on, its engine processes, its end."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections import Counter
from collections.abc import Iterable

from grpc import aio

from inspect_server.config import InspectConfig
from inspect_server.engines import (
    CrewConfig,
    EngineSpec,
    Pool,
    QueueConfig,
    State,
)
from inspect_server.service import SERVICES, Service
from inspect_server.spec import Here
from swath.serving.call import Calls
from swath.serving.drain import drain
from swath.serving.events import Instrument
from swath.serving.listen import OPTIONS, SWITCH_INTERVAL_S, listen
from swath.serving.metrics import MetricsEndpoint
from swath.serving.standard import Health
from swath.serving.subscriber import LogAndMetrics, Sample
from swath.serving.tokens import Tokens, require_loopback


class InspectServer:
    """A server that can be started once and stopped once, in one event loop."""

    def __init__(self, config: InspectConfig, spec: EngineSpec, here: Here) -> None:
        """`spec` says what engine processes compute, `here` makes what the event loop does."""
        self.config = config
        self.port = 0
        """Where it listens, once started."""
        self.metrics_port = -1
        """Where `/metrics` is, once started; -1: nowhere."""
        self._subscriber = LogAndMetrics()
        self._instrument = Instrument(self._subscriber)
        self._pool = Pool(spec, _crew(config), _queue(config), self._instrument.emit)
        self._tokens = Tokens(config.data)
        self._calls = Calls(self._instrument, config.max_request_s, self._tokens.owner_of)
        self._here = here
        self._metrics: MetricsEndpoint | None = None
        self._server: aio.Server | None = None

    async def start(self) -> None:
        """Return when requests can be answered.

        Raises:
            Unavailable: the port or the metrics port cannot be had. PermissionDenied: others could
            reach it, and there are no tokens. SwathError: engine processes cannot start, and why.
        """
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        config = self.config
        require_loopback(config.inspect_host, self._tokens)
        server = self._server = aio.server(options=OPTIONS)
        self._health = Health(server, SERVICES)
        self.port = listen(server, config.inspect_host, config.inspect_port, "--inspect-port")
        if config.metrics_port >= 0:
            self._metrics = self._open_metrics()
        # Half a second each, side by side: processes start while this one loads the engine.
        here, _ = await asyncio.gather(asyncio.to_thread(self._here), self._pool.start())
        server.add_generic_rpc_handlers(Service(self._pool, here).add_to(self._calls))
        await server.start()
        await self._health.open()
        gc.collect()
        gc.freeze()  # what lives as long as the server is not looked through again and again
        self._instrument.emit("started", {"port": self.port, "engines": config.pixel_engines()})

    async def stop(self) -> None:
        """Refuse new calls, let those in progress finish for a while, end every process."""
        assert self._server is not None, "a server that was started"
        in_flight = self._calls.in_flight
        has_finished = await drain(self._server, self._health, self._calls, self.config.drain_s)
        await self.abort()
        self._instrument.emit("stopped", {"in_flight": in_flight, "has_finished": has_finished})
        self._instrument.close()

    async def abort(self) -> None:
        """End every process and thread now."""
        await self._pool.close()
        if self._server is not None:
            await self._server.stop(0)
        if self._metrics is not None:
            await asyncio.to_thread(self._metrics.close)
            self._metrics = None

    def _open_metrics(self) -> MetricsEndpoint:
        self._subscriber.watch(self._gauges)
        endpoint = MetricsEndpoint(self._subscriber.registry, "127.0.0.1", self.config.metrics_port)
        self.metrics_port = endpoint.port
        return endpoint

    def _gauges(self) -> Iterable[Sample]:
        engines = self._pool.engines()
        yield "swath_in_flight", "Requests in progress.", {}, self._calls.in_flight
        yield "swath_waiting", "Requests that wait for a process.", {}, self._pool.waiting()
        quarantined = len(self._pool.quarantined())
        yield "swath_quarantined", "Sources that are not opened any more.", {}, quarantined
        states = Counter((lane, engine.state) for lane, engine in engines)
        for (lane, state), count in sorted(states.items(), key=str):
            labels = {"lane": lane, "state": state.value}
            yield "swath_engines", "Engine processes.", labels, count
        memory = sum(e.memory_bytes() for _, e in engines if e.state is not State.GONE)
        yield "swath_engine_memory_bytes", "Private memory of engine processes.", {}, memory


def _crew(config: InspectConfig) -> CrewConfig:
    return CrewConfig(
        pixel_engines=config.pixel_engines(),
        extra_engines=config.extra_engines,
        stop_grace_s=config.stop_grace_s,
    )


def _queue(config: InspectConfig) -> QueueConfig:
    return QueueConfig(config.max_waiting, config.max_waiting_bytes)
