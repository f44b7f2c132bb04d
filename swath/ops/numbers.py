"""What the operators of Int, Float and Bool give, and conversions (rules N1–N7)."""

from __future__ import annotations

from swath.graph.type import ANY, BOOL, FLOAT, INT, STR, Type, tuple_of
from swath.ops import combination as c
from swath.ops.op import Argument, Op
from swath.ops.row import NUMBER, SCALAR, always, given, on, same

_ARITHMETIC = "Int Float Bool"


def _arithmetic(name: str, doc: str, dunder: str, *, divides: bool = False) -> Op:
    operands = (given("x", SCALAR, "Left operand."), given("y", SCALAR, "Right operand."))
    methods = on(f"__{dunder}__", _ARITHMETIC) + on(f"__r{dunder}__", _ARITHMETIC)
    rule = c.numeric(divides=divides)
    return Op(f"numpy.{name}", doc, operands, rule, methods, elementwise=True)


def _comparison(name: str, doc: str, dunder: str) -> Op:
    equates = dunder in ("eq", "ne")
    accepts = SCALAR if equates else NUMBER
    operands = (given("x", accepts, "Left operand."), given("y", accepts, "Right operand."))
    rule = c.numbers_equal if equates else always(BOOL)
    methods = on(f"__{dunder}__", "Int Float Bool" if equates else "Int Float")
    return Op(f"numpy.{name}", doc, operands, rule, methods, elementwise=True)


def _divmod_rule(x: Argument, y: Argument) -> Type:
    part = ANY if ANY in (x.type, y.type) else c.number(x.type, y.type)
    assert part is not None
    return tuple_of(part, part)


_X = given("x", NUMBER, "Operand.")

ROWS = (
    _arithmetic("add", "Sum of two numbers.", "add"),
    _arithmetic("subtract", "Difference of two numbers.", "sub"),
    _arithmetic("multiply", "Product of two numbers.", "mul"),
    _arithmetic("true_divide", "Quotient of two numbers, a Float.", "truediv", divides=True),
    _arithmetic("floor_divide", "Quotient of two numbers rounded towards −∞.", "floordiv"),
    _arithmetic("remainder", "Remainder with the sign of the divisor.", "mod"),
    _arithmetic("power", "x to the power of y; of Ints an Int.", "pow"),
    Op("numpy.negative", "−x.", (_X,), same, on("__neg__", "Int Float"), elementwise=True),
    Op("numpy.absolute", "Magnitude of x.", (_X,), same, on("__abs__", "Int Float"),
       elementwise=True),
    _comparison("equal", "Whether x equals y.", "eq"),
    _comparison("not_equal", "Whether x differs from y.", "ne"),
    _comparison("less", "Whether x < y.", "lt"),
    _comparison("less_equal", "Whether x ≤ y.", "le"),
    _comparison("greater", "Whether x > y.", "gt"),
    _comparison("greater_equal", "Whether x ≥ y.", "ge"),
    Op(
        "divmod", "The tuple (x // y, x % y) of two numbers.",
        (given("x", SCALAR, "Dividend."), given("y", SCALAR, "Divisor.")), _divmod_rule,
        on("__divmod__", "Int Float") + on("__rdivmod__", "Int Float"),
    ),
    Op(
        "Int.cast", "x as an Int: fractions are cut off towards 0, text is read as decimal.",
        (given("x", (*SCALAR, STR), "A number, or text such as `-12`."),), always(INT),
    ),
    Op(
        "Float.cast", "x as a Float; text is read as Python reads it.",
        (given("x", (*SCALAR, STR), "A number, or text such as `1e-3`, `nan`."),), always(FLOAT),
    ),
)  # fmt: skip
