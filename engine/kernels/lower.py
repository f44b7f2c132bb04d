"""Lowers an elementwise program to a tape: which kernels, on which registers, testing what where.

A value's mask is a set of *atoms*, each a plane of 0 and 1 that is computed only where wanted: a
mask that came in, a condition, or "this value is not finite". An op through which inf and nan
always pass drops its operands' finite tests, since its own result's covers them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from engine.evaluate.program import COMPARISONS, Program, Step
from engine.kernels import arithmetic, compare, functions, planes
from engine.kernels.convert import convert_address, truth
from engine.kernels.jit import Kernel
from engine.kernels.tape import Tape, Writer
from engine.reference.elementwise import ARITHMETIC, BITWISE, FLOATS, check

KERNELS: Final[dict[str, Kernel]] = {
    "neg": arithmetic.neg, "abs": arithmetic.absolute, "square": arithmetic.square,
    "sqrt": arithmetic.sqrt, "add": arithmetic.add, "sub": arithmetic.sub,
    "mul": arithmetic.mul, "truediv": arithmetic.truediv, "floordiv": arithmetic.floordiv,
    "mod": arithmetic.mod, "minimum": arithmetic.minimum, "maximum": arithmetic.maximum,
    "exp": functions.exp, "log": functions.log, "log2": functions.log2,
    "log10": functions.log10, "log1p": functions.log1p, "sin": functions.sin,
    "cos": functions.cos, "tan": functions.tan, "arcsin": functions.arcsin,
    "arccos": functions.arccos, "arctan": functions.arctan, "arctan2": functions.arctan2,
    "lt": compare.lt, "le": compare.le, "eq": compare.eq, "ne": compare.ne,
    "and": planes.bit_and, "or": planes.bit_or, "xor": planes.bit_xor,
}  # fmt: skip

PASSING: Final[dict[str, tuple[int, ...]]] = {
    "neg": (0,), "abs": (0,), "square": (0,), "sqrt": (0,), "add": (0, 1), "sub": (0, 1),
    "mul": (0, 1), "truediv": (0,), "log": (0,), "log2": (0,), "log10": (0,), "log1p": (0,),
    "sin": (0,), "cos": (0,), "tan": (0,), "arcsin": (0,), "arccos": (0,), "mod": (0,),
    "floordiv": (0,),
}  # fmt: skip
"""Operands that make the result non-finite wherever they are."""
SAFE: Final = frozenset({"neg", "abs", "sin", "cos", "arctan", "arctan2", "minimum", "maximum"})
"""Ops whose result is finite where all operands are."""


@dataclass(frozen=True, slots=True)
class Endless:
    """The atom "the value in this place is not finite"."""

    place: int
    dtype: str


Atom = int | Endless
"""A place that holds 0 and 1, or a test still to be made."""


@dataclass(frozen=True, slots=True)
class Lowered:
    """A tape, and what its arrays are."""

    tape: Tape
    sources: tuple[tuple[str, int], ...]
    """Arrays read, in order: (`values` | `mask` | `scalar`, index)."""
    targets: tuple[tuple[int, bool], ...]
    """Arrays written, after the sources: (output, whether its mask)."""
    results: tuple[tuple[np.dtype[np.generic], bool], ...]
    """dtype of each output, and whether it has a mask."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value of the program: where it is, and the atoms of its mask."""

    place: int
    dtype: str
    atoms: frozenset[Atom]
    is_tested: bool
    """Where it is not finite, it is masked by its atoms."""
    own: frozenset[Atom] = frozenset()
    """Those atoms that hold only where the value is not finite."""


def size(dtype: str) -> int:
    """Bytes of a pixel."""
    return np.dtype(dtype).itemsize


def stored(dtype: str) -> str:
    """The dtype that kernels see."""
    return "uint8" if dtype == "bool" else dtype


def lower(program: Program, masks: tuple[int, ...], scalars: tuple[int, ...]) -> Lowered:
    """The tape of a program.

    Args:
        masks: for each input, the input whose mask it has, -1 for none.
        scalars: for each scalar, 0: finite, 1: it may be infinite, 2: it may be nan too.
    Raises:
        InternalError: a step has a dtype that its op has not.
    """
    lowering = _Lowering(program)
    lowering.inputs(masks)
    lowering.scalars(scalars)
    wanted = _wanted(program)
    first = len(lowering.values)
    for i, step in enumerate(program.steps):
        check(step)
        if first + i in wanted:
            lowering.values[first + i] = lowering.step(step)
    return lowering.finish()


