"""A folder survives crashes at every step and disks that are full, and touches only its own."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from job_server.results.folder import STAGING, Folder
from job_server.results.key import key_of
from swath.errors import ResultNotAvailable, StorageUnavailable
from tests.disks import small_disk

JOB = "ab" * 16
KEY = key_of(JOB, "tile-0", 1, 0)
WHOLE = b"a" * 5000 + b"b" * 3000
HERE = Path(__file__).parent
REPOSITORY = HERE.parents[3]


def child(script: str, *args: object) -> subprocess.CompletedProcess[str]:
    """A process of its own that ran a script beside this file."""
    return subprocess.run(
        [sys.executable, str(HERE / script), *map(str, args)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def found(folder: Folder) -> bytes:
    """The object; empty where there is none."""
    return folder.read(KEY, 0, 1 << 20) if folder.keys(JOB) else b""


def test_a_writer_killed_at_any_step_leaves_nothing_or_the_whole_object(tmp_path: Path) -> None:
    seen = []
    for step in range(1, 100):
        root = tmp_path / str(step)
        ended = child("write_child.py", root, KEY, step)
        assert ended.returncode in (0, -signal.SIGKILL), ended.stderr
        seen.append(found(Folder(root)))
        assert not list((root / STAGING).iterdir())
        if ended.returncode == 0:
            break
    placed = seen.index(WHOLE)
    assert placed >= 8
    assert seen == [b""] * placed + [WHOLE] * (len(seen) - placed)
    assert len(seen) > placed + 1


def test_a_writer_killed_over_an_object_that_is_there_leaves_it(tmp_path: Path) -> None:
    Folder(tmp_path).write(KEY, [WHOLE])
    for step in range(1, 100):
        ended = child("write_child.py", tmp_path, KEY, step)
        assert found(Folder(tmp_path)) == WHOLE
        if ended.returncode == 0:
            return
    pytest.fail("the writer never came to its end")


def test_a_folder_that_is_opened_leaves_uploads_of_a_living_process(tmp_path: Path) -> None:
    upload = Folder(tmp_path).begin(KEY)
    upload.feed(b"abc")
    Folder(tmp_path)
    received = upload.received
    upload.finish(received.size_bytes, received.crc32)
    assert found(Folder(tmp_path)) == b"abc"


def test_an_upload_whose_staged_file_is_being_cleared_takes_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, lock = Folder(tmp_path), fcntl.flock
    locked: list[int] = []

    def lock_late(file: int, how: int) -> None:
        if not locked:
            for staged in (tmp_path / STAGING).iterdir():
                staged.unlink()
        locked.append(file)
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", lock_late)
    folder.write(KEY, [b"abc"])
    assert len(locked) == 2
    assert found(folder) == b"abc"


def test_a_file_over_the_limit_is_unavailable_and_leaves_nothing(tmp_path: Path) -> None:
    ended = child("full_child.py", tmp_path, KEY)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("Results cannot be written now: File too large.")
    assert str(tmp_path) not in ended.stdout
    assert found(Folder(tmp_path)) == b"small"
    assert not list((tmp_path / STAGING).iterdir())


def test_a_full_disk_is_unavailable_and_works_again_when_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 256 * 1024) as disk:
        folder = Folder(disk)
        with pytest.raises(StorageUnavailable, match=r"No space left on device\. Free space"):
            folder.write(KEY, [b"x" * 65536] * 8)
        assert folder.keys(JOB) == []
        folder.write(KEY, [b"x" * 65536] * 2)
        assert folder.size(KEY) == 2 * 65536


@pytest.mark.parametrize("number", [errno.EIO, errno.EDQUOT, errno.EROFS])
def test_a_disk_that_fails_to_sync_is_unavailable_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    folder = Folder(tmp_path)

    def fail(_file: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageUnavailable, match=os.strerror(number)) as raised:
        folder.write(KEY, [b"abc"])
    assert str(tmp_path) not in str(raised.value)
    assert folder.keys(JOB) == []
    assert not list((tmp_path / STAGING).iterdir())


def test_an_object_is_synced_before_it_is_placed_and_its_folders_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, log = Folder(tmp_path), []
    sync, replace = os.fsync, os.replace

    def logged_sync(file: int) -> None:
        log.append(Path(f"/proc/self/fd/{file}").readlink().name)
        sync(file)

    def logged_replace(source: Path, target: Path) -> None:
        log.append("replace")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", logged_sync)
    monkeypatch.setattr(os, "replace", logged_replace)
    folder.write(KEY, [b"abc"])
    assert log[1:] == [JOB[:2], tmp_path.name, "replace", JOB]
    assert log[0].startswith("tmp")


def test_files_of_others_are_neither_told_nor_touched(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write(KEY, [b"abc"])
    strange = [tmp_path / "README", tmp_path / "ab" / "notes", tmp_path / "ab" / JOB / "x.txt"]
    for path in strange:
        path.write_text("mine")
    (tmp_path / "cd").write_text("mine")
    assert list(folder.jobs()) == [JOB]
    assert folder.keys(JOB) == [KEY]
    folder.delete([KEY])
    assert [path.read_text() for path in strange] == ["mine"] * 3


def test_the_folder_of_a_job_goes_with_its_last_object(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write(KEY, [b"abc"])
    folder.delete([KEY])
    assert list((tmp_path / "ab").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageUnavailable, match="Results cannot be opened now: Not a directory"):
        Folder(tmp_path / "file" / "results")


def test_an_object_that_is_removed_while_it_is_read_part_by_part_is_missing(
    tmp_path: Path,
) -> None:
    folder = Folder(tmp_path)
    folder.write(KEY, [b"abcdef"])
    assert folder.read(KEY, 0, 3) == b"abc"
    folder.delete([KEY])
    with pytest.raises(ResultNotAvailable):
        folder.read(KEY, 3, 3)
