"""Disks that are small, so that tests may fill them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PART_BYTES = 4096


@contextmanager
def small_disk(place: Path, size_bytes: int) -> Iterator[Path]:
    """A disk of that size at `place`; the test is skipped where this process may mount none."""
    place.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(place)]
    try:
        subprocess.run(mount, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as why:
        # A limit of file sizes or a quota would be another error: only a disk is full as a disk is.
        pytest.skip(f"only who may mount has a disk to fill: {why}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill_disk(disk: Path, but_bytes: int = 0) -> Path:
    """Take all room of a disk but so many bytes; the file that takes it: remove it to make room.

    It grows where it is there already: a disk that is nearly full is full at once.
    """
    filler = disk / "filler"
    file = os.open(filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        while shutil.disk_usage(disk).free > but_bytes:
            os.write(file, bytes(PART_BYTES))
    finally:
        os.close(file)
    return filler
