"""A part that was started by `swath serve` ends when its supervisor is gone, however that went.

So does `swath serve` itself, where what started it names itself as the supervisor.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping

SUPERVISOR = "SWATH_SUPERVISOR"
"""Variable with the process id of the supervisor."""
PR_SET_PDEATHSIG = 1
LOOK_EVERY_S = 1.0


def follow_supervisor(environ: Mapping[str, str]) -> None:
    """Have this process asked to stop (SIGTERM) when its supervisor ends; without one, nothing.

    Called by the main thread before anything else is started.
    """
    if SUPERVISOR not in environ:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if is_orphan(environ):  # it was gone before the kernel was told
            os.kill(os.getpid(), signal.SIGTERM)
    else:
        threading.Thread(target=_look, args=(environ,), daemon=True).start()


def is_orphan(environ: Mapping[str, str]) -> bool:
    """Whether this process has lost its supervisor; without one, False."""
    return SUPERVISOR in environ and os.getppid() != int(environ[SUPERVISOR])


def _look(environ: Mapping[str, str]) -> None:
    while not is_orphan(environ):
        time.sleep(LOOK_EVERY_S)
    os.kill(os.getpid(), signal.SIGTERM)
