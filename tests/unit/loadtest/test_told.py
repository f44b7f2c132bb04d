"""What clients were told travels in a file."""

from __future__ import annotations

from loadtest.told import Told, read, write


def test_what_was_told_is_read_as_it_was_written(tmp_path):
    told = [Told("ada", "r1", "OK", 1, 2, "job", 3), Told("", "r2", "RESOURCE_EXHAUSTED", 4, 5)]
    write(told, tmp_path / "told.json")
    assert read(tmp_path / "told.json") == told
