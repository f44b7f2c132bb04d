"""The op table: the only definition of what can be computed."""

from swath.ops.op import ABSENT, REQUIRED, UNKNOWN, Argument, Op, OpParameter, bind, infer
from swath.ops.table import FAMILIES, OPS

__all__ = [
    "ABSENT",
    "FAMILIES",
    "OPS",
    "REQUIRED",
    "UNKNOWN",
    "Argument",
    "Op",
    "OpParameter",
    "bind",
    "infer",
]
