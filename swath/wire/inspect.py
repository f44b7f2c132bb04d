"""Requests and answers of InspectService to bytes and back; its streams are in `stream`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from google.protobuf.message import DecodeError, Message

from swath.errors import InvalidGraph
from swath.estimate import Estimate
from swath.geocontext import GeoContextValue
from swath.graph.graph import Graph
from swath.graph.type import Type
from swath.v1 import graph_pb2
from swath.v1 import inspect_pb2 as pb
from swath.wire.geocontext import decode_geocontext, encode_geocontext
from swath.wire.graph import decode_graph, fill_graph
from swath.wire.limits import DEFAULT_LIMITS, Limits, check_bytes, require_at_most
from swath.wire.type import decode_type, encode_type
from swath.wire.value import decode_value, fill_value

_M = TypeVar("_M", bound=Message)
Decode = Callable[[graph_pb2.Graph, Limits], Graph]

INSPECT = "/swath.v1.InspectService/Inspect"
"""Path of the rpc; likewise those below."""
VALIDATE = "/swath.v1.InspectService/Validate"
ESTIMATE = "/swath.v1.InspectService/Estimate"
LIST_OPERATIONS = "/swath.v1.InspectService/ListOperations"


@dataclass(frozen=True, slots=True)
class Question:
    """What Inspect and Estimate are asked."""

    graph: Graph
    geocontext: GeoContextValue | None = None
    """Where; absent: nowhere in particular."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """A Python value for each parameter of the graph."""
    format: str = "native"
    """Name of a format."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the format."""
    cache: bool = True
    """Whether an answer that was computed before may be given, and this one be kept."""


def question_key(data: bytes) -> bytes:
    """32 bytes that are equal for InspectRequests that differ in source lines at most."""
    message = pb.InspectRequest.FromString(data)
    message.graph.ClearField("lines")
    return hashlib.sha256(message.SerializeToString(deterministic=True)).digest()


def encode_question(question: Question) -> bytes:
    """An InspectRequest.

    Raises:
        InvalidArgument: a literal or argument that does not travel.
    """
    message = pb.InspectRequest(no_cache=not question.cache)
    _fill_common(message, question)
    if question.format != "native" or question.options:
        message.format.name = question.format
        for name, value in question.options.items():
            fill_value(message.format.options[name], value)
    return message.SerializeToString()


def decode_question(
    data: bytes, limits: Limits = DEFAULT_LIMITS, graphs: Decode = decode_graph
) -> Question:
    """What an InspectRequest asks. `graphs` decodes the graph in it.

    Raises:
        RequestTooLarge: over a limit. InvalidGraph, InvalidGeoContext: what else is wrong.
    """
    return read_question(parse_question(data, limits), limits, graphs)


def parse_question(data: bytes, limits: Limits = DEFAULT_LIMITS) -> pb.InspectRequest:
    """The InspectRequest in some bytes, not looked into further.

    Raises:
        RequestTooLarge: over the limit of bytes or messages. InvalidGraph: it is no such message.
    """
    return _parse(pb.InspectRequest, data, limits)


def read_question(
    message: pb.InspectRequest, limits: Limits = DEFAULT_LIMITS, graphs: Decode = decode_graph
) -> Question:
    """What a parsed InspectRequest asks; raises as `decode_question`."""
    return Question(
        *_decode_common(message, limits, graphs),
        format=message.format.name or "native",
        options={name: decode_value(value) for name, value in message.format.options.items()},
        cache=not message.no_cache,
    )


def encode_estimate_question(question: Question) -> bytes:
    """An EstimateRequest; raises as `encode_question`."""
    message = pb.EstimateRequest()
    _fill_common(message, question)
    return message.SerializeToString()


def decode_estimate_question(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Question:
    """What an EstimateRequest asks; raises as `decode_question`."""
    return Question(*_decode_common(_parse(pb.EstimateRequest, data, limits), limits))


def encode_estimate(estimate: Estimate) -> bytes:
    """An EstimateResponse."""
    message = pb.EstimateResponse(
        projected_bytes=estimate.projected_bytes,
        limit_bytes=estimate.limit_bytes,
        images=estimate.images,
        pixels=estimate.pixels,
        bytes_read=estimate.bytes_read,
        result_bytes=estimate.result_bytes,
        seconds=estimate.seconds,
        is_lower_bound=estimate.is_lower_bound,
        fits=estimate.fits,
    )
    return message.SerializeToString()


def decode_estimate(data: bytes) -> Estimate:
    """The estimate in an EstimateResponse."""
    message = pb.EstimateResponse.FromString(data)
    return Estimate(
        projected_bytes=message.projected_bytes,
        limit_bytes=message.limit_bytes,
        images=message.images,
        pixels=message.pixels,
        bytes_read=message.bytes_read,
        result_bytes=message.result_bytes,
        seconds=message.seconds if message.HasField("seconds") else None,
        is_lower_bound=message.is_lower_bound,
        fits=message.fits,
    )


def encode_validate_question(graph: Graph) -> bytes:
    """A ValidateRequest."""
    message = pb.ValidateRequest()
    fill_graph(message.graph, graph)
    return message.SerializeToString()


def decode_validate_question(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Graph:
    """The graph in a ValidateRequest; raises as `decode_question`."""
    message = _parse(pb.ValidateRequest, data, limits)
    return decode_graph(message.graph, limits)


def encode_verdict(type_: Type, digest: bytes) -> bytes:
    """A ValidateResponse."""
    return pb.ValidateResponse(type=encode_type(type_), digest=digest).SerializeToString()


def decode_verdict(data: bytes) -> tuple[Type, bytes]:
    """Type and digest in a ValidateResponse."""
    message = pb.ValidateResponse.FromString(data)
    return decode_type(message.type), message.digest


def decode_prefix(data: bytes) -> str:
    """Which ops a ListOperationsRequest asks for; raises as `decode_question`."""
    return _parse(pb.ListOperationsRequest, data, DEFAULT_LIMITS).prefix


def _parse(cls: type[_M], data: bytes, limits: Limits) -> _M:
    check_bytes(data, cls.DESCRIPTOR, limits)
    try:
        return cls.FromString(data)
    except DecodeError:
        raise InvalidGraph(f"The bytes are not a message {cls.DESCRIPTOR.name}.") from None


def _fill_common(message: pb.InspectRequest | pb.EstimateRequest, question: Question) -> None:
    fill_graph(message.graph, question.graph)
    if question.geocontext is not None:
        message.geocontext.CopyFrom(encode_geocontext(question.geocontext))
    for name, value in question.arguments.items():
        fill_value(message.arguments[name], value)


def _decode_common(
    message: pb.InspectRequest | pb.EstimateRequest, limits: Limits, graphs: Decode = decode_graph
) -> tuple[Graph, GeoContextValue | None, dict[str, Any]]:
    require_at_most("arguments", len(message.arguments), limits.graph.parameters)
    return (
        graphs(message.graph, limits),
        decode_geocontext(message.geocontext) if message.HasField("geocontext") else None,
        {name: decode_value(value) for name, value in message.arguments.items()},
    )
