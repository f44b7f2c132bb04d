"""What a worker may be sure of: never more than what it asked for in time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from job_server.worker.lease import HeldLease
from swath.errors import LeaseLost
from swath.v1 import jobs_pb2
from swath.worker.v1 import worker_pb2 as pb

TASK = pb.Assignment(lease=pb.Lease(job="a", fence=3), lease_s=60.0)


def test_a_lease_ends_its_length_after_it_came():
    held = HeldLease.of(TASK, 100.0)
    assert held.is_live(159.9) and not held.is_live(160.0)


def test_a_renewal_counts_from_when_it_was_sent():
    held = HeldLease.of(TASK, 100.0)
    held.renew(115.0)
    assert held.is_live(174.9) and not held.is_live(175.0)


@given(st.lists(st.floats(0, 1e6)))
def test_renewals_whose_answers_come_late_never_shorten_a_lease(sent):
    held = HeldLease.of(TASK, 100.0)
    ends = [held.until_s]
    for sent_s in sent:
        held.renew(sent_s)
        ends.append(held.until_s)
    assert ends == sorted(ends)
    assert ends[-1] == max([100.0, *sent]) + 60.0


def test_a_lease_that_the_server_took_is_over_at_once():
    held = HeldLease.of(TASK, 100.0)
    held.is_lost = True
    with pytest.raises(LeaseLost) as caught:
        held.require(100.0)
    assert caught.value.job_id == "a"


def test_a_heartbeat_leaves_out_what_is_not_known():
    held = HeldLease.of(TASK, 100.0)
    assert held.beat() == pb.Beat(lease=TASK.lease)
    held.stage, held.steps_done = jobs_pb2.STAGE_SAVING, 0
    assert held.beat() == pb.Beat(lease=TASK.lease, stage=jobs_pb2.STAGE_SAVING, steps_done=0)
