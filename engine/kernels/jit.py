"""Kernels: functions compiled ahead of time and called by address; the one place that says how.

A kernel is written in the numeric subset of Python that numba compiles: one loop nest, writes into
arrays that it is given, allocates nothing, raises nothing, no Python object. It may call plain
functions of this package, and those of `engine.reference` that are written for both.
`engine.kernels.build` compiles it; this module never imports numba, so that no process that
answers requests can compile by accident.

Options, for every kernel: IEEE arithmetic without contraction or reassociation (NaN is data),
division by zero gives inf or nan, indices are not checked, no GIL while it runs.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from engine.kernels import library

DTYPES: Final = (
    "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64",
)  # fmt: skip
"""What scalars, pointers and arrays hold; bool arrays are passed as uint8 (0 and 1)."""

_ARGUMENT = re.compile(r"^(?P<dtype>[a-z]+\d+)(?P<suffix>\*|\[(?::, )*::1\])?$")


@dataclass(frozen=True, slots=True)
class Argument:
    """One parameter of a kernel."""

    dtype: str
    """A name of `DTYPES`."""
    kind: str
    """`scalar`, `pointer` (an address) or `array` (C-contiguous)."""
    ndim: int
    """Dimensions of an array; 0 otherwise."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Types of a kernel's parameters and of what it returns."""

    text: str
    """As written: `float64(uint8[:, ::1], int64)`."""
    result: str
    """`void` or a name of `DTYPES`."""
    arguments: tuple[Argument, ...]


def parse_signature(text: str) -> Signature:
    """The signature that `text` spells.

    Parameters are `float32` (scalar), `float32*` (pointer) or `float32[::1]`, `float32[:, ::1]`, …
    (C-contiguous array).

    Raises:
        ValueError: the text is no signature.
    """
    result, _, inner = text.strip().partition("(")
    if result not in ("void", *DTYPES) or not inner.endswith(")"):
        raise ValueError(f"not a kernel signature: {text!r}")
    parts = re.split(r",\s*(?![^\[]*\])", inner[:-1])
    return Signature(text.strip(), result, tuple(_argument(p.strip()) for p in parts))


def _argument(text: str) -> Argument:
    found = _ARGUMENT.match(text)
    if found is None or found["dtype"] not in DTYPES:
        raise ValueError(f"not a kernel parameter: {text!r}")
    suffix = found["suffix"]
    if suffix is None:
        return Argument(found["dtype"], "scalar", 0)
    if suffix == "*":
        return Argument(found["dtype"], "pointer", 0)
    return Argument(found["dtype"], "array", suffix.count(":") - 1)


@dataclass(eq=False, slots=True)
class Kernel:
    """A compiled function with one version per signature.

    Calling it takes numpy arrays and numbers, picks the version by the arrays' dtypes and
    dimensions, and costs about 1 µs and 0.5 µs for each array. Arrays must be C-contiguous.
    """

    name: str
    module: str
    function: Callable[..., Any]
    """The Python source; calling it runs the same code uncompiled, in tests."""
    signatures: tuple[Signature, ...]
    _bound: dict[Any, tuple[Any, Signature]] = field(default_factory=dict)

    def symbol(self, index: int) -> str:
        """Name of version `index` in the compiled object."""
        return f"{self.name}.{index}"

    def address(self, index: int = 0) -> int:
        """Where the compiled code of version `index` is, for calls from compiled code.

        Raises:
            InternalError: the kernels are not there and cannot be built.
        """
        return library.address(self.module, self.symbol(index))

    def version(self, *dtypes: str) -> int:
        """Address of the version of a block kernel whose pointers have these dtypes."""
        text = block(*dtypes)
        for index, signature in enumerate(self.signatures):
            if signature.text == text:
                return self.address(index)
        raise KeyError(f"kernel {self.name} has no version {text}")

    def __call__(self, *arguments: Any) -> Any:
        """Run on arrays and numbers; gives what the kernel returns."""
        key = tuple((a.dtype.char, a.ndim) for a in arguments if isinstance(a, np.ndarray))
        bound = self._bound.get(key)
        if bound is None:
            bound = self._bound[key] = self._bind(arguments)
        function, signature = bound
        packed: list[Any] = []
        for value, argument in zip(arguments, signature.arguments, strict=True):
            if argument.kind == "array":
                assert value.flags.c_contiguous, f"{self.name}: arrays must be C-contiguous"
                packed.append(value.__array_interface__["data"][0])
                packed.extend(value.shape)
            else:
                packed.append(value)
        return function(*packed)

    def _bind(self, arguments: tuple[Any, ...]) -> tuple[Any, Signature]:
        for index, signature in enumerate(self.signatures):
            if _fits(arguments, signature):
                return _prototype(signature)(self.address(index)), signature
        given = [str(a.dtype) if isinstance(a, np.ndarray) else type(a) for a in arguments]
        raise TypeError(f"kernel {self.name} has no version for {given}")


def _fits(arguments: tuple[Any, ...], signature: Signature) -> bool:
    if len(arguments) != len(signature.arguments):
        return False
    return all(map(_matches, arguments, signature.arguments))


def _matches(value: Any, argument: Argument) -> bool:
    if argument.kind != "array":
        return not isinstance(value, np.ndarray)
    if not isinstance(value, np.ndarray) or value.ndim != argument.ndim:
        return False
    return storage(value.dtype) == argument.dtype


def storage(dtype: np.dtype[Any]) -> str:
    """Name of the dtype that kernels see: bool is uint8, others themselves."""
    return "uint8" if dtype == np.bool_ else dtype.name


def _prototype(signature: Signature) -> Any:
    types: list[Any] = []
    for argument in signature.arguments:
        if argument.kind == "scalar":
            types.append(np.ctypeslib.as_ctypes_type(np.dtype(argument.dtype)))
        else:
            types.extend([ctypes.c_void_p] + [ctypes.c_int64] * argument.ndim)
    void = signature.result == "void"
    result = None if void else np.ctypeslib.as_ctypes_type(np.dtype(signature.result))
    return ctypes.CFUNCTYPE(result, *types)


KERNELS: Final[dict[str, list[Kernel]]] = {}
"""Module name to the kernels that it defines."""


def kernel(*signatures: str) -> Callable[[Callable[..., Any]], Kernel]:
    """A decorator that makes a function a kernel with these signatures."""
    parsed = tuple(map(parse_signature, signatures))

    def register(function: Callable[..., Any]) -> Kernel:
        made = Kernel(function.__name__, function.__module__, function, parsed)
        known = KERNELS.setdefault(function.__module__, [])
        known[:] = [k for k in known if k.name != made.name] + [made]
        return made

    return register


def block(*dtypes: str) -> str:
    """The signature of a block kernel: a count of items, then a pointer per dtype.

    The block machine (`engine.kernels.machine`) calls such kernels by address. By convention what
    is written comes first, and is never also read, but where the kernel's name ends in `_into`.
    """
    return f"void(int64, {', '.join(f'{d}*' for d in dtypes)})"
