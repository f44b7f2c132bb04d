"""The table of budgets in the README, made of reports: its figures are measured ones or not there.

It stands between two comments, so that it can be made anew. `swath loadtest readme` writes it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from loadtest.report.document import Document, put
from loadtest.report.meaning import meaning_of
from loadtest.report.table import shown
from swath.errors import InvalidArgument

BEGIN = "<!-- made by `swath loadtest readme`: begin -->"
END = "<!-- made by `swath loadtest readme`: end -->"
SPECIAL = re.compile(r"[\\|`*\[\]]")
"""Characters with which text of Markdown becomes something else."""
HEAD = "| scenario | figure | measured | limit | kept |\n|---|---|---|---|---|\n"


def block(of: Sequence[Document]) -> str:
    """The table of the budgets of some reports, between its comments.

    Raises:
        InvalidArgument: a run was interrupted or measured the generator, so that its figures may
            not be shown; or the reports are of different machines.
    """
    try:
        for one in of:
            _require_sound(one)
        machines = dict.fromkeys(map(_machine, of))
        rows = "".join(row for one in of for row in _rows(one))
        days = sorted(one["began"][:10] for one in of)
        busy = max(one["environment"]["load"][0] for one in of)
    except (LookupError, TypeError, AttributeError) as problem:
        raise InvalidArgument(f"A report is not whole: {problem!r}.") from None
    if len(machines) != 1:
        raise InvalidArgument(f"The reports are of different machines: {'; '.join(machines)}.")
    when = days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
    where = (
        f"Measured on {when}, the generator on a machine with {next(iter(machines))}; its load "
        f"average was {busy:.1f} at the end.\n"
    )
    return f"{BEGIN}\n{HEAD}{rows}\n{where}{END}\n"


def write(made: str, file: Path) -> None:
    """Put a block in the place of the one that is in a file.

    Raises:
        InvalidArgument: the file cannot be read or written, or has not one block.
    """
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise InvalidArgument(f"{file} cannot be read: {problem}.") from None
    before, _, rest = text.partition(f"{BEGIN}\n")
    inside, _, after = rest.partition(f"{END}\n")
    if text != f"{before}{BEGIN}\n{inside}{END}\n{after}" or BEGIN in inside + after:
        raise InvalidArgument(f"{file} has no place for the table: {BEGIN} and {END}.")
    put(f"{before}{made}{after}", file)


def _require_sound(of: Document) -> None:
    if not of["is_whole"]:
        raise InvalidArgument(f"The run of {of['scenario']} was interrupted.")
    if of["scale"] != 1:
        raise InvalidArgument(
            f"The limits of {of['scenario']} were not its own: --scale is for CI."
        )
    for name in of["generator"]["bottlenecks"]:
        raise InvalidArgument(
            f"The generator was the bottleneck of {of['scenario']}, part {name}: its figures are "
            "not the server's. Run it again where nothing else runs."
        )


def _machine(of: Document) -> str:
    there = of["environment"]
    processor = there["processor"] or "unknown processor"
    return f"{there['cores']} cores ({_cell(processor)}), Python {_cell(there['python'])}"


def _rows(of: Document) -> Iterator[str]:
    for line in of["budget"]:
        scenario, figure, bound = promise(of["scenario"], line)
        measured = _with_unit(shown(line["value"]), line["what"])
        kept = "yes" if line["is_met"] else f"**no**, {_cell(line['missed_by'])}"
        yield f"| {scenario} | {figure} | {measured} | {bound} | {kept} |\n"


def promise(scenario: str, line: Mapping[str, Any]) -> tuple[str, str, str]:
    """Scenario, figure and limit as they stand in a row: what was there before any measurement."""
    what = _cell(line["what"])
    figure = f"{_cell(line['why'])}: {what}" if line["why"] else what
    return _cell(scenario), figure, _with_unit(_cell(line["bound"]), line["what"])


def _with_unit(number: str, what: str) -> str:
    """A number with the unit of a line of a budget: that of its figure, but a ratio has none."""
    unit = meaning_of(what.split(" ", maxsplit=1)[0].partition(".")[2]).unit
    return number if " / " in what or unit == "share" else f"{number} {_cell(unit)}".strip()


def _cell(value: Any) -> str:
    """Text in a table of Markdown, and nothing but text there."""
    text = html.escape(" ".join(str(value).split()), quote=False)
    return SPECIAL.sub(r"\\\g<0>", text)
