"""The generator measured by itself, against a bare server: how fine its ruler is."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from loadtest.echo import echoing
from loadtest.figures import Figures, PartResult, figures_of
from loadtest.link import Address
from loadtest.pace import Phase
from loadtest.run import run_part
from loadtest.scenario import Part, Work
from loadtest.target import Target

SECONDS = 1.0
RATE = 100.0
CALLERS = 16
REPLY_BYTES = 64
_WORK = (Work("constant"),)
_WARM_UP = (Phase(0.3, RATE, RATE),)


@dataclass(frozen=True, slots=True)
class Ruler:
    """What the generator adds to whatever it measures, and how much of it one process can send."""

    floor_ms: float
    """Median latency of a bare server's answer at 100 requests a second: no figure can be less."""
    most_rate: float
    """Requests per second that one client process gets answered by a bare server: the generator
    and gRPC, without Swath."""


def calibrate() -> Ruler:
    """Measure the generator; takes some five seconds. Raises KeyboardInterrupt after Ctrl-C."""
    paced = Part("paced", "echo", _WORK, (Phase(SECONDS, RATE, RATE),), warm_up=_WARM_UP)
    flat_out = Part(
        "flat_out", "echo", _WORK, (Phase(SECONDS, 0.0, 0.0),), CALLERS, (Phase(0.3, 0.0, 0.0),)
    )
    with echoing(REPLY_BYTES) as echo, tempfile.TemporaryDirectory(prefix="swath-load-") as folder:
        target = Target(Address(echo, echo=echo))
        floor, most = (_figures(part, target, Path(folder)) for part in (paced, flat_out))
    return Ruler(floor["latency_ms.p50"], most["throughput"])


def _figures(part: Part, target: Target, folder: Path) -> Figures:
    one = run_part(part, target, 0, folder)
    if not one.is_whole:
        raise KeyboardInterrupt
    return figures_of(PartResult(part, (one,)))
