"""What a row of the op table is, how arguments are bound to it, and how its type is found.

The client, the checker, the engine, the stubs and the documentation all go through `bind` and
`infer`, so an op means the same to each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

from swath.errors import SwathError, TypeMismatch
from swath.graph.subtype import fits
from swath.graph.type import ANY, NONE, Type
from swath.graph.value import type_of


class Mark(Enum):
    """What stands where there is no value."""

    REQUIRED = "required"
    """A parameter without default."""
    ABSENT = "absent"
    """An argument that may be left out, and was: there is no value that means the same."""
    UNKNOWN = "unknown"
    """The value of an argument that is not written in the graph."""

    def __repr__(self) -> str:
        return self.name


REQUIRED, ABSENT, UNKNOWN = Mark.REQUIRED, Mark.ABSENT, Mark.UNKNOWN

Kind = Literal["positional", "keyword", "variadic", "keywords"]


@dataclass(slots=True)
class Argument:
    """What a type rule sees of one argument."""

    name: str
    """Name of the parameter it is bound to."""
    type: Type
    value: Any = UNKNOWN
    """The value where it is written in the graph; ABSENT where left out without a default."""

    @property
    def is_known(self) -> bool:
        """Whether the value is written in the graph, or left out."""
        return self.value is not UNKNOWN

    @property
    def result(self) -> Type:
        """What a function gives; of anything else `Any`."""
        return self.type.args[-1] if self.type.name == "Function" and self.type.args else ANY

    def mismatch(self, expected: str) -> TypeMismatch:
        """The error that something else was expected here."""
        got = str(self.type)
        problem = f"expected {expected}, got {got}"
        return TypeMismatch(problem, expected=expected, got=got).at(argument=self.name)


@dataclass(frozen=True, slots=True)
class OpParameter:
    """One parameter of an op."""

    name: str
    accepts: tuple[Type, ...]
    """Types that may be given, besides `Any`; a bare generic name is any of its types."""
    doc: str
    """Meaning, unit, and what leaving it out means."""
    kind: Kind = "positional"
    """`positional` and `keyword` are both given by position or by name; graphs are written with
    `keyword` ones by name, and after a `variadic` there is no other way. `variadic` takes all
    further positional arguments, `keywords` all further named ones."""
    default: Any = REQUIRED
    """A Python value of the language, ABSENT, or REQUIRED."""
    calls: Callable[..., tuple[Type, ...]] | None = None
    """For a function: from all bound arguments, the types that it is called with."""
    omitted: Argument = field(init=False, compare=False, repr=False)
    """What a rule sees when the argument is left out."""

    def __post_init__(self) -> None:
        marked = isinstance(self.default, Mark)
        left_out = Argument(self.name, NONE if marked else type_of(self.default), self.default)
        object.__setattr__(self, "omitted", left_out)

    @property
    def is_many(self) -> bool:
        """Whether it collects any number of arguments."""
        return self.kind in ("variadic", "keywords")

    @property
    def accepted(self) -> str:
        """The accepted types as text: `Int | Float`."""
        return " | ".join(map(str, self.accepts))


@dataclass(frozen=True, slots=True)
class Op:
    """One row of the table."""

    name: str
    """Name in graphs, for ever."""
    doc: str
    """One sentence: what it gives."""
    parameters: tuple[OpParameter, ...]
    rule: Callable[..., Type]
    """The type of the result from one Argument per parameter; a tuple of them for `variadic`, a
    dict for `keywords`. Raises TypeMismatch or InvalidArgument that name the argument."""
    methods: tuple[str, ...] = ()
    """Members of proxies that give this op: `Image.mask`, `Int.__add__`; a bare name is a free
    function."""
    elementwise: bool = False
    """On imagery, each pixel of the result depends on the same pixel of the operands only."""
    reads_values: bool = False
    """Whether the rule looks at values, not only at types."""
    source: str | None = None
    """Where the formula comes from, when it is not the definition itself."""
    index: Mapping[str, int] = field(init=False, compare=False, repr=False)
    """Position of each parameter."""
    is_plain: bool = field(init=False, compare=False, repr=False)
    """Whether every parameter is positional and required: binding is the identity."""

    def __post_init__(self) -> None:
        index = {p.name: i for i, p in enumerate(self.parameters)}
        plain = all(p.kind == "positional" and p.default is REQUIRED for p in self.parameters)
        object.__setattr__(self, "index", index)
        object.__setattr__(self, "is_plain", plain)


def _default_of(parameter: OpParameter) -> Any:
    return parameter.default


def bind(
    op: Op,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    default: Callable[[OpParameter], Any] = _default_of,
) -> tuple[Any, ...]:
    """The arguments in the order of the op's parameters, with defaults filled in.

    Args:
        args, kwargs: anything: values, nodes, expressions.
        default: what to put where an optional argument is left out.

    Returns:
        one entry per parameter; a tuple for `variadic`, a dict sorted by name for `keywords`.

    Raises:
        TypeMismatch: too many, too few, unknown or doubled arguments.
    """
    if op.is_plain and not kwargs and len(args) == len(op.parameters):
        return tuple(args)
    bound: list[Any] = []
    left = dict(kwargs)
    position = 0
    for parameter in op.parameters:
        kind = parameter.kind
        if kind == "variadic":
            bound.append(tuple(args[position:]))
            position = len(args)
        elif kind == "keywords":
            bound.append({name: left.pop(name) for name in sorted(left)})
        elif position < len(args):
            bound.append(args[position])
            position += 1
        elif parameter.name in left:
            bound.append(left.pop(parameter.name))
        elif parameter.default is REQUIRED:
            raise TypeMismatch(f"{op.name} needs the argument {parameter.name}").at(
                op=op.name, argument=parameter.name
            )
        else:
            bound.append(default(parameter))
    if position < len(args):
        raise TypeMismatch(
            f"{op.name} takes {position} positional arguments, {len(args)} given"
        ).at(op=op.name)
    if left:
        name = min(left)
        twice = name in op.index
        problem = f"is given the argument {name} twice" if twice else f"has no argument {name}"
        raise TypeMismatch(f"{op.name} {problem}").at(op=op.name, argument=name)
    return tuple(bound)


def infer(op: Op, bound: Sequence[Any]) -> Type:
    """The type of what the op gives for bound arguments (as `bind` returns them, of Arguments).

    Raises:
        TypeMismatch: an argument has a type that the op does not take.
        InvalidArgument: a value written in the graph means nothing here.
        Both name the op and the argument.
    """
    try:
        for parameter, argument in zip(op.parameters, bound, strict=True):
            if type(argument) is Argument:
                _check_accepted(parameter, argument)
                if parameter.calls is not None:
                    _check_function(parameter, argument, bound)
            else:
                many = argument.values() if isinstance(argument, dict) else argument
                for one in many:
                    _check_accepted(parameter, one)
        return op.rule(*bound)
    except SwathError as error:
        error.at(op=op.name)
        raise


def _check_accepted(parameter: OpParameter, argument: Argument) -> None:
    got, accepts = argument.type, parameter.accepts
    if got in accepts or got is ANY or argument.value is ABSENT:
        return
    if not any(fits(got, wanted) for wanted in accepts):
        raise argument.mismatch(parameter.accepted)


def _check_function(parameter: OpParameter, argument: Argument, bound: Sequence[Any]) -> None:
    """A function takes what its op calls it with."""
    if argument.type.name != "Function" or not argument.type.args:
        return
    assert parameter.calls is not None
    called, takes = parameter.calls(*bound), argument.type.args[:-1]
    if len(called) == len(takes) and all(map(fits, called, takes)):
        return
    expected = f"a function of ({', '.join(map(str, called))})"
    raise argument.mismatch(expected)
