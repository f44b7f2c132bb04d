"""What becomes of an exception in a child: by which rule the server retries, and what it says."""

from __future__ import annotations

import errno
import shutil
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from swath.errors import Cancelled, InternalError, LeaseLost, SwathError, Transient, Wait
from swath.status import known
from swath.wire.job_error import encode_job_error
from swath.worker.v1.worker_pb2 import FailRequest

MAX_TRACE = 8000
"""Characters of a traceback that the worker's log gets: the last ones."""
NO_ROOM_BYTES = 16 << 20
"""With less free on scratch disk, a failure that nobody expected is taken to come from it."""
MORE = 2
"""Likewise with less than that many times what the task has there: a library removes at once what
it could not write to its end, and a file with overviews may be larger than its pixels."""
FULL = "The scratch disk of the worker is full, or does not take more files."
DISK_FAULTS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS})


@dataclass(frozen=True, slots=True)
class Failed:
    """The end of a task without a result."""

    kind: FailRequest.Kind
    error: bytes
    """A serialised `swath.v1.JobError`."""
    reason: str
    """Identity of the error, and what it says: for the worker's log."""
    problem: str
    traceback: str | None = None
    """Likewise; absent where the error says all."""


def failed(fault: BaseException, room: Path) -> Failed:
    """What a child says of an exception that ended its task.

    Args:
        room: where it wrote scratch files.
    """
    error = _ours(fault, room)
    is_fault = isinstance(error, InternalError)
    trace = "".join(traceback.format_exception(fault))[-MAX_TRACE:] if is_fault else None
    kind = kind_of(fault, error)
    return Failed(kind, encode_job_error(error), error.REASON, str(error), trace)


@contextmanager
def telling_full_disks(room: Path) -> Iterator[None]:
    """Tell a failure for want of disk before what takes the disk is removed.

    Raises:
        Transient: the block raised what nobody expected, and there is hardly any room left.
    """
    try:
        yield
    except (SwathError, MemoryError):
        raise
    except Exception as fault:
        if _is_full(fault, room):
            raise Transient(FULL) from fault
        raise


def kind_of(fault: BaseException, error: SwathError) -> FailRequest.Kind:
    """By which rule the server retries; `error` is what `fault` is told as."""
    if isinstance(fault, MemoryError):
        return FailRequest.KIND_MEMORY
    if isinstance(error, Cancelled):
        return FailRequest.KIND_CANCELLED
    if isinstance(error, LeaseLost):
        return FailRequest.KIND_UNSPECIFIED
    if isinstance(error, Transient | Wait):
        return FailRequest.KIND_TRANSIENT
    return FailRequest.KIND_PERMANENT


def _ours(fault: BaseException, room: Path) -> SwathError:
    if isinstance(fault, SwathError):
        return fault
    if isinstance(fault, MemoryError):
        return Transient("The job needed more memory than its worker may use.")
    if _is_full(fault, room):
        return Transient(FULL)
    return known(fault)


def _is_full(fault: BaseException, room: Path) -> bool:
    if (isinstance(fault, OSError) and fault.errno in DISK_FAULTS) or not room.is_dir():
        return True
    try:  # libraries for rasters tell of a full disk in words of their own
        taken = sum(path.stat().st_size for path in room.rglob("*") if path.is_file())
        return shutil.disk_usage(room).free < max(NO_ROOM_BYTES, MORE * taken)
    except OSError:
        return False
