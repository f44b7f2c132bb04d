"""A part that was started by `swath serve` ends when its supervisor is gone, however that went."""

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
    supervisor = int(environ[SUPERVISOR])
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != supervisor:  # it was gone before the kernel was told
            os.kill(os.getpid(), signal.SIGTERM)
    else:
        threading.Thread(target=_look, args=(supervisor,), daemon=True).start()


def _look(supervisor: int) -> None:
    while os.getppid() == supervisor:
        time.sleep(LOOK_EVERY_S)
    os.kill(os.getpid(), signal.SIGTERM)
