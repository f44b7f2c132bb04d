"""What a call that failed tells a worker to do, as a class of the tree of errors."""

from __future__ import annotations

from collections.abc import Iterable

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from grpc import aio

from swath.errors import (
    BadRequest,
    InternalError,
    LeaseLost,
    RequestTooLarge,
    StorageUnavailable,
    SwathError,
    Unauthenticated,
    Unavailable,
)

CLASSES: dict[grpc.StatusCode, type[SwathError]] = {
    grpc.StatusCode.ABORTED: LeaseLost,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: Unavailable,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.PERMISSION_DENIED: Unauthenticated,
    grpc.StatusCode.CANCELLED: Unavailable,  # by a server that stops
    grpc.StatusCode.INVALID_ARGUMENT: BadRequest,
    grpc.StatusCode.NOT_FOUND: BadRequest,
    grpc.StatusCode.FAILED_PRECONDITION: BadRequest,
    grpc.StatusCode.RESOURCE_EXHAUSTED: RequestTooLarge,
}
"""Of each code that the server answers with; any other is InternalError. The reason matters where
it is that of StorageUnavailable: otherwise UNAVAILABLE says the same, whatever it comes of."""
CORE_FAULT = "Internal error from Core"
"""What grpc.aio says, instead of the server's own status, where a message of a stream could not be
sent because the server had ended the call just then. The next attempt hears what it is."""
_DETAILS_KEY = "grpc-status-details-bin"


def told(error: aio.AioRpcError, address: str) -> SwathError:
    """The error of the tree that a failed call tells of."""
    cls = CLASSES.get(error.code(), InternalError)
    if error.details() == CORE_FAULT:
        cls = Unavailable
    elif cls is Unavailable and _reason(error.trailing_metadata()) == StorageUnavailable.REASON:
        cls = StorageUnavailable
    problem = error.details() or f"The call ended with {error.code().name}."
    if error.code() is grpc.StatusCode.UNIMPLEMENTED:
        problem = (
            f"The server at {address} has no jobs for workers: give the address where it listens"
            " for workers, which is not that of its users."
        )
    return cls(problem, address=address) if issubclass(cls, Unavailable) else cls(problem)


def _reason(metadata: Iterable[tuple[str, str | bytes]] | None) -> str:
    """Identity of the error that the server raised; empty: it is gRPC's own.

    Not read by `swath.status`, which knows the values in an error as well: it loads numpy, and a
    worker is small.
    """
    details = dict(metadata or ()).get(_DETAILS_KEY, b"")
    info = ErrorInfo()
    try:
        for detail in Status.FromString(details).details:
            detail.Unpack(info)  # others are left
    except DecodeError:
        return ""
    reason: str = info.reason
    return reason
