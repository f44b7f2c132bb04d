"""Whole inspect servers in processes of their own, reached over loopback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest

from swath.errors import SwathError
from swath.status import from_status
from swath.v1 import inspect_pb2 as pb

REPOSITORY = Path(__file__).parents[3]
RECEIVE_ANY = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


@dataclass
class RunningServer:
    """A server process and a channel to it."""

    process: subprocess.Popen[str]
    port: int
    metrics_port: int
    log: Path
    channel: grpc.Channel
    others: list[grpc.Channel] = field(default_factory=list)

    def connect(self) -> grpc.Channel:
        """A further channel, with a connection of its own."""
        options = (*RECEIVE_ANY, ("grpc.use_local_subchannel_pool", 1))
        channel = grpc.insecure_channel(f"127.0.0.1:{self.port}", options)
        self.others.append(channel)
        return channel

    def call(self, request: bytes, timeout_s: float | None = 20, channel: Any = None) -> Any:
        """The Inspect call of raw request bytes."""
        rpc: Any = (channel or self.channel).unary_stream("/swath.v1.InspectService/Inspect")
        return rpc(request, timeout=timeout_s)

    def start(self, name: str, argument: str = "", **options: Any) -> Any:
        """The call of a rehearsed computation on an engine process."""
        return self.call(rehearsed(name, argument), **options)

    def rehearsed(self, name: str, argument: str = "") -> bytes:
        """The request of a rehearsed computation."""
        return rehearsed(name, argument)

    def ask(self, name: str, argument: str = "", **options: Any) -> list[bytes]:
        """All messages of a rehearsed computation. Raises our errors."""
        try:
            return list(self.start(name, argument, **options))
        except grpc.RpcError as error:
            raise error_in(error) from None

    def engines(self) -> list[psutil.Process]:
        """Its engine processes."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in children if child.name() == "swath-engine"]

    def wait_for_log(self, text: str, limit_s: float = 10) -> str:
        """The first line of the log with that text."""
        return until(
            lambda: next((x for x in self.log.read_text().splitlines() if text in x), ""), limit_s
        )

    def until(self, holds: Callable[[], Any], limit_s: float = 10) -> Any:
        """What `holds` gives once it is true; fails when that takes too long."""
        return until(holds, limit_s)

    def stop(self) -> int:
        """SIGTERM, then the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def error_in(end: Any) -> SwathError:
    """The error of ours that a call ended with."""
    return from_status(end.code(), end.details(), end.trailing_metadata())


def rehearsed(name: str, argument: str = "") -> bytes:
    """The request of a rehearsed computation."""
    request = pb.InspectRequest()
    request.format.name = name
    request.geocontext.key = argument
    return request.SerializeToString()


def until(holds: Callable[[], Any], limit_s: float = 10) -> Any:
    """What `holds` gives once it is true; fails when that takes too long."""
    end_s = time.monotonic() + limit_s
    while time.monotonic() < end_s:
        found = holds()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come true in time")


@pytest.fixture(scope="module")
def launch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., RunningServer]]:
    """Starts servers; settings as keywords. Each is ended at the end of the module."""
    servers: list[RunningServer] = []

    def launch(**settings: Any) -> RunningServer:
        server = _launch(tmp_path_factory.mktemp("server"), settings)
        servers.append(server)
        return server

    yield launch
    for server in servers:
        for channel in (server.channel, *server.others):
            channel.close()
        server.process.kill()
        server.process.wait(10)
        assert server.process.stdout is not None
        server.process.stdout.close()


def _launch(folder: Path, settings: dict[str, Any]) -> RunningServer:
    usual = {"data": folder, "inspect_port": 0, "metrics_port": 0, "engines": 1, "drain_s": 1.0}
    chosen = {f"SWATH_{k.upper()}": str(v) for k, v in (usual | settings).items()}
    log = folder / "log"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.inspect.rehearsed_server"],
            cwd=REPOSITORY,
            env=os.environ | chosen,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.stdout.close()
        process.wait(10)
    assert line, log.read_text()
    port, metrics_port = map(int, line.split())
    channel = grpc.insecure_channel(f"127.0.0.1:{port}", RECEIVE_ANY)
    return RunningServer(process, port, metrics_port, log, channel)


@pytest.fixture(scope="module")
def server(launch: Callable[..., RunningServer]) -> RunningServer:
    """A server that the tests of a module share."""
    return launch()
