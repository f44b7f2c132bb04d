"""List, Tuple, Dict, KnownDict, functions over elements, and choice."""

from __future__ import annotations

from typing import Any

import pytest

import swath as wf
from swath.errors import InvalidArgument, TypeMismatch
from swath.graph.check import check


def typed(obj: Any) -> str:
    """The type that the client and the checker agree on."""
    graph = wf.build_graph(obj)
    found = str(check(graph)[graph.result])
    assert found == str(obj.expression.type)
    return found


@pytest.mark.parametrize(
    ("made", "type_"),
    [
        (lambda: wf.List([1, 2]), "List[Int]"),
        (lambda: wf.List([1, wf.Float(2)]), "List[Float]"),
        (lambda: wf.List[wf.Str]([]), "List[Str]"),
        (lambda: wf.List([1, "a"]), "List[Any]"),
        (lambda: wf.List([wf.Int(1) + 1, 2]), "List[Int]"),
        (lambda: wf.List(x for x in (1, 2)), "List[Int]"),
        (lambda: wf.List([1, 2])[0], "Int"),
        (lambda: wf.List([1]) + [2.0], "List[Float]"),  # noqa: RUF005
        (lambda: [1] + wf.List([2]), "List[Int]"),  # noqa: RUF005
        (lambda: wf.List([1]) * 3, "List[Int]"),
        (lambda: reversed(wf.List([1])), "List[Int]"),
        (lambda: wf.List([1]).contains(1), "Bool"),
        (lambda: wf.List([1]).length(), "Int"),
        (lambda: wf.List([3, 1]).sorted(), "List[Int]"),
        (lambda: wf.List([3, 1]).sorted(lambda x: -x, reverse=True), "List[Int]"),
        (lambda: wf.List([1]).map(lambda x: x / 2), "List[Float]"),
        (lambda: wf.List([1]).map(lambda x: (x, "a")), "List[Tuple[Int, Str]]"),
        (lambda: wf.List([1]).filter(lambda x: x > 0), "List[Int]"),
        (lambda: wf.List([1, 2]).reduce(lambda a, b: a + b), "Int"),
        (lambda: wf.List([1, 2]).reduce(lambda a, b: a / b), "Float"),
        (lambda: wf.List([1, 2]).reduce(lambda a, b: a + b, initial=0.5), "Float"),
        (
            lambda: wf.List([1]).reduce(lambda a, b: a + wf.List([b]), wf.List[wf.Int]([])),
            "List[Int]",
        ),
        (lambda: wf.Tuple((1, "a"))[1], "Str"),
        (lambda: wf.Tuple((1,)) + ("a",), "Tuple[Int, Str]"),  # noqa: RUF005
        (lambda: wf.Dict({"a": 1})["a"], "Int"),
        (lambda: wf.Dict(a=1, b=2.0).values(), "List[Float]"),
        (lambda: wf.Dict({1: "a"}), "Dict[Int, Str]"),
        (lambda: wf.Dict({"a": 1}).get("b", None), "Any"),
        (lambda: wf.Dict({"a": 1}).items(), "List[Tuple[Str, Int]]"),
        (lambda: wf.Dict.from_pairs([("a", 1)]), "Dict[Str, Int]"),
        (lambda: wf.KnownDict(a=1, b="x"), "KnownDict[{a: Int, b: Str}, Str, Any]"),
        (lambda: wf.KnownDict(a=1, b="x")["b"], "Str"),
        (lambda: wf.KnownDict(a=1, b=2), "KnownDict[{a: Int, b: Int}, Str, Any]"),
        (lambda: wf.Dict({"a": 1, "b": "x"}), "Dict[Str, Any]"),
        (lambda: wf.KnownDict[{"a": wf.Float}](a=1)["a"], "Float"),  # type: ignore[misc]
        (lambda: wf.List([{"a": 1}, {"a": 2.0}]), "List[Dict[Str, Float]]"),
        (lambda: wf.range(3), "List[Int]"),
        (lambda: wf.range(1, 7, 2), "List[Int]"),
        (lambda: wf.zip(wf.range(2), wf.List(["a"])), "List[Tuple[Int, Str]]"),
        (lambda: wf.ifelse(wf.Int(1) > 0, 1, 2.0), "Float"),
        (lambda: wf.ifelse(True, lambda: 1, lambda: 2), "Int"),
        (wf.Str("a,b").split(",")[0].upper, "Str"),
        (lambda: wf.Str("a") + "b", "Str"),
        (lambda: wf.Str("abc")[0], "Str"),
        (lambda: wf.Str("abc").contains("b"), "Bool"),
        (lambda: wf.Str("a").center(9, "*"), "Str"),
        (lambda: wf.Str(", ").join(["a", "b"]), "Str"),
        (lambda: wf.NoneType(None), "NoneType"),
    ],
)
def test_an_expression_has_one_type_here_and_on_the_server(made: Any, type_: str) -> None:
    assert typed(made()) == type_


