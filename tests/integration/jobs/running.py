"""A whole job server in a process of its own, which tests may kill and start again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from prometheus_client.parser import text_string_to_metric_families

from swath.errors import SwathError
from swath.status import from_status
from swath.v1 import jobs_pb2 as pb
from swath.v1.jobs_pb2_grpc import JobServiceStub
from tests.integration.jobs.scripted import ScriptedWorker

REPOSITORY = Path(__file__).parents[3]
READY = re.compile(
    r"swath: job server ready on (?P<host>\S+):(?P<port>\d+) \(data .*, workers on (?P<workers>\S+)"
    r" with (?P<secret>[^,)]+)(, metrics on port (?P<metrics>\d+))?\)"
)
OPTIONS = (("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1))


@dataclass
class RunningJobServer:
    """A job server on a data folder; it keeps its port when it is started again."""

    data: Path
    settings: dict[str, Any] = field(default_factory=dict)
    """Of `JobConfig`, as in the environment."""
    module: str = "job_server"
    """What is run; it takes the flags of `job_server`."""
    port: int = 0
    metrics_port: int = -1
    worker_address: str = ""
    secret_file: Path = Path()
    process: Any = None
    opened: list[Any] = field(default_factory=list)
    """Channels and workers, closed at the end."""

    @property
    def address(self) -> str:
        """Where users reach it."""
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """Its events, of all its lives, a line of JSON each."""
        return self.data / "log"

    def start(self) -> None:
        """Start the process; return when it answers."""
        usual = {"jobs_port": self.port, "jobs_metrics_port": 0, "drain_s": 5.0}
        chosen = {f"SWATH_{k.upper()}": str(v) for k, v in (usual | self.settings).items()}
        with self.log.open("a") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module, "--data", str(self.data)],
                cwd=REPOSITORY,
                env=os.environ | chosen,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        line = self.process.stdout.readline()
        found = READY.match(line)
        assert found, f"{line}\n{self.log.read_text()[-4000:]}"
        self.port, self.metrics_port = int(found["port"]), int(found["metrics"] or -1)
        self.worker_address, self.secret_file = found["workers"], Path(found["secret"])

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self._reap()

    def stop(self) -> int:
        """SIGTERM, then the exit status."""
        self.process.send_signal(signal.SIGTERM)
        status: int = self.process.wait(30)
        self._reap()
        return status

    def restart(self) -> None:
        """kill -9, then a new process on the same port."""
        self.kill()
        self.start()

    def close(self) -> None:
        """End everything."""
        for one in self.opened:
            one.close()
        if self.process.poll() is None:
            self.kill()

    def connect(self) -> grpc.Channel:
        """A further channel, with a connection of its own."""
        channel = grpc.insecure_channel(self.address, OPTIONS)
        self.opened.append(channel)
        return channel

    def user(self, token: str | None = None) -> User:
        """Someone who calls, with a connection of its own."""
        return User(self.connect(), token)

    def worker(self, name: str = "worker") -> ScriptedWorker:
        """A worker that does what a test says."""
        secret = self.secret_file.read_text()
        worker = ScriptedWorker(self.worker_address, secret, name)
        self.opened.append(worker)
        return worker

    def gauge(self, name: str) -> float:
        """A figure of `/metrics`."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics") as answer:
            text = answer.read().decode()
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == name:
                    return float(sample.value)
        raise AssertionError(f"no {name} in\n{text}")

    def until(self, holds: Callable[[], Any], limit_s: float = 10) -> Any:
        """What `holds` gives once it is true; fails when that takes too long."""
        end_s = time.monotonic() + limit_s
        while not (found := holds()):
            assert time.monotonic() < end_s, "it did not come true in time"
            time.sleep(0.02)
        return found

    def until_gauge(self, name: str, value: float) -> None:
        """Return when a figure has that value."""
        self.until(lambda: self.gauge(name) == value)

    def until_event(self, verb: str) -> dict[str, Any]:
        """The first event of that verb."""
        found: dict[str, Any] = self.until(lambda: self.events(verb))[0]
        return found

    def events(self, verb: str) -> list[dict[str, Any]]:
        """Its events of that verb so far."""
        lines = self.log.read_text().splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{")]
        return [event for event in found if event["verb"] == verb]

    def _reap(self) -> None:
        self.process.wait(10)
        self.process.stdout.close()


class User:
    """Calls JobService; raises our errors."""

    def __init__(self, channel: grpc.Channel, token: str | None) -> None:
        self.channel = channel
        self.metadata = () if token is None else (("authorization", f"Bearer {token}"),)
        self._stub: Any = JobServiceStub(channel)

    def ask(self, method: str, request: Any, timeout_s: float = 20) -> Any:
        """The answer of an rpc, by its name."""
        try:
            return getattr(self._stub, method)(request, timeout=timeout_s, metadata=self.metadata)
        except grpc.RpcError as error:
            raise error_in(error) from None

    def stream(self, method: str, request: Any, timeout_s: float = 20) -> Any:
        """The messages of an rpc, as they come."""
        call = getattr(self._stub, method)(request, timeout=timeout_s, metadata=self.metadata)
        try:
            yield from call
        except grpc.RpcError as error:
            raise error_in(error) from None
        finally:
            call.cancel()

    def raw(self, method: str, request: bytes, timeout_s: float = 20) -> bytes:
        """The answer to any bytes at all."""
        rpc: Any = self.channel.unary_unary(f"/swath.v1.JobService/{method}")
        try:
            answer: bytes = rpc(request, timeout=timeout_s, metadata=self.metadata)
        except grpc.RpcError as error:
            raise error_in(error) from None
        return answer

    def create(self, request: pb.CreateJobRequest) -> pb.Job:
        """CreateJob."""
        job: pb.Job = self.ask("CreateJob", request).job
        return job

    def get(self, job: str, full: bool = False) -> pb.Job:
        """GetJob."""
        found: pb.Job = self.ask("GetJob", pb.GetJobRequest(id=job, full=full)).job
        return found

    def cancel(self, job: str) -> pb.Job:
        """CancelJob."""
        found: pb.Job = self.ask("CancelJob", pb.CancelJobRequest(id=job)).job
        return found

    def download(self, job: str, offset: int = 0) -> list[pb.DownloadJobResultResponse]:
        """The messages of DownloadJobResult."""
        return list(
            self.stream("DownloadJobResult", pb.DownloadJobResultRequest(id=job, offset=offset))
        )

    def list(self, **fields: Any) -> pb.ListJobsResponse:
        """ListJobs."""
        page: pb.ListJobsResponse = self.ask("ListJobs", pb.ListJobsRequest(**fields))
        return page

    def quota(self) -> pb.GetQuotaResponse:
        """GetQuota."""
        quota: pb.GetQuotaResponse = self.ask("GetQuota", pb.GetQuotaRequest())
        return quota

    def result(self, job: str) -> pb.JobResult:
        """GetJobResult."""
        result: pb.JobResult = self.ask("GetJobResult", pb.GetJobResultRequest(id=job)).result
        return result

    def watch(self, job: str, timeout_s: float = 20, **fields: Any) -> Any:
        """The messages of WatchJob."""
        return self.stream("WatchJob", pb.WatchJobRequest(id=job, **fields), timeout_s)


def error_in(end: Any) -> SwathError:
    """The error of ours that a call ended with."""
    return from_status(end.code(), end.details(), end.trailing_metadata())
