"""What the server says of itself, and what it says when it cannot start."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import psutil
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from swath.errors import DeadlineExceeded, JobNotFound
from tests.integration.jobs.asked import number
from tests.integration.jobs.running import REPOSITORY, RunningJobServer


def failed(*arguments: str, **environment: str) -> str:
    """What a server that cannot start says; it must end with status 1 and one line."""
    done = subprocess.run(
        [sys.executable, "-m", "job_server", *arguments],
        cwd=REPOSITORY,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, done.stdout) == (1, "")
    lines = [line for line in done.stderr.splitlines() if line.startswith("swath: ")]
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_health_answers_by_service(user):
    health = health_pb2_grpc.HealthStub(user.channel)
    for name in ("", "swath.v1.JobService"):
        answer = health.Check(health_pb2.HealthCheckRequest(service=name))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_the_contract_can_be_asked_for(user):
    database = ProtoReflectionDescriptorDatabase(user.channel)
    assert "swath.v1.JobService" in database.get_services()
    service = DescriptorPool(database).FindServiceByName("swath.v1.JobService")
    assert "CreateJob" in service.methods_by_name


def test_figures_of_the_queue_are_told(launch):
    server = launch()
    user, worker = server.user(), server.worker()
    for _ in range(3):
        user.create(number())
    worker.claim()
    server.until_gauge("swath_jobs_running", 1)
    server.until_gauge("swath_jobs_queued", 2)
    assert server.gauge("swath_jobs_wait_seconds") > 0
    assert server.gauge("swath_old_transaction_seconds") == 0
    while worker.try_claim() is not None:
        pass
    waiting = worker.waiting()
    server.until_gauge("swath_workers_waiting", 1)
    server.until_gauge("swath_jobs_queued", 0)
    assert server.gauge("swath_jobs_wait_seconds") == 0
    assert not waiting.done()


def test_each_call_is_one_event(shared, user):
    job = user.create(number(labels={"one": "event"}))
    found = shared.until(lambda: [e for e in shared.events("create_job") if e["job"] == job.id])
    (event,) = found
    assert (event["code"], event["owner"], event["is_replay"]) == ("OK", "local", False)


def test_an_error_is_an_event_with_its_reason(shared, user):
    with pytest.raises(JobNotFound):
        user.get("f" * 32)
    shared.until(
        lambda: [e for e in shared.events("get_job") if e.get("reason") == "JOB_NOT_FOUND"]
    )


def test_a_port_that_is_taken_is_an_error_that_says_so(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert "--jobs-port" in failed("--data", str(tmp_path), "--jobs-port", port)


def test_a_metrics_port_that_is_taken_is_an_error_that_says_so(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = failed("--data", str(tmp_path), "--jobs-port", "0", "--jobs-metrics-port", port)
        assert "--jobs-metrics-port" in said


def test_a_socket_path_that_is_too_long_is_an_error_that_says_so(tmp_path):
    address = f"unix:{tmp_path / ('x' * 120)}"
    said = failed("--data", str(tmp_path), "--jobs-port", "0", "--worker-address", address)
    assert "--worker-address" in said


def test_a_data_folder_whose_path_is_too_long_for_a_socket_is_served(tmp_path):
    server = RunningJobServer(tmp_path / ("x" * 120))
    server.data.mkdir()
    try:
        server.start()
        assert server.worker("any").try_claim() is None
    finally:
        server.close()


def test_a_setting_that_does_not_fit_is_an_error_that_names_it(tmp_path):
    assert "lease_s" in failed("--data", str(tmp_path), SWATH_LEASE_S="0.01")


def test_a_postgres_that_is_not_there_is_an_error_that_says_so(tmp_path):
    database = "postgresql://nobody@127.0.0.1:1/nothing"
    said = failed("--data", str(tmp_path), "--jobs-port", "0", "--database", database)
    assert "127.0.0.1" in said or "database" in said


def test_workers_may_have_a_port(launch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = launch(worker_address=f"127.0.0.1:{port}")
    assert server.worker_address == f"127.0.0.1:{port}"
    job = server.user().create(number())
    assert server.worker().claim().lease.job == job.id


def test_a_server_that_drains_is_not_serving_and_ends_well(launch):
    server = launch()
    health = health_pb2_grpc.HealthStub(server.connect())
    watch = health.Watch(health_pb2.HealthCheckRequest())
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
    assert server.stop() == 0
    assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
    assert server.events("stopped")[0]["has_finished"] is True


def test_an_idle_server_with_waiting_workers_costs_little(launch):
    server = launch()
    waiting = [server.worker(f"w{i}").waiting() for i in range(20)]
    process = psutil.Process(server.process.pid)
    time.sleep(1)
    before = process.cpu_times()
    time.sleep(2)
    after = process.cpu_times()
    assert after.user + after.system - before.user - before.system < 0.3
    assert not any(one.done() for one in waiting)


def test_no_call_takes_longer_than_the_server_allows(launch):
    server = launch(max_request_s=1.0)
    user = server.user()
    with closing(sqlite3.connect(server.data / "jobs" / "jobs.db", isolation_level=None)) as held:
        held.execute("BEGIN IMMEDIATE")
        began_s = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            user.quota()
        assert time.monotonic() - began_s < 3
        held.execute("ROLLBACK")
    assert user.quota().outstanding == 0
