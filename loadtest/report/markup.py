"""Text as it stands in a page: escaped, so that a name from a file is never more than a name."""

from __future__ import annotations

import html
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping

NOT_TEXT = frozenset({"Cc", "Cs"})
"""Categories of characters that no page can hold: controls, and halves of a pair."""
REPLACEMENT = "\ufffd"


def escaped(value: object) -> str:
    """The text of a value, for HTML and for SVG, inside an element or an attribute."""
    return html.escape("".join(map(_shown, str(value))), quote=True)


def table(
    headings: Iterable[str],
    rows: Iterable[Iterable[str]],
    title: str,
    words: frozenset[int] = frozenset(),
) -> str:
    """A table that scrolls inside its box; cells are markup, headings and title are text.

    Its first column names the row; the columns of `words` hold words, all others numbers.
    """
    looks = defaultdict(str, dict.fromkeys(words, ' class="words"'))
    head = "".join(
        f'<th scope="col"{looks[column]}>{escaped(heading)}</th>'
        for column, heading in enumerate(headings)
    )
    body = "".join(_row(tuple(row), looks) for row in rows)
    # A box that scrolls can be reached with the keyboard.
    return (
        f'<div class="box" tabindex="0" role="region" aria-label="{escaped(title)}"><table>'
        f"<caption>{escaped(title)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>\n"
    )


def _row(cells: tuple[str, ...], looks: Mapping[int, str]) -> str:
    first = f'<th scope="row">{cells[0]}</th>'
    further = (f"<td{looks[n]}>{cell}</td>" for n, cell in enumerate(cells[1:], start=1))
    return f"<tr>{first}{''.join(further)}</tr>"


def _shown(character: str) -> str:
    if character in "\n\t":
        return " "
    return REPLACEMENT if unicodedata.category(character) in NOT_TEXT else character
