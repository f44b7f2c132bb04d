"""A whole `swath worker` in a process of its own, which tests may stop, kill and put to sleep."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from tests.integration.jobs.running import REPOSITORY

READY = "swath: worker ready"


class RunningWorker:
    """A worker on the data folder of a job server of this machine."""

    def __init__(self, data: Path, log: Path, **settings: Any) -> None:
        usual = {"drain_s": 0.2, "heartbeat_s": 0.2, "scratch": data / "scratch"}
        chosen = {f"SWATH_{k.upper()}": str(v) for k, v in (usual | settings).items()}
        self.log = log
        with log.open("a") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "job_server.worker", "--data", str(data)],
                cwd=REPOSITORY,
                env=os.environ | chosen,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith(READY), f"{line}\n{log.read_text()[-4000:]}"

    def events(self, verb: str) -> list[dict[str, Any]]:
        """What it said of that verb so far."""
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [event for event in map(json.loads, lines) if event["verb"] == verb]

    def children(self) -> list[psutil.Process]:
        """Its child processes."""
        return psutil.Process(self.process.pid).children()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def status(self) -> int:
        """Its exit status, when it has ended."""
        status: int = self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status

    def close(self) -> None:
        """End it, however it is."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.status()


def until(holds: Callable[[], Any], limit_s: float = 30) -> Any:
    """What a condition gives when it holds; fail when it does not in time."""
    end_s = time.monotonic() + limit_s
    while not (found := holds()):
        assert time.monotonic() < end_s, "it did not come about in time"
        time.sleep(0.02)
    return found
