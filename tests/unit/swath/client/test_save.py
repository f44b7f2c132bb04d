from __future__ import annotations

import os
import threading

import pytest

from swath.client.save import save
from swath.errors import DeadlineExceeded, Unavailable


def breaking_off(error):
    yield b"a"
    raise error


def test_a_file_holds_the_whole_result(tmp_path):
    save([b"a", b"b"], tmp_path / "x.tif")
    assert (tmp_path / "x.tif").read_bytes() == b"ab"


@pytest.mark.parametrize("kind", [Unavailable, DeadlineExceeded])
def test_a_result_that_breaks_off_leaves_what_was_there(tmp_path, kind):
    (tmp_path / "x.tif").write_bytes(b"before")
    with pytest.raises(kind, match="Too bad"):
        save(breaking_off(kind("Too bad.")), tmp_path / "x.tif")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("x.tif", b"before")]


def test_a_file_that_cannot_be_written_is_named_as_it_was_asked_for(tmp_path):
    path = tmp_path / "gone" / "x.tif"
    with pytest.raises(FileNotFoundError) as caught:
        save([b"a"], path)
    assert caught.value.filename == str(path)


def test_a_pipe_is_written_to_and_stays_one(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    read: list[bytes] = []
    reader = threading.Thread(
        target=lambda: read.append((tmp_path / "pipe").read_bytes()), daemon=True
    )
    reader.start()
    save([b"a", b"b"], tmp_path / "pipe")
    reader.join(10)
    assert (read, (tmp_path / "pipe").is_fifo()) == ([b"ab"], True)


def test_a_link_stays_one_and_what_it_leads_to_is_written(tmp_path):
    (tmp_path / "x.tif").write_bytes(b"before")
    (tmp_path / "latest.tif").symlink_to("x.tif")
    save([b"a"], tmp_path / "latest.tif")
    assert (tmp_path / "latest.tif").is_symlink()
    assert (tmp_path / "x.tif").read_bytes() == b"a"


def test_a_file_may_have_as_long_a_name_as_the_disk_takes(tmp_path):
    save([b"a"], tmp_path / ("n" * 255))
    assert [path.name for path in tmp_path.iterdir()] == ["n" * 255]


def test_a_folder_is_refused_before_anything_is_asked_for(tmp_path):
    with pytest.raises(IsADirectoryError) as caught:
        save(breaking_off(AssertionError()), tmp_path)
    assert caught.value.filename == str(tmp_path)
