"""`docs/ops.md`, made of the op table: `python -m swath.ops.page > docs/ops.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from swath.ops.op import ABSENT, REQUIRED, Op, OpParameter
from swath.ops.table import FAMILIES

_HEAD = """# Ops

Made by `python -m swath.ops.page` from the op table, `swath/ops/`. What the ops mean beside their
sentence here, on masks, dtypes and names of bands, is in `semantics.md`.

Each op stands with its parameters in their order: `name: types = default`. `*name` takes any number
of arguments, `**name` any number of named ones. Every parameter takes `Any` too: then the type is
checked when the value is known. An argument is given by position or by name; `[name]` may be left
out, and no value means the same.
"""


def page() -> str:
    """The text of the page."""
    parts = [_HEAD]
    for family, ops in FAMILIES.items():
        parts.append(f"\n## {family}\n")
        parts.extend(map(_row, ops))
    return "".join(parts)


def _row(op: Op) -> str:
    lines = [f"\n### `{op.name}`\n\n{op.doc}\n"]
    members = [f"`{m}`" for m in op.methods]
    notes = [
        f"Members: {', '.join(members)}." if members else "",
        "Elementwise." if op.elementwise else "",
        f"Source: {op.source}." if op.source else "",
    ]
    lines.extend(f"* {_parameter(one)}\n" for one in op.parameters)
    said = " ".join(note for note in notes if note)
    return "".join(_with_gap(lines)) + (f"\n{said}\n" if said else "")


def _with_gap(lines: list[str]) -> Iterator[str]:
    yield lines[0]
    if len(lines) > 1:
        yield "\n"
    yield from lines[1:]


def _parameter(one: OpParameter) -> str:
    star = {"variadic": "*", "keywords": "**"}.get(one.kind, "")
    name = f"[{one.name}]" if one.default is ABSENT else star + one.name
    has_default = one.default is not REQUIRED and one.default is not ABSENT
    default = f" = {one.default!r}" if has_default else ""
    return f"`{name}: {one.accepted}{default}` {one.doc}"


if __name__ == "__main__":
    sys.stdout.write(page())
