"""Errors as gRPC statuses and back: one table, used by the servers and the client.

The client gets the class that the server raised, with its place and typed details. What is not one
of ours becomes InternalError with an id, and nothing of its text leaves the server.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import ErrorInfo, QuotaFailure, RetryInfo
from google.rpc.status_pb2 import Status

from swath import errors
from swath.errors import SwathError
from swath.v1.error_pb2 import ComputationError
from swath.wire.error import brief, decode_error, encode_error

DOMAIN = "swath"
"""`domain` of our ErrorInfo."""
DETAILS_KEY = "grpc-status-details-bin"
"""Trailer that carries the google.rpc.Status."""
PUSHBACK_KEY = "grpc-retry-pushback-ms"
"""Trailer that says how long to wait before trying again; negative: do not, by yourself."""
MAX_MESSAGE_BYTES = 1024
"""Longest status message; gRPC refuses trailers over 8 KiB in all."""
MAX_DETAILS_BYTES = 3 * 1024
"""Largest google.rpc.Status; it grows by a third on the wire."""

Metadata = tuple[tuple[str, str | bytes], ...]

_Code = grpc.StatusCode

CODES: dict[type[SwathError], grpc.StatusCode] = {
    errors.SwathError: _Code.UNKNOWN,
    errors.BadRequest: _Code.INVALID_ARGUMENT,
    errors.InvalidGraph: _Code.INVALID_ARGUMENT,
    errors.TypeMismatch: _Code.INVALID_ARGUMENT,
    errors.InvalidArgument: _Code.INVALID_ARGUMENT,
    errors.ArithmeticProblem: _Code.INVALID_ARGUMENT,
    errors.GeoContextRequired: _Code.INVALID_ARGUMENT,
    errors.InvalidGeoContext: _Code.INVALID_ARGUMENT,
    errors.UnsupportedFormat: _Code.INVALID_ARGUMENT,
    errors.ProductNotFound: _Code.NOT_FOUND,
    errors.ImageNotFound: _Code.NOT_FOUND,
    errors.BandNotFound: _Code.NOT_FOUND,
    errors.InvalidSource: _Code.FAILED_PRECONDITION,
    errors.SourceChanged: _Code.FAILED_PRECONDITION,
    errors.UnsupportedDestination: _Code.INVALID_ARGUMENT,
    errors.JobNotFound: _Code.NOT_FOUND,
    errors.JobDeleted: _Code.NOT_FOUND,
    errors.JobNotDone: _Code.FAILED_PRECONDITION,
    errors.ResultNotAvailable: _Code.FAILED_PRECONDITION,
    errors.ResultExpired: _Code.NOT_FOUND,
    errors.RequestIdReused: _Code.INVALID_ARGUMENT,
    errors.TooLarge: _Code.RESOURCE_EXHAUSTED,
    errors.RequestTooLarge: _Code.RESOURCE_EXHAUSTED,
    errors.ResultTooLarge: _Code.RESOURCE_EXHAUSTED,
    errors.Wait: _Code.RESOURCE_EXHAUSTED,
    errors.ResourceExhausted: _Code.RESOURCE_EXHAUSTED,
    errors.ServerBusy: _Code.UNAVAILABLE,
    errors.Transient: _Code.UNAVAILABLE,
    errors.Unavailable: _Code.UNAVAILABLE,
    errors.StorageUnavailable: _Code.UNAVAILABLE,
    errors.SourceUnavailable: _Code.UNAVAILABLE,
    errors.EngineCrashed: _Code.UNAVAILABLE,
    errors.DeadlineExceeded: _Code.DEADLINE_EXCEEDED,
    errors.AccessDenied: _Code.PERMISSION_DENIED,
    errors.Unauthenticated: _Code.UNAUTHENTICATED,
    errors.PermissionDenied: _Code.PERMISSION_DENIED,
    errors.Cancelled: _Code.CANCELLED,
    errors.LeaseLost: _Code.ABORTED,
    errors.InternalError: _Code.INTERNAL,
}
"""The code of each class; a test proves that it names them all."""

_OF_REASON = {cls.REASON: cls for cls in CODES}

_OF_BARE_CODE: dict[grpc.StatusCode, type[SwathError]] = {
    _Code.INVALID_ARGUMENT: errors.BadRequest,
    _Code.FAILED_PRECONDITION: errors.BadRequest,
    _Code.OUT_OF_RANGE: errors.BadRequest,
    _Code.NOT_FOUND: errors.BadRequest,
    _Code.ALREADY_EXISTS: errors.BadRequest,
    _Code.UNIMPLEMENTED: errors.BadRequest,
    # Ours always carry details, so a bare one is gRPC's own limit on the size of a message.
    _Code.RESOURCE_EXHAUSTED: errors.RequestTooLarge,
    _Code.ABORTED: errors.Transient,
    _Code.UNAVAILABLE: errors.Unavailable,
    _Code.DEADLINE_EXCEEDED: errors.DeadlineExceeded,
    _Code.CANCELLED: errors.Cancelled,
    _Code.UNAUTHENTICATED: errors.Unauthenticated,
    _Code.PERMISSION_DENIED: errors.PermissionDenied,
}


_CANCELLED_HERE = ("Locally cancelled", "Channel closed")
"""How gRPC says that the client itself ended the call. Its server says CANCELLED, too, to a call
that arrives in the moment in which it is told to stop."""

_OF_NUMBER: dict[int, type[SwathError]] = {
    code.value[0]: cls for code, cls in _OF_BARE_CODE.items()
}


def class_in_table(error: SwathError) -> type[SwathError]:
    """The class that an error travels as: its own, or the nearest above it that has a code."""
    return next(c for c in type(error).__mro__ if c in CODES)


def class_of(reason: str, number: int) -> type[SwathError]:
    """The class of a reason; of the number of a gRPC code, where the reason is not known here."""
    return _OF_REASON.get(reason) or _OF_NUMBER.get(number, errors.InternalError)


def sentence(error: SwathError) -> str:
    """What an error says, cut to what travels; never empty."""
    cls = class_in_table(error)
    text = error.problem or (cls.__doc__ or cls.REASON).partition("\n")[0]
    return text.encode("utf-8", "replace")[:MAX_MESSAGE_BYTES].decode("utf-8", "ignore")


def known(error: BaseException) -> SwathError:
    """`error` itself if it is ours, else an InternalError with a fresh id and none of its text.

    The caller logs the original under `error_id`.
    """
    if isinstance(error, SwathError):
        return error
    error_id = secrets.token_hex(6)
    return errors.InternalError(
        f"Swath failed on this request. Please report it, quoting {error_id}.", error_id=error_id
    )


def to_status(error: BaseException) -> tuple[grpc.StatusCode, str, Metadata]:
    """Code, message and trailing metadata of an error; unknown ones as `known` says."""
    ours = known(error)
    cls = class_in_table(ours)
    code, text = CODES[cls], sentence(ours)
    metadata: list[tuple[str, str | bytes]] = [(DETAILS_KEY, _details(cls, ours, code, text))]
    wait_ms = _wait_ms(ours)
    if wait_ms is not None:
        metadata.append((PUSHBACK_KEY, str(wait_ms)))
    return code, text, tuple(metadata)


def _wait_ms(error: SwathError) -> int | None:
    """How long to wait; negative: nobody knows, so no client retries by itself."""
    wait_ms = error.fields.get("retry_after_ms")
    if wait_ms is None:
        return -1 if isinstance(error, errors.ResourceExhausted) else None
    return int(wait_ms)


def _details(cls: type[SwathError], error: SwathError, code: grpc.StatusCode, text: str) -> bytes:
    place = encode_error(error)
    info = ErrorInfo(reason=cls.REASON, domain=DOMAIN)
    for name, value in (*error.where.items(), *error.fields.items()):
        info.metadata[name] = str(brief(value))
    further = list(_waiting(error))
    status = _pack(code, text, [info, place, *further])
    # The largest details go first: reason, code and message always arrive.
    for name in sorted(place.fields, key=lambda n: -place.fields[n].ByteSize()):
        if len(status) <= MAX_DETAILS_BYTES:
            break
        del place.fields[name]
        info.metadata.pop(name, None)
        status = _pack(code, text, [info, place, *further])
    if len(status) <= MAX_DETAILS_BYTES:
        return status
    return _pack(code, text, [ErrorInfo(reason=cls.REASON, domain=DOMAIN)])


def _waiting(error: SwathError) -> Iterable[Message]:
    wait_ms = _wait_ms(error)
    if wait_ms is not None and wait_ms >= 0:
        info = RetryInfo()
        info.retry_delay.FromMilliseconds(wait_ms)
        yield info
    if isinstance(error, errors.ResourceExhausted):
        quota = str(error.fields.get("quota", ""))[:128]
        violation = QuotaFailure.Violation(
            subject=quota, quota_id=quota, description=error.problem[:256]
        )
        limit = error.fields.get("limit")
        if isinstance(limit, int):
            violation.quota_value = limit
        yield QuotaFailure(violations=[violation])


def _pack(code: grpc.StatusCode, text: str, details: Iterable[Message]) -> bytes:
    packed = []
    for detail in details:
        message = AnyMessage()
        message.Pack(detail)
        packed.append(message)
    number: int = code.value[0]
    data: bytes = Status(code=number, message=text, details=packed).SerializeToString()
    return data


def from_status(
    code: grpc.StatusCode, message: str | None, metadata: Iterable[tuple[str, str | bytes]] | None
) -> SwathError:
    """The error that a status tells: of the class that was raised, if the status is one of ours.

    A reason that this version does not know, and a status that a proxy or gRPC itself made, give
    the class that the code implies.
    """
    text = message or ""
    for key, value in metadata or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            error = _from_details(value, text)
            if error is not None:
                return error
    if code is _Code.CANCELLED and not text.startswith(_CANCELLED_HERE):
        return errors.Unavailable("The server ended the call, as one that stops does. Try again.")
    cls = _OF_BARE_CODE.get(code, errors.InternalError)
    return cls(text or f"The call ended with {code.name}.")


def _from_details(data: bytes, text: str) -> SwathError | None:
    info, place = ErrorInfo(), ComputationError()
    try:
        for detail in Status.FromString(data).details:
            if detail.Is(ErrorInfo.DESCRIPTOR):
                detail.Unpack(info)
            elif detail.Is(ComputationError.DESCRIPTOR):
                detail.Unpack(place)
    except DecodeError:
        return None
    cls = _OF_REASON.get(info.reason) if info.domain == DOMAIN else None
    return None if cls is None else decode_error(cls, text, place)
