"""The seam between the server and what it computes: request bytes in, encoded messages out.

An engine process imports a factory by name, calls it once, and then calls the `Computation` that
it gave for each request. Nothing on the server's side of the seam knows what is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from engine.evaluate.budget import Budget

Reading = Callable[[str], AbstractContextManager[None]]
"""`with reading(source):` around everything that opens or reads a file or address.

The server learns from it which files were being read when a process died.

Raises:
    InvalidSource: the source is quarantined, since reading it killed processes before.
"""


class Computation(Protocol):
    """Answers requests, one at a time, in the process that made it."""

    def __call__(self, method: str, request: bytes, budget: Budget) -> Iterator[bytes]:
        """Encoded messages that answer a request of the rpc `method`, in order.

        It calls `budget.check()` at least every half second of work; a caller that waits longer
        for it to stop kills the process.

        Raises:
            SwathError: the request has no answer; messages already given stay given.
        """
        ...


Factory = Callable[[Mapping[str, Any], Reading], Computation]
"""Makes the computation of one engine process from the server's settings (JSON values).

It does all the slow things (imports, kernels, caches), so that a process that is ready answers its
first request as fast as any other.
"""
