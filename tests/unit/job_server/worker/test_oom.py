"""How a kill for want of memory is told from any other, on file systems made for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from job_server.worker.oom import KillCount, kill_count, private_bytes


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def test_the_control_group_counts_before_the_machine(tmp_path):
    write(tmp_path, "proc/self/cgroup", "0::/jobs/one\n")
    write(tmp_path, "sys/fs/cgroup/jobs/one/memory.events", "low 0\noom 3\noom_kill 2\n")
    write(tmp_path, "proc/vmstat", "oom_kill 9\n")
    assert kill_count(tmp_path) == KillCount(2)


def test_control_groups_of_version_1_count_too(tmp_path):
    write(tmp_path, "proc/self/cgroup", "7:cpu:/x\n4:memory:/x\n")
    write(tmp_path, "sys/fs/cgroup/memory/x/memory.oom_control", "under_oom 0\noom_kill 5\n")
    assert kill_count(tmp_path) == KillCount(5)


def test_the_machine_counts_where_the_group_is_hidden(tmp_path):
    write(tmp_path, "proc/self/cgroup", "0::/\n")
    write(tmp_path, "proc/vmstat", "pgfault 4\noom_kill 9\n")
    assert kill_count(tmp_path) == KillCount(9)


def test_a_machine_that_tells_nothing_has_no_count(tmp_path):
    assert kill_count(tmp_path) == KillCount(None)


@pytest.mark.parametrize(("before", "after", "rose"), [(3, 3, False), (3, 4, True)])
def test_a_counter_that_rose_tells_of_memory_whatever_was_used(before, after, rose):
    assert KillCount(before).rose(KillCount(after), 0, 100) is rose


@pytest.mark.parametrize(("used", "rose"), [(49, False), (50, True)])
def test_without_a_counter_it_is_told_by_what_was_used(used, rose):
    assert KillCount(None).rose(KillCount(None), used, 100) is rose


def test_private_memory_of_a_process_that_is_there_and_of_one_that_is_not(tmp_path):
    assert private_bytes(os.getpid()) > 1 << 20
    assert private_bytes(1, tmp_path) == 0
