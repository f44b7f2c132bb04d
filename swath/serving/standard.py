"""The standard services beside ours: grpc.health.v1 and server reflection."""

from __future__ import annotations

from grpc import aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

SERVING = health_pb2.HealthCheckResponse.SERVING


class Health:
    """What the server says of itself: serving from `open`, not serving from `close`."""

    def __init__(self, server: aio.Server, services: tuple[str, ...]) -> None:
        """Add health and reflection to a server that has not started; `services` are ours."""
        self._services = services
        self._servicer = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)
        names = (*services, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, server)

    async def open(self) -> None:
        """Say SERVING for the server as a whole and for each service."""
        for name in ("", *self._services):
            await self._servicer.set(name, SERVING)

    async def close(self) -> None:
        """Say NOT_SERVING, for good."""
        await self._servicer.enter_graceful_shutdown()
