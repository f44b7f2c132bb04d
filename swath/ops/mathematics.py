"""Elementary functions of numbers (rule N7) and, pixel by pixel, of imagery (rules D3, M2)."""

from __future__ import annotations

from swath.graph.type import ANY, FLOAT, Type
from swath.ops import combination as c
from swath.ops.op import Argument, Op
from swath.ops.row import IMAGERY, NUMBER, given, on

_LIBM = "IEEE 754-2019, section 9.2 (recommended operations)"


def _rule(x: Argument) -> Type:
    return FLOAT if x.type in NUMBER else x.type


def _square(x: Argument) -> Type:
    return x.type


def _function(name: str, doc: str) -> Op:
    x = given("x", (*NUMBER, *IMAGERY), "A number, or imagery; angles in radians.")
    rule = _square if name == "square" else _rule
    methods = (name, *on(name, "Image ImageCollection"))
    return Op(name, doc, (x,), rule, methods, elementwise=True, source=_LIBM)


def _two(y: Argument, x: Argument) -> Type:
    found = c.imagery(y.type, x.type, NUMBER)
    if found is not None:
        return found
    return ANY if ANY in (y.type, x.type) else FLOAT


def _difference(x: Argument, y: Argument) -> Type:
    return _two(x, y)


_EITHER = (*NUMBER, *IMAGERY)

ROWS = (
    _function("log", "Natural logarithm."),
    _function("log2", "Logarithm to base 2."),
    _function("log10", "Logarithm to base 10."),
    _function("log1p", "Natural logarithm of 1 + x, exact near 0."),
    _function("exp", "e to the power of x."),
    _function("sqrt", "Square root."),
    _function("square", "x times x; of an Int an Int."),
    _function("sin", "Sine."),
    _function("arcsin", "Inverse sine, from −π/2 to π/2."),
    _function("cos", "Cosine."),
    _function("arccos", "Inverse cosine, from 0 to π."),
    _function("tan", "Tangent."),
    _function("arctan", "Inverse tangent, from −π/2 to π/2."),
    Op(
        "arctan2", "Angle of the point (x, y) from the x axis, from −π to π.",
        (given("y", _EITHER, "Ordinate."), given("x", _EITHER, "Abscissa.")),
        _two, ("arctan2",), elementwise=True, source=_LIBM,
    ),
    Op(
        "normalized_difference", "(x − y) / (x + y).",
        (given("x", _EITHER, "For NDVI the near infrared band."),
         given("y", _EITHER, "For NDVI the red band.")),
        _difference, ("normalized_difference",), elementwise=True,
        source="Rouse et al., Third ERTS Symposium, NASA SP-351, 1974",
    ),
)  # fmt: skip
