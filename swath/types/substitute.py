"""Variables of an expression replaced by expressions: what a call of a function gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from swath.graph.expression import Apply, Cast, Expression, Lambda, Variable, parts


def substitute(
    body: Expression, variables: Sequence[Variable], values: Sequence[Expression]
) -> Expression:
    """The body with each variable replaced by its value; parts without one stay shared.

    Types stay those that were inferred for the variables, which the values fit.
    """
    done = {id(v): value for v, value in zip(variables, values, strict=True)}
    stack = [body]
    while stack:
        top = stack[-1]
        if id(top) in done:
            stack.pop()
            continue
        if isinstance(top, Lambda):
            _refresh(top, done)
        pending = [part for part in parts(top) if id(part) not in done]
        if pending:
            stack.extend(pending)
            continue
        done[id(top)] = _rebuilt(top, done)
        stack.pop()
    return done[id(body)]


def _refresh(function: Lambda, done: dict[int, Expression]) -> None:
    """Variables of its own for the copy of a function, so that the original may be used too."""
    for variable in function.variables:
        done.setdefault(id(variable), Variable(variable.name, variable.type))


def _rebuilt(expression: Expression, done: dict[int, Expression]) -> Expression:
    if not isinstance(expression, Lambda) and all(
        done[id(part)] is part for part in parts(expression)
    ):
        return expression
    if isinstance(expression, Apply):
        args = tuple(done[id(part)] for part in expression.args)
        kwargs = tuple((name, done[id(part)]) for name, part in expression.kwargs)
        return replace(expression, args=args, kwargs=kwargs)
    if isinstance(expression, Lambda):
        fresh = [done[id(variable)] for variable in expression.variables]
        variables = tuple(v for v in fresh if isinstance(v, Variable))
        return replace(expression, variables=variables, body=done[id(expression.body)])
    assert isinstance(expression, Cast)
    return replace(expression, of=done[id(expression.of)])
