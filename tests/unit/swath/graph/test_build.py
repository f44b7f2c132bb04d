"""Expressions become graphs: flat, shared, without recursion, with the user's lines."""

from __future__ import annotations

from typing import Any

import pytest

import swath as wf
from swath.errors import InvalidGraph, TypeMismatch
from swath.graph.check import check
from swath.graph.graph import Call, FunctionRef, Literal, ParameterRef


def test_equal_parts_become_one_node() -> None:
    graph = wf.build_graph((wf.Int(1) + 2) * (wf.Int(1) + 2))
    assert [type(n) for n in graph.nodes] == [Literal, Literal, Call, Call]
    assert graph.nodes[3] == Call("numpy.multiply", (2, 2))


def test_literals_that_differ_in_type_stay_apart() -> None:
    graph = wf.build_graph(wf.Tuple((wf.Int(1) + 1.0, wf.Float(0.0), wf.Float(-0.0))))
    literals = [n.value for n in graph.nodes if isinstance(n, Literal)]
    assert [repr(v) for v in literals] == ["1", "1.0", "0.0", "-0.0"]


def test_a_node_knows_the_line_it_was_typed_on() -> None:
    total = wf.Int(1) + 41
    graph = wf.build_graph(total)
    line = graph.line_of(graph.result)
    assert line is not None
    assert line.startswith("test_build.py:")
    assert line.endswith("total = wf.Int(1) + 41")


def test_a_line_whose_text_is_unknown_is_its_place_alone() -> None:
    typed: dict[str, Any] = {"wf": wf}
    exec(compile("total = wf.Int(1) + 41", "<stdin>", "exec"), typed)
    graph = wf.build_graph(typed["total"])
    assert graph.line_of(graph.result) == "<stdin>:1"


def test_a_function_is_one_entry_of_the_table() -> None:
    graph = wf.build_graph(wf.List([1, 2]).map(lambda x: x + 1))
    assert len(graph.functions) == 1
    assert [p.name for p in graph.functions[0].parameters] == ["x"]
    assert sum(isinstance(n, FunctionRef) for n in graph.nodes) == 1


def test_an_inner_function_sees_the_parameters_of_the_outer_one() -> None:
    inner = wf.List([1, 2]).map(lambda x: wf.List([3]).map(lambda y: x + y))
    graph = wf.build_graph(inner)
    assert str(check(graph)[graph.result]) == "List[List[Int]]"


def test_a_chain_of_ten_thousand_is_built_without_recursion() -> None:
    chain = wf.Int(0)
    for i in range(10_000):
        chain = chain + i
    graph = wf.build_graph(chain)
    assert len(graph.nodes) == 20_000
    assert str(check(graph)[graph.result]) == "Int"


def test_parameters_are_in_order_of_first_use() -> None:
    a, b = wf.parameter("a", wf.Int), wf.parameter("b", wf.Float)
    graph = wf.build_graph(b * a + wf.parameter("b", wf.Float))
    assert [(p.name, str(p.type)) for p in graph.parameters] == [("b", "Float"), ("a", "Int")]
    assert graph.nodes.count(ParameterRef(-1, 0)) == 1


def test_one_parameter_has_one_type() -> None:
    with pytest.raises(TypeMismatch, match="Int and Float"):
        wf.build_graph(wf.parameter("a", wf.Int) + wf.parameter("a", wf.Float))


def test_the_parameters_of_a_function_are_those_of_its_graph() -> None:
    function = wf.Function[wf.Int, wf.Int, wf.Int](lambda x, y: x * y)
    graph = wf.build_graph(function)
    assert [p.name for p in graph.parameters] == ["x", "y"]
    assert graph.functions == ()


def test_a_parameter_that_escapes_its_function_is_refused() -> None:
    caught: list[object] = []
    wf.List([1]).map(lambda x: caught.append(x) or x)  # type: ignore[func-returns-value]
    with pytest.raises(InvalidGraph, match="outside"):
        wf.build_graph(caught[0])
    with pytest.raises(InvalidGraph, match="outside"):
        wf.build_graph(wf.List([1]).map(lambda y: y + caught[0]))


def test_a_parameter_that_escapes_into_the_result_is_refused() -> None:
    caught: list[object] = []
    mapped = wf.List([1]).map(lambda x: caught.append(x) or x)  # type: ignore[func-returns-value]
    with pytest.raises(InvalidGraph, match="outside"):
        wf.build_graph([mapped, caught[0]])


def test_several_answers_are_one_graph() -> None:
    one = wf.Int(1)
    graph = wf.build_graph([one + 1, one * 2])
    assert str(check(graph)[graph.result]) == "List[Int]"
    graph = wf.build_graph((one, wf.Str("a")))
    assert str(check(graph)[graph.result]) == "Tuple[Int, Str]"


def test_a_computed_argument_takes_the_place_of_its_parameter() -> None:
    a = wf.parameter("a", wf.Int)
    graph = wf.build_graph(a + 1, {"a": wf.Int(2) * 3})
    assert graph.parameters == ()
    assert [n.op for n in graph.nodes if isinstance(n, Call)] == ["numpy.multiply", "numpy.add"]


def test_a_called_function_is_its_body_with_values_put_in() -> None:
    double = wf.Function[wf.Int, wf.Int](lambda x: x * 2)
    graph = wf.build_graph(double(double(3)))
    assert graph.functions == ()
    assert [n.op for n in graph.nodes if isinstance(n, Call)] == ["numpy.multiply"] * 2


def test_a_called_function_may_be_used_as_a_value_too() -> None:
    outer = wf.Function[wf.Int, wf.List[wf.Int]](
        lambda n: wf.List([1, 2]).map(lambda x: wf.List([x]).map(lambda y: y + n)[0])
    )
    graph = wf.build_graph([outer(1), outer(2), wf.List([3]).map(outer)[0]])
    assert str(check(graph)[graph.result]) == "List[List[Int]]"
