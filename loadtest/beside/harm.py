"""Harm that is done to servers which were started here, while a part goes on.

`kill:PART@SECONDS` kills a part of `swath serve`, as `kill -9` does; `stop:PART@SECONDS` asks it to
end. Either way `swath serve` starts it again. PART is `inspect`, `jobs`, `worker`, or `computation`
(a child of the worker, in which jobs are computed). `pause:database@SECONDS+LENGTH` holds the
database's lock for so long, as a slow disk or a careless backup would.
SECONDS are after the part began, its warm-up included.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil

from loadtest.program import running
from loadtest.target import SQLITE, Target
from swath.errors import InvalidArgument, SwathError

MODULES = {"inspect": "inspect_server", "jobs": "job_server", "worker": "job_server.worker"}
"""What `python -m` runs, by the name of a part."""
COMPUTATION = "computation"
DATABASE = "jobs.db"
BUSY = 50.0
"""Percent of a core, over LOOK_S: of a process that computes."""
LOOK_S = 0.05
IDLE_S = 3.0
HOLD = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=10, isolation_level=None)
database.execute("PRAGMA wal_autocheckpoint = 0")
database.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
database.execute("ROLLBACK")
"""
"""A process of its own holds the lock: it writes nothing, and SQL has its home in the stores."""


@dataclass(slots=True)
class Harm:
    """One harm, and whether it was done."""

    name: str
    do: Callable[[threading.Event], None]
    """Does it, and leaves off when the event is set."""
    problem: SwathError | None = None
    is_done: bool = False
    _ended: threading.Event = field(default_factory=threading.Event)

    def wait_and_do(self, after_s: float) -> None:
        """Do it after so many seconds, unless all is over before."""
        if self._ended.wait(after_s):
            return
        try:
            self.do(self._ended)
            self.is_done = True
        except SwathError as problem:
            self.problem = problem

    def end(self) -> None:
        """Do it no more, if it was not yet."""
        self._ended.set()

    def figures(self) -> dict[str, float]:
        """`harm.NAME`: 1, as it was done."""
        return {f"harm.{self.name}": float(self.is_done)}


def kill(target: Target, argument: str, _seed: int = 0) -> AbstractContextManager[Harm]:
    """Start of `kill:PART@SECONDS`."""
    return _ending(target, argument, "kill", psutil.Process.kill)


def stop(target: Target, argument: str, _seed: int = 0) -> AbstractContextManager[Harm]:
    """Start of `stop:PART@SECONDS`."""
    return _ending(target, argument, "stop", psutil.Process.terminate)


def pause(target: Target, argument: str, _seed: int = 0) -> AbstractContextManager[Harm]:
    """Start of `pause:database@SECONDS+LENGTH`."""
    what, _, times = argument.partition("@")
    after, _, length = times.partition("+")
    if what != "database" or target.data is None:
        raise InvalidArgument("What can be paused is the database of servers started here.")
    if target.database != SQLITE:
        raise InvalidArgument("Only SQLite is paused by its lock: leave out --database.")
    files = sorted(target.data.rglob(DATABASE))
    if len(files) != 1:
        raise SwathError(f"There is no {DATABASE} among what the servers keep.")
    hold = partial(_hold, files[0], _seconds(length, argument))
    return _going(Harm("pause_database", hold), _seconds(after, argument))


def _ending(
    target: Target, argument: str, verb: str, end: Callable[[psutil.Process], None]
) -> AbstractContextManager[Harm]:
    part, _, after = argument.partition("@")
    if part not in (*MODULES, COMPUTATION):
        parts = ", ".join((*MODULES, COMPUTATION))
        raise InvalidArgument(f"There is no part {part!r} of the servers; there are: {parts}.")
    find = at_work if part == COMPUTATION else found

    def do(_ended: threading.Event) -> None:
        try:
            end(find(target, part))
        except psutil.NoSuchProcess:
            raise SwathError(f"The part {part} ended before it could be harmed.") from None

    return _going(Harm(f"{verb}_{part}", do), _seconds(after, argument))


def found(target: Target, part: str) -> psutil.Process:
    """The process of a part of the servers.

    Raises:
        SwathError: there is none just now.
    """
    for pid in target.pids:
        for process in psutil.Process(pid).children():
            if part == COMPUTATION and _module(process) == MODULES["worker"]:
                children: list[psutil.Process] = process.children()
                if children:
                    return children[0]
            if _module(process) == MODULES.get(part):
                return process
    raise SwathError(f"The servers have no part {part} that could be harmed.")


def at_work(target: Target, part: str) -> psutil.Process:
    """The same, once it computes something, or has not for a while: to harm it in vain is no harm.

    Raises:
        SwathError: as `found`.
    """
    until_s = time.monotonic() + IDLE_S
    while True:
        process = found(target, part)
        try:
            if process.cpu_percent(LOOK_S) > BUSY or time.monotonic() > until_s:
                return process
        except psutil.NoSuchProcess:
            continue  # it ended just now; another one takes its place


def _module(process: psutil.Process) -> str:
    """What `python -m` runs in it; empty: something else, or it has ended."""
    try:
        words: list[str] = process.cmdline()
    except psutil.Error:
        return ""
    return words[words.index("-m") + 1] if "-m" in words[:-1] else ""


def _hold(file: Path, length_s: float, ended: threading.Event) -> None:
    with running("-c", HOLD, str(file)):
        ended.wait(length_s)


@contextmanager
def _going(harm: Harm, after_s: float) -> Iterator[Harm]:
    thread = threading.Thread(target=harm.wait_and_do, args=(after_s,), name=harm.name)
    thread.start()
    try:
        yield harm
    finally:
        harm.end()
        thread.join()
    if harm.problem is not None:
        raise harm.problem


def _seconds(text: str, argument: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidArgument(f"{argument!r} does not say after how many seconds.") from None
