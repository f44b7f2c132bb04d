"""Where the servers are: from an argument, the environment, a file, or loopback."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from swath.errors import InvalidArgument

DEFAULT_INSPECT = "127.0.0.1:7070"
"""Where `swath serve` listens unless told otherwise."""
INSPECT_VARIABLE = "SWATH_INSPECT"
"""Environment variable with the address of the inspect server."""
FILE_VARIABLE = "SWATH_CONFIG"
"""Environment variable with the path of the configuration file."""


def inspect_address(address: str | None = None, environ: Mapping[str, str] = os.environ) -> str:
    """The address of the inspect server, as `host:port`.

    `address` if given, else `SWATH_INSPECT`, else `inspect` in table `[client]` of the file, else
    loopback. The file is `SWATH_CONFIG`, or `swath/config.toml` in the user's configuration
    folder; it is read once.

    Raises:
        InvalidArgument: it is not an address, or the file is not TOML.
    """
    found = address or environ.get(INSPECT_VARIABLE) or _in_file(_file(environ))
    return _checked(found or DEFAULT_INSPECT)


def _file(environ: Mapping[str, str]) -> str:
    named = environ.get(FILE_VARIABLE)
    if named:
        return named
    folder = environ.get("XDG_CONFIG_HOME") or f"{environ.get('HOME', '')}/.config"
    return f"{folder}/swath/config.toml"


@lru_cache(maxsize=8)
def _in_file(path: str) -> str | None:
    try:
        settings = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError:
        return None
    except ValueError as problem:
        raise InvalidArgument(f"{path} is not TOML: {problem}") from None
    found = settings.get("client", {})
    address = found.get("inspect") if isinstance(found, dict) else None
    if address is not None and not isinstance(address, str):
        raise InvalidArgument(f"{path}: inspect in [client] is an address, host:port.")
    return address


@lru_cache(maxsize=64)
def _checked(address: str) -> str:
    if address.startswith("unix:"):
        return address
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise InvalidArgument(f"{address!r} is no address of a server: write host:port.")
    return address
