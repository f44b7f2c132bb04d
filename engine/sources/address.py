"""Which file an href names, and whether it may be read: the only gate to files and the network."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from engine.sources.config import SourceConfig
from swath.errors import InvalidSource

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-_]*:")
_SHOWN_CHARS = 120


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of this machine."""

    path: str
    """Absolute, links resolved."""
    name: str
    """Last part of the href: what errors show."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a store that is read by ranges."""

    url: str
    """`https://`, `http://` or `s3://` address, as given."""
    name: str


Address = LocalFile | RemoteFile


def shown_name(href: str) -> str:
    """The last part of `href`, printable and short; never its folder or its query."""
    last = href.split("?", maxsplit=1)[0].replace("\\", "/").rstrip("/").rpartition("/")[2] or "?"
    return "".join(c if c.isprintable() else "?" for c in last)[:_SHOWN_CHARS]


def resolve_href(href: str, config: SourceConfig) -> Address:
    """The file that `href` names, if it may be read.

    Args:
        href: absolute path, or `https://`, `s3://` (or listed `http://`) address.

    Raises:
        InvalidSource: not such an href, or outside what `config` allows.
    """
    name = shown_name(href)
    if "\0" in href or not href:
        raise InvalidSource("The file has no usable name.").at(source=name)
    if href.startswith(("https://", "http://", "s3://")):
        return _remote(href, name, config)
    if _SCHEME.match(href) or href.startswith("/vsi"):
        raise InvalidSource(
            "Only plain paths, https:// and s3:// addresses can be read; "
            f"{href.split('/', maxsplit=1)[0] or '/vsi'!r} is neither."
        ).at(source=name)
    if not Path(href).is_absolute():
        raise InvalidSource("A file is named by its absolute path.").at(source=name)
    return _local(href, name, config)


def _local(href: str, name: str, config: SourceConfig) -> LocalFile:
    try:
        path = os.path.realpath(href)
    except (ValueError, OSError) as error:
        raise InvalidSource("The file has no usable name.").at(source=name) from error
    if path.startswith("/vsi") or not _inside(path, config.roots):
        raise InvalidSource(
            "This file is outside the folders that may be read; add its folder to the roots."
        ).at(source=name)
    return LocalFile(path, name)


def _inside(path: str, roots: tuple[Path, ...] | None) -> bool:
    if roots is None:
        return True
    return any(Path(path).is_relative_to(os.path.realpath(root)) for root in roots)


def _remote(href: str, name: str, config: SourceConfig) -> RemoteFile:
    if not any(href.startswith(prefix) for prefix in config.remote):
        raise InvalidSource(
            "This address is not under a prefix that may be read; add one to the configuration."
        ).at(source=name)
    try:
        parts = urlsplit(href)
    except ValueError as error:
        raise InvalidSource("The address is malformed.").at(source=name) from error
    # A server may fold `..` or its escapes, so that the prefix would no longer bind.
    steps = re.split(r"[/\\]", unquote(unquote(parts.path)))
    if ".." in steps or "@" in parts.netloc or not href.isprintable():
        raise InvalidSource("The address has parts that are not allowed in it.").at(source=name)
    return RemoteFile(href, name)
