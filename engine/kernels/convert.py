"""Block kernels from one dtype to another; integers to floats round to nearest even."""

from __future__ import annotations

from typing import Any, Final

from engine.kernels.jit import block, kernel

FLOATS: Final = ("float32", "float64")
SIGNED: Final = ("int8", "int16", "int32", "int64")
UNSIGNED: Final = ("uint8", "uint16", "uint32", "uint64")

FROM: Final = tuple(
    block(to, source) for source in (*SIGNED, *UNSIGNED, *FLOATS) for to in FLOATS if to != source
)
WIDER: Final = tuple(
    block(f"int{to}", f"{kind}{source}")
    for source, to in ((8, 16), (8, 32), (8, 64), (16, 32), (16, 64), (32, 64))
    for kind in ("int", "uint")
)
NARROWER: Final = tuple(
    block(f"uint{to}", f"uint{source}")
    for source, to in ((64, 32), (64, 16), (64, 8), (32, 16), (32, 8), (16, 8))
)


@kernel(*FROM, *WIDER, *NARROWER)
def convert(n: int, out: Any, a: Any) -> None:
    """a in another dtype. Between integers the low bits are kept."""
    for i in range(n):
        out[i] = a[i]


def convert_address(source: str, to: str) -> int | None:
    """Address of the kernel from `source` to `to`; None where the bits are already right."""
    if to not in FLOATS:
        width, source_width = _width(to), _width(source)
        if width == source_width:
            return None
        to = f"int{width}" if width > source_width else f"uint{width}"
        source = source if width > source_width else f"uint{source_width}"
    return convert.version(to, source)


def _width(dtype: str) -> int:
    return int(dtype.lstrip("uint"))


@kernel(*(block("uint8", t) for t in ("uint8", "uint16", "uint32", "uint64", "float32", "float64")))
def truth(n: int, out: Any, a: Any) -> None:
    """1 where a is not 0 (nan is not 0)."""
    for i in range(n):
        out[i] = a[i] != 0
