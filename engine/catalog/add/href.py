"""Which file an href of an item means, and whether an item may mean it.

Items come from strangers, so that a path in one must not make a server show other files of the
machine: it stays near the item, or under a root that the user named.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePath

from engine.catalog.add.files import REMOTE
from engine.catalog.names import shown
from swath.errors import InvalidArgument, InvalidSource

LEVELS_UP = 2
"""How far above its own folder an item may reach: collections often keep items in stac/items/."""
MAX_HREF = 4096

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-_]*:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Roots:
    """Where the files of items may lie, beside the items themselves."""

    folders: tuple[str, ...] = ()
    """Absolute, links resolved."""
    prefixes: tuple[str, ...] = ()
    """Starts of addresses, each ending in a slash."""


def parse_roots(texts: tuple[str, ...]) -> Roots:
    """Folders and address prefixes from what a user wrote.

    Raises:
        InvalidArgument: a folder that is not there, another scheme, a prefix without a host.
    """
    folders, prefixes = [], []
    for text in texts:
        if text.startswith(REMOTE):
            if not text.partition("://")[2].strip("/"):
                raise InvalidArgument(f"--root {shown(text)} names no host or bucket.")
            prefixes.append(text.rstrip("/") + "/")
            continue
        folder = os.path.realpath(os.path.expanduser(text))  # noqa: PTH111 - one call each
        if not Path(folder).is_dir():
            raise InvalidArgument(
                f"--root {shown(text)} is neither a folder nor an https:// or s3:// address."
            )
        folders.append(folder)
    return Roots(tuple(folders), tuple(prefixes))


def resolve(href: object, item_folder: str, roots: Roots) -> str:
    """The absolute path or address of an asset.

    Args:
        href: as the item has it; relative ones start at the folder of the item.
        item_folder: absolute.

    Raises:
        InvalidSource: no usable text, a file:// or other scheme, a /vsi path or driver prefix, an
            address under no allowed prefix, a path too far from the item and under no root.
    """
    if not isinstance(href, str) or not 0 < len(href) <= MAX_HREF or _CONTROL.search(href):
        raise InvalidSource(f"Its href {shown(str(href))} is no usable path or address.")
    if href.startswith(REMOTE):
        return _remote(href, roots)
    if _SCHEME.match(href) or href.lower().lstrip("/").startswith("vsi"):
        raise InvalidSource(
            f"Its href {shown(href)} has a scheme or driver prefix that is not read from items; "
            "paths, https:// and s3:// are."
        )
    path = os.path.normpath(os.path.join(item_folder, href))  # noqa: PTH118 - href may be absolute
    allowed = (tree_of(item_folder), *roots.folders)
    if not any(_inside(os.path.realpath(path), folder) for folder in allowed):
        raise InvalidSource(
            f"Its href {shown(href)} leads out of {allowed[0]}, the folders around its item. "
            "If that is meant, name the folder of the files with --root."
        )
    return path


def _remote(href: str, roots: Roots) -> str:
    if ".." in re.split(r"[/\\]", href) or not href.startswith(roots.prefixes or ("\0",)):
        raise InvalidSource(
            f"Its href {shown(href)} is under no address that may be read; allow one with "
            f"--root {'/'.join(href.split('/')[:3])[:100]}/…"
        )
    return href


def tree_of(item_folder: str) -> str:
    """The folder in which the files of an item may lie: some levels up, but never the whole disk.

    A folder at the top of the disk (/home, /data) is never reached by going up.
    """
    at = PurePath(os.path.realpath(item_folder))
    for _ in range(LEVELS_UP):
        if len(at.parent.parts) > 2:
            at = at.parent
    return str(at)


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
