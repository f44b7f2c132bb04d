"""Laws of `fits` and `join`."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from swath.graph.subtype import fits, join
from swath.graph.type import (
    ANY,
    BOOL,
    FLOAT,
    IMAGE,
    INT,
    PROPERTIES,
    STR,
    Type,
    dict_of,
    function_of,
    known_dict_of,
    list_of,
    tuple_of,
)

PLAIN = st.sampled_from([ANY, BOOL, FLOAT, IMAGE, INT, STR, PROPERTIES])


def _grow(inner: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
    return st.one_of(
        st.builds(list_of, inner),
        st.builds(dict_of, st.just(STR), inner),
        st.builds(tuple_of, inner, inner),
        st.builds(lambda a, b: known_dict_of({"a": a}, STR, b), inner, inner),
        st.builds(lambda a, b: function_of((a,), b), inner, inner),
    )


TYPES = st.recursive(PLAIN, _grow, max_leaves=6)
few = settings(max_examples=200, deadline=None)


@few
@given(TYPES)
def test_a_type_fits_itself_and_any(type_: Type) -> None:
    assert fits(type_, type_)
    assert fits(type_, ANY)
    assert fits(ANY, type_)


@few
@given(st.lists(TYPES, min_size=1, max_size=3))
def test_each_type_fits_the_join_of_all(types: list[Type]) -> None:
    assert all(fits(type_, join(types)) for type_ in types)


@few
@given(st.lists(TYPES, min_size=1, max_size=3))
def test_a_join_does_not_depend_on_order(types: list[Type]) -> None:
    assert join(types) == join(reversed(types))


@few
@given(TYPES)
def test_the_join_of_one_type_is_that_type(type_: Type) -> None:
    assert join([type_, type_]) == type_


@pytest.mark.parametrize(
    ("got", "wanted", "does"),
    [
        (INT, FLOAT, True),
        (FLOAT, INT, False),
        (BOOL, INT, False),
        (list_of(INT), list_of(FLOAT), True),
        (list_of(INT), Type("List"), True),
        (PROPERTIES, dict_of(STR, ANY), True),
        (known_dict_of({"a": INT}, STR, INT), dict_of(STR, STR), False),
        (dict_of(STR, INT), PROPERTIES, False),
        (known_dict_of({"a": INT}), known_dict_of({"a": FLOAT}), True),
        (known_dict_of({"a": STR}), known_dict_of({"a": FLOAT}), False),
        (tuple_of(INT), tuple_of(INT, INT), False),
        (function_of((FLOAT,), INT), function_of((INT,), FLOAT), True),
        (function_of((INT,), INT), function_of((FLOAT,), INT), False),
        (function_of((), INT), function_of((INT,), INT), False),
        (Type("KnownDict"), dict_of(STR, INT), True),
    ],
)
def test_one_type_is_used_where_another_is_asked_for(got: Type, wanted: Type, does: bool) -> None:
    assert fits(got, wanted) == does


def test_strangers_have_only_any_in_common() -> None:
    assert join([INT, STR]) == ANY
    assert join([]) == ANY
    assert join([INT, FLOAT]) == FLOAT
    assert join([list_of(INT), list_of(FLOAT)]) == list_of(FLOAT)
    assert join([function_of((INT,), INT), function_of((STR,), INT)]) == ANY
