"""Text (rule S1). Each op means what the method of that name of Python's `str` means."""

from __future__ import annotations

from swath.graph.type import BOOL, INT, NONE, STR, Type, list_of, tuple_of
from swath.ops.op import Op, OpParameter
from swath.ops.row import always, given, named

_SOURCE = "Python 3 library reference, Text Sequence Type"
_OBJ = given("obj", STR, "The text.")
_WIDTH = given("width", INT, "Least length of the result.")
_FILL = named("fillchar", STR, "One character to fill with.", default=" ")
_CHARS = given("chars", (STR, NONE), "Characters to remove; None: white space.", default=None)
_SEP = given("sep", STR, "Separator, not empty.")
_SUB = given("sub", STR, "Text to look for.")
_SPLIT = (
    named("sep", (STR, NONE), "Separator; None: runs of white space.", default=None),
    named("maxsplit", INT, "Most cuts; −1: no limit.", default=-1),
)
_WORDS, _THREE = list_of(STR), tuple_of(STR, STR, STR)


def _row(name: str, gives: Type, doc: str, *parameters: OpParameter) -> Op:
    method = (f"Str.{name}",)
    return Op(f"Str.{name}", doc, (_OBJ, *parameters), always(gives), method, source=_SOURCE)


ROWS = (
    _row("capitalize", STR, "First character upper case, the rest lower case."),
    _row("center", STR, "The text in the middle of at least width characters.", _WIDTH, _FILL),
    _row("count", INT, "Occurrences of a text that do not overlap.", _SUB),
    _row("endswith", BOOL, "Whether it ends so.", given("suffix", STR, "The end.")),
    _row("expandtabs", STR, "Tabs replaced by spaces.",
         named("tabsize", INT, "Columns between tab stops.", default=8)),
    _row("find", INT, "First index of a text, −1 if it is not there.", _SUB),
    _row("isalnum", BOOL, "Whether all characters are letters or digits."),
    _row("isalpha", BOOL, "Whether all characters are letters."),
    _row("isdigit", BOOL, "Whether all characters are digits."),
    _row("islower", BOOL, "Whether all cased characters are lower case."),
    _row("isspace", BOOL, "Whether all characters are white space."),
    _row("istitle", BOOL, "Whether words start in upper case."),
    _row("isupper", BOOL, "Whether all cased characters are upper case."),
    _row("join", STR, "Texts with this one between them.",
         given("strings", list_of(STR), "Texts to join.")),
    _row("ljust", STR, "The text, filled on the right.", _WIDTH, _FILL),
    _row("lower", STR, "Lower case."),
    _row("lstrip", STR, "Without those characters at the start.", _CHARS),
    _row("partition", _THREE, "Before, at and after the first separator.", _SEP),
    _row("replace", STR, "Occurrences of a text replaced.",
         given("old", STR, "Text to replace."), given("new", STR, "Its replacement."),
         named("count", INT, "Most replacements, from the start; −1: no limit.", default=-1)),
    _row("rfind", INT, "Last index of a text, −1 if it is not there.", _SUB),
    _row("rjust", STR, "The text, filled on the left.", _WIDTH, _FILL),
    _row("rpartition", _THREE, "Before, at and after the last separator.", _SEP),
    _row("rsplit", _WORDS, "The parts between separators, cut from the end.", *_SPLIT),
    _row("rstrip", STR, "Without those characters at the end.", _CHARS),
    _row("split", _WORDS, "The parts between separators.", *_SPLIT),
    _row("splitlines", _WORDS, "The lines, without their ends."),
    _row("startswith", BOOL, "Whether it starts so.", given("prefix", STR, "The start.")),
    _row("strip", STR, "Without those characters at both ends.", _CHARS),
    _row("swapcase", STR, "Upper case for lower case and the other way round."),
    _row("title", STR, "Words in title case."),
    _row("upper", STR, "Upper case."),
    _row("zfill", STR, "Filled with zeros on the left, after a sign.", _WIDTH),
)  # fmt: skip
