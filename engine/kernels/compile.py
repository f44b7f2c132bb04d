"""Compiles kernels to object code with numba; only the build process imports this.

Each version of a kernel becomes a C function. numba optimises it, the modules are linked into one,
and llvmlite writes one object for this processor. The object calls nothing but the C library.
"""

from __future__ import annotations

import re
import types as python_types
from collections.abc import Callable, Iterator
from typing import Any, Final

import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba import carray, types  # type: ignore[attr-defined]
from numba.core import cgutils
from numba.extending import intrinsic

from engine.kernels.jit import Argument, Kernel, Signature
from engine.reference import primitives

OPTIONS: Final[dict[str, Any]] = {
    "error_model": "numpy",
    "boundscheck": False,
    "forceinline": True,
}
"""No `fastmath`: bits would depend on the tier. Without `error_model` division is 7× slower."""
INNER: Final = {**OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""For functions that only kernels call."""

_ALLOWED: Final = re.compile(r"^(llvm\..*|fmodf?|memcpy|memset|memmove)$")


class NotSelfContained(Exception):
    """A kernel allocates, raises or calls into Python, which compiled objects cannot."""


@intrinsic
def _bits(context: Any, x: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(types.float64), generate


@intrinsic
def _value(context: Any, i: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), generate


@intrinsic
def _where(context: Any, c: Any, x: Any, y: Any) -> Any:
    """A select: `x if c else y` would be a branch where LLVM cannot prove it harmless."""
    kind = context.unify_pairs(x, y)

    def generate(ctx: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(args[0], args[1], args[2])

    return kind(types.boolean, kind, kind), generate


@intrinsic
def _invoke(context: Any, function: Any, n: Any, a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
    """Call `void f(int64, void*, void*, void*, void*, void*)` at an address."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        i64 = ir.IntType(64)
        prototype = ir.FunctionType(ir.VoidType(), [i64] * 6)
        callee = builder.inttoptr(args[0], prototype.as_pointer())
        builder.call(callee, args[1:])
        return _context.get_dummy_value()

    return types.void(*[types.int64] * 7), generate


@intrinsic
def _root(context: Any, x: Any) -> Any:
    return types.float64(types.float64), _call_double("llvm.sqrt.f64")


@intrinsic
def _floor(context: Any, x: Any) -> Any:
    return types.float64(types.float64), _call_double("llvm.floor.f64")


@intrinsic
def _remainder(context: Any, x: Any, y: Any) -> Any:
    return types.float64(types.float64, types.float64), _call_double("fmod")


def _call_double(name: str) -> Callable[..., Any]:
    """Code that calls a function of float64."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        double = ir.DoubleType()
        prototype = ir.FunctionType(double, [double] * len(args))
        callee = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, prototype, name
        )
        return builder.call(callee, args)

    return generate


PRIMITIVES: Final[dict[Callable[..., Any], Any]] = {
    primitives.bits: _bits,
    primitives.value: _value,
    primitives.where: _where,
    primitives.root: _root,
    primitives.floor: _floor,
    primitives.remainder: _remainder,
    primitives.invoke: _invoke,
}
"""What numpy does in the reference, as instructions."""


def compile_module(
    kernels: list[Kernel], progress: Callable[[str], None]
) -> tuple[bytes, dict[str, str]]:
    """Object code of the kernels, and their names (`Kernel.symbol`) to symbols in it.

    Raises:
        NotSelfContained: a kernel needs Python at run time.
    """
    linked = llvm.parse_assembly("")
    symbols: dict[str, str] = {}
    inner: dict[Any, Any] = dict(PRIMITIVES)
    for kernel in kernels:
        for index, signature in enumerate(kernel.signatures):
            compiled = compile_version(kernel, signature, inner)
            part = llvm.parse_assembly(compiled.inspect_llvm())
            _strip(part, compiled.native_name)
            _check(kernel, part)
            linked.link_in(part)
            symbols[kernel.symbol(index)] = compiled.native_name
        progress(kernel.name)
    return bytes(_target().emit_object(linked)), symbols


def _target() -> Any:
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        reloc="pic",
        codemodel="jitdefault",
        jit=True,
    )


def _strip(module: Any, keep: str) -> None:
    """Remove the functions that nothing calls any more, now that they are inlined."""
    for function in module.functions:
        if not function.is_declaration and function.name != keep:
            function.linkage = "internal"
    for value in module.global_variables:
        if not value.is_declaration:
            value.linkage = "internal"
    builder = llvm.create_pass_builder(_target(), llvm.create_pipeline_tuning_options())
    passes = llvm.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.add_strip_dead_prototype_pass()
    passes.run(module, builder)


def _check(kernel: Kernel, module: Any) -> None:
    used = {f.name for f in module.functions if f.is_declaration}
    strange = sorted(name for name in used if not _ALLOWED.match(name))
    if strange:
        raise NotSelfContained(f"{kernel.module}.{kernel.name} uses {', '.join(strange)}")


def compile_version(kernel: Kernel, signature: Signature, inner: dict[Any, Any]) -> Any:
    """The C function that numba makes of one version; `inner` holds what was compiled before."""
    arguments = [t for a in signature.arguments for t in _c_types(a)]
    result = types.void if signature.result == "void" else getattr(types, signature.result)
    function = translate(kernel.function, inner)
    if any(a.kind == "array" for a in signature.arguments):
        function = _with_arrays(function, signature)
    return numba.cfunc(result(*arguments), **OPTIONS)(function)


def _c_types(argument: Argument) -> Iterator[Any]:
    kind = getattr(types, argument.dtype)
    yield kind if argument.kind == "scalar" else types.CPointer(kind)  # type: ignore[no-untyped-call]
    yield from [types.int64] * argument.ndim


def _with_arrays(function: Callable[..., Any], signature: Signature) -> Callable[..., Any]:
    """A function of pointers and shapes that calls `function` with arrays."""
    parameters, values = [], []
    for i, argument in enumerate(signature.arguments):
        shape = [f"a{i}_{d}" for d in range(argument.ndim)]
        parameters += [f"a{i}", *shape]
        is_array = argument.kind == "array"
        values.append(f"carray(a{i}, ({', '.join(shape)},))" if is_array else f"a{i}")
    source = f"def wrapper({', '.join(parameters)}):\n    return inner({', '.join(values)})\n"
    inner = numba.njit(**INNER)(function)
    scope: dict[str, Any] = {"carray": carray, "inner": inner}
    exec(compile(source, f"<{function.__name__}>", "exec"), scope)  # noqa: S102 — our own text
    wrapper: Callable[..., Any] = scope["wrapper"]
    wrapper.__name__ = wrapper.__qualname__ = function.__name__
    return wrapper


def translate(function: Callable[..., Any], done: dict[Any, Any]) -> Any:
    """`function` with the functions of ours that it calls replaced by compiled ones."""
    assert isinstance(function, python_types.FunctionType)
    scope = dict(function.__globals__)
    for name in function.__code__.co_names:
        value = scope.get(name)
        if isinstance(value, python_types.FunctionType) and _is_ours(value):
            if value not in done:
                done[value] = numba.njit(**INNER)(translate(value, done))
            scope[name] = done[value]
    copy = python_types.FunctionType(
        function.__code__, scope, function.__name__, function.__defaults__
    )
    copy.__module__, copy.__qualname__ = function.__module__, function.__qualname__
    return copy


def _is_ours(function: Callable[..., Any]) -> bool:
    return function.__module__.partition(".")[0] == "engine"
