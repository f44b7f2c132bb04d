"""One inspect server: an event loop that answers or hands on, its engine processes, its end."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
from collections import Counter
from collections.abc import Iterable

from grpc import aio

from inspect_server.config import InspectConfig
from inspect_server.engines import (
    Computation,
    CrewConfig,
    EngineSpec,
    Pool,
    QueueConfig,
    State,
)
from inspect_server.service import SERVICES, Service
from swath.errors import Unavailable
from swath.serving.call import Calls
from swath.serving.drain import drain
from swath.serving.events import Instrument
from swath.serving.metrics import MetricsEndpoint
from swath.serving.standard import Health
from swath.serving.subscriber import LogAndMetrics, Sample
from swath.wire.limits import DEFAULT_LIMITS

OPTIONS = (
    # Ours refuses first; gRPC's own limit, which has no details, is for what is far beyond it.
    ("grpc.max_receive_message_length", 4 * DEFAULT_LIMITS.request_bytes),
    ("grpc.max_send_message_length", -1),
    # A second server on the port is an error, not a partner.
    ("grpc.so_reuseport", 0),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 20_000),
)
SWITCH_INTERVAL_S = 0.001
"""Longest time that another thread (a scrape, the log) holds the interpreter before the loop."""


class InspectServer:
    """A server that can be started once and stopped once, in one event loop."""

    def __init__(self, config: InspectConfig, spec: EngineSpec, here: Computation) -> None:
        """`spec` says what engine processes compute, `here` what the event loop does."""
        self.config = config
        self.port = 0
        """Where it listens, once started."""
        self.metrics_port = -1
        """Where `/metrics` is, once started; -1: nowhere."""
        self._subscriber = LogAndMetrics()
        self._instrument = Instrument(self._subscriber)
        self._pool = Pool(spec, _crew(config), _queue(config), self._instrument.emit)
        self._calls = Calls(self._instrument, config.max_request_s)
        self._service = Service(self._pool, here)
        self._metrics: MetricsEndpoint | None = None
        self._server: aio.Server | None = None

    async def start(self) -> None:
        """Return when requests can be answered.

        Raises:
            Unavailable: the port or the metrics port cannot be had. SwathError: engine processes
            cannot start, and why.
        """
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        config = self.config
        server = self._server = aio.server(options=OPTIONS)
        server.add_generic_rpc_handlers(self._service.add_to(self._calls))
        self._health = Health(server, SERVICES)
        self.port = _listen(server, config.inspect_host, config.inspect_port)
        if config.metrics_port >= 0:
            self._metrics = self._open_metrics()
        await self._pool.start()
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
    return CrewConfig(pixel_engines=config.pixel_engines(), stop_grace_s=config.stop_grace_s)


def _queue(config: InspectConfig) -> QueueConfig:
    return QueueConfig(config.max_waiting, config.max_waiting_bytes)


def _listen(server: aio.Server, host: str, port: int) -> int:
    try:
        _try_port(host, port)
        return server.add_insecure_port(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    except (OSError, RuntimeError) as problem:
        why = getattr(problem, "strerror", None) or "the address cannot be used"
        raise Unavailable(
            f"The server cannot listen on {host}:{port}: {why}."
            " Choose another port with --inspect-port.",
            address=f"{host}:{port}",
        ) from None


def _try_port(host: str, port: int) -> None:
    """Raise OSError if a port cannot be had: gRPC would say so in its own log as well."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        probe.listen()
