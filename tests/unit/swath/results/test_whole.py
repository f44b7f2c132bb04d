"""Files that are replaced whole, and what is no file."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from swath.results.whole import replace_whole


def _write(path: Path) -> None:
    path.write_bytes(b"new")


def test_a_file_is_replaced(tmp_path):
    (tmp_path / "file").write_bytes(b"old and longer")
    replace_whole(tmp_path / "file", _write)
    assert (tmp_path / "file").read_bytes() == b"new"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path):
    def fail(path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError("no")

    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(OSError, match="no"):
        replace_whole(tmp_path / "file", fail)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("file", b"old")]


def test_what_is_no_file_is_written_to_and_stays_what_it_is(tmp_path):
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    replace_whole(pipe, _write)
    reader.join(10)
    assert read == [b"new"]
    assert pipe.is_fifo()
