"""What the compiler makes: vector code, no contraction, nothing that needs Python."""

from __future__ import annotations

import platform
import re
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import pytest

from engine.kernels import arithmetic
from engine.kernels import compile as compiling
from engine.kernels.jit import Kernel, block, parse_signature
from engine.reference.transcendental import exp


def made(function: Any, *signatures: str) -> Kernel:
    return Kernel(function.__name__, __name__, function, tuple(map(parse_signature, signatures)))


def code_of(kernel: Kernel) -> str:
    compiled = compiling.compile_version(kernel, kernel.signatures[0], dict(compiling.PRIMITIVES))
    text: str = compiled.inspect_llvm()
    return text


def assembly(code: str, triple: str) -> str:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    lines = [line for line in code.splitlines() if not line.startswith("target ")]
    module = llvm.parse_assembly("\n".join(lines))
    machine = llvm.Target.from_triple(triple).create_target_machine(
        features="+fma,+avx2" if triple.startswith("x86") else "", opt=3
    )
    text: str = machine.emit_assembly(module)
    return text


def triad(n: int, out: Any, a: Any, b: Any) -> None:
    for i in range(n):
        out[i] = a[i] * b[i] + exp(a[i])


@pytest.mark.parametrize("triple", ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"])
def test_products_and_sums_are_never_contracted(triple: str) -> None:
    code = code_of(made(triad, block("float64", "float64", "float64")))
    text = assembly(code, triple)
    assert re.search(r"vaddp?[sd]d|fadd", text)
    assert not re.search(r"vfn?m(add|sub)|\bfn?m(add|sub)\b|\bfml[as]\b", text)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="names registers of x86-64")
@pytest.mark.parametrize("kernel", [arithmetic.add, arithmetic.or_endless, arithmetic.sqrt])
def test_block_kernels_are_vector_code(kernel: Kernel) -> None:
    assert re.search(r"<(4|8|16) x (float|double)>", code_of(kernel))


def allocating(n: int, out: Any) -> None:
    out[0] = np.zeros(n).sum()


def raising(n: int, out: Any) -> None:
    if n < 0:
        raise ValueError
    out[0] = 1.0


@pytest.mark.parametrize("function", [allocating, raising])
def test_a_kernel_that_needs_python_is_refused(function: Any) -> None:
    with pytest.raises(compiling.NotSelfContained, match=function.__name__):
        compiling.compile_module([made(function, block("float64"))], lambda _: None)
