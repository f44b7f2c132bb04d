"""Whole job servers over loopback, and workers that do what a test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from swath.errors import LeaseLost
from swath.v1 import jobs_pb2 as pb
from swath.worker.v1 import worker_pb2
from tests.integration.jobs.running import RunningJobServer, User
from tests.integration.jobs.scripted import ScriptedWorker


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., RunningJobServer]]:
    """Starts job servers on the test's folder; settings as keywords."""
    servers: list[RunningJobServer] = []

    def launch(**settings: Any) -> RunningJobServer:
        server = RunningJobServer(tmp_path, settings)
        servers.append(server)
        server.start()
        return server

    yield launch
    for server in servers:
        server.close()


@pytest.fixture
def job_server(launch: Callable[..., RunningJobServer]) -> RunningJobServer:
    """A job server of the test's own, which it may kill and start again."""
    return launch()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningJobServer]:
    """A job server that the tests of a module share; each leaves it with nothing to do."""
    server = RunningJobServer(tmp_path_factory.mktemp("jobs"))
    server.start()
    yield server
    server.close()


@pytest.fixture
def user(shared: RunningJobServer) -> Iterator[User]:
    """Someone who calls the shared server; what is queued after the test is cancelled."""
    user = shared.user()
    yield user
    while waiting := user.list(page_size=1000, stage=pb.STAGE_QUEUED).jobs:
        for job in waiting:
            user.cancel(job.id)


@pytest.fixture
def worker(shared: RunningJobServer) -> Iterator[ScriptedWorker]:
    """A worker of the shared server; what it still has after the test ends as cancelled."""
    worker = shared.worker()
    yield worker
    for lease in worker.handed:
        with suppress(LeaseLost):
            worker.fail(lease, worker_pb2.FailRequest.KIND_CANCELLED)