def test_a_tuple_can_be_unpacked() -> None:
    number, text = wf.Tuple((wf.Int(1) + 1, "a"))
    assert isinstance(number, wf.Int)
    assert isinstance(text, wf.Str)
    assert len(wf.Tuple((1, 2, 3))) == 3


def test_a_pair_can_be_unpacked_in_a_function() -> None:
    def first(pair: Any) -> Any:
        number, _ = pair
        return number + 1

    assert typed(wf.zip(wf.range(2), wf.List(["a"])).map(first)) == "List[Int]"


def test_a_generic_type_is_a_class_of_its_own_for_isinstance() -> None:
    assert isinstance(wf.List([1]), wf.List)
    assert isinstance(wf.List([1]), wf.List[wf.Int])  # type: ignore[misc]
    assert not isinstance(wf.List(["a"]), wf.List[wf.Int])  # type: ignore[misc]
    assert wf.List[wf.Int] == wf.List[wf.Int]
    assert repr(wf.Dict[wf.Str, wf.List[wf.Int]]) == "swath.Dict[Str, List[Int]]"


@pytest.mark.parametrize(
    "made",
    [
        lambda: wf.List[wf.Int](["a"]),
        lambda: wf.List[wf.Int, wf.Int],  # type: ignore[misc]
        lambda: wf.List[int],
        lambda: wf.List([1]).map(3),  # type: ignore[arg-type]
        lambda: wf.List([1]).filter(lambda x: x + 1),
        lambda: wf.List([1]).map(lambda x: object()),
        lambda: wf.List([1])["a"],
        lambda: wf.Dict({"a": 1})[1],
        lambda: wf.ifelse(1, 2, 3),
        lambda: wf.List([1, 2])[0:1],
        lambda: wf.Int(3).foo,  # type: ignore[attr-defined]
    ],
)
def test_what_does_not_fit_is_refused(made: Any) -> None:
    with pytest.raises((TypeMismatch, AttributeError)):
        made()


def test_an_index_that_a_tuple_lacks_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="no item 2"):
        wf.Tuple((1, 2))[2]


def test_the_function_of_a_map_is_called_once_while_typing() -> None:
    calls: list[Any] = []

    def double(x: Any) -> Any:
        calls.append(x)
        return x * 2

    wf.List([1, 2, 3]).map(double)
    assert len(calls) == 1


def test_both_branches_of_ifelse_wait_to_be_chosen() -> None:
    graph = wf.build_graph(wf.ifelse(wf.Int(1) > 0, lambda: wf.Int(1) // 0, 2))
    assert [len(f.parameters) for f in graph.functions] == [0, 0]


def test_a_value_of_unknown_type_is_told_its_type_by_cast() -> None:
    value = wf.Image.from_id("a").properties["cloud"]
    assert isinstance(value, wf.Any)
    assert isinstance(value.cast(wf.Float) * 2, wf.Float | wf.Any)
    assert str((value.cast(wf.List[wf.Int]).length()).expression.type) == "Int"
    assert wf.build_graph(value).nodes == wf.build_graph(value.cast(wf.Int)).nodes
