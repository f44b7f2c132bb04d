"""Those who do what no client of ours does, in a process of their own, while the load runs.

`abusers:4`: so many of them read slowly at once. `python -m loadtest.beside.abusers` reads its
orders, a line of JSON, from standard input; goes on until that is closed; and prints how its calls
ended. What is asked is within what anybody may ask, or is refused: it is the way of asking that is
bad.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, NoReturn

from grpc import aio

from loadtest.imagery import Imagery
from loadtest.link import Address, Link, code_of
from loadtest.program import running
from loadtest.records import OK
from loadtest.target import Target
from swath.client.question import question
from swath.errors import InvalidArgument
from swath.wire.inspect import INSPECT, encode_question

TIMEOUT_S = 10.0
SLOW_READERS = 4
"""At once, unless the argument says otherwise: more than a small server has engine processes."""
OVERSIZE_BYTES = (9 << 20, 40 << 20)
"""Over the limit of Swath's requests; and over that of gRPC, which is four times as high."""
MALFORMED_BYTES = 2000
READ_S, READS = 0.5, 8
"""A slow reader takes a message every so often, and goes after so many."""


@dataclass(frozen=True, slots=True)
class Abuser:
    """What is done to the server, call by call."""

    link: Link
    imagery: Imagery
    dice: random.Random

    async def malformed(self) -> str:
        """Bytes that are no message."""
        return await self._whole(self.dice.randbytes(self.dice.randrange(MALFORMED_BYTES)))

    async def oversize(self) -> str:
        """More than any request may have."""
        return await self._whole(bytes(self.dice.choice(OVERSIZE_BYTES)))

    async def garbage(self) -> str:
        """A connection that does not speak HTTP at all; it ends as the server closes it."""
        host, _, port = self.link.address.inspect.rpartition(":")
        reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        try:
            writer.write(self.dice.randbytes(MALFORMED_BYTES))
            async with asyncio.timeout(TIMEOUT_S):
                await reader.read()
        except TimeoutError:
            return "LEFT_OPEN"
        except OSError:
            return "CLOSED"
        finally:
            writer.close()
        return "CLOSED"

    async def slow_reader(self) -> str:
        """Asks for a whole image, and takes its time; then goes."""
        call = self._large(self.link.channel("inspect"), READ_S * READS + TIMEOUT_S)
        for _ in range(READS):
            if await call.read() is aio.EOF:
                return _name(await call.code())
            await asyncio.sleep(READ_S)
        call.cancel()
        return "LEFT"

    async def disconnect(self) -> str:
        """Asks for a whole image, and drops the connection in the midst of the answer."""
        channel = self.link.fresh("inspect")
        call = self._large(channel, TIMEOUT_S)
        try:
            if await call.read() is aio.EOF:
                return _name(await call.code())
        finally:
            await channel.close(grace=0)
        return "LEFT"

    async def _whole(self, request: bytes) -> str:
        stub: aio.UnaryStreamMultiCallable[bytes, bytes] = self.link.channel(
            "inspect"
        ).unary_stream(INSPECT)
        async for _ in stub(request, timeout=TIMEOUT_S, metadata=self.link.metadata()):
            pass
        return OK

    def _large(self, channel: aio.Channel, timeout_s: float) -> Any:
        where = self.imagery.square(0, 0, self.imagery.side_px)
        asked = question(self.imagery.pixels() * 1.0, where, {}, "native", False)
        stub: aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(INSPECT)
        return stub(encode_question(asked), timeout=timeout_s, metadata=self.link.metadata())


PAUSES_S = {
    "malformed": 0.05, "oversize": 0.5, "garbage": 0.2, "slow_reader": 0.1, "disconnect": 0.25,
}  # fmt: skip
"""What there is, by the name of its method; and how long it waits between two calls. So little
that it is not the load that disturbs others."""


def _name(code: Any) -> str:
    found: str = code.name
    return found


async def _again(name: str, once: Callable[[], Awaitable[str]], ended: Counter[str]) -> NoReturn:
    while True:
        try:
            code = await once()
        except aio.AioRpcError as error:
            code = code_of(error)
        except OSError as problem:
            code = type(problem).__name__
        ended[f"abusers.{name}.code.{code}"] += 1
        await asyncio.sleep(PAUSES_S[name])


async def abuse(
    address: Address, imagery: Imagery, slow_readers: int, seed: int, over: Awaitable[object]
) -> dict[str, int]:
    """Everything at once, until it is over; how many calls ended with which status.

    Those in progress then are dropped, and not counted.
    """
    dice = random.Random(seed)  # noqa: S311 - repeatable, hides nothing
    abuser, ended = Abuser(Link(address), imagery, dice), Counter[str]()
    names = [*PAUSES_S, *["slow_reader"] * (slow_readers - 1)]
    calls = [asyncio.create_task(_again(name, getattr(abuser, name), ended)) for name in names]
    await over
    for call in calls:
        call.cancel()
    for end in await asyncio.gather(*calls, return_exceptions=True):
        if not isinstance(end, asyncio.CancelledError):
            raise end
    await abuser.link.close()
    return dict(ended)


@dataclass(slots=True)
class Abusers:
    """A process of them."""

    ended: Mapping[str, float] = field(default_factory=dict)

    def figures(self) -> Mapping[str, float]:
        """`abusers.malformed.code.INVALID_ARGUMENT`: so many calls of that kind ended so."""
        return self.ended


@contextmanager
def abusers(target: Target, argument: str, seed: int) -> Iterator[Abusers]:
    """A process of them, while the block runs; the argument is how many read slowly at once.

    Raises:
        InvalidArgument: the argument is no number. SwathError: the process failed, and what it
            said.
    """
    if argument and not argument.isdecimal():
        raise InvalidArgument(f"abusers:{argument}: that is no number of slow readers.")
    found = Abusers()
    orders = {
        "address": asdict(target.address),
        "imagery": asdict(target.imagery),
        "slow_readers": int(argument or SLOW_READERS),
        "seed": seed,
    }
    words = "-m", "loadtest.beside.abusers"
    with running(*words, orders=json.dumps(orders) + "\n") as program:
        yield found
    found.ended = json.loads(program.said)


async def _main() -> None:
    orders = json.loads(sys.stdin.readline())
    address, imagery = Address(**orders["address"]), Imagery(**orders["imagery"])
    print("begun", flush=True)
    over = asyncio.to_thread(sys.stdin.read)
    slow_readers, seed = orders["slow_readers"], orders["seed"]
    print(json.dumps(await abuse(address, imagery, slow_readers, seed, over)))


if __name__ == "__main__":
    asyncio.run(_main())
