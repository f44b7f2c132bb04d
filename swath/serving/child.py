"""What a process that computes for a server does about its parent, the terminal and its memory."""

from __future__ import annotations

import ctypes
import faulthandler
import importlib
import os
import resource
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15


def ignore_terminal() -> None:
    """Leave Ctrl-C and SIGTERM to the parent, which ends its children when it wants."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    faulthandler.enable()
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def die_with_parent(name: str) -> None:
    """Have the kernel end this process with its parent, where it can.

    That works even while native code holds the interpreter. `name` is what the system calls this
    process.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(PR_SET_NAME, name.encode(), 0, 0, 0)


def die_with(control: socket.socket, name: str) -> None:
    """End this process when the other end of a socket is gone, however that went.

    As `die_with_parent`; and by a thread on kernels that have no such signal, and where the parent
    went before the signal was asked for.
    """
    die_with_parent(name)
    threading.Thread(target=_exit_on_hangup, args=(control.fileno(),), daemon=True).start()


def limit_memory(memory_bytes: int, oom_score: int) -> None:
    """Make the kernel refuse what a parent, which looks several times a second, could miss.

    Half as much again leaves room for memory that is reserved and never touched. `oom_score`: of
    1,000, how soon the kernel ends this process where the machine has no memory left.
    """
    limit = memory_bytes + memory_bytes // 2
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    if sys.platform == "linux":
        Path("/proc/self/oom_score_adj").write_text(str(oom_score))


def load(name: str) -> Callable[..., Any]:
    """What `module:attribute` names."""
    module, _, attribute = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return found


def _exit_on_hangup(fd: int) -> None:
    poll = select.poll()
    poll.register(fd, 0)  # no event asked for: only a hang-up is reported
    poll.poll()
    os._exit(0)
