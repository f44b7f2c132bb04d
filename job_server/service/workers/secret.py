"""The secret of workers: a file that only the user of the server can read."""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from swath.errors import PermissionDenied, Unauthenticated
from swath.serving.tokens import SCHEME

FILE = "worker.secret"
"""Name of the file in the folder of jobs."""
WORKER = "worker"
"""Who a worker is in events."""
SHORTEST = 32
"""Characters of a secret that is worth the name."""


def open_secret(path: Path) -> str:
    """The secret in a file; a new one is written where there is none.

    Raises:
        PermissionDenied: it cannot be read or written, or is too short.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_if_missing(path)
        secret = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as problem:
        why = getattr(problem, "strerror", None) or "it is not text"
        raise PermissionDenied(f"The secret of workers in {path} is not there: {why}.") from None
    if len(secret) < SHORTEST:
        raise PermissionDenied(f"The secret of workers in {path} is too short: remove the file.")
    return secret


def worker_with(secret: str, authorization: str | None) -> str:
    """Who sent that header: a worker. Raises Unauthenticated: somebody else."""
    given = (authorization or "").removeprefix(SCHEME)
    if not hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode()):
        raise Unauthenticated("Only workers of this server are answered here.")
    return WORKER


def _write_if_missing(path: Path) -> None:
    """Written aside and linked into place: nobody ever reads half of one."""
    if path.exists():
        return
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w", encoding="ascii") as writing:
        writing.write(secrets.token_hex(32))
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass  # another server of this folder was faster
    finally:
        fresh.unlink()
