"""Jobs: one that is waited for, then fifty: one is cancelled, another loses its worker."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import swath as wf

JOBS = 50
SIDE_PX = 3072
"""Of the large job: four tiles."""
LEASE_S = 4.0
"""A worker that is silent for so long is lost: short, so that nobody has to wait here."""
WAIT_S = 120.0


def wait_for_one(question: Any, where: Any, inspected: Any) -> None:
    """Compute what was inspected before, as a job with its bar; the pixels are the same."""
    print("\n  The same median as a job, waited for:\n")
    began = time.perf_counter()
    image = question.compute(where, progress_bar=True)
    took_s = time.perf_counter() - began
    same = np.ma.allequal(image.ndarray, inspected.ndarray) and np.array_equal(
        np.ma.getmaskarray(image.ndarray), np.ma.getmaskarray(inspected.ndarray)
    )
    print(f"\n    done in {took_s:.2f} s; bit for bit what inspect gave: {same}")


def finer(result: wf.ImageResult) -> wf.GeoContext:
    """The area of a result in smaller pixels, so that a job of it takes seconds."""
    place = result.geocontext
    return wf.GeoContext(
        bounds=place.bounds, bounds_crs=place.crs, crs=place.crs, shape=(SIDE_PX, SIDE_PX)
    )


def run_many(questions: Sequence[Any], where: Any, large: Any, fine: Any, log: Path) -> None:
    """Many jobs at once, and what became of them.

    Args:
        questions: of small jobs; the last one is cancelled.
        large: a job that takes seconds at `fine`, to kill the worker of.
        log: of the servers and workers.
    """
    began = time.perf_counter()
    count = len(questions) + 1
    print(f"\n  {count} jobs at once, with block=False; one is cancelled, one loses its worker:")
    killed = large.compute(fine, block=False)
    pid = _worker_of(killed, log)
    jobs = [question.compute(where, block=False) for question in questions]
    os.kill(pid, signal.SIGKILL)
    jobs[-1].cancel()
    for job in (killed, *jobs):
        job.wait(timeout=WAIT_S)
    took_s = time.perf_counter() - began
    ended = Counter(str(job.status) for job in (killed, *jobs))
    print("    " + ", ".join(f"{count} × {status}" for status, count in sorted(ended.items())))
    lives = [f"attempt {a.number}: {a.outcome.removeprefix('OUTCOME_')}" for a in killed.attempts]
    print(f"    the job whose worker (process {pid}) was killed: {'; '.join(lives)}")
    print(f"    all done in {took_s:.1f} s")


def _worker_of(job: wf.Job, log: Path) -> int:
    """The process that runs a job, as its log says; waits until one does."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        for line in log.read_text().splitlines():
            event = json.loads(line) if line.startswith("{") else {}
            if event.get("verb") == "claimed" and event.get("job") == job.id:
                return int(event["pid"])
        time.sleep(0.01)
    raise SystemExit(f"No worker took the job {job.id}.")
