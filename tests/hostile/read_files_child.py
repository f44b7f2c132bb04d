"""Probes and reads each file named on standard input, in a process whose memory is limited.

Prints one JSON line before and one after each file, so that a crash or a hang names its file.
"""

from __future__ import annotations

import json
import resource
import sys
import time

from engine.evaluate.budget import Budget
from engine.reference import warp
from engine.sources.config import SourceConfig
from engine.sources.probe import band_asset, probe
from engine.sources.read import Reader
from swath.errors import SwathError
from swath.grid import Window

ADDRESS_SPACE_BYTES = 3 * 1024**3


def peak_bytes() -> int:
    """Most resident bytes of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def outcome(href: str) -> tuple[str, str]:
    """(class of error or `read`, its text)."""
    config = SourceConfig(cache_bytes=32 * 1024 * 1024)
    reader = Reader(config, warp)
    try:
        info = probe(href, config)
        rows, cols = info.grid.shape
        window = Window(0, 0, min(rows, 1024), min(cols, 1024))
        assets = [band_asset(info, band.index) for band in info.bands[:4]]
        for values, mask in reader.read_many(assets, info.grid, window, "near", Budget()):
            assert values.shape == (window.rows, window.cols)
            assert mask is None or mask.shape == values.shape
    except SwathError as error:
        return type(error).__name__, str(error)
    except Exception as error:  # noqa: BLE001 - a foreign exception is what the test looks for
        return "FOREIGN", repr(error)
    finally:
        reader.close()
    return "read", ""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
    rest = peak_bytes()
    for line in sys.stdin:
        href = json.loads(line)
        print(json.dumps({"begin": href}), flush=True)
        start = time.monotonic()
        kind, text = outcome(href)
        took = time.monotonic() - start
        end = {"end": href, "kind": kind, "text": text, "s": took, "peak": peak_bytes() - rest}
        print(json.dumps(end), flush=True)


if __name__ == "__main__":
    main()
