"""By which rule each error of the tree is retried, and what of it is told."""

from __future__ import annotations

import errno
import shutil

import pytest

from job_server.worker.failure import failed, telling_full_disks
from swath import errors
from swath.errors import every_error
from swath.wire.job_error import decode_job_error
from swath.worker.v1.worker_pb2 import FailRequest

TRANSIENT = (errors.Transient, errors.Wait)
KINDS = {
    errors.Cancelled: FailRequest.KIND_CANCELLED,
    errors.LeaseLost: FailRequest.KIND_UNSPECIFIED,
}


@pytest.mark.parametrize("cls", every_error(), ids=lambda cls: cls.__name__)
def test_each_class_of_error_has_its_rule(cls, tmp_path):
    rule = KINDS.get(cls, FailRequest.KIND_PERMANENT)
    if issubclass(cls, TRANSIENT):
        rule = FailRequest.KIND_TRANSIENT
    said = failed(cls("It went wrong."), tmp_path)
    assert said.kind == rule
    assert type(decode_job_error(said.error)) is cls


def test_an_error_keeps_node_op_image_window_and_line(tmp_path):
    place = {
        "node": 3,
        "op": "load",
        "image": "p:a",
        "window": "0:0+1×1",
        "line": "job.py:2: x.mean()",
    }
    error = errors.SourceUnavailable("No answer.").at(**place)
    where = decode_job_error(failed(error, tmp_path).error).where
    assert {name: getattr(where, name) for name in place} == place


def test_memory_that_cannot_be_had_is_a_kind_of_its_own(tmp_path):
    assert failed(MemoryError(), tmp_path).kind == FailRequest.KIND_MEMORY


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_transient(number, tmp_path):
    assert failed(OSError(number, "full"), tmp_path).kind == FailRequest.KIND_TRANSIENT


def test_a_scratch_folder_that_was_removed_meanwhile_is_transient(tmp_path):
    fault = FileNotFoundError(errno.ENOENT, "gone")
    assert failed(fault, tmp_path / "gone").kind == FailRequest.KIND_TRANSIENT


def test_a_library_that_fails_where_the_disk_is_full_is_transient(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=0)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    assert failed(RuntimeError("TIFFWrite failed"), tmp_path).kind == FailRequest.KIND_TRANSIENT


def test_a_library_that_removed_what_it_could_not_write_failed_for_want_of_disk(
    tmp_path, monkeypatch
):
    (tmp_path / "pixels").write_bytes(bytes(20 << 20))
    usage = shutil.disk_usage(tmp_path)._replace(free=30 << 20)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    with pytest.raises(errors.Transient, match="scratch disk"), telling_full_disks(tmp_path):
        raise RuntimeError("TIFFWrite failed")


def test_a_failure_beside_a_disk_with_room_stays_what_it_is(tmp_path):
    with pytest.raises(RuntimeError), telling_full_disks(tmp_path):
        raise RuntimeError("TIFFWrite failed")


def test_an_unknown_exception_is_told_by_an_id_and_its_trace_is_for_the_log(tmp_path):
    said = failed(KeyError("secret"), tmp_path)
    assert said.kind == FailRequest.KIND_PERMANENT
    assert "secret" not in said.problem and b"secret" not in said.error
    assert said.traceback is not None and "secret" in said.traceback
