"""The wall clock jumps by an hour, while the server runs and while it does not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from swath.v1 import jobs_pb2 as pb
from swath.worker.v1 import worker_pb2
from tests.integration.jobs import shifted_server
from tests.integration.jobs.asked import number
from tests.integration.jobs.running import RunningJobServer

HOUR_S = 3600.0
LEASE_S = 0.8
CONTINUE = worker_pb2.HeartbeatResponse.DIRECTIVE_CONTINUE
JUMPS = pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S], ids=["forward", "back"])


class Wall:
    """The wall clock of a server."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.jump(0.0)

    def jump(self, shift_s: float) -> None:
        """Set it to so much ahead of this machine's."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(str(shift_s))
        fresh.replace(self._file)


@pytest.fixture
def wall(tmp_path, monkeypatch):
    """The clock of the servers of this test."""
    file = tmp_path / "shift"
    monkeypatch.setenv(shifted_server.FILE, str(file))
    return Wall(file)


@pytest.fixture
def server(tmp_path, wall) -> Iterator[RunningJobServer]:
    """A server by that clock."""
    settings = {"lease_s": LEASE_S, "settle_s": 0.6, "expire_s": 0.2}
    server = RunningJobServer(tmp_path, settings, module=shifted_server.__name__)
    server.start()
    yield server
    server.close()


@contextmanager
def lived(server: RunningJobServer, lease: worker_pb2.Lease) -> Iterator[None]:
    """The block, then two leases during which a worker's heartbeats keep its job."""
    yield
    worker, end_s = server.worker(), time.monotonic() + 2 * LEASE_S + 1
    while time.monotonic() < end_s:
        assert worker.beat(lease) == CONTINUE
        time.sleep(LEASE_S / 4)


def finished(server: RunningJobServer, value: int) -> str:
    """A job that is done, whose result is to be kept for two minutes."""
    request = number(value)
    request.keep_s = 120.0
    job = server.user().create(request).id
    worker = server.worker()
    worker.commit(worker.claim().lease, b"kept")
    return job


@JUMPS
def test_a_jump_while_the_server_runs_ends_no_lease_and_no_result(server, wall, jump_s):
    kept = finished(server, 1)
    server.user().create(number(2))
    lease = server.worker().claim().lease
    with lived(server, lease):
        wall.jump(jump_s)
    assert server.user().result(kept).data == b"kept"
    server.worker().commit(lease, b"2")
    assert server.user().get(lease.job).attempt == 1


@JUMPS
def test_a_jump_while_the_server_is_down_ends_no_lease_of_a_worker_that_lives(server, wall, jump_s):
    server.user().create(number())
    lease = server.worker().claim().lease
    server.kill()
    with lived(server, lease):
        wall.jump(jump_s)
        server.start()
    server.worker().commit(lease, b"1")
    assert server.user().get(lease.job).attempt == 1


@JUMPS
def test_a_jump_while_the_server_is_down_keeps_no_job_waiting(server, wall, jump_s):
    """Neither one that is queued, nor one whose worker is gone."""
    gone = server.user().create(number(1)).id
    server.worker("gone").claim()
    queued = server.user().create(number(2)).id
    server.kill()
    wall.jump(jump_s)
    server.start()
    worker, found = server.worker("next"), set()
    for _ in range(2):
        lease = worker.claim(wait_s=25).lease
        worker.commit(lease, b"done")  # at once: its lease is shorter than the other job may wait
        found.add(lease.job)
    assert found == {gone, queued}


def test_a_clock_that_was_set_back_is_told(server, wall):
    finished(server, 1)
    server.kill()
    wall.jump(-HOUR_S)
    server.start()
    told = server.until_event("clock_behind")
    assert 3590 < told["seconds"] < 3610
    assert server.user().list().jobs[0].status == pb.STATUS_SUCCESS
