"""Calls: bytes to a server and back, with errors as the classes of the tree."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from numbers import Real
from typing import Any

import grpc

from swath import errors
from swath.client.channel import channel
from swath.client.config import AUTHORITY_VARIABLE, INSPECT_VARIABLE, JOBS_VARIABLE
from swath.client.heard import heard
from swath.client.interrupt import Held, interruptible
from swath.errors import InvalidArgument, SwathError, TypeMismatch
from swath.status import from_status

FOREVER_S = 1e9
"""From some 292 years on gRPC takes a deadline for one that has passed; 30 years are no limit."""

_Metadata = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Service:
    """How a user comes to have a server that answers."""

    start: str
    variable: str
    rather: str
    """What to do when no complete answer came in time."""


_INSPECT = _Service(
    "swath serve --data DIR",
    INSPECT_VARIABLE,
    "Allow more time with timeout=, ask for less, or use compute.",
)
_JOBS = _Service("swath serve --data DIR", JOBS_VARIABLE, "Try again.")
_SERVICES = {"JobService": _JOBS}
"""By the name of a service in the path of an rpc; all others are of the inspect server."""


def ask(
    address: str, method: str, request: bytes, timeout_s: float | None, token: str | None = None
) -> bytes:
    """The one answer to a request.

    Args:
        timeout_s: seconds until DeadlineExceeded; None: none.
        token: says who asks; None: nobody in particular.

    Raises:
        SwathError: what the server raised; Unavailable: it cannot be reached; DeadlineExceeded.
    """

    def opened() -> Any:
        stub: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel(address).unary_unary(method)
        return stub.future(request, timeout=_checked(timeout_s), metadata=_metadata(token))

    held = Held()
    try:
        with held:
            held.open(opened)
            answer: bytes = held.call.result()
    except grpc.RpcError as error:
        raise _error(error, address, method, timeout_s) from None
    finally:
        held.leave()
    return answer


def stream(
    address: str,
    method: str,
    request: bytes,
    timeout_s: float | None,
    token: str | None = None,
    silence_s: float | None = None,
) -> Generator[bytes, None, None]:
    """The answers to a request, each when it is asked for.

    Closing the iterator, or an exception in it, cancels the call, which stops the work; so does
    Ctrl-C.

    Args:
        timeout_s, token: as in `ask`.
        silence_s: seconds after which a server that sends nothing is given up, as Unavailable.
            The call is then in a thread. None: neither.

    Raises:
        SwathError: as `ask`.
    """

    def opened() -> Any:
        stub: grpc.UnaryStreamMultiCallable[bytes, bytes] = channel(address).unary_stream(method)
        return stub(request, timeout=_checked(timeout_s), metadata=_metadata(token))

    messages = interruptible(opened) if silence_s is None else heard(opened, silence_s, address)
    try:
        yield from messages
    except grpc.RpcError as error:
        raise _error(error, address, method, timeout_s) from None


def _metadata(token: str | None) -> _Metadata | None:
    return None if token is None else (("authorization", f"Bearer {token}"),)


def _checked(timeout_s: Any) -> float | None:
    """The timeout as gRPC understands it."""
    if timeout_s is None:
        return None
    is_number = isinstance(timeout_s, Real)
    if not is_number:
        problem = f"A timeout is a number of seconds, or None, not a {type(timeout_s).__name__}."
        raise TypeMismatch(problem).at(argument="timeout")
    if not timeout_s > 0:
        raise InvalidArgument("A timeout is more than 0 seconds.").at(argument="timeout")
    return float(timeout_s) if timeout_s < FOREVER_S else None


def _error(failure: Any, address: str, method: str, timeout_s: float | None) -> SwathError:
    service = _SERVICES.get(method.rpartition("/")[0].rpartition(".")[2], _INSPECT)
    code, details = failure.code(), failure.details()
    error = from_status(code, details, failure.trailing_metadata())
    if isinstance(error, errors.DeadlineExceeded) and timeout_s is not None:
        return errors.DeadlineExceeded(
            f"No complete answer came within {timeout_s:g} s. {service.rather}",
            where=error.where,
            timeout_s=timeout_s,
        )
    # Only gRPC itself tells what a connection is like; a server says it in a sentence.
    if type(error) is errors.Unavailable and error.problem == details:
        return _unavailable(error, address, service)
    return error


def _unavailable(error: errors.Unavailable, address: str, service: _Service) -> SwathError:
    text = error.problem
    if "handshake failed" in text:
        return errors.Unavailable(
            f"The server at {address} has no TLS, or no certificate that is trusted here. "
            f"{AUTHORITY_VARIABLE} names the authority to trust, where it is one of your own.",
            address=address,
        )
    if "failed to connect" in text or "DNS" in text or "name resol" in text.lower():
        return errors.Unavailable(
            f"No server answers at {address}. Start one with `{service.start}`, or say where it "
            f"is: {service.variable}=host:port.",
            address=address,
        )
    if text.endswith("."):
        return error
    return errors.Unavailable(f"The connection to {address} was lost. Try again.", address=address)
