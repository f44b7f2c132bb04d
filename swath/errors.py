"""The one tree of errors, branched by what the caller should do next.

    SwathError
    ├── BadRequest            fix the request
    │   ├── InvalidGraph          the bytes are not a graph of this language
    │   ├── TypeMismatch          an argument has the wrong type
    │   ├── InvalidArgument       an argument has the right type and a wrong value
    │   ├── ArithmeticProblem     integer overflow, division of an Int by zero
    │   ├── GeoContextRequired    pixels were asked for, but not where
    │   ├── InvalidGeoContext     the geocontext describes no usable grid
    │   ├── ProductNotFound, ImageNotFound, BandNotFound
    │   ├── InvalidSource         a file is broken, unsupported or not allowed
    │   ├── SourceChanged         a file changed while it was being used
    │   ├── UnsupportedFormat     the format does not fit the result
    │   ├── UnsupportedDestination  there is no such destination, or it does not fit
    │   ├── JobNotFound           the caller has no such job
    │   │   └── JobDeleted            the job that this very request made was deleted since
    │   ├── JobNotDone            the job has not ended yet
    │   ├── ResultNotAvailable    the job ended without a result that can be given
    │   ├── ResultExpired         the result was kept as long as it was meant to be
    │   └── RequestIdReused       the request id belongs to another request
    ├── TooLarge              ask for less, or use compute
    │   ├── RequestTooLarge       the request itself
    │   └── ResultTooLarge        what it would take to answer it
    ├── Wait                  wait for room, then try again
    │   ├── ResourceExhausted     a quota is used up (`.code == 429`)
    │   └── ServerBusy            no room for more work right now
    ├── Transient             try again
    │   ├── Unavailable           the server cannot be reached or is stopping
    │   │   └── StorageUnavailable    its disk is full, or fails
    │   ├── SourceUnavailable     a file could not be read this time
    │   ├── EngineCrashed         the process that computed this request died
    │   └── DeadlineExceeded      the time allowed ran out
    ├── AccessDenied          sign in, or ask for access
    │   ├── Unauthenticated
    │   └── PermissionDenied
    ├── Cancelled             nothing: the caller asked for it
    ├── LeaseLost             nothing: the job belongs to another worker now
    └── InternalError         report a bug, quoting its id

Both servers and the client share these classes: `swath.status` maps each to a gRPC code and back.
Nothing here imports gRPC.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, ClassVar, Self


@dataclasses.dataclass(frozen=True, slots=True)
class Where:
    """The place in a computation that an error speaks of; every field absent when unknown."""

    node: int | None = None
    """Index of the node in the graph as it was sent."""
    op: str | None = None
    """Name of the op at that node."""
    argument: str | None = None
    """Name of the argument at fault."""
    image: str | None = None
    """Id of the image being read or mapped over."""
    source: str | None = None
    """File or address being read, without its folder."""
    window: str | None = None
    """Pixel window, as `row:col+rows×cols`."""
    line: str | None = None
    """The user's source line, `file.py:12: text`, when the client sent it."""

    def items(self) -> Iterator[tuple[str, str]]:
        """The known fields as (name, text), in a fixed order."""
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is not None:
                yield field.name, str(value)


