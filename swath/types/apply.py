"""An op applied to proxies and Python values: bound, promoted, traced, typed, with its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from swath.errors import SwathError
from swath.graph.build import written_at
from swath.graph.expression import Apply, Constant, Expression, Lambda
from swath.graph.type import BOOL, DATETIME, FLOAT, INT, STR, Type, function_of
from swath.ops import OPS, Argument, Op, OpParameter, bind, infer
from swath.ops.row import FUNCTION
from swath.types.promote import instant, promote
from swath.types.proxy import Proxy, place, proxy_of
from swath.types.trace import trace

_NUMBERS = frozenset({INT, FLOAT, BOOL})
_OMITTED = object()


def apply(name: str, *args: Any, **kwargs: Any) -> Any:
    """The proxy of what an op gives for these arguments: proxies, Python values or functions.

    Raises:
        TypeMismatch, InvalidArgument: naming the op, the argument, and the user's line.
    """
    op = OPS[name]
    try:
        return proxy_of(_applied(op, args, kwargs))
    except SwathError as error:
        error.at(op=name, line=written_at(place()))
        raise


def operate(numeric: str, general: str, left: Any, right: Any) -> Any:
    """The proxy of a binary operator: the numeric op for two numbers, else the general one.

    Raises:
        as `apply`.
    """
    try:
        x, y = promote_pair(left, right)
        both_numbers = x.type in _NUMBERS and y.type in _NUMBERS
        name = numeric if both_numbers else general
        key = (name, x.type, y.type)
        type_ = _KNOWN.get(key)
        if type_ is None:
            type_ = infer(OPS[name], (Argument("x", x.type), Argument("y", y.type)))
            _remember(key, type_)
        return proxy_of(Apply(name, (x, y), (), type_, place()))
    except SwathError as error:
        error.at(op=general, line=written_at(place()))
        raise


_KNOWN: dict[tuple[str, Type, Type], Type] = {}
_MAX_KNOWN = 4096


def _remember(key: tuple[str, Type, Type], type_: Type) -> None:
    if len(_KNOWN) < _MAX_KNOWN:
        _KNOWN[key] = type_


def promote_pair(left: Any, right: Any) -> tuple[Expression, Expression]:
    """Both operands as expressions; text beside a Datetime is read as one."""
    if type(right) is str and isinstance(left, Proxy) and left.expression.type == DATETIME:
        return left.expression, Constant(instant(right), DATETIME)
    if type(left) is str and isinstance(right, Proxy) and right.expression.type == DATETIME:
        return Constant(instant(left), DATETIME), right.expression
    return promote(left), promote(right)


def _applied(op: Op, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Apply:
    given = bind(op, args, kwargs, lambda _: _OMITTED)
    promoted = [_promoted(p, value) for p, value in zip(op.parameters, given, strict=True)]
    bound = [_seen(p, one) for p, one in zip(op.parameters, promoted, strict=True)]
    for position, parameter in enumerate(op.parameters):
        if parameter.calls is not None and given[position] is not _OMITTED:
            value = given[position]
            if not _is_typed(value):
                promoted[position] = _function(op, parameter, position, value, bound)
                bound[position] = _seen(parameter, promoted[position])
    type_ = infer(op, bound)
    positional, named = _call_shape(op, promoted)
    return Apply(op.name, positional, named, type_, place())


def _is_typed(value: Any) -> bool:
    """Whether a value given for a function needs no tracing: a Function already, or None."""
    if isinstance(value, Proxy):
        return value.expression.type.name in ("Function", "Any")
    return value is None


def _promoted(parameter: OpParameter, value: Any) -> Any:
    """The expressions of what is given for a parameter; functions wait for their types."""
    if value is _OMITTED:
        return _OMITTED
    if parameter.kind == "variadic":
        return tuple(map(promote, value))
    if parameter.kind == "keywords":
        return {name: promote(one) for name, one in value.items()}
    if parameter.calls is not None and not _is_typed(value):
        return None
    try:
        if type(value) is str and DATETIME in parameter.accepts and STR not in parameter.accepts:
            return Constant(instant(value), DATETIME)
        return promote(value)
    except SwathError as error:
        error.at(argument=parameter.name)
        raise


def _seen(parameter: OpParameter, promoted: Any) -> Any:
    """What a type rule sees of promoted arguments."""
    name = parameter.name
    if promoted is _OMITTED:
        return parameter.omitted
    if promoted is None:
        return Argument(name, FUNCTION)
    if isinstance(promoted, tuple):
        return tuple(_argument(name, one) for one in promoted)
    if isinstance(promoted, dict):
        return {key: _argument(key, one) for key, one in promoted.items()}
    return _argument(name, promoted)


def _argument(name: str, expression: Expression) -> Argument:
    if type(expression) is Constant:
        return Argument(name, expression.type, expression.value)
    return Argument(name, expression.type)


def _function(
    op: Op, parameter: OpParameter, position: int, value: Any, bound: Sequence[Any]
) -> Lambda:
    """The function that a Python function, or a value where no parameters are called for, is.

    A fold is traced again when what it gives is wider than what it was called with (Int, then
    Float).
    """
    assert parameter.calls is not None
    types = parameter.calls(*bound)
    if not types and (isinstance(value, Proxy) or not callable(value)):
        body = promote(value)
        return Lambda((), body, function_of((), body.type))
    if not callable(value):
        expected = f"a function of ({', '.join(map(str, types))})"
        raise Argument(parameter.name, promote(value).type).mismatch(expected)
    traced = trace(value, types)
    again = list(bound)
    again[position] = Argument(parameter.name, traced.type)
    wider = parameter.calls(*again)
    return traced if wider == types else trace(value, wider)


def _call_shape(
    op: Op, promoted: Sequence[Any]
) -> tuple[tuple[Expression, ...], tuple[tuple[str, Expression], ...]]:
    """Arguments as a call has them: positional ones first, those after a gap by name."""
    positional: list[Expression] = []
    named: list[tuple[str, Expression]] = []
    has_gap = False
    for parameter, one in zip(op.parameters, promoted, strict=True):
        if one is _OMITTED:
            has_gap = True
        elif isinstance(one, tuple):
            positional.extend(one)
        elif isinstance(one, dict):
            named.extend(one.items())
        elif parameter.kind == "positional" and not has_gap:
            positional.append(one)
        else:
            named.append((parameter.name, one))
    return tuple(positional), tuple(named)
