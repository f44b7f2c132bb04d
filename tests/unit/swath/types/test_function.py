"""Functions, parameters and arguments."""

from __future__ import annotations

from functools import partial

import pytest

import swath as wf
from swath.errors import TypeMismatch
from swath.types import bind_arguments, graph_and_arguments


def test_a_function_knows_its_types() -> None:
    half = wf.Function[wf.Int, wf.Float](lambda x: x / 2)
    assert [str(t) for t in half.arg_types] == ["Int"]
    assert str(half.return_type) == "Float"
    free = wf.Function.from_callable(lambda x, y: x + y, wf.Int, wf.Float)
    assert str(free.return_type) == "Float"


def test_a_function_that_gives_something_else_is_refused() -> None:
    with pytest.raises(TypeMismatch, match="gives Float, not Int"):
        wf.Function.from_callable(lambda x: x / 2, wf.Int, return_type=wf.Int)
    with pytest.raises(TypeMismatch):
        wf.Function(lambda x: x)


def test_a_called_function_checks_its_arguments() -> None:
    half = wf.Function[wf.Int, wf.Float](lambda x: x / 2)
    assert isinstance(half(3), wf.Float)
    with pytest.raises(TypeMismatch):
        half("a")
    with pytest.raises(TypeMismatch, match="takes 1"):
        half(1, 2)


def test_any_python_callable_will_do() -> None:
    def add(a: int, x: wf.Int) -> wf.Int:
        result: wf.Int = x + a
        return result

    assert str(wf.List([1]).map(partial(add, 3)).expression.type) == "List[Int]"
    assert str(wf.List([1]).map(wf.sqrt).expression.type) == "List[Float]"


@pytest.mark.parametrize("name", ["", "1", "a b", 3, None])
def test_a_parameter_is_named_by_an_identifier(name: object) -> None:
    with pytest.raises(ValueError, match="identifier"):
        wf.parameter(name, wf.Int)  # type: ignore[arg-type]


@pytest.mark.parametrize("type_", [wf.List, wf.Any, wf.Function, wf.List[wf.Any], int])
def test_a_parameter_has_a_concrete_type(type_: object) -> None:
    with pytest.raises(TypeMismatch):
        wf.parameter("a", type_)


def test_arguments_are_values_of_the_parameters() -> None:
    expression = wf.parameter("a", wf.Float) + wf.parameter("when", wf.Datetime).year
    graph, values = graph_and_arguments(expression, {"a": 1, "when": "2019-06-01"})
    assert len(graph.parameters) == 2
    assert values == {"a": 1.0, "when": wf.Datetime(2019, 6, 1).literal_value}


def test_a_missing_or_extra_argument_is_a_type_error() -> None:
    graph = wf.build_graph(wf.parameter("a", wf.Int) + 1)
    with pytest.raises(TypeError, match="parameter a"):
        bind_arguments(graph.parameters, {})
    with pytest.raises(TypeError, match="no parameter b"):
        bind_arguments(graph.parameters, {"a": 1, "b": 2})
    with pytest.raises(TypeError, match="expected Int"):
        bind_arguments(graph.parameters, {"a": "x"})


def test_an_argument_may_be_computed_but_not_depend_on_a_parameter() -> None:
    a = wf.parameter("a", wf.Int)
    graph, values = graph_and_arguments(a + 1, {"a": wf.Int(2) * 3})
    assert (graph.parameters, values) == ((), {})
    with pytest.raises(TypeMismatch, match="depends"):
        graph_and_arguments(a + 1, {"a": wf.parameter("b", wf.Int) + 1})