class SwathError(Exception):
    """Root of everything that Swath raises on purpose.

    Args:
        problem: one sentence: what is wrong, and the way out.
        where: the place in the computation, when known.
        fields: typed details, named in `FIELDS` of the class; absent ones read as None.
    """

    REASON: ClassVar[str] = "SWATH_ERROR"
    """Fixed UPPER_SNAKE identity of the class on the wire (AIP-193)."""
    FIELDS: ClassVar[tuple[str, ...]] = ()
    """Names of the typed details that travel with the error."""
    STATUS: ClassVar[int] = 500
    """The HTTP-style status that Workflows users know as `.code`."""

    def __init__(self, problem: str = "", *, where: Where | None = None, **fields: Any) -> None:
        unknown = set(fields) - set(self.FIELDS)
        assert not unknown, f"{type(self).__name__} has no field {sorted(unknown)}"
        super().__init__(problem)
        self.problem = problem
        self.where = where or Where()
        self.fields: dict[str, Any] = {k: v for k, v in fields.items() if v is not None}

    def __getattr__(self, name: str) -> Any:
        if name in type(self).FIELDS:
            return self.__dict__.get("fields", {}).get(name)
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.problem, self.where, self.fields)

    def __str__(self) -> str:
        places = ", ".join(f"{k} {v}" for k, v in self.where.items())
        return f"{self.problem} ({places})" if places else self.problem

    @property
    def code(self) -> int:
        """HTTP-style status number: 400, 404, 429, ..."""
        return self.STATUS

    def at(self, **where: Any) -> Self:
        """This error with the still unknown fields of `where` filled in; known ones stay."""
        known = dict(self.where.items())
        fresh = {k: v for k, v in where.items() if v is not None and k not in known}
        if fresh:
            self.where = dataclasses.replace(self.where, **fresh)
        return self


def _rebuild(
    cls: type[SwathError], problem: str, where: Where, fields: dict[str, Any]
) -> SwathError:
    return cls(problem, where=where, **fields)


class BadRequest(SwathError):
    """The request cannot be answered as it is: fix it."""

    REASON, STATUS = "BAD_REQUEST", 400


class InvalidGraph(BadRequest):
    """The bytes are not a well-formed graph of this language version."""

    REASON = "INVALID_GRAPH"


class TypeMismatch(BadRequest, TypeError):
    """An argument has a type that its op does not take."""

    REASON, FIELDS = "TYPE_MISMATCH", ("expected", "got")


class InvalidArgument(BadRequest, ValueError):
    """An argument has the right type, but a value that means nothing here."""

    REASON = "INVALID_ARGUMENT"


class ArithmeticProblem(BadRequest, ArithmeticError):
    """A scalar computation has no answer: integer overflow, division of an Int by zero."""

    REASON = "ARITHMETIC_PROBLEM"


class GeoContextRequired(BadRequest):
    """Pixels were asked for without saying where."""

    REASON = "GEOCONTEXT_REQUIRED"


class InvalidGeoContext(BadRequest, ValueError):
    """The geocontext describes no usable grid."""

    REASON = "INVALID_GEOCONTEXT"


class ProductNotFound(BadRequest, LookupError):
    """The catalog has no such product."""

    REASON, STATUS, FIELDS = "PRODUCT_NOT_FOUND", 404, ("product", "similar")


class ImageNotFound(BadRequest, LookupError):
    """The catalog has no such image."""

    REASON, STATUS, FIELDS = "IMAGE_NOT_FOUND", 404, ("image_id", "similar")


class BandNotFound(BadRequest, LookupError):
    """The image or product has no such band."""

    REASON, STATUS, FIELDS = "BAND_NOT_FOUND", 404, ("band", "available")


class InvalidSource(BadRequest):
    """A file is broken, of an unsupported kind, too costly to read, or not allowed."""

    REASON = "INVALID_SOURCE"


class SourceChanged(BadRequest):
    """A file is not the one that the catalog recorded: add it again."""

    REASON, STATUS = "SOURCE_CHANGED", 409


class UnsupportedFormat(BadRequest, ValueError):
    """The result cannot be written in the format asked for."""

    REASON, FIELDS = "UNSUPPORTED_FORMAT", ("format", "supported")


class UnsupportedDestination(BadRequest, ValueError):
    """The result cannot be sent where it was asked to go."""

    REASON, FIELDS = "UNSUPPORTED_DESTINATION", ("destination", "supported")


class JobNotFound(BadRequest, LookupError):
    """The caller has no job of that id."""

    REASON, STATUS = "JOB_NOT_FOUND", 404
    FIELDS: ClassVar[tuple[str, ...]] = ("job_id",)


class JobDeleted(JobNotFound):
    """The job that this request made was deleted since: use a new request id for another one."""

    REASON, STATUS, FIELDS = "JOB_DELETED", 410, ("job_id", "request_id")


