"""Where the servers are, and who asks: from an argument, the environment, a file, or loopback."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from swath.errors import InvalidArgument

DEFAULT_INSPECT = "127.0.0.1:7070"
"""Where `swath serve` listens unless told otherwise."""
INSPECT_VARIABLE = "SWATH_INSPECT"
"""Environment variable with the address of the inspect server."""
DEFAULT_JOBS = "127.0.0.1:7072"
"""Where the job server listens unless told otherwise."""
JOBS_VARIABLE = "SWATH_JOBS"
"""Environment variable with the address of the job server."""
TOKEN_VARIABLE = "SWATH_TOKEN"  # noqa: S105  the name of a variable
"""Environment variable with the token that says who asks."""
AUTHORITY_VARIABLE = "SWATH_CA"
"""Environment variable with the path of the PEM file of an authority, for servers behind TLS."""
TLS = "grpcs://"
"""How the address of a server behind TLS begins."""
CERTIFICATE = b"CERTIFICATE-----"
"""How the first line of a certificate in a PEM file ends."""
FILE_VARIABLE = "SWATH_CONFIG"
"""Environment variable with the path of the configuration file."""


def inspect_address(address: str | None = None, environ: Mapping[str, str] = os.environ) -> str:
    """The address of the inspect server: `host:port`, or `grpcs://host:port` where it has TLS.

    `address` if given, else `SWATH_INSPECT`, else `inspect` in table `[client]` of the file, else
    loopback. The file is `SWATH_CONFIG`, or `swath/config.toml` in the user's configuration
    folder; it is read once.

    Raises:
        InvalidArgument: it is not an address, or the file is not TOML.
    """
    found = _found(address, INSPECT_VARIABLE, "inspect", environ)
    return _checked(found or DEFAULT_INSPECT)


def jobs_address(address: str | None = None, environ: Mapping[str, str] = os.environ) -> str:
    """The address of the job server: as `inspect_address`, with `SWATH_JOBS` and `jobs`."""
    return _checked(_found(address, JOBS_VARIABLE, "jobs", environ) or DEFAULT_JOBS)


def client_token(token: str | None = None, environ: Mapping[str, str] = os.environ) -> str | None:
    """The token that says who asks: as `inspect_address`, with `SWATH_TOKEN` and `token`.

    None: there is none, as a server without tokens wants it.

    Raises:
        InvalidArgument: it has spaces, or other characters than ASCII.
    """
    found = _found(token, TOKEN_VARIABLE, "token", environ)
    if not found:
        return None
    if not (found.isascii() and found.isprintable()) or " " in found:
        raise InvalidArgument("A token is ASCII text without spaces.").at(argument="token")
    return found


def client_authority(environ: Mapping[str, str] = os.environ) -> bytes | None:
    """The PEM file of the authority that signed the servers' certificates, for `grpcs://`.

    It is named by `SWATH_CA`, else by `ca` in table `[client]` of the file. None: those that gRPC
    brings along.

    Raises:
        InvalidArgument: it cannot be read, or holds no certificate.
    """
    path = _found(None, AUTHORITY_VARIABLE, "ca", environ)
    if not path:
        return None
    try:
        authority = Path(path).read_bytes()
    except OSError as problem:
        raise InvalidArgument(f"{path} ({AUTHORITY_VARIABLE}): {problem.strerror}.") from None
    if CERTIFICATE not in authority:  # gRPC would say that no server answers
        raise InvalidArgument(f"{path} ({AUTHORITY_VARIABLE}) holds no certificate in PEM.")
    return authority


def _found(given: str | None, variable: str, name: str, environ: Mapping[str, str]) -> str | None:
    return given or environ.get(variable) or _in_file(_file(environ), name)


def _file(environ: Mapping[str, str]) -> str:
    named = environ.get(FILE_VARIABLE)
    if named:
        return named
    folder = environ.get("XDG_CONFIG_HOME") or f"{environ.get('HOME', '')}/.config"
    return f"{folder}/swath/config.toml"


def _in_file(path: str, name: str) -> str | None:
    found = _client_table(path).get(name)
    if found is not None and not isinstance(found, str):
        raise InvalidArgument(f"{path}: {name} in [client] is a text, such as an address.")
    return found


@lru_cache(maxsize=8)
def _client_table(path: str) -> Mapping[str, Any]:
    try:
        settings = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError:
        return {}
    except ValueError as problem:
        raise InvalidArgument(f"{path} is not TOML: {problem}") from None
    found = settings.get("client", {})
    return found if isinstance(found, dict) else {}


@lru_cache(maxsize=64)
def _checked(address: str) -> str:
    if address.startswith("unix:"):
        return address
    host, _, port = address.removeprefix(TLS).rpartition(":")
    if not host or "/" in host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise InvalidArgument(
            f"{address!r} is no address of a server: write host:port, or {TLS}host:port."
        )
    return address
