"""Types as values: bounded, comparable, the same in every process."""

from __future__ import annotations

import pickle

import pytest

from swath.errors import InvalidGraph
from swath.graph.type import (
    ANY,
    INT,
    MAX_TYPE_DEPTH,
    PROPERTIES,
    STR,
    Type,
    dict_of,
    function_of,
    is_well_formed,
    known_dict_of,
    list_of,
    tuple_of,
)


def test_a_type_reads_as_it_is_written() -> None:
    assert str(dict_of(STR, list_of(INT))) == "Dict[Str, List[Int]]"
    assert str(known_dict_of({"a": INT})) == "KnownDict[{a: Int}, Str, Any]"
    assert str(function_of((INT,), STR)) == "Function[Int, Str]"


def test_equal_types_have_equal_hashes_after_a_journey_between_processes() -> None:
    there = pickle.loads(pickle.dumps(PROPERTIES))
    assert there == PROPERTIES
    assert hash(there) == hash(PROPERTIES)


def test_a_type_that_nests_too_deep_cannot_be_made() -> None:
    type_ = INT
    for _ in range(MAX_TYPE_DEPTH - 1):
        type_ = list_of(type_)
    assert type_.depth == MAX_TYPE_DEPTH
    with pytest.raises(InvalidGraph):
        list_of(type_)


def test_a_type_that_doubles_cannot_grow_without_end() -> None:
    type_ = INT
    for _ in range(11):
        type_ = tuple_of(type_, type_)
    assert type_.size == 4095
    with pytest.raises(InvalidGraph):
        tuple_of(type_, type_)


@pytest.mark.parametrize(
    "type_",
    [
        Type("Integer"),
        Type("Int", (INT,)),
        Type("List"),
        Type("Dict", (STR,)),
        Type("Function"),
        Type("List", (INT,), (("a", INT),)),
        list_of(Type("Foo")),
        known_dict_of({"a": Type("Foo")}),
    ],
    ids=str,
)
def test_what_is_no_type_of_the_language_is_told(type_: Type) -> None:
    assert not is_well_formed(type_)


def test_types_of_the_language_are_well_formed() -> None:
    assert all(map(is_well_formed, (ANY, PROPERTIES, tuple_of(), function_of((), INT))))
