"""`make bench-micro`: rows of single functions, held against a baseline that travels.

A time of one machine says nothing about another, so none is kept. What is kept of each row is its
least time over that of `test_calibration` in the same run: work that is none of ours, of Python and
numpy. A row that takes more than MOST times its share in the baseline fails. The limit is wide, as
processors differ in how fast Python is beside compiled code, and as what else runs on a machine is
in every figure: it is for what became several times slower, such as work that is done twice, or a
cache that is not met any more. The least time is compared, for others do not make it less.

`make bench-micro ARGS=--save` keeps the shares of this run instead: where a row is new, or was made
faster, or slower for a reason. To compare commits on one machine closely, pytest-benchmark's own
`--benchmark-save` and `--benchmark-compare-fail=min:20%` are there, on `tests/bench/micro`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent
MICRO = HERE / "micro"
KEPT = MICRO / "baseline.json"
CALIBRATION = "test_calibration"
MOST = 2.5
"""Times its share that a row may take."""
LIMIT_S = 600
MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(256 << 20)}
"""glibc keeps freed blocks of a megabyte only after it has met larger ones. It is to keep them from
the start: a row that ran first took six times as long as the same row after others."""

Shares = Mapping[str, float]


def main() -> None:
    """Run the rows; exit status 1: some are too slow, or there is no baseline of them."""
    parser = argparse.ArgumentParser(prog="make bench-micro", description=__doc__)
    parser.add_argument("--save", action="store_true", help="keep this run as the baseline")
    parser.add_argument("only", nargs="*", help="files of rows; those of other files are left out")
    given = parser.parse_args()
    found = shares(measured(given.only))
    if given.save:
        before = {} if not given.only else kept()
        KEPT.write_text(json.dumps({**before, **found}, indent=1, sort_keys=True) + "\n")
        print(f"kept {len(found)} rows")
        return
    lines = compared(found, kept(), is_whole=not given.only)
    print("\n".join(lines) or f"none of {len(found)} rows takes more than {MOST} times its share")
    raise SystemExit(bool(lines))


def measured(only: list[str]) -> Mapping[str, float]:
    """Least seconds of each row, by its name.

    Raises:
        SystemExit: a row failed.
    """
    files = [str(MICRO / f"{name}.py") for name in {*only, CALIBRATION}] if only else [str(MICRO)]
    with tempfile.TemporaryDirectory(prefix="swath-bench-") as folder:
        report = Path(folder) / "report.json"
        command = [
            sys.executable, "-m", "pytest", *files, "-q", "-p", "no:randomly",
            "--benchmark-enable", "--benchmark-max-time=0.3", "--benchmark-min-rounds=5",
            "--benchmark-columns=min,median,max", "--benchmark-sort=name",
            f"--benchmark-json={report}",
        ]  # fmt: skip
        environment = {**os.environ, **MEMORY}
        if subprocess.run(command, check=False, timeout=LIMIT_S, env=environment).returncode:
            raise SystemExit("A row failed.")
        rows = json.loads(report.read_text())["benchmarks"]
    return {row["name"]: row["stats"]["min"] for row in rows}


def shares(least_s: Mapping[str, float]) -> dict[str, float]:
    """Each row over the calibration, which is left out."""
    unit_s = least_s[CALIBRATION]
    return {name: s / unit_s for name, s in least_s.items() if name != CALIBRATION}


def kept() -> Shares:
    """The baseline."""
    found: Shares = json.loads(KEPT.read_text())
    return found


def compared(found: Shares, baseline: Shares, *, is_whole: bool) -> list[str]:
    """A line for each row that is too slow, has no baseline, or (of a whole run) is gone."""
    lines = []
    for name, share in sorted(found.items()):
        if name not in baseline:
            lines.append(f"{name}: there is no baseline of it; keep one with --save")
        elif share > MOST * baseline[name]:
            times = share / baseline[name]
            lines.append(f"{name}: {times:.1f} times its share; at most {MOST} is kept")
    if is_whole:
        lines += [f"{name}: it is gone" for name in sorted(baseline.keys() - found.keys())]
    return lines


if __name__ == "__main__":
    main()
