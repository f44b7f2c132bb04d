from __future__ import annotations

import socket
import threading
import time

import pytest

from swath.client import channel
from swath.client.call import ask
from swath.errors import SwathError, Unavailable

SLOW_S = 0.5


@pytest.fixture
def slow_server():
    """The address of a server that takes `SLOW_S` to say what it speaks, and then hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        greeted = threading.Event()

        def greet():
            connection, _ = listening.accept()
            with connection:
                time.sleep(SLOW_S)
                connection.sendall(bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))  # empty HTTP/2 SETTINGS
                greeted.set()

        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        yield address
        channel.close(address)
        thread.join(5)


def test_a_server_that_is_slow_to_connect_is_waited_for(slow_server):
    begun = time.monotonic()
    with pytest.raises(SwathError) as caught:
        ask(slow_server, "/swath.v1.Any/Thing", b"", timeout_s=5)
    assert time.monotonic() - begun >= SLOW_S
    assert "No server answers" not in str(caught.value)


def test_where_nothing_listens_is_said_at_once():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    begun = time.monotonic()
    with pytest.raises(Unavailable, match="No server answers"):
        ask(address, "/swath.v1.Any/Thing", b"", timeout_s=5)
    assert time.monotonic() - begun < 2
    channel.close(address)
