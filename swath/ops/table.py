"""THE op table: every op of the language, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from swath.ops import (
    bands,
    containers,
    geocontext,
    imagery,
    mathematics,
    numbers,
    operators,
    reductions,
    strings,
    time,
)
from swath.ops.op import Op

FAMILIES: Mapping[str, tuple[Op, ...]] = MappingProxyType(
    {
        "Numbers": numbers.ROWS,
        "Operators": operators.ROWS,
        "Elementary functions": mathematics.ROWS,
        "Reductions": reductions.ROWS,
        "Bands, masks and pixels": bands.ROWS,
        "Images, collections and groups": imagery.ROWS,
        "Geocontexts": geocontext.ROWS,
        "Containers, functions and choice": containers.ROWS,
        "Text": strings.ROWS,
        "Time": time.ROWS,
    }
)
"""The rows by family, in the order of the documentation."""

OPS: Mapping[str, Op] = MappingProxyType({op.name: op for rows in FAMILIES.values() for op in rows})
"""Every op by name."""
