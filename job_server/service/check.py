"""Whether a job may be queued: all that can be known to be wrong with it, found before it is.

Plain functions of bytes, run in threads: a large graph takes a second.
"""

from __future__ import annotations

import hashlib

from engine.encode.options import check_format
from engine.geo.resolve import resolve
from job_server.config import JobConfig, microseconds
from job_server.store.record import JobRecord, NewJob
from swath.errors import (
    GeoContextRequired,
    InvalidArgument,
    TypeMismatch,
    UnsupportedDestination,
)
from swath.graph.arguments import check_arguments
from swath.graph.check import check
from swath.graph.type import Type
from swath.job import Destination, JobSpec
from swath.v1 import jobs_pb2 as pb
from swath.wire.job_request import CreateJob, decode_create
from swath.wire.job_spec import decode_spec
from swath.wire.type import encode_type

DESTINATIONS = ("download",)
"""Names of the destinations that there are."""
PIXELS = frozenset({"Image", "ImageCollection", "ImageCollectionGroupby"})
"""Names of the types whose values are pixels on a grid."""


def checked(request: bytes, owner: str, id_: str, config: JobConfig) -> NewJob:
    """The job that a CreateJobRequest asks for.

    Raises:
        RequestTooLarge; BadRequest and those below it: it cannot succeed, and why.
    """
    asked = decode_create(request)
    type_ = check_spec(asked.spec)
    spec, digest = _spec_and_digest(request)
    return NewJob(
        id=id_,
        owner=owner,
        spec=spec,
        spec_digest=digest,
        type=encode_type(type_).SerializeToString(deterministic=True),
        format=asked.spec.format,
        request_id=asked.request_id or None,
        labels=asked.labels,
        priority=asked.priority,
        keep_us=_keep_us(config.keep_s if asked.keep_s is None else asked.keep_s),
        attempt_timeout_us=_attempt_timeout_us(asked, config),
        age_limit_us=microseconds(config.age_limit_s),
    )


def repeated(job: JobRecord, spec: bytes, id_: str, request_id: str, config: JobConfig) -> NewJob:
    """A new job like `job`, whose spec is checked again: the op table may be a newer one.

    Raises:
        as `checked`.
    """
    type_ = check_spec(decode_spec(spec))
    return NewJob(
        id=id_,
        owner=job.owner,
        spec=spec,
        spec_digest=resubmit_digest(job.id),
        type=encode_type(type_).SerializeToString(deterministic=True),
        format=job.format,
        request_id=request_id or None,
        labels=job.labels,
        priority=job.priority,
        keep_us=job.keep_us,
        attempt_timeout_us=job.attempt_timeout_us,
        age_limit_us=microseconds(config.age_limit_s),
        resubmitted_from=job.id,
    )


def resubmit_digest(id_: str) -> bytes:
    """What tells whether two requests resubmit the same job."""
    return hashlib.sha256(b"resubmit " + id_.encode()).digest()


def check_spec(spec: JobSpec) -> Type:
    """The type of the result, if all that can be checked without data is right.

    Raises:
        as `checked`.
    """
    type_ = check(spec.graph)[spec.graph.result]
    if type_.name == "Function":
        raise TypeMismatch("A Function is not a result: call it, or give its parameters values.")
    check_arguments(spec.graph, spec.arguments)
    if spec.geocontext is not None:
        resolve(spec.geocontext)
    elif has_pixels(type_):
        raise GeoContextRequired(
            f"The result ({type_}) has pixels, and nothing says where: give a GeoContext."
        )
    check_format(type_, spec.format, spec.options)
    _check_destination(spec.destination)
    return type_


def has_pixels(type_: Type) -> bool:
    """Whether values of that type are pixels on a grid, or hold some."""
    parts = (*type_.args, *(part for _, part in type_.fields))
    return type_.name in PIXELS or any(map(has_pixels, parts))


def _check_destination(destination: Destination) -> None:
    known = ", ".join(DESTINATIONS)
    if destination.name not in DESTINATIONS:
        raise UnsupportedDestination(
            f"There is no destination {destination.name[:64]!r}; there are: {known}.",
            destination=destination.name,
            supported=DESTINATIONS,
        )
    for option in destination.options:
        raise UnsupportedDestination(
            f"The destination {destination.name} has no option {option[:64]!r}.",
            destination=destination.name,
            supported=DESTINATIONS,
        )


def _spec_and_digest(request: bytes) -> tuple[bytes, bytes]:
    """The spec alone, and what tells whether two requests are the same but for source lines."""
    message = pb.CreateJobRequest.FromString(request)
    spec = message.spec.SerializeToString(deterministic=True)
    message.spec.graph.ClearField("lines")
    message.ClearField("request_id")
    return spec, hashlib.sha256(message.SerializeToString(deterministic=True)).digest()


def _keep_us(keep_s: float) -> int | None:
    return microseconds(keep_s) or None


def _attempt_timeout_us(asked: CreateJob, config: JobConfig) -> int:
    if asked.attempt_timeout_s is None:
        return microseconds(config.attempt_timeout_s)
    if asked.attempt_timeout_s > config.max_attempt_timeout_s:
        raise InvalidArgument(
            f"An attempt may take at most {config.max_attempt_timeout_s:,.0f} s here."
        ).at(argument="attempt_timeout_s")
    return microseconds(asked.attempt_timeout_s)
