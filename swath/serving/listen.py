"""Where a server listens, and the options of its connections."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

from grpc import aio

from swath.errors import InvalidArgument, Unavailable
from swath.wire.limits import DEFAULT_LIMITS

MOST_PENDING = 10_000
"""Calls that wait to be begun; some ten seconds of work. Their messages are not read yet."""
OPTIONS = (
    # Ours refuses first; gRPC's own limit, which has no details, is for what is far beyond it.
    ("grpc.max_receive_message_length", 4 * DEFAULT_LIMITS.request_bytes),
    ("grpc.max_send_message_length", -1),
    # Calls that the loop has not taken yet. gRPC's own limits are 1,000, from where on it cancels
    # some at random, and 3,000: a burst of calls would end with CANCELLED, and no reason.
    ("grpc.server.max_pending_requests", MOST_PENDING),
    ("grpc.server.max_pending_requests_hard_limit", 2 * MOST_PENDING),
    # A second server on the port is an error, not a partner.
    ("grpc.so_reuseport", 0),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 20_000),
)
SWITCH_INTERVAL_S = 0.001
"""Longest time that another thread (a scrape, the log) holds the interpreter before the loop."""
UNIX = "unix:"
LONGEST_SOCKET_PATH = 107
"""Bytes of the path of a Unix socket."""


def listen(server: aio.Server, host: str, port: int, flag: str) -> int:
    """Let a server listen on a TCP port; 0: a free one. The port. `flag` is named in errors.

    Raises:
        Unavailable: the port cannot be had.
    """
    try:
        _try_port(host, port)
        return server.add_insecure_port(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    except (OSError, RuntimeError) as problem:
        why = getattr(problem, "strerror", None) or "the address cannot be used"
        raise Unavailable(
            f"The server cannot listen on {host}:{port}: {why}. Choose another port with {flag}.",
            address=f"{host}:{port}",
        ) from None


def listen_unix(server: aio.Server, path: Path, flag: str) -> str:
    """Let a server listen on a Unix socket that only this user may open; its address.

    A socket that an ended server left there is replaced; one that answers is not.

    Raises:
        InvalidArgument: the path is too long. Unavailable: another server listens there, or the
            socket cannot be made.
    """
    if len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
        raise InvalidArgument(
            f"The path of the socket {path} is over {LONGEST_SOCKET_PATH} bytes: choose another"
            f" address with {flag}."
        )
    address = f"{UNIX}{path}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _try_socket(path)
        server.add_insecure_port(address)
        path.chmod(0o600)
    except (OSError, RuntimeError) as problem:
        why = getattr(problem, "strerror", None) or "it cannot be made"
        raise Unavailable(
            f"The server cannot listen on {path}: {why}. Choose another address with {flag}.",
            address=address,
        ) from None
    return address


def _try_port(host: str, port: int) -> None:
    """Raise OSError if a port cannot be had: gRPC would say so in its own log as well."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        probe.listen()


def _try_socket(path: Path) -> None:
    """Raise OSError if another server answers there."""
    with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
        probe.connect(str(path))
        raise RuntimeError("another server listens there")
    path.unlink(missing_ok=True)
