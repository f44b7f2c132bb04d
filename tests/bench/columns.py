"""Questions about 10,000 images that are answered from the catalog alone."""

from __future__ import annotations

from collections.abc import Callable

import swath as wf
from swath.client.inspect import InspectClient
from tests.bench.figure import Figure
from tests.bench.imagery import IMAGES
from tests.bench.rounds import Subject, in_turns, ms
from tests.bench.server import Server

ROUNDS, CALLS = 7, 30


def measure(server: Server) -> list[Figure]:
    """Row 2. Its images' files are nowhere, so an answer proves that none was opened."""
    client = InspectClient(server.address)
    col = wf.ImageCollection.from_id("many")
    dates = col.properties.map(lambda p: p["date"])

    def expect(obj: wf.Proxytype, is_right: Callable[[object], bool]) -> Subject:
        def ask() -> None:
            assert is_right(obj.inspect(cache=False, client=client))

        return ask

    questions = {
        "col.length()": (expect(col.length(), lambda n: n == IMAGES), 0.005),
        'col.properties.map(lambda p: p["date"])': (
            expect(dates, lambda d: isinstance(d, list) and len(d) == IMAGES),
            0.015,
        ),
    }
    times = in_turns({name: ask for name, (ask, _) in questions.items()}, ROUNDS, CALLS, 5)
    figures = []
    for name, (_, target_s) in questions.items():
        p50 = times[name].p50()
        figures.append(
            Figure(
                f"{name}, {IMAGES:,} images whose files do not exist: p50",
                f"{p50.shown(1e3)} ms, p99 {ms(times[name].percentile(99))}",
                f"≤ {target_s * 1e3:.0f} ms",
                p50.median <= target_s,
            )
        )
    return figures
