"""Python functions made functions of the language, by calling them once with parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from swath.errors import TypeMismatch
from swath.graph.expression import Lambda, Variable
from swath.graph.subtype import fits
from swath.graph.type import Type, function_of
from swath.types.promote import promote
from swath.types.proxy import proxy_of


def trace(func: Callable[..., Any], types: Sequence[Type], result: Type | None = None) -> Lambda:
    """The function that gives what `func` gives for parameters of these types.

    Called once, with proxies; so its Python code runs now, and `if` on a proxy is refused. The
    parameters keep their names.

    Raises:
        TypeMismatch: what it gives is nothing of the language, or not of type `result`.
        and whatever `func` raises.
    """
    names = parameter_names(func, len(types))
    variables = tuple(map(Variable, names, types))
    body = promote(func(*map(proxy_of, variables)))
    if result is not None and not fits(body.type, result):
        problem = f"the function gives {body.type}, not {result}"
        raise TypeMismatch(problem, expected=str(result), got=str(body.type))
    return Lambda(variables, body, function_of(tuple(types), result or body.type))


def parameter_names(func: Callable[..., Any], count: int) -> tuple[str, ...]:
    """The names of a function's first positional parameters; `x0`, `x1`, … where unknown."""
    code = getattr(func, "__code__", None)
    if code is None:
        return tuple(f"x{i}" for i in range(count))
    skip = 1 if hasattr(func, "__self__") else 0
    names = code.co_varnames[skip : code.co_argcount][:count]
    return (*names, *(f"x{i}" for i in range(len(names), count)))
