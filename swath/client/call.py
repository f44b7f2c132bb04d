"""Calls: bytes to a server and back, with errors as the classes of the tree."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import grpc

from swath import errors
from swath.client.channel import channel
from swath.errors import InvalidArgument, SwathError
from swath.status import from_status


def ask(address: str, method: str, request: bytes, timeout_s: float | None) -> bytes:
    """The one answer to a request.

    Raises:
        SwathError: what the server raised; Unavailable: it cannot be reached; DeadlineExceeded.
    """
    stub: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel(address).unary_unary(method)
    call = stub.future(request, timeout=_checked(timeout_s))
    try:
        answer: bytes = call.result()
    except grpc.RpcError as error:
        raise _error(error, address, timeout_s) from None
    finally:
        call.cancel()
    return answer


def stream(
    address: str, method: str, request: bytes, timeout_s: float | None
) -> Generator[bytes, None, None]:
    """The answers to a request, each when it is asked for.

    Closing the iterator, or an exception in it (Ctrl-C), cancels the call, which stops the work.

    Raises:
        SwathError: as `ask`.
    """
    stub: grpc.UnaryStreamMultiCallable[bytes, bytes] = channel(address).unary_stream(method)
    call = None
    try:
        call = stub(request, timeout=_checked(timeout_s))
        yield from call
    except grpc.RpcError as error:
        raise _error(error, address, timeout_s) from None
    finally:
        if call is not None:
            call.cancel()


def _checked(timeout_s: float | None) -> float | None:
    if timeout_s is not None and not timeout_s > 0:
        raise InvalidArgument("A timeout is more than 0 seconds.").at(argument="timeout")
    return timeout_s


def _error(failure: Any, address: str, timeout_s: float | None) -> SwathError:
    code, details = failure.code(), failure.details()
    error = from_status(code, details, failure.trailing_metadata())
    if isinstance(error, errors.DeadlineExceeded) and timeout_s is not None:
        return errors.DeadlineExceeded(
            f"No complete answer came within {timeout_s:g} s. Allow more time with timeout=, ask "
            "for less, or use compute.",
            where=error.where,
            timeout_s=timeout_s,
        )
    # Only gRPC itself tells what a connection is like; a server says it in a sentence.
    if type(error) is errors.Unavailable and error.problem == details:
        return _unavailable(error, address)
    return error


def _unavailable(error: errors.Unavailable, address: str) -> SwathError:
    text = error.problem
    if "failed to connect" in text or "DNS" in text or "name resol" in text.lower():
        return errors.Unavailable(
            f"No server answers at {address}. Start one with `swath serve --data DIR`, or say "
            "where it is: SWATH_INSPECT=host:port.",
            address=address,
        )
    if text.endswith("."):
        return error
    return errors.Unavailable(f"The connection to {address} was lost. Try again.", address=address)
