"""The op table as ListOperations tells it."""

from __future__ import annotations

from inspect_server.operations import Operations
from swath.graph.graph import LANGUAGE_VERSION
from swath.ops.table import OPS
from swath.v1 import inspect_pb2 as pb


def listed(prefix: str = "") -> pb.ListOperationsResponse:
    return pb.ListOperationsResponse.FromString(Operations().starting_with(prefix))


def test_every_op_is_listed_once_by_name():
    assert [op.name for op in listed().operations] == sorted(OPS)


def test_every_op_says_what_it_gives():
    assert not [op.name for op in listed().operations if not op.documentation or not op.family]


def test_parameters_are_those_of_the_table():
    for op in listed().operations:
        assert [p.name for p in op.parameters] == [p.name for p in OPS[op.name].parameters]


def test_an_optional_parameter_has_its_default():
    (sort,) = [op for op in listed("sorted").operations if op.name == "sorted"]
    reverse = next(p for p in sort.parameters if p.name == "reverse")
    assert reverse.default.boolean is False
    assert reverse.HasField("default")


def test_a_prefix_chooses():
    names = [op.name for op in listed("Str.").operations]
    assert names
    assert all(name.startswith("Str.") for name in names)


def test_versions_are_said():
    assert listed().language_version == LANGUAGE_VERSION
    assert listed().server_version.count(".") >= 1
