"""Rows are compared by their share of the calibration, whatever the machine."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.bench.baseline import CALIBRATION, MEMORY, MOST, compared, kept, shares

FAULTS = """
import resource, numpy as np
fault = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
before = fault()
for _ in range(100):
    [np.ones(1 << 20, np.uint8) for _ in range(4)]
print(fault() - before)
"""
"""Pages that the kernel gave a process anew while it filled four megabytes again and again."""
QUICK = {CALIBRATION: 0.001, "a": 0.002, "b": 0.0005}


def test_a_machine_that_is_slower_at_everything_has_the_same_shares():
    slow = {name: 10 * seconds for name, seconds in QUICK.items()}
    assert shares(slow) == shares(QUICK) == {"a": 2.0, "b": 0.5}


def test_a_row_that_keeps_its_share_is_not_told():
    assert compared({"a": 2.0 * MOST}, {"a": 2.0}, is_whole=True) == []


def test_a_row_beyond_the_stated_ratio_is_told_with_by_how_much():
    (line,) = compared({"a": 2.0 * MOST + 1}, {"a": 2.0}, is_whole=True)
    assert line.startswith("a: 3.0 times")


def test_a_row_without_a_baseline_is_told():
    assert "no baseline" in compared({"a": 1.0}, {}, is_whole=True)[0]


def test_a_row_that_is_gone_is_told_where_all_were_run():
    assert compared({}, {"a": 1.0}, is_whole=True) == ["a: it is gone"]
    assert compared({}, {"a": 1.0}, is_whole=False) == []


def test_the_baseline_that_is_kept_has_shares_of_more_than_nothing():
    assert all(share > 0 for share in kept().values())
    assert len(kept()) > 20


@pytest.mark.skipif(sys.platform != "linux", reason="is about glibc")
def test_a_row_takes_as_long_by_itself_as_after_others_for_freed_memory_is_kept():
    environment = {**os.environ, **MEMORY}
    done = subprocess.run(
        [sys.executable, "-c", FAULTS], env=environment, capture_output=True, check=True, text=True
    )
    assert int(done.stdout) < 4096  # four times these megabytes, rather than a hundred times
