"""What products, images and bands may be called, and which known name resembles an unknown one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable

from swath.errors import InvalidArgument

MAX_NAME = 128
"""Most characters of the name of a product or band."""
MAX_ID = 256
"""Most characters of the id of an image."""

_PRODUCT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.:-]*[A-Za-z0-9_.-])?")
_FORBIDDEN_IN_ID = re.compile(r"[\x00-\x1f\x7f/\\\ud800-\udfff]")
_FORBIDDEN_IN_BAND = re.compile(r"[\s\x00-\x1f\x7f\ud800-\udfff]")


def shown(text: str, most: int = 60) -> str:
    """`text` quoted for a message, its middle left out when it is long."""
    if len(text) <= most:
        return repr(text)
    return f"{text[: most // 2]!r}… ({len(text):,} characters)"


def check_product(name: str) -> str:
    """`name`, if a product may be called that.

    Raises:
        InvalidArgument: it is empty, too long, or has other characters.
    """
    if len(name) <= MAX_NAME and _PRODUCT.fullmatch(name):
        return name
    raise InvalidArgument(
        f"{shown(name)} cannot be the name of a product: use letters, digits and any of '_.:-', "
        f"starting with a letter or digit, not ending with ':', at most {MAX_NAME} characters."
    )


def check_id(image_id: str) -> str:
    """`image_id`, if an image may have that id.

    Raises:
        InvalidArgument: it is empty, too long, or holds a path or control character.
    """
    if not 0 < len(image_id) <= MAX_ID:
        raise InvalidArgument(
            f"The id {shown(image_id)} has {len(image_id):,} characters; 1 to {MAX_ID} are allowed."
        )
    if _FORBIDDEN_IN_ID.search(image_id) or image_id.strip() != image_id or image_id[0] == ".":
        raise InvalidArgument(
            f"{shown(image_id)} cannot be the id of an image: no slashes, no control characters, "
            "no leading dot, no spaces around it."
        )
    return image_id


def check_band(name: str) -> str:
    """`name`, if a band may be called that.

    Raises:
        InvalidArgument: it is empty, too long, or has spaces or control characters.
    """
    if 0 < len(name) <= MAX_NAME and not _FORBIDDEN_IN_BAND.search(name):
        return name
    raise InvalidArgument(
        f"{shown(name)} cannot be the name of a band: no spaces, 1 to {MAX_NAME} characters."
    )


def similar(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Those of `known` that look like `name`, best first; upper and lower case count as equal."""
    by_fold = {each.casefold(): each for each in known}
    found = difflib.get_close_matches(name[:MAX_ID].casefold(), by_fold, n=most, cutoff=0.6)
    return [by_fold[each] for each in found]


def there_are(known: Collection[str], most: int = 8) -> str:
    """A sentence that lists products, `most` of them; how many more there are, too."""
    if not known:
        return "The catalog is empty."
    rest = f" and {len(known) - most:,} more" if len(known) > most else ""
    return f"There are: {', '.join(list(known)[:most])}{rest}."


def did_you_mean(names: list[str]) -> str:
    """The end of an error sentence that offers `names`; empty when there are none."""
    return f" Did you mean {' or '.join(names)}?" if names else ""
