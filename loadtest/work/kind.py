"""A kind of request: makes the n-th, sends it, says how it ended."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from grpc import aio

from loadtest import echo
from loadtest.imagery import OPTION
from loadtest.link import Link, code_of
from loadtest.records import OK
from loadtest.scenario import Work
from loadtest.told import Told
from swath.errors import InvalidArgument

Ended = tuple[str, int]
"""Name of the status, and bytes of the answer."""
Metadata = tuple[tuple[str, str], ...] | None
WRONG = "WRONG"
"""Status of an answer that is not what was asked for."""


class Kind(ABC):
    """One kind, for one client process; `number` is the request's, and decides what it asks."""

    LEAST: ClassVar[Mapping[str, float]] = {}
    """Its options, which are numbers, and the least that each may be."""
    NEEDS: ClassVar[str] = ""
    """What the target must have for it: one of `loadtest.scenario.NEEDS`; empty: nothing."""

    def __init__(self, work: Work, to: str, seed: int) -> None:
        for name, value in work.options.items():
            if name != OPTION:
                _check(work.kind, self.LEAST, name, value)
        self.owner = work.owner
        self.options: Mapping[str, Any] = work.options
        self.to = to
        self.seed = seed
        self.told: list[Told] = []
        """What came of the jobs that it asked for; nothing, where it asks for none."""

    @property
    def where(self) -> str:
        """The server that is asked."""
        return self.to

    async def prepare(self, link: Link) -> None:  # noqa: B027 - most need nothing
        """What has to be known of the target before the first request."""

    @abstractmethod
    async def send(self, link: Link, number: int, timeout_s: float) -> Ended:
        """Send the n-th request and take its whole answer. It raises nothing."""


def _check(kind: str, least: Mapping[str, float], name: str, value: Any) -> None:
    if name not in least:
        there = ", ".join(least) or "none"
        raise InvalidArgument(f"{kind} has no option {name!r}; there are: {there}.")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not value >= least[name]:
        raise InvalidArgument(f"{kind}: {name} is {least[name]:g} or more, not {value!r}.")


class Message(Kind):
    """A kind whose requests are one message each; the bare server takes them, too."""

    path = ""
    """Of the rpc."""
    is_stream = False
    """Whether its answer is a stream."""

    @abstractmethod
    def request(self, number: int) -> bytes:
        """The n-th request."""

    async def send(self, link: Link, number: int, timeout_s: float) -> Ended:
        """As `Kind`."""
        path = self.path
        if self.to == "echo":
            path = echo.STREAM if self.is_stream else echo.UNARY
        channel, request = link.channel(self.to), self.request(number)
        metadata = link.metadata(self.owner)
        if self.is_stream:
            return await streamed(channel, path, request, timeout_s, metadata)
        return await unary(channel, path, request, timeout_s, metadata)


async def unary(
    channel: aio.Channel, path: str, request: bytes, timeout_s: float, metadata: Metadata
) -> Ended:
    """The end of one unary call."""
    stub: aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(path)
    try:
        answer = await stub(request, timeout=timeout_s, metadata=metadata)
    except aio.AioRpcError as error:
        return code_of(error), 0
    return OK, len(answer)


async def streamed(
    channel: aio.Channel, path: str, request: bytes, timeout_s: float, metadata: Metadata
) -> Ended:
    """The end of one call whose answer is a stream."""
    size_bytes = 0
    stub: aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(path)
    try:
        async for message in stub(request, timeout=timeout_s, metadata=metadata):
            size_bytes += len(message)
    except aio.AioRpcError as error:
        return code_of(error), size_bytes
    return OK, size_bytes
