"""Runs a checked graph over metadata: lazily, at most once per scope, without reading a pixel.

Pixels appear as planes (`engine.evaluate.plane`), numbers that come from pixels as Deferred. A
number that steers control flow is asked for through `Context.force`, which runs a stage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from engine.evaluate import batch
from engine.evaluate.batch import Column, ImageBatch, NotBatchable, RowBatch
from engine.evaluate.context import Closure, Context
from engine.evaluate.dynamic import checked
from engine.evaluate.lazy import LazyCollection
from engine.evaluate.located import CURRENT, Place
from engine.evaluate.operations import OPERATIONS
from engine.evaluate.prepared import Prepared
from engine.evaluate.scope import OUTERMOST
from swath.errors import InvalidArgument, InvalidGraph, SwathError
from swath.graph.graph import FunctionRef, Literal, ParameterRef
from swath.ops.op import ABSENT, Op
from swath.ops.table import OPS

DEEPEST_CALL = 64
"""Most functions that may be in progress at once."""


@dataclass(eq=False, slots=True)
class Frame:
    """One binding of a function's parameters, and what was evaluated under it."""

    function: int
    args: tuple[Any, ...]
    parent: Frame | None
    is_batch: bool = False
    depth: int = 0
    memo: dict[int, Any] = field(default_factory=dict)


class Interpreter:
    """Evaluates nodes of one graph in one context."""

    def __init__(
        self,
        prepared: Prepared,
        context: Context,
        arguments: Mapping[str, Any],
        is_batching: bool = True,
    ) -> None:
        """`arguments` bind the graph's parameters.

        `is_batching` False maps functions image by image always: the definition (tests compare).
        """
        self._graph = prepared.graph
        self._context = context
        self._owners = prepared.owners
        self._operands = prepared.operands
        self._dynamic = prepared.dynamic
        self._is_batching = is_batching
        self._lines = prepared.lines
        bound = tuple(arguments[p.name] for p in prepared.graph.parameters)
        self._root = Frame(OUTERMOST, bound, None)
        context.call = self._call
        context.map = self._map

    def result(self) -> Any:
        """The value of the whole graph. Raises SwathErrors naming the node."""
        return self._value(self._graph.result, self._root)

    def _value(self, node: int, frame: Frame) -> Any:
        home = self._home(node, frame)
        pending = [node]
        while pending:
            top = pending[-1]
            place = self._home(top, frame)
            if top in place.memo:
                pending.pop()
                continue
            missing = [i for i in self._operands[top] if i not in self._home(i, frame).memo]
            if missing:
                pending.extend(reversed(missing))
                continue
            place.memo[top] = self._compute(top, place)
            pending.pop()
        return home.memo[node]

    def _home(self, node: int, frame: Frame) -> Frame:
        owner = self._owners[node]
        while frame.function != owner:
            assert frame.parent is not None, "checked graphs use parameters inside their function"
            frame = frame.parent
        return frame

    def _compute(self, index: int, frame: Frame) -> Any:
        node = self._graph.nodes[index]
        if isinstance(node, Literal):
            return node.value
        if isinstance(node, ParameterRef):
            return frame.args[node.position]
        if isinstance(node, FunctionRef):
            return Closure(node.function, frame)
        args = [self._home(i, frame).memo[i] for i in node.args]
        kwargs = {name: self._home(i, frame).memo[i] for name, i in node.kwargs}
        if kwargs:
            args, kwargs = by_kind(OPS[node.op], args, kwargs)
        place = Place(index, node.op, self._lines.get(index))
        token = CURRENT.set(place)
        try:
            return self._apply(index, node.op, frame, args, kwargs)
        except SwathError as error:
            raise error.at(node=index, op=node.op, line=place.line) from None
        finally:
            CURRENT.reset(token)

    def _apply(
        self, index: int, op: str, frame: Frame, args: list[Any], kwargs: dict[str, Any]
    ) -> Any:
        implementation = partial(OPERATIONS[op], self._context)
        if self._dynamic[index]:
            implementation = partial(checked, op, implementation)
        if frame.is_batch and any(
            isinstance(v, ImageBatch | RowBatch | Column) for v in (*args, *kwargs.values())
        ):
            if any(isinstance(v, Closure) for v in args):
                raise NotBatchable
            return batch.apply(op, implementation, args, kwargs)
        if frame.is_batch and any(isinstance(v, Closure) for v in args):
            raise NotBatchable
        return implementation(*args, **kwargs)

    def _enter(self, closure: Closure, args: tuple[Any, ...], is_batch: bool) -> Any:
        self._context.budget.check()
        outer: Frame = closure.frame
        if outer.depth >= DEEPEST_CALL:
            raise InvalidGraph(f"Functions are nested more than {DEEPEST_CALL} deep.")
        function = self._graph.functions[closure.function]
        if len(args) != len(function.parameters):
            raise InvalidArgument(
                f"A function of {len(function.parameters)} parameters was called with {len(args)}."
            )
        frame = Frame(closure.function, args, outer, is_batch or outer.is_batch, outer.depth + 1)
        return self._value(function.result, frame)

    def _call(self, closure: Closure, *args: Any) -> Any:
        return self._enter(closure, args, False)

    def _map(self, closure: Closure, items: LazyCollection | Sequence[Any]) -> batch.Batch:
        """The function's value for each image or element."""
        count = len(_rows(items))
        if self._is_batching and count > 1:
            try:
                result = self._enter(closure, (_batch_of(items),), True)
            except NotBatchable:
                pass
            else:
                # A function that does not look at its argument has one value for all.
                is_batch = isinstance(result, ImageBatch | RowBatch | Column)
                return result if is_batch else Column([result] * count)
        return Column([self._call(closure, item) for item in each(items, self._context)])


def by_kind(op: Op, args: list[Any], kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The arguments with positional parameters by position, also where they were named."""
    named = [p for p in op.parameters[len(args) :] if p.kind == "positional"]
    if not any(p.name in kwargs for p in named):
        return args, kwargs
    left = dict(kwargs)
    placed = [left.pop(p.name, p.default) for p in named]
    while placed and placed[-1] is ABSENT:
        placed.pop()
    return [*args, *placed], left


def _rows(items: Any) -> Any:
    return items.table if isinstance(items, LazyCollection) else items


def _batch_of(items: Any) -> Any:
    if isinstance(items, LazyCollection):
        return ImageBatch(items)
    return RowBatch(items) if not isinstance(items, list | tuple) else Column(items)


def each(items: Any, context: Context) -> Any:
    """The images of a collection, or the elements of a list, one after the other."""
    if isinstance(items, LazyCollection):
        return (items.image(i, context.planes) for i in range(items.count))
    return iter(items)
