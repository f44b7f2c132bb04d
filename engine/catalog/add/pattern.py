"""Images from a folder: a pattern says where in the path of a file the id, date and band are.

`{id}`, `{date:FORMAT}` (as strptime; several of them are read together) and `{band}` each stand
for a part of one folder or file name; `*` for any text and `?` for one character of it, `**/` for
any folders; all else is literal. A placeholder that is there twice has the same text both times.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from engine.catalog.add.candidate import Candidate, CandidateFile, Failure
from engine.catalog.add.when import check_year, date_in, format_regex, read_date
from engine.catalog.columns import to_datetime
from engine.catalog.names import check_band, check_id, shown
from swath.errors import InvalidArgument, PermissionDenied, SwathError

MAX_PATTERN = 1000
MAX_FILES = 1_000_000
"""Most files of a folder that are looked at."""

_TOKEN = re.compile(r"\{(?P<name>\w*)(?::(?P<format>[^{}]*))?\}|(?P<wild>\*\*/|\*+|\?)|(?s:.)")
_WILD = {"**/": "(?:[^/]+/)*", "?": "[^/]"}
_LONGEST, _SHORTEST = "", "?"
"""What is put after a repetition: which text it takes where several fit."""
_JOIN = "|"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that is understood."""

    text: str
    regex: re.Pattern[str]
    shortest: re.Pattern[str]
    """The same, but ids and wildcards take as little as they can."""
    formats: tuple[str, ...]
    """Of each `{date}`, in order; empty where the pattern has none."""
    depth: int | None
    """How many folders deep the files are; absent: any depth."""


@dataclass(frozen=True, slots=True)
class Match:
    """What the path of one file says."""

    path: str
    """Relative to the folder, with `/`."""
    id: str | None
    date_us: int | None
    date_text: tuple[str, ...]
    band: str | None
    rest: str
    """The path without its band: what tells images apart where there is no id and no date."""


def parse_pattern(text: str) -> Pattern:
    """The meaning of a pattern.

    Raises:
        InvalidArgument: an unknown placeholder or date format, a brace alone, a path that is not
            below the folder.
    """
    if len(text) > MAX_PATTERN:
        raise InvalidArgument(f"A pattern has at most {MAX_PATTERN} characters.")
    text = text.removeprefix("./")
    if text.startswith("/") or ".." in text.split("/") or not text:
        raise InvalidArgument(
            f"The pattern {shown(text)} must be a path below the folder, without .. in it."
        )
    regex, formats = _regex(text, _LONGEST)
    shortest, _ = _regex(text, _SHORTEST)
    if formats:
        check_year(_JOIN.join(formats))
    depth = None if "**/" in text else text.count("/")
    longest = re.compile(regex, re.DOTALL)
    return Pattern(text, longest, re.compile(shortest, re.DOTALL), tuple(formats), depth)


def _regex(text: str, taking: str) -> tuple[str, list[str]]:
    """The regular expression of a pattern, and the formats of its dates."""
    regex = ""
    formats: list[str] = []
    for token in _TOKEN.finditer(text):
        if token["name"] is not None:
            regex += _placeholder(token, regex, formats, text, taking)
        elif token["wild"]:
            regex += _WILD.get(token["wild"], "[^/]*" + taking)
        elif token[0] in "{}":
            raise InvalidArgument(
                f"The pattern {shown(text)} has a brace that is no {{id}}, {{date:%Y%m%d}} or "
                "{band}."
            )
        else:
            regex += re.escape(token[0])
    return regex, formats


