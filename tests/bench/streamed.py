"""A result of 8192 × 8192 × 3 float32 to a client that reads slowly."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import swath as wf
from swath.client import call
from swath.client.question import question
from swath.stream import Chunk
from swath.wire.inspect import INSPECT, encode_question
from swath.wire.stream import read_stream
from tests.bench.figure import Figure
from tests.bench.imagery import WIDE_PX, square
from tests.bench.rounds import mib
from tests.bench.server import MemoryWatch, Server

PAUSE_S = 3.0
"""After the first message: a server without back-pressure would compute all of it meanwhile."""
RATE_BYTES_S = 100 << 20
TIMEOUT_S = 120.0
MOST_BYTES = 256 << 20


def measure(server: Server) -> list[Figure]:
    """Row 4."""
    image = wf.Image.from_id("wide:2021-06-01") * 1.5
    where = wf.GeoContext.from_grid(square(WIDE_PX))
    request = encode_question(question(image, where, cache=False))
    sizes: list[int] = []
    firsts: list[float] = []
    values = masked = 0
    with MemoryWatch(server) as watch:
        began = time.perf_counter()
        with closing(call.stream(server.address, INSPECT, request, TIMEOUT_S)) as messages:
            for event in read_stream(_slowly(messages, sizes)):
                if isinstance(event, Chunk):
                    firsts.append(time.perf_counter() - began)
                    values += event.values.nbytes
                    masked += event.values.size if event.mask is not None else 0
        took_s = time.perf_counter() - began
    assert values == WIDE_PX * WIDE_PX * 3 * 4, values
    wire = sum(sizes)
    mask_bits = 8.0 * (wire - values) / max(masked, 1)
    return [
        Figure(
            f"{WIDE_PX}×{WIDE_PX}×3 float32 to a slow client: growth of all processes",
            f"{mib(watch.growth_bytes)} of {mib(watch.before_bytes)};"
            f" {mib(wire)} in {took_s:.0f} s, {len(sizes)} messages",
            "≤ 256 MiB",
            watch.growth_bytes <= MOST_BYTES,
        ),
        Figure("the same: first chunk", f"{firsts[0]:.2f} s", "≤ 1 s", firsts[0] <= 1.0),
        Figure(
            "the same: bits on the wire for the mask of a pixel, all else included",
            f"{mask_bits:.3f} over {masked / (WIDE_PX * WIDE_PX * 3):.0%} of the pixels",
            "≤ 1.1",
            masked > 0 and mask_bits <= 1.1,
        ),
    ]


def _slowly(messages: Iterator[bytes], sizes: list[int]) -> Iterator[bytes]:
    """One message, a pause, and the rest at a bounded rate."""
    for message in messages:
        sizes.append(len(message))
        yield message
        time.sleep(PAUSE_S if len(sizes) == 1 else len(message) / RATE_BYTES_S)
