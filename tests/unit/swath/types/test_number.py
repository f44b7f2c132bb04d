"""Int, Float, Bool: operators, promotion, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import swath as wf
from swath.errors import InvalidArgument, TypeMismatch
from swath.graph.graph import Call, Literal


def last(obj: Any) -> tuple[str, str]:
    """The op of the result, and its type."""
    graph = wf.build_graph(obj)
    node = graph.nodes[graph.result]
    assert isinstance(node, Call)
    return node.op, str(obj.expression.type)


def test_a_python_number_becomes_a_literal() -> None:
    assert wf.Int(1).literal_value == 1
    assert wf.Float(1).literal_value == 1.0
    assert isinstance(wf.Float(1).literal_value, float)
    assert wf.Int(np.int16(3)).literal_value == 3
    assert wf.proxify(np.float32(0.5)).literal_value == 0.5
    assert (wf.Int(1) + 1).literal_value is None


@pytest.mark.parametrize(
    ("made", "op", "type_"),
    [
        (lambda: wf.Int(1) + 1, "numpy.add", "Int"),
        (lambda: 1 - wf.Int(1), "numpy.subtract", "Int"),
        (lambda: wf.Int(1) * 2.0, "numpy.multiply", "Float"),
        (lambda: wf.Int(1) / 2, "numpy.true_divide", "Float"),
        (lambda: 7 // wf.Int(2), "numpy.floor_divide", "Int"),
        (lambda: wf.Int(7) % 2, "numpy.remainder", "Int"),
        (lambda: 2 ** wf.Float(0.5), "numpy.power", "Float"),
        (lambda: divmod(wf.Int(7), 2), "divmod", "Tuple[Int, Int]"),
        (lambda: divmod(7, wf.Float(2)), "divmod", "Tuple[Float, Float]"),
        (lambda: -wf.Int(1), "numpy.negative", "Int"),
        (lambda: +wf.Float(1), "pos", "Float"),
        (lambda: abs(wf.Int(-1)), "numpy.absolute", "Int"),
        (lambda: wf.Int(1) < 2, "numpy.less", "Bool"),
        (lambda: wf.Int(2) > 1, "numpy.greater", "Bool"),
        (lambda: wf.Int(1) == 1, "numpy.equal", "Bool"),
        (lambda: wf.Bool(True) != wf.Bool(False), "numpy.not_equal", "Bool"),
        (lambda: wf.Bool(True) + 1, "numpy.add", "Int"),
        (lambda: wf.Int(6) & 3, "and", "Int"),
        (lambda: 1 << wf.Int(3), "lshift", "Int"),
        (lambda: ~wf.Bool(True), "invert", "Bool"),
        (lambda: True ^ wf.Bool(True), "xor", "Bool"),
        (lambda: wf.Int(1) + wf.Image.from_id("a"), "add", "Image"),
        (lambda: np.float64(2) * wf.Image.from_id("a"), "mul", "Image"),
        (lambda: np.int64(2) + wf.Int(1), "numpy.add", "Int"),
        (lambda: wf.Int(1) + wf.Any(2), "add", "Any"),
        (lambda: wf.Float(wf.Int(1)), "Float.cast", "Float"),
        (lambda: wf.Int(wf.Str("1")), "Int.cast", "Int"),
        (lambda: wf.log(1), "log", "Float"),
    ],
)
def test_an_operator_is_an_op_with_a_type(made: Any, op: str, type_: str) -> None:
    assert last(made()) == (op, type_)


@pytest.mark.parametrize(
    "made",
    [
        lambda: wf.Int("a"),
        lambda: wf.Int(1.5),
        lambda: wf.Float("a"),
        lambda: wf.Bool(1),
        lambda: wf.Int(1) + "a",
        lambda: wf.Int(1) & True,
        lambda: wf.Float(1) & wf.Image.from_id("a"),
        lambda: wf.Bool(True) + "a",
        lambda: wf.Int(1) + 1j,
        lambda: wf.Int(1) + object(),
    ],
)
def test_what_does_not_fit_is_refused_as_a_type_error_with_the_line(made: Any) -> None:
    with pytest.raises(TypeError) as caught:
        made()
    assert isinstance(caught.value, TypeMismatch)
    assert caught.value.where.line is not None
    assert caught.value.where.line.startswith("test_number.py:")


def test_operators_that_a_type_lacks_are_lacking_in_python_too() -> None:
    with pytest.raises(TypeError):
        wf.Float(1) & 1  # type: ignore[operator]
    with pytest.raises(TypeError):
        assert wf.Bool(True) < wf.Bool(False)  # type: ignore[operator]


def test_an_int_has_64_bits() -> None:
    with pytest.raises(InvalidArgument):
        wf.Int(2**63)


def test_a_float_ends_where_a_double_does() -> None:
    assert wf.Float(10**300).literal_value == 1e300
    with pytest.raises(InvalidArgument):
        wf.Float(10**400)


@pytest.mark.parametrize(
    ("act", "advice"),
    [
        (lambda: bool(wf.Int(1)), "ifelse"),
        (lambda: 0 < wf.Int(1) < 2, "&"),
        (lambda: wf.Int(1) == 1 and wf.Int(2) == 2, "instead of `and`"),
        (lambda: len(wf.List([1])), r"length\(\)"),
        (lambda: list(wf.List([1])), r"map\(\)"),
        (lambda: 1 in wf.List([1]), r"contains\(\)"),
        (lambda: int(wf.Int(1)), r"inspect\(\)"),
        (lambda: float(wf.Float(1)), r"inspect\(\)"),
        (lambda: [1, 2][wf.Int(1)], r"inspect\(\)"),
    ],
)
def test_python_cannot_ask_for_a_value_and_is_told_what_to_do(act: Any, advice: str) -> None:
    with pytest.raises(TypeError, match=advice):
        act()


def test_a_literal_in_the_graph_is_what_was_written() -> None:
    graph = wf.build_graph(wf.Int(1) + 2)
    assert [n.value for n in graph.nodes if isinstance(n, Literal)] == [1, 2]