def _wanted(program: Program) -> set[int]:
    """Values that the outputs depend on."""
    first = len(program.inputs) + len(program.scalars)
    wanted = set(program.outputs)
    for i in range(len(program.steps) - 1, -1, -1):
        if first + i in wanted:
            wanted.update(program.steps[i].args)
    return wanted


@dataclass(slots=True)
class _Lowering:
    program: Program
    writer: Writer = field(default_factory=Writer)
    values: dict[int, Value] = field(default_factory=dict)
    sources: list[tuple[str, int]] = field(default_factory=list)
    planes: dict[frozenset[Atom], int] = field(default_factory=dict)
    """Masks computed so far."""
    converted: dict[tuple[int, str, str], int] = field(default_factory=dict)

    def _source(self, kind: str, index: int, bytes_: int, *, once: bool = False) -> int:
        self.sources.append((kind, index))
        return self.writer.outside(bytes_, once=once)

    def inputs(self, masks: Sequence[int]) -> None:
        """Values of the input planes."""
        places: dict[int, int] = {}
        for i, dtype in enumerate(self.program.inputs):
            atoms: frozenset[Atom] = frozenset()
            if masks[i] >= 0:
                if masks[i] not in places:
                    places[masks[i]] = self._source("mask", i, 1)
                atoms = frozenset({places[masks[i]]})
            place = self._source("values", i, size(dtype))
            self.values[i] = Value(place, dtype, atoms, dtype not in FLOATS)

    def scalars(self, states: Sequence[int]) -> None:
        """Values of the scalars, spread over a register once per image; nan masks (N5)."""
        for j, (dtype, state) in enumerate(zip(self.program.scalars, states, strict=True)):
            outside = self._source("scalar", j, size(dtype), once=True)
            width = f"uint{8 * size(dtype)}"
            place = self.writer.emit(planes.fill.version(width, width), size(dtype), outside)
            atoms: frozenset[Atom] = frozenset()
            if state == 2:
                kernel = compare.ne.version("uint8", dtype, dtype)
                atoms = frozenset({self.writer.emit(kernel, 1, place, place)})
            self.values[len(self.program.inputs) + j] = Value(place, dtype, atoms, state == 0)

    def step(self, step: Step) -> Value:
        """The value of a step."""
        args = [self.values[i] for i in step.args]
        if step.op == "getmask":
            return Value(self.mask_plane(args[0].atoms), "bool", frozenset(), True)
        if step.op == "where":
            return self.where(step.dtype, *args)
        if step.op in ("mask", "mask_replace"):
            return self.mask(step, *args)
        if step.op in COMPARISONS:
            return self.compare(step, *args)
        operands = [self.cast(a, step.dtype) for a in args]
        if step.op in ("cast", "finite", "pos"):
            return self.tested(operands[0])
        if step.op in BITWISE:
            return self.bitwise(step, operands)
        return self.arithmetic(step, operands)

    def tested(self, value: Value) -> Value:
        """The value, masked where it is not finite."""
        if value.is_tested:
            return value
        own: frozenset[Atom] = frozenset({Endless(value.place, value.dtype)})
        return Value(value.place, value.dtype, self.untested(value) | own, True, own)

    def cast(self, value: Value, dtype: str) -> Value:
        """The value in another dtype; narrower floats may overflow and are not tested then."""
        if value.dtype == dtype:
            return value
        if dtype == "bool":
            return Value(self.truth(value), dtype, value.atoms, True)
        place = self.convert(value.place, stored(value.dtype), dtype)
        may_overflow = value.dtype == "float64"
        is_tested = dtype not in FLOATS or (value.is_tested and not may_overflow)
        return Value(place, dtype, value.atoms, is_tested, value.own)

    def untested(self, value: Value) -> frozenset[Atom]:
        """The value's atoms but its own finite tests, for what passes on inf and nan."""
        return value.atoms - value.own

    def convert(self, place: int, source: str, dtype: str) -> int:
        """A place with what `place` holds in another dtype."""
        key = (place, source, dtype)
        if source == dtype:
            return place
        if key not in self.converted:
            address = convert_address(source, dtype)
            if address is None:
                return place
            self.converted[key] = self.writer.emit(address, size(dtype), place)
        return self.converted[key]

    def truth(self, value: Value) -> int:
        """A place with 1 where the value is not 0."""
        if value.dtype == "bool":
            return value.place
        key = (value.place, value.dtype, "bool")
        if key not in self.converted:
            is_float = value.dtype in FLOATS
            dtype = value.dtype if is_float else f"uint{8 * size(value.dtype)}"
            self.converted[key] = self.writer.emit(truth.version("uint8", dtype), 1, value.place)
        return self.converted[key]

    def mask_plane(self, atoms: frozenset[Atom]) -> int:
        """A place with 1 where any of the atoms holds."""
        if atoms not in self.planes:
            self.planes[atoms] = self._mask_plane(atoms)
        return self.planes[atoms]

    def _mask_plane(self, atoms: frozenset[Atom]) -> int:
        either = planes.bit_or.version("uint8", "uint8", "uint8")
        plain = sorted(a for a in atoms if not isinstance(a, Endless))
        if not atoms:
            return self.writer.emit(planes.zero.version("uint8"), 1)
        place = plain[0] if plain else None
        for other in plain[1:]:
            assert place is not None
            place = self.writer.emit(either, 1, place, other)
        for test in sorted((a for a in atoms if isinstance(a, Endless)), key=lambda a: a.place):
            place = self._test(place, test)
        assert place is not None
        return place

    def _test(self, place: int | None, test: Endless) -> int:
        if place is None:
            return self.writer.emit(arithmetic.endless.version("uint8", test.dtype), 1, test.place)
        kernel = arithmetic.or_endless.version("uint8", "uint8", test.dtype)
        return self.writer.emit(kernel, 1, place, test.place)

    def arithmetic(self, step: Step, operands: Sequence[Value]) -> Value:
        """Ops of floats."""
        passing = PASSING.get(step.op, ())
        atoms: frozenset[Atom] = frozenset()
        for i, value in enumerate(operands):
            atoms |= self.untested(value) if i in passing else value.atoms
        place = self.writer.emit(
            _arithmetic(step.op, step.dtype), size(step.dtype), *(v.place for v in operands)
        )
        if step.op in SAFE and all(v.is_tested for v in operands):
            atoms = frozenset().union(*(v.atoms for v in operands))
            return Value(place, step.dtype, atoms, True)
        return self.tested(Value(place, step.dtype, atoms, False))

    def bitwise(self, step: Step, operands: Sequence[Value]) -> Value:
        """Ops of integers and bool."""
        atoms: frozenset[Atom] = frozenset().union(*(v.atoms for v in operands))
        places = [v.place for v in operands]
        if step.op in ("lshift", "rshift"):
            return Value(self._shift(step, places), step.dtype, atoms, True)
        kernel = KERNELS.get(step.op)
        if kernel is None:
            kernel = planes.logical_not if step.dtype == "bool" else planes.bit_not
        address = kernel.version(*["uint8"] * (len(places) + 1))
        place = self.writer.emit(address, size(step.dtype), *places, unit=size(step.dtype))
        return Value(place, step.dtype, atoms, True)

    def _shift(self, step: Step, places: Sequence[int]) -> int:
        if step.dtype == "uint64":
            kernel = planes.rshift_unsigned.version("uint64", "uint64", "uint64")
            return self.writer.emit(kernel, 8, *places)
        wide = [self.convert(p, step.dtype, "int64") for p in places]
        kernel = (planes.lshift if step.op == "lshift" else planes.rshift).version(*["int64"] * 3)
        return self.convert(self.writer.emit(kernel, 8, *wide), "int64", step.dtype)

    def compare(self, step: Step, a: Value, b: Value) -> Value:
        """Comparisons: of floats in the step's dtype, of integers as numbers."""
        op = step.op
        if op in ("gt", "ge"):
            op, a, b = ("lt" if op == "gt" else "le"), b, a
        if step.dtype != "exact":
            a, b = self.cast(a, step.dtype), self.cast(b, step.dtype)
        atoms = a.atoms | b.atoms
        if step.dtype == "exact" and (a.dtype == "uint64") != (b.dtype == "uint64"):
            place = self._compare_mixed(op, a, b)
        else:
            dtype = _comparable(a.dtype, b.dtype)
            places = (self.convert(v.place, stored(v.dtype), dtype) for v in (a, b))
            place = self.writer.emit(KERNELS[op].version("uint8", dtype, dtype), 1, *places)
        return Value(place, "bool", atoms, True)

    def _compare_mixed(self, op: str, a: Value, b: Value) -> int:
        """One side is uint64; the other is read as int64."""
        flip = b.dtype == "uint64"
        unsigned, signed = (b, a) if flip else (a, b)
        wide = self.convert(signed.place, stored(signed.dtype), "int64")
        kernels = {"lt": compare.lt_signed, "le": compare.le_signed}
        # For a signed a: a < b is not (b ≤ a), a ≤ b is not (b < a).
        name = {"lt": "le", "le": "lt"}.get(op, op) if flip else op
        address = kernels.get(name, compare.eq_signed).version("uint8", "uint64", "int64")
        place = self.writer.emit(address, 1, unsigned.place, wide)
        if op == "ne" or (flip and op != "eq"):
            place = self.writer.emit(planes.logical_not.version("uint8", "uint8"), 1, place)
        return place

    def where(self, dtype: str, condition: Value, x: Value, y: Value) -> Value:
        """Rule M3."""
        x, y = self.cast(x, dtype), self.cast(y, dtype)
        chosen = self.truth(condition)
        width = f"uint{8 * size(dtype)}"
        choose = planes.choose.version(width, "uint8", width, width)
        place = self.writer.emit(choose, size(dtype), chosen, x.place, y.place)
        left, right = self.untested(x), self.untested(y)
        atoms = condition.atoms
        if left == right:
            atoms |= left
        else:
            sides = self.mask_plane(left), self.mask_plane(right)
            atoms |= {self.writer.emit(planes.choose.version(*["uint8"] * 4), 1, chosen, *sides)}
        return self.tested(Value(place, dtype, atoms, dtype not in FLOATS))

    def mask(self, step: Step, image: Value, m: Value) -> Value:
        """Rule M4."""
        image = self.cast(image, step.dtype)
        hidden = self.truth(m)
        if step.op == "mask_replace":
            bare = Value(image.place, image.dtype, m.atoms | {hidden}, step.dtype not in FLOATS)
            return self.tested(bare)
        # Where m is masked, so is the image then: what m says there does not matter.
        if not m.atoms <= image.atoms:
            but_not = planes.but_not.version("uint8", "uint8", "uint8")
            hidden = self.writer.emit(but_not, 1, hidden, self.mask_plane(m.atoms))
        atoms = image.atoms | {hidden}
        return self.tested(Value(image.place, image.dtype, atoms, image.is_tested, image.own))

    def finish(self) -> Lowered:
        """The tape, writing the outputs."""
        targets: list[tuple[int, bool]] = []
        results = []
        for k, index in enumerate(self.program.outputs):
            value = self.values[index]
            masked = bool(value.atoms)
            if masked:
                plane = self.mask_plane(value.atoms)
                self._write(plane, 1)
                targets.append((k, True))
            self._write(value.place, size(value.dtype))
            targets.append((k, False))
            results.append((np.dtype(value.dtype), masked))
        return Lowered(self.writer.finish(), tuple(self.sources), tuple(targets), tuple(results))

    def _write(self, place: int, bytes_: int) -> None:
        """Have what `place` holds in the next array outside."""
        if self.writer.move_outside(place):
            return
        width = f"uint{8 * bytes_}"
        target = self.writer.outside(bytes_)
        if self.writer.is_once(place):
            copy = planes.choose.version(width, "uint8", width, width)
            self.writer.call(copy, target, self.mask_plane(frozenset()), place, place)
            return
        self.writer.call(planes.copy.version("uint8", "uint8"), target, place, unit=bytes_)


def _arithmetic(op: str, dtype: str) -> int:
    if op == "pow":
        kernel = functions.power_single if dtype == "float32" else functions.power
        return kernel.version(dtype, dtype, dtype)
    kernel = KERNELS[op]
    operands = len(kernel.signatures[0].arguments) - 1
    assert op in ARITHMETIC
    return kernel.version(*[dtype] * operands)


def _comparable(a: str, b: str) -> str:
    """The dtype with kernels in which both compare exactly."""
    if a in FLOATS:
        return a
    if "uint64" in (a, b):
        return "uint64"
    small = ("bool", "uint8", "int8", "uint16", "int16", "int32")
    return "int32" if a in small and b in small else "int64"
