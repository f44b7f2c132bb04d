"""Harm that is done to servers which were started here, while a part goes on.

`kill:PART@SECONDS` kills a part of `swath serve`, as `kill -9` does; `stop:PART@SECONDS` asks it to
end. Either way `swath serve` starts it again. PART is `inspect`, `jobs`, `worker`, or `computation`
(a child of the worker, in which jobs are computed). `pause:database@SECONDS+LENGTH` holds the
database's lock for so long, as a slow disk or a careless backup would.
SECONDS are after the part began, its warm-up included.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial

import psutil

from loadtest.target import Target
from swath.errors import InvalidArgument, SwathError

MODULES = {"inspect": "inspect_server", "jobs": "job_server", "worker": "job_server.worker"}
"""What `python -m` runs, by the name of a part."""
COMPUTATION = "computation"
DATABASE = "jobs.db"
DONE_S = 30.0
"""For harm that was begun to be over."""
HOLD = """
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], timeout=10, isolation_level=None)
database.execute("PRAGMA wal_autocheckpoint = 0")
database.execute("BEGIN IMMEDIATE")
time.sleep(float(sys.argv[2]))
database.execute("ROLLBACK")
"""
"""A process of its own holds the lock: it writes nothing, and SQL has its home in the stores."""


@dataclass(slots=True)
class Harm:
    """One harm, and whether it was done."""

    name: str
    do: Callable[[], None]
    problem: SwathError | None = None
    is_done: bool = False
    _ended: threading.Event = field(default_factory=threading.Event)

    def wait_and_do(self, after_s: float) -> None:
        """Do it after so many seconds, unless all is over before."""
        if self._ended.wait(after_s):
            return
        try:
            self.do()
            self.is_done = True
        except SwathError as problem:
            self.problem = problem

    def end(self) -> None:
        """Do it no more, if it was not yet."""
        self._ended.set()

    def figures(self) -> dict[str, float]:
        """`harm.NAME`: 1, as it was done."""
        return {f"harm.{self.name}": float(self.is_done)}


def kill(target: Target, argument: str) -> AbstractContextManager[Harm]:
    """Start of `kill:PART@SECONDS`."""
    return _ending(target, argument, "kill", psutil.Process.kill)


def stop(target: Target, argument: str) -> AbstractContextManager[Harm]:
    """Start of `stop:PART@SECONDS`."""
    return _ending(target, argument, "stop", psutil.Process.terminate)


def pause(target: Target, argument: str) -> AbstractContextManager[Harm]:
    """Start of `pause:database@SECONDS+LENGTH`."""
    what, _, times = argument.partition("@")
    after, _, length = times.partition("+")
    if what != "database" or target.data is None:
        raise InvalidArgument("What can be paused is the database of servers started here.")
    files = sorted(target.data.rglob(DATABASE))
    if len(files) != 1:
        raise SwathError(f"There is no {DATABASE} among what the servers keep.")
    length_s = _seconds(length, argument)
    hold = partial(_hold, [sys.executable, "-c", HOLD, str(files[0]), str(length_s)], length_s)
    return _going(Harm("pause_database", hold), _seconds(after, argument))


def _ending(
    target: Target, argument: str, verb: str, end: Callable[[psutil.Process], None]
) -> AbstractContextManager[Harm]:
    part, _, after = argument.partition("@")
    if part not in (*MODULES, COMPUTATION):
        parts = ", ".join((*MODULES, COMPUTATION))
        raise InvalidArgument(f"There is no part {part!r} of the servers; there are: {parts}.")
    harm = Harm(f"{verb}_{part}", lambda: end(found(target, part)))
    return _going(harm, _seconds(after, argument))


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


def _module(process: psutil.Process) -> str:
    """What `python -m` runs in it; empty: something else, or it has ended."""
    try:
        words: list[str] = process.cmdline()
    except psutil.Error:
        return ""
    return words[words.index("-m") + 1] if "-m" in words[:-1] else ""


def _hold(command: list[str], length_s: float) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=length_s + DONE_S
        )
    except subprocess.TimeoutExpired:
        raise SwathError("The database could not be paused: its lock was never free.") from None
    if done.returncode:
        raise SwathError(f"The database could not be paused: {done.stderr.strip()[-200:]}")


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
