"""Trying again: which failures, how often, and how long to wait before.

Waits are drawn evenly between 0 and a bound that doubles (full jitter), so that clients that failed
together do not come back together. Source: Brooker, Exponential Backoff And Jitter, 2015.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from swath.errors import (
    DeadlineExceeded,
    ResourceExhausted,
    ServerBusy,
    SwathError,
    Unavailable,
)

_T = TypeVar("_T")

USUAL_RETRIES = 5
"""How often a call that is safe to repeat is repeated while the server cannot be reached."""
_AWAY = (Unavailable, ServerBusy)


@dataclass(frozen=True, slots=True)
class Pacing:
    """How long to wait between tries; time and chance are given, so that tests may give theirs."""

    first_s: float = 0.1
    """Bound of the first wait; each further one is twice the one before."""
    longest_s: float = 2.0
    """Largest bound."""
    quota_first_s: float = 1.0
    """As `first_s`, for a quota that is used up: room comes when jobs end."""
    quota_longest_s: float = 30.0
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    draw: Callable[[], float] = random.random
    """Even in [0, 1)."""

    def wait_s(self, failures: int, error: SwathError) -> float:
        """How long to wait after so many failures (from 1), of which `error` is the last.

        Never shorter than the server asked for.
        """
        is_quota = isinstance(error, ResourceExhausted)
        first_s = self.quota_first_s if is_quota else self.first_s
        longest_s = self.quota_longest_s if is_quota else self.longest_s
        bound = min(longest_s, first_s * 2.0 ** min(failures - 1, 30))
        return self.asked_s(error) + bound * self.draw()

    @staticmethod
    def asked_s(error: SwathError) -> float:
        """How long the server asked to wait; 0: it did not say."""
        asked_ms = error.fields.get("retry_after_ms")
        return max(0.0, asked_ms / 1000) if isinstance(asked_ms, int | float) else 0.0


PACING = Pacing()
"""The usual one."""


def is_away(error: SwathError) -> bool:
    """Whether an error says that the server, or its database, is not there at the moment."""
    return isinstance(error, _AWAY)


def retried(
    call: Callable[[float | None], _T],
    timeout_s: float | None,
    num_retries: int | None = None,
    pacing: Pacing = PACING,
) -> _T:
    """What a call that is safe to repeat gives, repeated while the server is away.

    Args:
        call: takes the seconds that are left for it; None: no limit.
        timeout_s: seconds for all tries together; waiting for a quota is not counted.
        num_retries: how often to try again, then also when a quota is used up. Absent: a few
            times, and never for a quota.

    Raises:
        SwathError: what the last try raised; where time ran out in it, what the one before did:
            that says why.
    """
    most = USUAL_RETRIES if num_retries is None else num_retries
    started, failures = pacing.monotonic(), 0
    why: SwathError | None = None
    while True:
        left_s = None if timeout_s is None else timeout_s - (pacing.monotonic() - started)
        try:
            return call(None if left_s is None else max(left_s, 0.001))
        except DeadlineExceeded:
            if why is None:
                raise
            raise why from None
        except (Unavailable, ServerBusy, ResourceExhausted) as error:
            failures += 1
            why = error
            is_quota = isinstance(error, ResourceExhausted)
            if failures > most or (is_quota and num_retries is None):
                raise
            wait_s = pacing.wait_s(failures, error)
            if not is_quota and left_s is not None and wait_s >= left_s:
                raise
            pacing.sleep(wait_s)
            if is_quota:
                started = pacing.monotonic()
