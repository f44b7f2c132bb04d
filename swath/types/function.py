"""Function: a function of the language as a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from swath.errors import TypeMismatch
from swath.graph.expression import Expression, Lambda
from swath.graph.type import Type
from swath.types.alias import Alias, alias, type_named
from swath.types.promote import promote_to
from swath.types.proxy import Proxy, proxy_of
from swath.types.substitute import substitute
from swath.types.trace import trace


class Function(Proxy):
    """A function of the language: `Function[Int, Int](lambda x: x + 1)`.

    Called with values it gives what its body gives for them.
    """

    __slots__ = ()

    def __class_getitem__(cls, arguments: Any) -> Alias:
        return alias(cls, arguments)

    @staticmethod
    def make(wanted: Type, function: Any) -> Expression:
        """From a Python function, where the parameter types are given; or another Function."""
        if isinstance(function, Proxy):
            return promote_to(function, wanted)
        if not callable(function):
            raise TypeMismatch(f"{type(function).__name__} cannot be called")
        if not wanted.args:
            raise TypeMismatch("say the types: Function[Int, Int](f), or Function.from_callable")
        return trace(function, wanted.args[:-1], wanted.args[-1])

    @classmethod
    def from_callable(
        cls, func: Callable[..., Any], *arg_types: Any, return_type: Any = None
    ) -> Any:
        """The function that gives what a Python function gives for parameters of these types.

        Args:
            func: called once, with a proxy for each parameter.
            arg_types: type of each parameter.
            return_type: what it must give; None: whatever it gives.
        Raises:
            TypeMismatch: it gives something else, or nothing of the language.
        """
        result = None if return_type is None else type_named(return_type)
        return proxy_of(trace(func, tuple(map(type_named, arg_types)), result))

    @classmethod
    def from_object(cls, obj: Any) -> Any:
        """The function of no parameters that gives `obj`."""
        return proxy_of(trace(lambda: obj, ()))

    @property
    def arg_types(self) -> tuple[Type, ...]:
        """Types of the parameters."""
        return self.expression.type.args[:-1]

    all_arg_types = arg_types

    @property
    def return_type(self) -> Type:
        """Type of what it gives."""
        return self.expression.type.args[-1]

    def __call__(self, *args: Any) -> Any:
        """What the body gives for these values.

        Raises:
            TypeMismatch: not the arguments that it takes; or it is itself computed.
        """
        function = self.expression
        if not isinstance(function, Lambda):
            raise TypeMismatch("a function that is itself computed cannot be called from Python")
        if len(args) != len(function.variables):
            problem = f"the function takes {len(function.variables)} arguments, {len(args)} given"
            raise TypeMismatch(problem)
        values = [promote_to(a, v.type) for a, v in zip(args, function.variables, strict=True)]
        return proxy_of(substitute(function.body, function.variables, values))
