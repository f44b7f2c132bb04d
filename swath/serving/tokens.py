"""Bearer tokens: who calls. A file under the data folder, which both servers read.

A line for each token: its SHA-256 in hexadecimal, its owner, when it was made. The tokens
themselves are 256 random bits, so that a plain hash of one tells nothing about it; they are shown
once, when they are made. Without the file there is one owner, `local`, and servers listen on
loopback only; once there is a file, every call needs a token of it, also when none is left in it.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import ipaddress
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from swath.errors import InvalidArgument, PermissionDenied, Unauthenticated, Unavailable

FILE = "tokens"
"""Name of the file in the data folder."""
LOCAL = "local"
"""Who everything belongs to where there are no tokens."""
PREFIX = "swath_"
"""First characters of every token, so that one that leaks is recognised."""
SCHEME = "Bearer "
OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
"""What an owner may be called."""
ID_LENGTH = 12
"""Characters of a digest that name a token to people."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token, as the file has it."""

    digest: str
    """SHA-256 in hexadecimal."""
    owner: str
    created_s: int
    """Seconds since 1970 UTC."""

    @property
    def id(self) -> str:
        """What people call it; it does not open anything."""
        return self.digest[:ID_LENGTH]


class Tokens:
    """The tokens of a data folder, as its file has them now."""

    def __init__(self, data: Path) -> None:
        """Raises Unavailable if the file is there and cannot be read."""
        self._path = data / FILE
        self._seen: tuple[int, int, int] | None = None
        self._owners: dict[str, Token] = {}
        self._look()

    @property
    def are_required(self) -> bool:
        """Whether a call without a token is refused."""
        return self._seen is not None

    def owner_of(self, authorization: str | None) -> str:
        """Who sent that header, `Bearer TOKEN`; absent: there was none.

        Cost: 3 µs, mostly to see that the file is the same.

        Raises:
            Unauthenticated: no token, or one that is not in the file. Unavailable: the file cannot
            be read.
        """
        self._look()
        if not self.are_required:
            return LOCAL
        if authorization is None:
            raise Unauthenticated("This server needs a token: pass token=..., or set SWATH_TOKEN.")
        digest = hash_of(authorization.removeprefix(SCHEME).strip())
        # Found by its first characters, which are no secret; the rest is compared in constant time.
        token = self._owners.get(digest[:ID_LENGTH])
        if token is None or not hmac.compare_digest(token.digest, digest):
            raise Unauthenticated(
                "The token is not valid here, or was revoked: ask who runs the server for another."
            )
        return token.owner

    def _look(self) -> None:
        """Read the file again if it changed. One that vanished admits nobody."""
        try:
            found = os.stat(self._path)  # noqa: PTH116  os.stat is 3 times as fast as Path.stat
        except FileNotFoundError:
            if self._seen is not None:
                self._seen, self._owners = (0, 0, 0), {}
            return
        identity = (found.st_mtime_ns, found.st_size, found.st_ino)
        if identity != self._seen:
            self._owners = {token.id: token for token in read(self._path)}
            self._seen = identity


def require_loopback(host: str, tokens: Tokens) -> None:
    """Return if a server may listen on `host`.

    Raises:
        PermissionDenied: others could reach it, and there are no tokens to tell who they are.
    """
    if tokens.are_required or is_loopback(host):
        return
    raise PermissionDenied(
        f"A server that listens on {host} can be reached by others, and there are no tokens:"
        " make one with `swath token create OWNER`, or listen on 127.0.0.1."
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def hash_of(secret: str) -> str:
    """SHA-256 of a secret, in hexadecimal."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def read(path: Path) -> list[Token]:
    """The tokens of a file, oldest first; none where there is no file.

    Raises:
        Unavailable: it cannot be read, or is not a file of tokens.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [_parsed(line) for line in lines if line and not line.startswith("#")]
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as problem:
        raise Unavailable(f"The tokens in {path} cannot be read: {problem}.") from None


def create(data: Path, owner: str, now_s: int) -> str:
    """A new token of `owner`, whose hash is in the file from now on.

    Raises:
        InvalidArgument: no name of an owner. PermissionDenied: the file cannot be written.
    """
    if OWNER.fullmatch(owner) is None:
        raise InvalidArgument(
            f"{owner!r} is no name of an owner: letters, digits and . _ @ -, at most 64."
        )
    secret = PREFIX + secrets.token_urlsafe(32)
    with _changing(data) as tokens:
        tokens.append(Token(hash_of(secret), owner, now_s))
    return secret


def revoke(data: Path, which: str) -> list[Token]:
    """The tokens that are not valid any more: that of an id, or all of an owner.

    Raises:
        InvalidArgument: there is none. PermissionDenied: the file cannot be written.
    """
    with _changing(data) as tokens:
        gone = [token for token in tokens if which in (token.id, token.owner)]
        if not gone:
            raise InvalidArgument(f"There is no token with the id or of the owner {which!r}.")
        tokens[:] = [token for token in tokens if token not in gone]
    return gone


@contextmanager
def _changing(data: Path) -> Iterator[list[Token]]:
    """The tokens as a list to change; written, all or nothing, when the context ends well."""
    path = data / FILE
    try:
        data.mkdir(parents=True, exist_ok=True)
        with (data / f"{FILE}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            tokens = read(path)
            yield tokens
            _replace(path, tokens)
    except OSError as problem:
        raise PermissionDenied(f"{path} cannot be written: {problem.strerror}.") from None


def _replace(path: Path, tokens: list[Token]) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    lines = [f"{token.digest} {token.owner} {token.created_s}\n" for token in tokens]
    with open(fresh, "w", encoding="utf-8", opener=_private) as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _parsed(line: str) -> Token:
    digest, owner, created_s = line.split()
    if len(digest) != 64 or OWNER.fullmatch(owner) is None:
        raise ValueError("a line is not a hash, an owner and a time")
    return Token(digest, owner, int(created_s))