class JobNotDone(BadRequest):
    """The job has not ended yet: wait for it, or cancel it."""

    REASON, STATUS, FIELDS = "JOB_NOT_DONE", 409, ("job_id", "stage")


class ResultNotAvailable(BadRequest):
    """The job ended without a result that can be given."""

    REASON, STATUS, FIELDS = "RESULT_NOT_AVAILABLE", 409, ("job_id", "status")


class ResultExpired(BadRequest, LookupError):
    """The result was removed at the time it was to be kept until: resubmit the job."""

    REASON, STATUS, FIELDS = "RESULT_EXPIRED", 410, ("job_id", "expired_us")


class RequestIdReused(BadRequest):
    """The request id was used for another request: use a new one."""

    REASON, STATUS, FIELDS = "REQUEST_ID_REUSED", 409, ("request_id",)


class TooLarge(SwathError):
    """Ask for less, or use compute."""

    REASON, STATUS = "TOO_LARGE", 413


class RequestTooLarge(TooLarge):
    """The request message is over a limit on its size or complexity."""

    REASON, FIELDS = "REQUEST_TOO_LARGE", ("limit", "actual")


class ResultTooLarge(TooLarge):
    """Answering would take more memory, pixels or time than inspect allows."""

    REASON = "RESULT_TOO_LARGE"
    FIELDS = ("projected_bytes", "limit_bytes", "projected_pixels", "result_bytes", "use")


class Wait(SwathError):
    """Wait for room, then try again."""

    REASON, STATUS = "WAIT", 429
    FIELDS: ClassVar[tuple[str, ...]] = ("retry_after_ms",)


class ResourceExhausted(Wait):
    """A quota is used up."""

    REASON, FIELDS = "QUOTA_EXCEEDED", ("retry_after_ms", "quota", "limit", "used")


class ServerBusy(Wait):
    """The server has no room for more work right now."""

    REASON, STATUS = "SERVER_BUSY", 503


class Transient(SwathError):
    """Try again: nothing is known to be wrong with the request."""

    REASON, STATUS = "TRANSIENT", 503


class Unavailable(Transient):
    """The server cannot be reached, or is stopping."""

    REASON, FIELDS = "UNAVAILABLE", ("address", "retry_after_ms")


class StorageUnavailable(Unavailable):
    """The server cannot store or read what it keeps: its disk is full, or fails."""

    REASON = "STORAGE_UNAVAILABLE"


class SourceUnavailable(Transient):
    """A file could not be read this time: an I/O error or a timeout of its store."""

    REASON = "SOURCE_UNAVAILABLE"


class EngineCrashed(Transient):
    """The process that computed this request died; others were not affected."""

    REASON = "ENGINE_CRASHED"


class DeadlineExceeded(Transient, TimeoutError):
    """The time allowed for the request ran out before the answer was complete."""

    REASON, STATUS, FIELDS = "DEADLINE_EXCEEDED", 504, ("timeout_s",)


class AccessDenied(SwathError):
    """Sign in, or ask for access."""

    REASON, STATUS = "ACCESS_DENIED", 403


class Unauthenticated(AccessDenied):
    """The request carries no valid token."""

    REASON, STATUS = "UNAUTHENTICATED", 401


class PermissionDenied(AccessDenied):
    """The token is valid, but does not allow this."""

    REASON = "PERMISSION_DENIED"


class Cancelled(SwathError):
    """The caller gave up waiting. A signal, not a failure."""

    REASON, STATUS = "CANCELLED", 499


class LeaseLost(SwathError):
    """The job was handed on, cancelled or ended. A signal to a worker, not a failure."""

    REASON, STATUS, FIELDS = "LEASE_LOST", 409, ("job_id",)


class InternalError(SwathError):
    """A fault of Swath: please report it, quoting the id."""

    REASON, FIELDS = "INTERNAL", ("error_id",)


def every_error() -> tuple[type[SwathError], ...]:
    """All classes of the tree, parents before children."""
    found: list[type[SwathError]] = [SwathError]
    for cls in found:
        found.extend(cls.__subclasses__())
    return tuple(found)
