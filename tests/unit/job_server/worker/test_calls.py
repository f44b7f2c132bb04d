"""How long a worker waits before it calls again."""

from __future__ import annotations

import random

from job_server.worker.calls import LONGEST_PAUSE_S, Pause


def test_pauses_grow_up_to_a_longest_one_and_differ_between_workers():
    one, other = (Pause(random.Random(seed)) for seed in (1, 2))
    pauses = [one.next_s() for _ in range(50)]
    assert max(pauses) <= LONGEST_PAUSE_S
    assert max(pauses[:1]) <= 0.1 < max(pauses[6:])
    assert pauses != [other.next_s() for _ in range(50)]
