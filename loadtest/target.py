"""What the load is sent to: servers somewhere, or ones that are started here for it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from loadtest.imagery import Imagery
from loadtest.link import Address
from loadtest.schema import own_schema
from swath.errors import Unavailable

START_S, STOP_S = 120, 30
SWATH = (sys.executable, "-c", "from swath.command.main import main; raise SystemExit(main())")
"""The command `swath` of this installation, wherever it is."""
ITSELF = "loadtest"
"""Owner of what no owner of a scenario sends, once there are tokens and every call needs one."""
SETTING = "SWATH_"
"""Before the names of variables that set servers."""
FOLLOWED = "supervisor"
"""Whose end servers take for the word to stop, however that went: by its process id."""
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
READY = re.compile(r"swath: (?P<part>[a-z]+ server) ready on (?P<address>\S+)")


@dataclass(frozen=True, slots=True)
class Target:
    """Servers under load."""

    address: Address
    pids: tuple[int, ...] = ()
    """Processes whose resources are looked at; none: they are somewhere else."""
    data: Path | None = None
    """Data folder, where the servers were started here."""
    imagery: Imagery = field(default_factory=Imagery)
    """What pixel scenarios ask about."""
    workers: int | None = None
    """Workers that were started here; None: the servers are somewhere else."""
    database: str = ""
    """SQLITE or POSTGRESQL, for the jobs of servers that were started here; empty: they are
    somewhere else."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Of servers that were started here, where they are not the usual ones."""

    @property
    def is_local(self) -> bool:
        """Whether they were started here, so that they may be stopped and killed as well."""
        return self.data is not None


@contextmanager
def started(
    workers: int = 1,
    flags: Sequence[str] = (),
    owners: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    database: str = "",
) -> Iterator[Target]:
    """Both servers and some workers on an empty data folder, on loopback, while the block runs.

    Settings that the environment has are not for them: only what is said here is.

    Args:
        workers: how many.
        flags: of `swath serve`.
        owners: get a token each. None: there are no tokens, and nobody needs one.
        settings: of the servers, by the names of their configuration; absent: the usual ones.
        database: `postgresql://...` of the jobs, in which they get a schema that goes afterwards;
            empty: SQLite in the data folder.

    Raises:
        Unavailable: they do not start, with what they said. InvalidArgument: another database.
    """
    folder = Path(tempfile.mkdtemp(prefix="swath-load-"))
    log = folder / "log"
    command = [
        *SWATH, "serve", "--data", str(folder / "data"), "--inspect-port", "0", "--jobs-port", "0",
        "--metrics-port", "-1", "--jobs-metrics-port", "-1", "--workers", str(workers), *flags,
    ]  # fmt: skip
    settings = settings or {}
    try:
        tokens = _tokens(owners, folder / "data")
        with (
            own_schema(database) if database else nullcontext("") as url,
            log.open("w") as errors,
            subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=environment({**settings, "database": url, FOLLOWED: os.getpid()}),
                process_group=0,  # Ctrl-C in the terminal is for the generator, which stops them
            ) as process,
        ):
            try:
                inspect, jobs = _ready(process, log, workers)
                address, pids = replace(tokens, inspect=inspect, jobs=jobs), (process.pid,)
                kind = POSTGRESQL if database else SQLITE
                yield Target(address, pids, folder / "data", Imagery(), workers, kind, settings)
            finally:
                _stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def swath(*words: str) -> str:
    """What a command of this installation prints.

    Raises:
        Unavailable: it failed, with what it said.
    """
    done = subprocess.run([*SWATH, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"swath {words[0]} failed: {done.stderr.strip()}")
    return done.stdout


def environment(settings: Mapping[str, Any]) -> dict[str, str]:
    """Ours with these settings, and no others."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(SETTING)}
    return others | {f"{SETTING}{name.upper()}": str(value) for name, value in settings.items()}


def _tokens(owners: Sequence[str], data: Path) -> Address:
    """An address that lacks only where the servers are: who asks them."""
    if not owners:
        return Address("")
    data.mkdir()
    made = {
        owner: swath("token", "create", owner, "--data", str(data)).strip()
        for owner in (*owners, ITSELF)
    }
    return Address("", token=made.pop(ITSELF), owners=made)


def _ready(process: subprocess.Popen[str], log: Path, workers: int) -> tuple[str, str]:
    """Addresses of both servers, once all parts are ready."""
    assert process.stdout is not None
    found: dict[str, str] = {}
    watch = threading.Timer(START_S, process.kill)
    watch.start()
    try:
        for _ in range(2 + workers):
            line = process.stdout.readline()
            if "ready" not in line:
                raise Unavailable(f"The servers did not start: {line}{log.read_text()[-2000:]}")
            matched = READY.match(line)
            if matched is not None:
                found[matched["part"]] = matched["address"]
    finally:
        watch.cancel()
    return found["inspect server"], found["job server"]


def _stop(process: subprocess.Popen[str]) -> None:
    """End it: ask, then insist. With its group go parts that it could not end."""
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()
