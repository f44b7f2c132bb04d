"""Dates: in the words of a format, in names of files, in TIFF tags, in RFC 3339."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from engine.catalog.columns import to_us
from engine.catalog.names import shown
from swath.errors import InvalidArgument

_DIGITS = {
    "Y": r"\d{4}", "m": r"\d{2}", "d": r"\d{2}", "H": r"\d{2}", "M": r"\d{2}", "S": r"\d{2}",
    "j": r"\d{3}", "y": r"\d{2}", "f": r"\d{1,6}", "I": r"\d{2}", "p": r"[AaPp][Mm]",
    "b": r"[A-Za-z]{3}", "B": r"[A-Za-z]{3,9}", "z": r"(?:Z|[+-]\d{2}:?\d{2})", "%": "%",
}  # fmt: skip

_IN_NAME = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)(?P<s>[-_.]?)(?P<m>0[1-9]|1[0-2])(?P=s)"
    r"(?P<d>0[1-9]|[12]\d|3[01])(?:[T_-]?(?P<t>(?:[01]\d|2[0-3])[0-5]\d[0-5]\d))?(?!\d)"
)
_YEAR_AND_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)(\d{3})(?!\d)")
# Landsat scene ids before 2017: sensor, satellite, path, row, year, day of year, station.
_LANDSAT_SCENE = re.compile(r"(?<![A-Za-z0-9])L[A-Z]\d\d{6}((?:19|20)\d\d)(\d{3})[A-Z]{3}\d\d")


def format_regex(format_text: str) -> str:
    """Regular expression of the texts that `datetime.strptime` reads with that format.

    Raises:
        InvalidArgument: a directive that is not understood, or none at all.
    """
    parts, found = [], False
    for directive, literal in re.findall(r"%(.?)|([^%]+)", format_text, re.DOTALL):
        if literal:
            parts.append(re.escape(literal))
            continue
        if directive not in _DIGITS:
            raise InvalidArgument(
                f"The date format {format_text!r} has %{directive}, which is not understood; "
                f"there are {' '.join('%' + known for known in _DIGITS)}."
            )
        parts.append(_DIGITS[directive])
        found = found or directive != "%"
    if not found:
        raise InvalidArgument(
            f"The date format {format_text!r} has no directive such as %Y%m%d or %Y-%m-%d."
        )
    return "".join(parts)


def check_year(format_text: str) -> None:
    """Return if the format has a year; without one every date would be in 1900.

    Raises:
        InvalidArgument: it has none.
    """
    if not {"Y", "y"} & set(re.findall("%(.)", format_text, re.DOTALL)):
        raise InvalidArgument(f"The date format {format_text!r} has no year: write %Y or %y.")


def read_date(text: str, format_text: str) -> int:
    """µs since 1970 of `text` in that format; UTC unless the text has a zone.

    Raises:
        InvalidArgument: no such date, such as a 30 February.
    """
    try:
        return to_us(datetime.strptime(text, format_text))  # noqa: DTZ007 - to_us knows: UTC
    except (ValueError, OverflowError) as error:
        raise InvalidArgument(f"{shown(text)} is no date of the form {format_text!r}.") from error


def read_rfc3339(text: str) -> int:
    """µs since 1970 of a date, or a date and time, as ISO 8601; UTC unless it has a zone.

    Raises:
        InvalidArgument: it is none. Source: RFC 3339; ISO 8601 as `datetime.fromisoformat`.
    """
    try:
        return to_us(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError) as error:
        raise InvalidArgument(
            f"{shown(text)} is no date; write it as 2018-01-07 or 2018-01-07T09:20:00Z."
        ) from error


def date_in(name: str) -> int | None:
    """µs since 1970 of the first date found in a file name; None where there is none.

    Understood: 20180107, 2018-01-07, 2018_01_07, each with a time such as T092000 after it;
    year and day of year, 2018007; Landsat scene ids.
    """
    for found in _IN_NAME.finditer(name):
        year, month, day = int(found["y"]), int(found["m"]), int(found["d"])
        time = found["t"] or "000000"
        clock = int(time[:2]), int(time[2:4]), int(time[4:])
        try:
            return to_us(datetime(year, month, day, *clock, tzinfo=UTC))
        except ValueError:
            continue
    for pattern in (_LANDSAT_SCENE, _YEAR_AND_DAY):
        if (by_day := pattern.search(name)) and 1 <= int(by_day[2]) <= 366:
            start = datetime(int(by_day[1]), 1, 1, tzinfo=UTC)
            return to_us(start + timedelta(days=int(by_day[2]) - 1))
    return None


def tiff_date(text: str) -> int | None:
    """µs since 1970 of a TIFFTAG_DATETIME, `YYYY:MM:DD HH:MM:SS`; None where it is none.

    Source: TIFF 6.0, section 8, DateTime.
    """
    try:
        return to_us(datetime.strptime(text.strip(), "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC))
    except ValueError:
        return None


def best_date(said: int | None, in_name: int | None, in_file: int | None) -> int | None:
    """The date to take: what was said; else that of the name, to the second if the file agrees.

    The tag in a file is often the day on which it was written, so a name is believed first.
    """
    if said is not None:
        return said
    if in_name is None or in_file is None:
        return in_file if in_name is None else in_name
    day_us = 86_400_000_000
    same_day = in_name % day_us == 0 and in_name // day_us == in_file // day_us
    return in_file if same_day else in_name
