"""Lets a whole server run the small computations of the engine tests, chosen by the request.

An InspectRequest whose format is `count` and whose geocontext key is `3,10` runs `count` on `3,10`.
"""

from __future__ import annotations

from swath.v1 import inspect_pb2 as pb
from tests.unit.inspect_server.engines import rehearsal


def factory(settings, reading):
    """A computation whose `Inspect` runs what the request names."""
    compute = rehearsal.factory(settings, reading)

    def rehearsed(method, request, budget):
        if method != "Inspect":
            return compute("echo", request, budget)
        message = pb.InspectRequest.FromString(request)
        name = message.format.name or "echo"
        return compute(name, message.geocontext.key.encode(), budget)

    return rehearsed
