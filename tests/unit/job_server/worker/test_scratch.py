"""Scratch folders: held while their worker lives, swept when it is gone."""

from __future__ import annotations

import os

import pytest

from job_server.worker.scratch import empty, open_scratch
from swath.errors import PermissionDenied


def test_a_folder_is_gone_after_close(tmp_path):
    scratch = open_scratch(tmp_path / "made", "a")
    (scratch.room("0") / "file").write_bytes(b"x")
    scratch.close()
    assert not list((tmp_path / "made").glob("swath-worker-*"))


def test_folders_of_live_workers_stay(tmp_path):
    first = open_scratch(tmp_path, "a")
    second = open_scratch(tmp_path, "b")
    assert first.folder.is_dir() and second.folder.is_dir()
    first.close()
    second.close()


def test_a_folder_that_nobody_holds_is_swept(tmp_path):
    stale = tmp_path / f"swath-worker-{os.getpid()}-old"
    (stale / "0").mkdir(parents=True)
    (stale / "held").touch()
    (stale / "0" / "tile").write_bytes(b"x")
    open_scratch(tmp_path, "new").close()
    assert not stale.exists()


def test_what_is_not_ours_stays(tmp_path):
    (tmp_path / "swath-other").mkdir()
    open_scratch(tmp_path, "new").close()
    assert (tmp_path / "swath-other").is_dir()


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(PermissionDenied, match="Scratch files"):
        open_scratch(tmp_path / "file" / "below", "a")


def test_a_room_is_emptied_of_files_folders_and_links(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    room = tmp_path / "room"
    (room / "folder" / "deep").mkdir(parents=True)
    (room / "file").touch()
    (room / "link").symlink_to(outside)
    empty(room)
    assert not list(room.iterdir())
    assert (outside / "kept").exists()
