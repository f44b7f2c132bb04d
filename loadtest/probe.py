"""One request of some work, before the load: whether the target answers, and how much."""

from __future__ import annotations

import asyncio

from loadtest.link import Address, Link
from loadtest.records import OK
from loadtest.scenario import Where, Work
from loadtest.work import kind_of
from loadtest.work.jobs import Create, Get, Job
from swath.errors import Unavailable


def require_there(address: Address) -> None:
    """Return if the servers of an address can be connected to.

    Raises:
        Unavailable: which one cannot.
    """
    asyncio.run(_connect(address))


async def _connect(address: Address) -> None:
    link = Link(address)
    try:
        for where, to in (("inspect", address.inspect), ("jobs", address.jobs)):
            if to and not await link.connect(where):
                raise Unavailable(f"No server answers at {to}.", address=to)
    finally:
        await link.close()


def answer_bytes(work: Work, address: Address, timeout_s: float) -> int:
    """Bytes of the answer to the first request of some work.

    Raises:
        Unavailable: it was not answered, and with what status it ended.
    """
    return asyncio.run(_ask(work, address, timeout_s))


async def _ask(work: Work, address: Address, timeout_s: float) -> int:
    link = Link(address)
    try:
        kind = kind_of(work, _home(work), 0)
        await kind.prepare(link)
        code, size_bytes = await kind.send(link, 0, timeout_s)
    finally:
        await link.close()
    if code != OK:
        raise Unavailable(f"The target does not answer {work.kind}: it ended with {code}.")
    return size_bytes


def _home(work: Work) -> Where:
    """The server that answers it."""
    kind = type(kind_of(work, "inspect", 0))
    return "jobs" if issubclass(kind, Create | Get | Job) else "inspect"
