"""One request, before the load: whether the target answers, whom it answers, and how much."""

from __future__ import annotations

import asyncio

import grpc
from grpc import aio

import swath as wf
from loadtest.link import CONNECT_S, Address, Link
from loadtest.records import OK
from loadtest.scenario import Where, Work
from loadtest.work import kind_of
from loadtest.work.jobs import Create, Get, Job
from swath.client.question import question
from swath.errors import AccessDenied, Unavailable
from swath.wire.inspect import INSPECT, encode_question
from swath.wire.job_request import GET_QUOTA, encode_quota_question

_CODE = grpc.StatusCode
_NOT_FOR_YOU = (_CODE.UNAUTHENTICATED, _CODE.PERMISSION_DENIED)
_LAST = "last error: "
"""After it gRPC says why a connection failed."""
_MEANS = {
    "CERTIFICATE_VERIFY_FAILED": "its certificate is of no authority that is trusted here; --ca"
    " names one",
    "Hostname Verification Check failed": "its certificate is for another name",
    "WRONG_VERSION_NUMBER": "it has no TLS; leave out --tls",
    "Socket closed": "it closes the connection at once, as one with TLS does; --tls",
}
"""What of that has a way out, in our words."""


def require_there(address: Address) -> None:
    """Return if the servers of an address can be connected to, and answer whoever is to ask them.

    Raises:
        Unavailable: which one cannot, and why. AccessDenied: which one refuses a token.
    """
    asyncio.run(_require(address))


async def _require(address: Address) -> None:
    link = Link(address)
    try:
        for where, to in (("inspect", address.inspect), ("jobs", address.jobs)):
            if to:
                await _connect(link, where, to)
                for owner in address.owners:
                    await _require_welcome(link, where, to, owner)
                if address.token or not address.owners:
                    await _require_welcome(link, where, to)
    finally:
        await link.close()


async def _connect(link: Link, where: str, to: str) -> None:
    if not await link.connect(where):
        refused = await _refused(link, where)
        why = _why(refused.details() or "") if refused else f"not within {CONNECT_S:g} s"
        raise Unavailable(f"No server answers at {to}: {why}.", address=to)


async def _require_welcome(link: Link, where: str, to: str, owner: str = "") -> None:
    """A server may be too busy to answer now, but not be another one, or have no ear for us."""
    refused = await _refused(link, where, owner)
    if refused is None:
        return
    if refused.code() in _NOT_FOR_YOU:
        whose = f" of {owner}" if owner else ""
        raise AccessDenied(f"{to} refuses the token{whose}: {refused.details()}")
    if refused.code() is _CODE.UNIMPLEMENTED:
        raise Unavailable(f"The server at {to} is no {where} server of Swath.", address=to)


async def _refused(link: Link, where: str, owner: str = "") -> aio.AioRpcError | None:
    """How the smallest question to a server ended; None: with an answer."""
    metadata, channel = link.metadata(owner), link.channel(where)
    try:
        if where == "jobs":
            ask: aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(GET_QUOTA)
            await ask(encode_quota_question(), timeout=CONNECT_S, metadata=metadata)
            return None
        stream: aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(INSPECT)
        request = encode_question(question(wf.Int(1) + 1))
        async for _ in stream(request, timeout=CONNECT_S, metadata=metadata):
            pass
    except aio.AioRpcError as error:
        return error
    return None


def _why(details: str) -> str:
    known = (ours for theirs, ours in _MEANS.items() if theirs in details)
    return next(known, details.rpartition(_LAST)[2].rstrip("."))


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
