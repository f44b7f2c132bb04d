"""Compare `docs/errors.md` with the tree of errors and its codes, or write it with `--write`."""

from __future__ import annotations

import sys
from pathlib import Path

from swath import errors
from swath.status import CODES

PAGE = Path(__file__).resolve().parents[1] / "docs" / "errors.md"
HEAD = """# Errors

Made by `python checks/errors_page.py --write` from `swath/errors.py` and `swath/status.py`.

Everything that Swath raises on purpose is a `SwathError`, in one tree that is branched by what the
caller should do. Servers send the class as a gRPC code and a reason (`google.rpc.ErrorInfo`, domain
`swath`), its fields and its place in the computation (`swath.v1.ComputationError`); the Python
client raises the same class again. All are importable from `swath.exceptions`; `.code` is the
number in the column *status*.

| error | what it means | reason | gRPC code | status | fields |
|---|---|---|---|---|---|
"""


def page() -> str:
    """The text of the page."""
    return HEAD + "".join(map(_row, _depth_first(errors.SwathError)))


def _depth_first(cls: type[errors.SwathError]) -> list[type[errors.SwathError]]:
    return [cls, *(found for child in cls.__subclasses__() for found in _depth_first(child))]


def _row(cls: type[errors.SwathError]) -> str:
    depth = sum(issubclass(base, errors.SwathError) for base in cls.__mro__) - 1
    meaning = (cls.__doc__ or "").partition("\n")[0]
    fields = ", ".join(f"`{name}`" for name in cls.FIELDS) or "–"
    name = f"{'– ' * depth}`{cls.__name__}`"
    return f"| {name} | {meaning} | {cls.REASON} | {CODES[cls].name} | {cls.STATUS} | {fields} |\n"


def main(arguments: list[str]) -> int:
    """Exit status: 0 when the page is that of today's tables, or was written."""
    if "--write" in arguments:
        PAGE.write_text(page(), "utf-8")
        return 0
    if not PAGE.is_file() or PAGE.read_text("utf-8") != page():
        print("docs/errors.md is not what the tables give: run `make gen`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
