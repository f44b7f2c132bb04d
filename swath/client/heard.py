"""The messages of a call, read in a thread of its own, with a limit on the server's silence.

Ctrl-C raises in the main thread wherever that is. Inside of gRPC it may leave a lock of the channel
taken, and then no call of that channel ends any more: seen in 1 of 8 interrupts that came together
with a message (grpcio 1.85), so that a job that was interrupted could not be cancelled. Here the
main thread waits for a queue and nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from queue import Empty, SimpleQueue

import grpc

from swath.errors import Unavailable

_Given = SimpleQueue[bytes | BaseException | None]
"""Messages; an error where the call broke; None after the last."""


def heard(call: Iterable[bytes], silence_s: float, address: str) -> Iterator[bytes]:
    """The messages of a call, each read when it is asked for. Whoever leaves off cancels the call.

    Only waiting counts as silence, not what the caller does between messages. Cost: some 50 µs for
    each message.

    Raises:
        Unavailable: no message came for `silence_s`. grpc.RpcError: the call's.
    """
    wanted: SimpleQueue[bool] = SimpleQueue()
    given: _Given = SimpleQueue()
    threading.Thread(target=_read, args=(call, wanted, given), daemon=True).start()
    try:
        while True:
            wanted.put(True)
            try:
                one = given.get(timeout=silence_s)
            except Empty:
                raise Unavailable(
                    f"The server at {address} sent nothing for {silence_s:g} s.", address=address
                ) from None
            if one is None:
                return
            if isinstance(one, BaseException):
                raise one
            yield one
    finally:
        wanted.put(False)


def _read(call: Iterable[bytes], wanted: SimpleQueue[bool], given: _Given) -> None:
    messages = iter(call)
    try:
        while wanted.get():
            given.put(next(messages, None))
    except grpc.RpcError as error:
        given.put(error)
