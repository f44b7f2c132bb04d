"""The rpcs of the inspect server: which part answers each, and in what lane."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from functools import partial

import grpc

from engine.evaluate.budget import Budget
from inspect_server.engines import Lane, Pool, Task
from inspect_server.engines.run import Run
from inspect_server.operations import Operations
from inspect_server.route import Route, route
from inspect_server.share import Share
from inspect_server.spec import Scalars
from swath.errors import EngineCrashed
from swath.serving.call import Call, Calls, Rpc, Verb
from swath.wire.inspect import decode_prefix
from swath.wire.limits import DEFAULT_LIMITS, require_at_most

INSPECT_SERVICE = "swath.v1.InspectService"
CATALOG_SERVICE = "swath.v1.CatalogService"
SERVICES = (INSPECT_SERVICE, CATALOG_SERVICE)


class Service:
    """Answers calls, here or on engine processes."""

    def __init__(self, pool: Pool, here: Scalars) -> None:
        """`here` computes small scalar graphs in the event loop."""
        self._pool = pool
        self._here = here
        self._share = Share()
        self._operations = Operations()

    def add_to(self, calls: Calls) -> tuple[grpc.GenericRpcHandler, ...]:
        """The generic handlers of both services."""
        inspect = (
            Rpc("Inspect", "inspect", self._inspect, is_stream=True),
            Rpc("Validate", "validate", self._short("Validate")),
            Rpc("Estimate", "estimate", self._short("Estimate")),
            Rpc("ListOperations", "list_operations", self._list_operations),
        )
        catalog = (
            Rpc("ListProducts", "list_products", self._short("ListProducts")),
            Rpc("GetProduct", "get_product", self._short("GetProduct")),
            Rpc("GetImage", "get_image", self._short("GetImage")),
            Rpc("SearchImages", "search_images", self._short("SearchImages")),
        )
        return calls.service(INSPECT_SERVICE, inspect), calls.service(CATALOG_SERVICE, catalog)

    async def _inspect(self, call: Call) -> None:
        _check_size(call)
        to = route(call.request)
        if isinstance(to, Route):
            await self._elsewhere(call, "Inspect", to.lane, to.is_shareable)
            return
        for message in self._here(to, Budget(call.deadline_s)):
            await call.send(message)

    async def _list_operations(self, call: Call) -> None:
        _check_size(call)
        await call.send(self._operations.starting_with(decode_prefix(call.request)))

    def _short(self, method: str) -> Verb:
        async def answer(call: Call) -> None:
            _check_size(call)
            await self._elsewhere(call, method, Lane.SHORT)

        return answer

    async def _elsewhere(
        self, call: Call, method: str, lane: Lane, is_shareable: bool = False
    ) -> None:
        call.lane = lane.value
        task = Task(method, call.request, call.deadline_s)
        start = partial(self._started, call)
        share = self._share if is_shareable else Share()
        async with aclosing(share.answer(task, lane, start)) as messages:
            async for message in messages:
                await call.send(message)
        if not call.messages:
            raise EngineCrashed("The engine gave no answer.")

    @asynccontextmanager
    async def _started(self, call: Call, task: Task, lane: Lane) -> AsyncIterator[Run]:
        """A run on a process; how long it waited for one is in the call's event."""
        arrived_s = asyncio.get_running_loop().time()
        async with self._pool.run(task, lane) as run:
            waited_s = asyncio.get_running_loop().time() - arrived_s
            if waited_s > 0.001:
                call.notes["waited_s"] = round(waited_s, 6)
            yield run


def _check_size(call: Call) -> None:
    require_at_most("bytes", len(call.request), DEFAULT_LIMITS.request_bytes)
