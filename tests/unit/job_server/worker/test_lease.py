"""What a worker may be sure of: never more than what it asked for in time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from job_server.worker.lease import HeldLease
from swath.errors import LeaseLost
from swath.v1 import jobs_pb2
from swath.worker.v1 import worker_pb2 as pb

CONTINUE = pb.HeartbeatResponse.DIRECTIVE_CONTINUE
LOST = pb.HeartbeatResponse.DIRECTIVE_LEASE_LOST
TASK = pb.Assignment(lease=pb.Lease(job="a", fence=3), lease_s=60.0)


def test_a_lease_ends_its_length_after_it_came():
    held = HeldLease.of(TASK, 100.0)
    assert held.is_live(159.9) and not held.is_live(160.0)


def test_a_renewal_counts_from_when_it_was_sent():
    held = HeldLease.of(TASK, 100.0)
    held.heard(CONTINUE, held.beat(), 115.0, 120.0)
    assert held.is_live(174.9) and not held.is_live(175.0)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.tuples(st.floats(0, 500), st.floats(0, 100))))
def test_answers_that_come_late_never_shorten_a_lease_nor_revive_one(answers):
    held = HeldLease.of(TASK, 100.0)
    for sent_s, later_s in answers:
        before_s, now_s = held.until_s, sent_s + later_s
        held.heard(CONTINUE, held.beat(), sent_s, now_s)
        wanted_s = max(before_s, sent_s + 60.0) if now_s < before_s else before_s
        assert held.until_s == wanted_s


def test_a_lease_that_the_server_took_is_over_at_once():
    held = HeldLease.of(TASK, 100.0)
    held.heard(LOST, held.beat(), 100.0, 100.0)
    with pytest.raises(LeaseLost) as caught:
        held.require(100.0)
    assert caught.value.job_id == "a"


def test_a_heartbeat_leaves_out_what_is_not_known():
    held = HeldLease.of(TASK, 100.0)
    assert held.beat() == pb.Beat(lease=TASK.lease)
    held.stage, held.steps_done = jobs_pb2.STAGE_SAVING, 0
    assert held.beat() == pb.Beat(lease=TASK.lease, stage=jobs_pb2.STAGE_SAVING, steps_done=0)


def test_what_was_told_is_not_told_again_but_newer_news_is():
    held = HeldLease.of(TASK, 100.0)
    held.stage, held.steps_done = jobs_pb2.STAGE_RUNNING, 1
    beat = held.beat()
    held.steps_done = 2
    held.heard(CONTINUE, beat, 101.0, 102.0)
    assert held.beat() == pb.Beat(lease=TASK.lease, steps_done=2)
