"""Whether a stream that broke is opened again, and when: for following and downloading."""

from __future__ import annotations

from swath.client.retry import USUAL_RETRIES, Pacing, is_away
from swath.errors import DeadlineExceeded, SwathError, Transient

AWAY_S = 300.0
"""How long a server that was there may be away before it is given up."""
EARLY_S = 0.05
"""gRPC may end a call so long before its deadline."""
DAMAGED_TRIES = 5
"""How often bytes are asked for again because they came damaged."""


class Patience:
    """What a stream that is resumed has to say between breaks: `heard`, `failed`, `left_s`.

    A server that never answered is given up after the usual retries; one that did may be away for
    5 minutes, as long as a restart or a move takes.
    """

    def __init__(self, pacing: Pacing, timeout_s: float | None, was_there: bool = False) -> None:
        """`was_there`: whether the server has answered before, another call perhaps."""
        self.pacing = pacing
        self.timeout_s = timeout_s
        self.started = pacing.monotonic()
        self.was_there = was_there
        self.failures = 0
        self.damaged = 0
        self.away_since = 0.0

    def left_s(self) -> float | None:
        """Seconds left; None: no limit.

        Raises:
            DeadlineExceeded: none are.
        """
        if self.timeout_s is None:
            return None
        left_s = self.timeout_s - (self.pacing.monotonic() - self.started)
        if left_s <= 0:
            raise self._over()
        return left_s

    def _over(self) -> DeadlineExceeded:
        return DeadlineExceeded(
            f"It was not done within {self.timeout_s:g} s.", timeout_s=self.timeout_s
        )

    def heard(self) -> None:
        """A message came."""
        self.was_there, self.failures = True, 0

    def failed(self, error: SwathError) -> None:
        """Return when it is time to try again.

        Raises:
            SwathError: `error` itself, where trying again is no use; DeadlineExceeded.
        """
        left_s = self.left_s()
        if isinstance(error, DeadlineExceeded):
            if left_s is not None and left_s <= EARLY_S:
                raise self._over()
        elif type(error) is Transient:
            self.damaged += 1
            if self.damaged > DAMAGED_TRIES:
                raise error
        elif not is_away(error):
            raise error
        self._count(error)
        wait_s = self.pacing.wait_s(self.failures, error)
        self.pacing.sleep(wait_s if left_s is None else min(wait_s, left_s))

    def _count(self, error: SwathError) -> None:
        now = self.pacing.monotonic()
        if self.failures == 0:
            self.away_since = now
        self.failures += 1
        if self.was_there:
            is_over = now - self.away_since > AWAY_S
        else:
            is_over = self.failures > USUAL_RETRIES
        if is_over:
            raise error
