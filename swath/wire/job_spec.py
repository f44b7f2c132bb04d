"""What a job computes, to the bytes of a JobSpec and back."""

from __future__ import annotations

from swath.errors import BadRequest
from swath.job import LONGEST_CLIENT, Destination, JobSpec
from swath.v1 import jobs_pb2 as pb
from swath.wire.geocontext import decode_geocontext, encode_geocontext
from swath.wire.graph import decode_graph, fill_graph
from swath.wire.limits import DEFAULT_LIMITS, Limits, require_at_most
from swath.wire.parse import parse
from swath.wire.value import decode_value, fill_value

MAX_OPTIONS = 256
"""Most options of a format, and of a destination."""


def encode_spec(spec: JobSpec) -> bytes:
    """A JobSpec. Equal specs give equal bytes, so that a repeated create is known by them.

    Raises:
        InvalidArgument: a literal, argument or option that does not travel.
    """
    return fill_spec(pb.JobSpec(), spec).SerializeToString(deterministic=True)


def decode_spec(data: bytes, limits: Limits = DEFAULT_LIMITS) -> JobSpec:
    """What a JobSpec computes.

    Raises:
        RequestTooLarge: over a limit. InvalidGraph, InvalidGeoContext, BadRequest: what else is
            wrong.
    """
    return read_spec(parse(pb.JobSpec, data, limits), limits)


def fill_spec(message: pb.JobSpec, spec: JobSpec) -> pb.JobSpec:
    """The message itself, filled; what has its default is left out."""
    fill_graph(message.graph, spec.graph)
    if spec.geocontext is not None:
        message.geocontext.CopyFrom(encode_geocontext(spec.geocontext))
    for name, value in spec.arguments.items():
        fill_value(message.arguments[name], value)
    if spec.format != "native" or spec.options:
        message.format.name = spec.format
        for name, value in spec.options.items():
            fill_value(message.format.options[name], value)
    if spec.destination != Destination():
        message.destination.name = spec.destination.name
        for name, value in spec.destination.options.items():
            fill_value(message.destination.options[name], value)
    message.client = spec.client
    return message


def read_spec(message: pb.JobSpec, limits: Limits = DEFAULT_LIMITS) -> JobSpec:
    """What a message computes; as `decode_spec`."""
    require_at_most("arguments", len(message.arguments), limits.graph.parameters)
    for options in (message.format.options, message.destination.options):
        require_at_most("options", len(options), MAX_OPTIONS)
    if not message.HasField("graph"):
        raise BadRequest("The request names nothing to compute: its spec has no graph.")
    require_at_most("characters of client", len(message.client), LONGEST_CLIENT)
    return JobSpec(
        graph=decode_graph(message.graph, limits),
        geocontext=(
            decode_geocontext(message.geocontext) if message.HasField("geocontext") else None
        ),
        arguments={name: decode_value(value) for name, value in message.arguments.items()},
        format=message.format.name or "native",
        options={name: decode_value(value) for name, value in message.format.options.items()},
        destination=Destination(
            message.destination.name or "download",
            {name: decode_value(value) for name, value in message.destination.options.items()},
        ),
        client=message.client,
    )
