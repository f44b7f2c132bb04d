"""Work that is none of ours, which all other rows are measured in: see `tests.bench.baseline`."""

from __future__ import annotations

import json
from typing import Any

import numpy as np


def test_calibration(benchmark: Any) -> None:
    """Python and a library of it in about equal parts: objects, text, arrays that fit a cache."""
    rows = [{"name": f"row {n}", "values": list(range(20))} for n in range(50)]
    values = np.random.default_rng(0).random(50_000)

    def work() -> float:
        text = json.dumps(rows)
        total = sum(len(row["name"]) * sum(row["values"]) for row in json.loads(text))
        return total + float(np.sort(values)[::2].sum()) + float(np.sqrt(values).mean())

    benchmark(work)
