"""What a process uses of memory, and whether it was the kernel that killed it for want of it.

A kill by the kernel looks like any other SIGKILL. What tells it apart are the kernel's counters of
such kills, read before and after: those of the control group (memory.events in version 2,
memory.oom_control in version 1), which may be hidden from a container, else that of the whole
machine (/proc/vmstat), which every process may read. It is a heuristic: where another process was
killed for memory at the same moment, a kill from outside counts as one for memory; where no counter
can be read, a process that was near its budget is taken to have been killed for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
ROOT = Path("/")
NEAR = 0.5
"""Part of its budget from which on a process may have been killed for memory, where none tells."""


def private_bytes(pid: int, root: Path = ROOT) -> int:
    """Private memory that a process uses now; 0 where the system does not tell."""
    try:
        resident, shared = (root / f"proc/{pid}/statm").read_text().split()[1:3]
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * PAGE_BYTES


@dataclass(frozen=True, slots=True)
class KillCount:
    """How many processes the kernel has killed for want of memory, as far as can be read."""

    count: int | None
    """None: no counter can be read."""

    def rose(self, later: KillCount, memory_bytes: int, budget_bytes: int) -> bool:
        """Whether a process that was killed between the two was killed by the kernel.

        Args:
            memory_bytes: what it used when it was looked at last.
            budget_bytes: what it may use.
        """
        if self.count is None or later.count is None:
            return memory_bytes >= NEAR * budget_bytes
        return later.count > self.count


def kill_count(root: Path = ROOT) -> KillCount:
    """The counter as it is now."""
    for path in _counters(root):
        count = _count(path)
        if count is not None:
            return KillCount(count)
    return KillCount(None)


def _counters(root: Path) -> Iterator[Path]:
    """Files with a counter, the most specific first."""
    for controllers, group in _groups(root):
        if controllers == "":
            yield root / "sys/fs/cgroup" / group / "memory.events"
        elif controllers == "memory":
            yield root / "sys/fs/cgroup/memory" / group / "memory.oom_control"
    yield root / "proc/vmstat"


def _groups(root: Path) -> list[tuple[str, str]]:
    """(controllers, path) of each control group that this process is in."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    parts = (line.split(":", 2) for line in lines)
    return [(part[1], part[2].lstrip("/")) for part in parts if len(part) == 3]


def _count(path: Path) -> int | None:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, value = line.partition(" ")
        if name == "oom_kill" and value.strip().isdigit():
            return int(value)
    return None
