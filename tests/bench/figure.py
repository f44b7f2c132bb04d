"""One figure of the table: what was measured, what it should be, whether it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    what: str
    measured: str
    target: str
    """Empty where the figure is told for information."""
    is_met: bool = True

    @property
    def verdict(self) -> str:
        """`met`, `MISSED`, or nothing where there is no target."""
        if not self.target:
            return ""
        return "met" if self.is_met else "MISSED"


def print_table(figures: Iterable[Figure], console: Console) -> None:
    """All figures, one line each where the terminal is wide enough."""
    table = Table(title="Figures to reach", title_justify="left", show_lines=False)
    for heading in ("what", "measured", "target", ""):
        table.add_column(heading, overflow="fold")
    for figure in figures:
        style = "bold red" if figure.verdict == "MISSED" else ""
        table.add_row(figure.what, figure.measured, figure.target, figure.verdict, style=style)
    console.print(table)