def _placeholder(
    token: re.Match[str], before: str, formats: list[str], text: str, taking: str
) -> str:
    name, form = token["name"], token["format"]
    if name == "date" and form:
        formats.append(form)
        return f"(?P<date{len(formats)}>{format_regex(form)})"
    if name in ("id", "band") and form is None:
        if f"(?P<{name}>" in before:
            return f"(?P={name})"
        # The band is short and often last, so the id takes what both could.
        return f"(?P<id>[^/]+{taking})" if name == "id" else "(?P<band>[^/]+?)"
    if name == "date":
        raise InvalidArgument("Say how dates are written: {date:%Y%m%d}, {date:%Y-%m-%d}, …")
    raise InvalidArgument(
        f"The pattern {shown(text)} has {token[0]}; there are {{id}}, {{date:%Y%m%d}} and {{band}}."
    )


def match(pattern: Pattern, path: str) -> Match | None:
    """What `path` says by the pattern; None where it is not of that form.

    Raises:
        InvalidArgument: it has the form, but no such date exists, or two dates fit.
    """
    found = pattern.regex.fullmatch(path)
    if found is None:
        return None
    groups, texts = found.groupdict(), _dates(pattern, found)
    date_us = read_date(_JOIN.join(texts), _JOIN.join(pattern.formats)) if texts else None
    other = pattern.shortest.fullmatch(path)
    if other is not None and _is_date(pattern, _dates(pattern, other), but=texts):
        raise InvalidArgument(
            f"The pattern finds two dates in it, {' '.join(_dates(pattern, other))} and "
            f"{' '.join(texts)}. Write what is before the date with one ? for each character."
        )
    return Match(path, groups.get("id"), date_us, texts, groups.get("band"), _rest(found))


def _dates(pattern: Pattern, found: re.Match[str]) -> tuple[str, ...]:
    return tuple(found[f"date{i + 1}"] for i in range(len(pattern.formats)))


def _is_date(pattern: Pattern, texts: tuple[str, ...], but: tuple[str, ...]) -> bool:
    """Whether `texts` are a date, and another one than `but`."""
    if texts == but:
        return False
    try:
        read_date(_JOIN.join(texts), _JOIN.join(pattern.formats))
    except InvalidArgument:
        return False
    return True


def _rest(found: re.Match[str]) -> str:
    path = found.string
    if "band" not in found.re.groupindex:
        return path
    start, end = found.span("band")
    if start and end < len(path) and path[start - 1] == path[end]:
        end += 1  # B04 in x_B04_y goes with one of its underscores
    before, after = path[:start], path[end:]
    return (before.rstrip("_-. ") if after.startswith(".") else before) + after


def find(
    folder: str | Path, pattern: Pattern, date_us: int | None = None
) -> list[Candidate | Failure]:
    """The images that the pattern finds in a folder, ordered by id.

    Args:
        date_us: of all images, where the pattern says none; absent: what names or files say.

    Raises:
        InvalidArgument: the folder is missing, or nothing in it matches.
    """
    base = Path(folder).expanduser().absolute()
    if not base.is_dir():
        raise InvalidArgument(f"There is no folder {base}.")
    problems: list[Failure] = []
    paths = list(_files(base, pattern.depth, problems))
    matches: list[Match] = []
    for path in paths:
        try:
            found = match(pattern, path)
        except InvalidArgument as error:
            problems.append(Failure(path, error))
            continue
        if found is not None:
            matches.append(found)
    if not matches and not problems:
        raise _nothing(base, pattern, paths)
    return [*problems, *group(str(base), matches, date_us)]


def group(
    base: str, matches: Iterable[Match], date_us: int | None = None
) -> list[Candidate | Failure]:
    """Images from matched files: those of equal id and date are one, ordered by id."""
    groups: dict[tuple[str | None, int | None], list[Match]] = {}
    for found in matches:
        key = found.id or (None if found.date_us is not None else found.rest)
        groups.setdefault((key, found.date_us), []).append(found)
    images = [_image(base, found, date_us) for found in groups.values()]
    return sorted(images, key=lambda i: (isinstance(i, Candidate), getattr(i, "id", i.name)))


