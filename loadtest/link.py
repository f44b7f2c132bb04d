"""How a client process reaches a target: addresses, who asks, and channels of gRPC's event loop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from grpc import aio

CONNECT_S = 5.0
"""Longest wait for a connection."""
_STATE = grpc.ChannelConnectivity
_CONNECTED = {_STATE.READY: True, _STATE.TRANSIENT_FAILURE: False, _STATE.SHUTDOWN: False}
_OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # Each process has connections of its own, also to an address that another one uses.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 500),
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the servers are. Nothing else is ever connected to."""

    inspect: str
    """`host:port`."""
    jobs: str = ""
    """The same of the job server; empty: there is none."""
    echo: str = ""
    """The same of the bare server; empty: there is none."""
    token: str = ""
    """Who asks; empty: nobody in particular."""
    owners: dict[str, str] = field(default_factory=dict)
    """Further tokens, by the names that scenarios use."""
    is_tls: bool = False
    certificates: str = ""
    """PEM file of the authority that signed the servers' certificates; empty: those of gRPC."""


class Link:
    """Channels to the servers of a target. Belongs to one event loop."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._channels: dict[str, aio.Channel] = {}

    def channel(self, where: str) -> aio.Channel:
        """The channel to a server, opened at the first use."""
        found = self._channels.get(where)
        if found is None:
            found = self._channels[where] = self.fresh(where)
        return found

    def fresh(self, where: str) -> aio.Channel:
        """A further channel, with a connection of its own; the caller closes it."""
        to = getattr(self.address, where)
        if not self.address.is_tls or where == "echo":
            return aio.insecure_channel(to, options=_OPTIONS)
        pem = self.address.certificates
        roots = Path(pem).read_bytes() if pem else None
        return aio.secure_channel(to, grpc.ssl_channel_credentials(roots), options=_OPTIONS)

    async def connect(self, where: str) -> bool:
        """Connect to a server before the first request; whether it could be."""
        channel = self.channel(where)
        state = channel.get_state(try_to_connect=True)
        try:
            async with asyncio.timeout(CONNECT_S):
                while state not in _CONNECTED:
                    await channel.wait_for_state_change(state)
                    state = channel.get_state()
        except TimeoutError:
            return False
        return _CONNECTED[state]

    def metadata(self, owner: str = "") -> tuple[tuple[str, str], ...] | None:
        """What tells the server who asks."""
        token = self.address.owners[owner] if owner else self.address.token
        return (("authorization", f"Bearer {token}"),) if token else None

    async def close(self) -> None:
        """Close all channels."""
        for channel in self._channels.values():
            await channel.close()


def code_of(error: Any) -> str:
    """The name of the status that a call ended with."""
    code: str = error.code().name
    return code
