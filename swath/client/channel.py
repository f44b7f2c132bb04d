"""One gRPC channel for each server, opened at the first call and kept.

A channel belongs to the process that opened it: after a fork the child opens its own. gRPC itself
does not survive a fork in the midst of a call, so spawn processes rather than fork them.
"""

from __future__ import annotations

import os
import threading

import grpc
from grpc.experimental import ChannelOptions

from swath.client.config import TLS, client_authority

_OPTIONS = (
    # Sizes are limited by the servers, with our errors.
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_metadata_size", 64 * 1024),
    # A server that has just been started is found at the next call.
    ("grpc.initial_reconnect_backoff_ms", 100),
    # How long one attempt to connect may take, whatever it is called: a busy server is slow.
    ("grpc.min_reconnect_backoff_ms", 10_000),
    ("grpc.max_reconnect_backoff_ms", 2000),
    # A connection that died silently is noticed while an answer is awaited.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    # No thread of its own for each stream: 730 instead of 850 µs for one message on loopback.
    (ChannelOptions.SingleThreadedUnaryStream, 1),
)
_LOOPBACK = ("127.", "localhost:", "[::1]", "unix:")

_channels: dict[tuple[int, str], grpc.Channel] = {}
_lock = threading.Lock()


def channel(address: str) -> grpc.Channel:
    """The channel to a server, opened if there is none yet. Nothing is sent by opening it.

    Raises:
        InvalidArgument: the file of the authority for TLS cannot be read.
    """
    key = os.getpid(), address
    found = _channels.get(key)
    if found is not None:
        return found
    with _lock:
        if key not in _channels:
            _channels[key] = _open(address)
        return _channels[key]


def close(address: str) -> None:
    """Close the channel to a server, if one is open; calls in progress end as cancelled."""
    with _lock:
        found = _channels.pop((os.getpid(), address), None)
    if found is not None:
        found.close()


def _open(address: str) -> grpc.Channel:
    if not address.startswith(TLS):
        return grpc.insecure_channel(address, options=options(address))
    to = address.removeprefix(TLS)
    return grpc.secure_channel(
        to, grpc.ssl_channel_credentials(client_authority()), options=options(to)
    )


def options(address: str) -> list[tuple[str, int]]:
    """What the channel to a server is opened with."""
    # A proxy that the environment names is not asked for what is on this machine.
    is_local = address.startswith(_LOOPBACK)
    return [*_OPTIONS, *([("grpc.enable_http_proxy", 0)] if is_local else [])]