def _image(base: str, matches: Sequence[Match], date_us: int | None) -> Candidate | Failure:
    first = matches[0]
    try:
        image_id = check_id(_id_of(first))
        files = _by_band(base, matches, image_id)
    except SwathError as error:
        return Failure(first.path, error)
    said = first.date_us if first.date_us is not None else date_us
    guess = None if said is not None else date_in(image_id) or date_in(first.path)
    return Candidate(image_id, image_id, files, said, guess)


def _id_of(found: Match) -> str:
    """The id; a date is added to it unless it has that already, so that it is one of one image."""
    if found.date_us is None:
        return found.id or Path(found.rest).stem
    when = to_datetime(found.date_us)
    has_time = (when.hour, when.minute, when.second, when.microsecond) != (0, 0, 0, 0)
    text = when.strftime("%Y-%m-%dT%H%M%S" if has_time else "%Y-%m-%d")
    text += f".{when.microsecond:06d}" if when.microsecond else ""
    if found.id is None:
        return text
    has_date = all(part in found.id for part in found.date_text)
    return found.id if has_date else f"{found.id}_{text}"


def _by_band(base: str, matches: Sequence[Match], image_id: str) -> tuple[CandidateFile, ...]:
    by_band: dict[str | None, Match] = {}
    for found in matches:
        other = by_band.setdefault(found.band, found)
        if other is not found:
            what = f"band {found.band}" if found.band else "it"
            raise InvalidArgument(
                f"Image {image_id} has two files for {what}: {other.path} and {found.path}. "
                "Tell them apart with {id} or {band} in the pattern."
            )
    ordered = sorted(by_band.items(), key=lambda item: natural(item[0] or ""))
    return tuple(
        CandidateFile(f"{base.rstrip('/')}/{found.path}", band and check_band(band))
        for band, found in ordered
    )


def natural(text: str) -> list[tuple[int, int, str]]:
    """Sort key that puts B2 before B10."""
    parts = re.split(r"(\d{1,18})", text)
    return [(0, int(p), p) if p.isdigit() else (1, 0, p) for p in parts if p]


def _files(base: Path, depth: int | None, problems: list[Failure]) -> Iterable[str]:
    def refused(error: OSError) -> None:
        name = os.path.relpath(str(error.filename), base)
        problem = PermissionDenied(f"The folder cannot be read: {error.strerror}.")
        problems.append(Failure(name, problem))

    seen = 0
    for folder, subfolders, files in os.walk(base, onerror=refused):
        relative = Path(folder).relative_to(base).as_posix()
        here = 0 if relative == "." else relative.count("/") + 1
        subfolders[:] = sorted(subfolders) if depth is None or here < depth else []
        seen += len(files)
        if seen > MAX_FILES:
            raise InvalidArgument(f"{base} has more than {MAX_FILES:,} files: name a subfolder.")
        for name in sorted(files):
            yield name if here == 0 else f"{relative}/{name}"


def _nothing(base: Path, pattern: Pattern, paths: Sequence[str]) -> InvalidArgument:
    sample = list(paths[:: max(1, len(paths) // 4)])[:4]
    there = (
        f"There {'are' if len(paths) > 1 else 'is'} {len(paths):,} such as {', '.join(sample)}."
        if paths
        else "There are no files at that depth."
    )
    folded = re.compile(pattern.regex.pattern, re.DOTALL | re.IGNORECASE)
    if any(folded.fullmatch(path) for path in paths):
        there += " They differ from the pattern only in upper and lower case."
    return InvalidArgument(
        f"No file in {base} has the form {pattern.text!r}, for example {example(pattern)!r}. "
        + there
    )


def example(pattern: Pattern) -> str:
    """A path of the pattern's form."""
    when = datetime(2018, 1, 7, tzinfo=UTC)
    text = pattern.text.replace("**/", "folder/").replace("?", "x")
    text = re.sub(r"\*+", "any", text)
    text = re.sub(r"\{date:([^{}]*)\}", lambda m: when.strftime(m[1]), text)
    return text.replace("{id}", "ID").replace("{band}", "B04")
