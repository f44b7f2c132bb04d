"""A whole server over loopback: answers, limits, cancel, crashes, what it says of itself."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from swath.errors import (
    DeadlineExceeded,
    EngineCrashed,
    InternalError,
    InvalidGraph,
    ProductNotFound,
    RequestTooLarge,
    ServerBusy,
    SwathError,
    Unavailable,
)
from swath.status import from_status
from swath.wire.limits import DEFAULT_LIMITS


def error_of(call) -> SwathError:
    """The error that a call ends with."""
    with pytest.raises(grpc.RpcError) as caught:
        list(call)
    end: Any = caught.value
    return from_status(end.code(), end.details(), end.trailing_metadata())


def cpu_s(process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def test_messages_of_an_engine_process_arrive_in_order(server):
    assert server.ask("count", "20,300000") == [bytes([i]) * 300_000 for i in range(20)]


def test_a_client_that_cancels_idles_the_processor_within_a_second(server):
    call = server.start("work")
    pid = int(next(call))
    engine = next(e for e in server.engines() if e.pid == pid)
    call.cancel()
    time.sleep(1)
    before = cpu_s(engine)
    time.sleep(0.5)
    assert cpu_s(engine) - before < 0.1


def test_a_client_that_disconnects_stops_the_work(server):
    channel = server.connect()
    pid = int(next(server.start("work", channel=channel)))
    engine = next(e for e in server.engines() if e.pid == pid)
    channel.close()
    time.sleep(1)
    before = cpu_s(engine)
    time.sleep(0.3)
    assert cpu_s(engine) - before < 0.1


def test_a_client_that_dies_while_it_reads_is_no_fault_of_the_server(server):
    code = (
        "import grpc, os, sys\n"
        "rpc = grpc.insecure_channel(sys.argv[1]).unary_stream(sys.argv[2])\n"
        "next(rpc(bytes.fromhex(sys.argv[3])))\n"
        "os._exit(0)\n"
    )
    request = server.rehearsed("count", "300,0000001000003").hex()
    method = "/swath.v1.InspectService/Inspect"
    command = [sys.executable, "-c", code, f"127.0.0.1:{server.port}", method, request]
    subprocess.run(command, check=True, timeout=30)
    said = json.loads(server.wait_for_log(f'"request_bytes": {len(request) // 2},'))
    assert said["code"] == "CANCELLED"
    assert server.ask("echo", "next") == [b"next"]


def test_the_callers_deadline_ends_the_request(server):
    began_s = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        server.ask("work", timeout_s=0.5)
    assert time.monotonic() - began_s < 2
    assert server.ask("echo", "next") == [b"next"]


def test_the_servers_own_longest_time_ends_a_request_without_deadline(launch):
    server = launch(max_request_s=0.5)
    with pytest.raises(DeadlineExceeded):
        server.ask("work", timeout_s=None)


def test_an_error_arrives_as_the_class_that_was_raised(server):
    with pytest.raises(ProductNotFound, match="No product") as caught:
        server.ask("missing")
    assert caught.value.similar == ["b"]
    assert caught.value.where.node == 3


def test_an_unknown_exception_is_logged_under_its_id_and_hidden_from_the_client(server):
    with pytest.raises(InternalError) as caught:
        server.ask("fault")
    assert "secret" not in str(caught.value)
    said = json.loads(server.wait_for_log(caught.value.error_id))
    assert said["verb"] == "inspect"
    assert "secret detail" in said["traceback"]


def test_kill_9_of_an_engine_process_fails_only_its_request(server):
    before = {engine.pid for engine in server.engines()}
    call = server.start("work")
    pid = int(next(call))
    os.kill(pid, signal.SIGKILL)
    assert isinstance(error_of(call), EngineCrashed)
    assert server.ask("echo", "next") == [b"next"]
    after = server.until(
        lambda: {e.pid for e in server.engines()} if len(server.engines()) == 3 else None
    )
    assert pid not in after
    assert before - {pid} <= after


def test_a_slow_reader_bounds_the_memory_of_the_server(server):
    parent = psutil.Process(server.process.pid)
    before = [p.memory_info().rss for p in (parent, *server.engines())]
    call = server.start("count", "800,1000000", timeout_s=60)
    next(call)
    time.sleep(1)
    after = [p.memory_info().rss for p in (parent, *server.engines())]
    assert sum(after) - sum(before) < 100 << 20
    assert sum(1 for _ in call) == 799


def test_too_many_waiting_requests_are_refused_with_a_time_to_wait(launch):
    server = launch(max_waiting=0)
    with contextlib.closing(server.connect()):
        call = server.start("work")
        next(call)
        with pytest.raises(ServerBusy) as caught:
            server.ask("echo")
        assert caught.value.retry_after_ms >= 100
        call.cancel()


def test_a_request_over_our_limit_is_refused_by_us(server):
    request = b"\0" * (DEFAULT_LIMITS.request_bytes + 1)
    error = error_of(server.call(request))
    assert isinstance(error, RequestTooLarge)
    assert error.limit == DEFAULT_LIMITS.request_bytes


def test_a_request_of_100_megabytes_is_refused_and_the_server_goes_on(server):
    error = error_of(server.call(b"\0" * (100 << 20)))
    assert isinstance(error, RequestTooLarge)
    assert server.ask("echo", "next") == [b"next"]


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(request=st.binary(max_size=200))
def test_random_bytes_get_one_answer_or_one_error_of_ours(server, request):
    end = server.call(request)
    with contextlib.suppress(grpc.RpcError):
        list(end)
    is_answered = end.code() is grpc.StatusCode.OK
    assert is_answered or "grpc-status-details-bin" in dict(end.trailing_metadata())


def test_bytes_that_are_no_request_are_an_invalid_graph(server):
    assert isinstance(error_of(server.call(b"\xff\xff\xff")), InvalidGraph)


def test_an_unknown_method_is_unimplemented(server):
    rpc = server.channel.unary_unary("/swath.v1.InspectService/Nothing")
    with pytest.raises(grpc.RpcError) as caught:
        rpc(b"")
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_health_says_serving_for_each_service(server):
    health = health_pb2_grpc.HealthStub(server.channel)
    for name in ("", "swath.v1.InspectService", "swath.v1.CatalogService"):
        reply = health.Check(health_pb2.HealthCheckRequest(service=name))
        assert reply.status == health_pb2.HealthCheckResponse.SERVING


def test_reflection_lists_the_services_and_describes_their_methods(server):
    database = ProtoReflectionDescriptorDatabase(server.channel)
    names = set(database.get_services())
    assert {"swath.v1.InspectService", "swath.v1.CatalogService", "grpc.health.v1.Health"} <= names
    service = DescriptorPool(database).FindServiceByName("swath.v1.InspectService")
    assert [method.name for method in service.methods] == [
        "Inspect", "Validate", "Estimate", "ListOperations",
    ]  # fmt: skip


def test_metrics_are_prometheus_text_and_count_requests(server):
    server.ask("echo", "counted")
    server.wait_for_log('"inspect"')

    def requests() -> float:
        url = f"http://127.0.0.1:{server.metrics_port}/metrics"
        with urllib.request.urlopen(url, timeout=5) as reply:
            text = reply.read().decode()
        found = {f.name: f for f in text_string_to_metric_families(text)}
        assert {"swath_engines", "swath_in_flight", "swath_request_seconds"} <= set(found)
        return sum(s.value for s in found["swath_requests"].samples if s.labels.get("code") == "OK")

    assert server.until(requests) >= 1


def test_each_request_is_one_line_of_json(server):
    server.ask("count", "7,11")
    said = json.loads(server.wait_for_log('"response_bytes": 77'))
    assert said["verb"] == "inspect"
    assert (said["code"], said["lane"], said["messages"]) == ("OK", "pixels", 7)
    assert 0 < said["seconds"] < 10


def test_sigterm_finishes_what_is_in_progress_and_leaves_no_process(launch):
    server = launch(drain_s=10)
    pids = [engine.pid for engine in server.engines()]
    call = server.start("count", "60,1000000")
    next(call)
    server.process.send_signal(signal.SIGTERM)
    assert sum(1 for _ in call) == 59
    assert server.process.wait(15) == 0
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_sigterm_cancels_what_takes_too_long(launch):
    server = launch(drain_s=0.5)
    call = server.start("work")
    next(call)
    began_s = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began_s < 5
    with pytest.raises(grpc.RpcError):
        list(call)


def test_health_says_not_serving_while_the_server_drains(launch):
    server = launch(drain_s=5)
    watch = health_pb2_grpc.HealthStub(server.connect()).Watch(health_pb2.HealthCheckRequest())
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
    call = server.start("work")
    next(call)
    server.process.send_signal(signal.SIGTERM)
    assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
    call.cancel()
    assert server.process.wait(10) == 0


def test_a_second_signal_ends_the_server_at_once(launch):
    server = launch(drain_s=30)
    call = server.start("work")
    next(call)
    server.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(5) == 130
    assert call.code() is not grpc.StatusCode.OK


def test_kill_9_of_the_server_leaves_no_process(launch):
    server = launch()
    call = server.start("stuck")
    next(call)
    pids = [engine.pid for engine in server.engines()]
    assert len(pids) >= 2
    server.process.kill()
    server.process.wait(5)
    server.until(lambda: not [pid for pid in pids if Path(f"/proc/{pid}").exists()], 5)
    assert call.code() is grpc.StatusCode.UNAVAILABLE


def test_a_port_in_use_is_one_clear_line_and_a_failure(launch, server):
    with pytest.raises(AssertionError, match=r"^swath: The server cannot listen on .*--inspect-po"):
        launch(inspect_port=server.port)


def test_a_metrics_port_in_use_is_one_clear_line_and_a_failure(launch, server):
    with pytest.raises(AssertionError, match=r"^swath: Metrics cannot be served on .*--metrics-po"):
        launch(metrics_port=server.metrics_port)


def test_after_the_end_the_address_is_unavailable(launch):
    server = launch()
    server.stop()
    with pytest.raises(Unavailable):
        server.ask("echo", timeout_s=5)
