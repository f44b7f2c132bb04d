"""One worker with real children: jobs run, fail, are cancelled, and survive faults."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time

import grpc
import pytest

from job_server.worker.scratch import open_scratch
from swath.errors import EngineCrashed, ProductNotFound, Unauthenticated
from swath.wire.job_error import read_job_error
from swath.worker.v1 import worker_pb2 as pb
from tests.unit.job_server.worker.scripted import FULL

Kind = pb.FailRequest
CANCEL = pb.HeartbeatResponse.DIRECTIVE_CANCEL


def test_a_scalar_job_takes_a_claim_and_a_commit_and_nothing_else(play):
    async def scene(stage):
        task = stage.service.add("scalar")
        commit = await stage.heard.wait("Commit")
        assert (commit.lease, commit.data, commit.format) == (task.lease, b"42", "native")
        assert commit.claim_next and commit.worker == "worker-1"
        assert {name for name, _ in stage.heard.calls} == {"Claim", "Commit"}

    play(scene)


def test_the_answer_to_a_commit_brings_the_next_job(play):
    async def scene(stage):
        for _ in range(20):
            stage.service.add("scalar")
        await stage.heard.wait("Commit", 20)
        assert len(stage.heard.of("Claim")) == 1

    play(scene)


def test_healthy_children_are_used_again(play):
    async def scene(stage):
        assert await stage.pid() == await stage.pid()

    play(scene)


def test_tiles_are_pinned_stored_and_committed_in_order(play):
    async def scene(stage):
        stage.service.add("tiles")
        commit = await stage.heard.wait("Commit")
        pin = await stage.heard.wait("Pin")
        assert (pin.plan, pin.engine_version, pin.steps_total) == (b"plan", "engine-1", 3)
        heads = stage.heard.of("PutPiece")
        assert [(h.name, h.steps_done) for h in heads[:3]] == [
            ("tile-0", 1),
            ("tile-1", 2),
            ("tile-2", 3),
        ]
        assert not heads[3].HasField("steps_done")
        tiles = b"".join(bytes([step]) * 3_000_000 for step in range(3))
        assert stage.service.result(commit) == b"head" + tiles

    play(scene)


def test_a_later_attempt_computes_only_what_is_not_stored(play):
    async def scene(stage):
        stage.service.add("tiles", attempt=2, pieces=["tile-0", "tile-2"])
        await stage.heard.wait("Commit")
        assert [head.name for head in stage.heard.of("PutPiece")] == ["tile-1", "head"]

    play(scene)


def test_saving_is_told_at_once(play):
    async def scene(stage):
        async def wait_for_it() -> None:
            await stage.until(lambda: "STAGE_SAVING" in stage.service.stages())

        stage.service.on["Commit"] = wait_for_it
        stage.service.add("tiles", lease_s=60.0)
        await stage.heard.wait("Commit")
        await stage.until(lambda: stage.said("committed"))

    play(scene, heartbeat_s=60.0)


def test_files_are_sent_from_scratch_and_removed(play):
    async def scene(stage):
        stage.service.add("file")
        commit = await stage.heard.wait("Commit")
        assert len(stage.service.result(commit)) == 2_500_000
        assert not [p for p in stage.scratch.rglob("*") if p.name == "result"]

    play(scene)


def test_a_worker_whose_scratch_folder_was_tidied_away_makes_it_anew(play):
    async def scene(stage):
        before = await stage.pid()
        (folder,) = stage.scratch.glob("swath-worker-*")
        shutil.rmtree(folder)
        stage.service.add("file")
        assert len(stage.service.result(await stage.heard.wait("Commit", 2))) == 2_500_000
        open_scratch(stage.scratch, "other").close()
        assert folder.is_dir(), "it is held, so that no other worker sweeps it"
        assert await stage.pid() == before
        assert not stage.heard.of("Fail")

    play(scene)


def test_an_empty_piece_is_a_piece(play):
    async def scene(stage):
        stage.service.add("empty_piece")
        assert stage.service.result(await stage.heard.wait("Commit")) == b""

    play(scene)


def test_stored_pieces_come_back_whole_also_over_a_broken_stream(play):
    async def scene(stage):
        task = stage.service.add("fetch")
        stored = os.urandom(3_300_000)
        stage.service.pieces[task.lease.job, "stored"] = stored
        stage.service.breaking["GetPiece"] = 2
        assert (await stage.heard.wait("Commit")).data == stored
        assert len(stage.heard.of("GetPiece")) == 3

    play(scene)


@pytest.mark.parametrize("code", ["FAILED_PRECONDITION", "INVALID_ARGUMENT"])
def test_a_stored_piece_that_cannot_be_had_is_for_the_child_to_replace(play, code):
    async def scene(stage):
        stage.service.refusing["GetPiece"] = grpc.StatusCode[code]
        stage.service.add("fetch_or_do_without")
        assert (await stage.heard.wait("Commit")).data == b"done without"
        assert not stage.heard.of("Fail")

    play(scene)


def test_an_error_of_the_request_is_permanent_and_keeps_its_place(play):
    async def scene(stage):
        stage.service.add("missing")
        failure = await stage.heard.wait("Fail")
        error = read_job_error(failure.error)
        assert failure.kind == Kind.KIND_PERMANENT
        assert isinstance(error, ProductNotFound)
        assert (error.similar, error.where.node) == (["b"], 3)

    play(scene)


def test_an_unreadable_source_is_transient_and_keeps_its_window(play):
    async def scene(stage):
        stage.service.add("unreadable")
        failure = await stage.heard.wait("Fail")
        assert failure.kind == Kind.KIND_TRANSIENT
        where = read_job_error(failure.error).where
        assert (where.source, where.window) == ("a.tif", "0:0+10×10")

    play(scene)


def test_a_fault_of_ours_is_permanent_and_leaks_nothing_but_to_the_log(play):
    async def scene(stage):
        stage.service.add("fault")
        failure = await stage.heard.wait("Fail")
        assert (failure.kind, failure.error.reason) == (Kind.KIND_PERMANENT, "INTERNAL")
        assert b"secret" not in failure.SerializeToString()
        await stage.until(lambda: stage.said("failed"))
        assert "secret detail" in stage.said("failed")[0]["traceback"]
        await stage.pid()

    play(scene)


def test_a_full_scratch_disk_is_transient_and_leaves_nothing(play):
    async def scene(stage):
        stage.service.add("full_disk")
        failure = await stage.heard.wait("Fail")
        assert failure.kind == Kind.KIND_TRANSIENT
        assert "scratch disk" in failure.error.message
        assert not [p for p in stage.scratch.rglob("*") if p.name == "left"]

    play(scene)


@pytest.mark.parametrize(("act", "how"), [("crash", "SIGSEGV"), ("exit", "exit status 3")])
def test_a_child_that_dies_is_a_crash_and_is_replaced(play, act, how):
    async def scene(stage):
        before = await stage.pid()
        stage.service.add(act)
        failure = await stage.heard.wait("Fail")
        assert (failure.kind, failure.error.reason) == (Kind.KIND_CRASH, "ENGINE_CRASHED")
        assert how in failure.error.message
        assert await stage.pid() != before
        await stage.until(lambda: stage.said("child_lost"))

    play(scene)


def test_a_child_that_is_killed_in_the_midst_of_tiles_costs_one_tile_at_most(play):
    async def scene(stage):
        first = stage.service.add("die_after_a_tile")
        failure = await stage.heard.wait("Fail")
        assert failure.kind == Kind.KIND_CRASH
        assert [head.name for head in stage.heard.of("PutPiece")] == ["tile-0"]
        again = {"job": first.lease.job, "attempt": 2, "pieces": ["tile-0"]}
        stage.service.add("die_after_a_tile", **again)
        await stage.heard.wait("Commit")
        names = [head.name for head in stage.heard.of("PutPiece")]
        assert names[2:] == ["tile-1", "tile-2", "head"]

    play(scene)


def test_an_idle_child_that_is_killed_costs_no_job_anything(play):
    async def scene(stage):
        os.kill(await stage.pid(), signal.SIGKILL)
        await stage.until(lambda: stage.said("child_lost"))
        await stage.pid()
        assert not stage.heard.of("Fail")

    play(scene)


def test_a_child_that_speaks_nonsense_is_a_crash(play):
    async def scene(stage):
        stage.service.add("babble")
        assert (await stage.heard.wait("Fail")).kind == Kind.KIND_CRASH
        await stage.pid()

    play(scene)


def test_a_child_over_its_budget_is_killed_as_out_of_memory(play):
    async def scene(stage):
        stage.service.add("hog")
        failure = await stage.heard.wait("Fail")
        assert failure.kind == Kind.KIND_MEMORY
        assert "200 MiB" in failure.error.message
        await stage.pid()

    play(scene, spec={"memory_bytes": 200 << 20})


def test_memory_that_the_kernel_refuses_is_out_of_memory_too(play):
    async def scene(stage):
        stage.service.add("grab")
        assert (await stage.heard.wait("Fail")).kind == Kind.KIND_MEMORY

    play(scene)


@pytest.mark.parametrize("act", ["deaf", "hold_the_interpreter"])
def test_an_attempt_that_takes_too_long_is_killed(play, act):
    async def scene(stage):
        stage.service.add(act, timeout_s=0.5)
        failure = await stage.heard.wait("Fail")
        assert (failure.kind, failure.error.reason) == (Kind.KIND_TIMEOUT, "DEADLINE_EXCEEDED")
        await stage.pid()

    play(scene)


def test_heartbeats_go_on_while_a_child_holds_the_interpreter(play):
    async def scene(stage):
        stage.service.add("hold_the_interpreter", timeout_s=60.0, lease_s=0.8)
        await stage.heard.wait("Heartbeat", 8)
        assert not stage.said("lease_lost")

    play(scene)


def test_a_cancelled_job_stops_and_says_so_and_its_child_lives_on(play):
    async def scene(stage):
        before = await stage.pid()
        stage.service.add("work", lease_s=0.8)
        await stage.heard.wait("Pin")
        stage.service.directive = CANCEL
        assert (await stage.heard.wait("Fail")).kind == Kind.KIND_CANCELLED
        assert await stage.pid() == before

    play(scene)


RARE = {"lease_s": 240.0}
"""A lease whose heartbeats, one a minute, tell a test nothing in time."""


def test_a_cancellation_is_heard_at_once(play):
    async def scene(stage):
        stage.service.add("work", **RARE)
        await stage.heard.wait("AwaitStop")
        stage.service.directive = CANCEL
        assert (await stage.heard.wait("Fail")).kind == Kind.KIND_CANCELLED
        assert len(stage.heard.of("AwaitStop")) == 1

    play(scene, heartbeat_s=60.0)


def test_a_lease_that_is_lost_is_heard_of_at_once(play):
    async def scene(stage):
        task = stage.service.add("work", **RARE)
        await stage.heard.wait("AwaitStop")
        stage.service.hand_on(task)
        await stage.until(lambda: stage.said("lease_lost"))
        assert not stage.heard.of("Fail")

    play(scene, heartbeat_s=60.0)


def test_a_server_that_was_away_is_asked_again_whether_to_stop(play):
    async def scene(stage):
        stage.service.failing["AwaitStop"] = 3
        stage.service.add("work", **RARE)
        await stage.heard.wait("AwaitStop", 4)
        await stage.server.close()
        await stage.server.open()
        await stage.heard.wait("AwaitStop", 5)
        stage.service.directive = CANCEL
        assert (await stage.heard.wait("Fail")).kind == Kind.KIND_CANCELLED

    play(scene, heartbeat_s=60.0)


def test_a_server_that_cannot_tell_of_a_stop_at_once_does_so_with_heartbeats(play):
    async def scene(stage):
        stage.service.refusing["AwaitStop"] = grpc.StatusCode.UNIMPLEMENTED
        stage.service.add("work", lease_s=0.8)
        await stage.heard.wait("AwaitStop")
        await stage.heard.wait("Heartbeat", 4)
        stage.service.directive = CANCEL
        assert (await stage.heard.wait("Fail")).kind == Kind.KIND_CANCELLED
        await stage.until(lambda: stage.said("failed"))
        assert len(stage.heard.of("AwaitStop")) == 1
        assert {verb for verb, _ in stage.events} == {"claimed", "pinned", "failed"}

    play(scene)


def test_heartbeats_go_on_while_a_worker_waits_to_be_told_to_stop(play):
    async def scene(stage):
        stage.service.add("work", lease_s=0.8)
        await stage.heard.wait("AwaitStop")
        await stage.heard.wait("Heartbeat", len(stage.heard.of("Heartbeat")) + 4)

    play(scene)


def test_an_attempt_that_ended_does_not_wait_to_be_told_to_stop(play):
    async def scene(stage):
        waiting = asyncio.Event()

        async def wait_for_it() -> None:
            await waiting.wait()

        async def end() -> None:
            waiting.set()

        stage.service.on["PutPiece"] = wait_for_it
        stage.service.on["AwaitStop"] = end
        stage.service.add("tiles")
        await stage.heard.wait("Commit")
        stage.service.directive = CANCEL
        await stage.until(lambda: stage.said("committed"))
        assert not stage.heard.of("Fail")
        assert len(stage.heard.of("AwaitStop")) == 1

    play(scene, hear_after_s=0.0)


def test_a_child_that_stopped_lives_on_while_the_server_hears_of_it_late(play):
    async def scene(stage):
        async def be_late() -> None:
            await asyncio.sleep(1.5)

        before = await stage.pid()
        stage.service.on["Fail"] = be_late
        stage.service.add("work", lease_s=4.0)
        await stage.heard.wait("Pin")
        stage.service.directive = CANCEL
        await stage.until(lambda: stage.said("failed"))
        assert await stage.pid() == before

    play(scene)


def test_a_job_that_is_cancelled_as_it_ends_is_told_to_be_cancelled(play):
    async def scene(stage):
        stage.service.refusing["Commit"] = grpc.StatusCode.ABORTED
        stage.service.directive = CANCEL
        stage.service.add("scalar")
        assert (await stage.heard.wait("Fail")).kind == Kind.KIND_CANCELLED
        assert not stage.said("lease_lost")

    play(scene)


@pytest.mark.parametrize("act", ["deaf", "hold_the_interpreter"])
def test_a_cancelled_job_that_does_not_stop_is_killed(play, act):
    async def scene(stage):
        before = await stage.pid()
        stage.service.add(act, lease_s=0.8)
        await stage.heard.wait("Pin")
        stage.service.directive = CANCEL
        assert (await stage.heard.wait("Fail")).kind == Kind.KIND_CANCELLED
        assert await stage.pid() != before

    play(scene)


def test_a_worker_that_lost_its_lease_stops_and_says_nothing_more(play):
    async def scene(stage):
        before = await stage.pid()
        task = stage.service.add("work", lease_s=0.8)
        await stage.heard.wait("Pin")
        stage.service.hand_on(task)
        await stage.until(lambda: stage.said("lease_lost"))
        assert not stage.heard.of("Fail") and len(stage.heard.of("Commit")) == 1
        assert await stage.pid() == before

    play(scene)


def test_a_lease_that_is_lost_in_the_midst_of_a_frame_leaves_the_child_in_use(play):
    async def scene(stage):
        before = await stage.pid()
        task = stage.service.add("halves", lease_s=0.8)
        await stage.heard.wait("PutPiece")
        stage.service.hand_on(task)
        await stage.until(lambda: stage.said("lease_lost"))
        assert await stage.pid() == before

    play(scene, stop_grace_s=10.0)


def test_a_piece_under_an_old_fence_ends_the_work(play):
    async def scene(stage):
        async def steal() -> None:
            stage.service.hand_on(task)

        stage.service.on["Pin"] = steal
        task = stage.service.add("tiles")
        await stage.until(lambda: stage.said("lease_lost"))
        assert not stage.service.pieces and not stage.heard.of("Commit")
        del stage.service.on["Pin"]
        await stage.pid()

    play(scene)


def test_a_lease_that_cannot_be_renewed_ends_by_the_workers_own_clock(play):
    async def scene(stage):
        stage.service.add("work", lease_s=0.8)
        await stage.heard.wait("Pin")
        stage.service.failing["Heartbeat"] = 1000
        began_s = time.monotonic()
        await stage.until(lambda: stage.said("lease_lost"))
        assert time.monotonic() - began_s < 3
        assert not stage.heard.of("Fail")

    play(scene)


@pytest.mark.parametrize("rpc", ["Pin", "PutPiece", "Commit"])
def test_calls_are_repeated_while_the_server_is_away(play, rpc):
    async def scene(stage):
        stage.service.failing[rpc] = 2
        stage.service.add("tiles")
        commit = await stage.heard.wait("Commit", 3 if rpc == "Commit" else 1)
        await stage.until(lambda: stage.said("committed"))
        assert len(stage.service.result(commit)) == 9_000_004

    play(scene)


@pytest.mark.parametrize("rpc", ["PutPiece", "Commit"])
def test_calls_whose_answer_was_lost_are_repeated(play, rpc):
    async def scene(stage):
        stage.service.breaking[rpc] = 1
        stage.service.add("tiles")
        await stage.until(lambda: stage.said("committed"))
        assert not stage.heard.of("Fail")

    play(scene)


def test_a_failure_is_told_when_the_server_is_back(play):
    async def scene(stage):
        stage.service.failing["Fail"] = 2
        stage.service.add("missing")
        await stage.heard.wait("Fail", 3)
        await stage.until(lambda: stage.said("failed"))

    play(scene)


def test_a_server_that_restarts_gets_the_result_of_the_job_that_it_handed_out(play):
    async def scene(stage):
        stage.service.add("tiles", lease_s=20.0)

        async def go_away() -> None:
            stage.service.on.clear()
            asyncio.get_running_loop().create_task(restart())

        async def restart() -> None:
            await stage.server.close()
            await stage.server.open()
            done.set()

        done = asyncio.Event()
        stage.service.on["PutPiece"] = go_away
        await stage.until(lambda: stage.said("committed"))
        await done.wait()
        assert len(stage.service.result(stage.heard.of("Commit")[-1])) == 9_000_004

    play(scene)


@pytest.mark.parametrize("end", ["stop", "abort"])
def test_a_job_that_waits_for_a_child_is_given_back_when_the_worker_is_stopped(play, end):
    async def scene(stage):
        crew = stage.worker._crew
        has_begun, take = asyncio.Event(), crew.take

        async def take_late():
            has_begun.set()
            await asyncio.sleep(0.5)
            return await take()

        crew.take = take_late
        task = stage.service.add("deaf", lease_s=60.0)
        await has_begun.wait()
        getattr(stage.worker, end)()
        assert (await stage.heard.wait("Release")).lease == task.lease
        assert not stage.said("claimed")

    play(scene)


def test_a_worker_finds_a_server_that_comes_back(play):
    async def scene(stage):
        await stage.heard.wait("Claim")
        await stage.server.close()
        await stage.until(lambda: stage.said("server_away"))
        await stage.server.open()
        stage.service.add("scalar")
        await stage.heard.wait("Commit")
        assert len(stage.said("server_away")) == len(stage.said("server_back")) == 1

    play(scene)


def test_a_result_that_the_server_does_not_take_is_a_transient_failure(play):
    async def scene(stage):
        stage.service.refusing["Commit"] = grpc.StatusCode.INVALID_ARGUMENT
        stage.service.add("scalar")
        failure = await stage.heard.wait("Fail")
        assert (failure.kind, failure.error.reason) == (Kind.KIND_TRANSIENT, "TRANSIENT")

    play(scene)


ALWAYS = 1_000_000


@pytest.mark.parametrize(
    ("rpc", "act"),
    [("PutPiece", "tiles"), ("Commit", "scalar"), ("Pin", "tiles"), ("GetPiece", "fetch")],
)
def test_a_job_that_the_server_has_no_room_for_says_so_and_frees_its_worker(play, rpc, act):
    async def scene(stage):
        before = await stage.pid()
        stage.service.full[rpc] = ALWAYS
        stage.service.add(act, lease_s=60.0)
        failure = await stage.heard.wait("Fail")
        stage.service.full.clear()
        assert failure.kind == Kind.KIND_TRANSIENT
        assert (failure.error.reason, failure.error.message) == ("STORAGE_UNAVAILABLE", FULL)
        assert len(stage.heard.of(rpc)) > 1 + (rpc == "Commit")
        assert await stage.pid() == before

    play(scene, storage_wait_s=0.3)


def outlasts(play, trouble: str, rpcs: dict[str, int], storage_wait_s: float) -> None:
    """A job is committed, and no attempt fails, though its rpcs meet trouble so many times."""

    async def scene(stage):
        getattr(stage.service, trouble).update(rpcs)
        stage.service.add("tiles", lease_s=60.0)
        await stage.heard.wait("Commit", rpcs["Commit"] + 1)
        await stage.until(lambda: stage.said("committed"))
        assert not stage.heard.of("Fail")

    play(scene, storage_wait_s=storage_wait_s)


def test_a_job_waits_a_while_for_room(play):
    outlasts(play, "full", {"PutPiece": 3, "Commit": 2}, storage_wait_s=60.0)


def test_a_server_that_is_away_is_waited_for_longer_than_one_without_room(play):
    outlasts(play, "failing", {"PutPiece": 4, "Commit": 4}, storage_wait_s=0.0)


def test_a_failure_that_there_is_no_room_for_is_told_when_there_is(play):
    async def scene(stage):
        stage.service.full |= {"PutPiece": ALWAYS, "Fail": 4}
        stage.service.add("tiles", lease_s=60.0)
        await stage.heard.wait("Fail", 5)
        await stage.until(lambda: stage.said("failed"))
        assert not stage.said("not_told")

    play(scene, storage_wait_s=0.0)


def test_a_plan_that_is_too_large_for_the_server_is_a_permanent_failure(play):
    async def scene(stage):
        stage.service.refusing["Pin"] = grpc.StatusCode.RESOURCE_EXHAUSTED
        stage.service.add("tiles")
        failure = await stage.heard.wait("Fail")
        assert (failure.kind, failure.error.reason) == (Kind.KIND_PERMANENT, "REQUEST_TOO_LARGE")
        del stage.service.refusing["Pin"]
        await stage.pid()

    play(scene)


def test_a_wrong_secret_ends_the_worker(play):
    async def scene(stage):
        await asyncio.sleep(60)

    with pytest.raises(Unauthenticated):
        play(scene, secret="open barley")


def test_a_worker_that_stops_finishes_its_job_and_claims_no_other(play):
    async def scene(stage):
        stage.service.add("tiles")
        stage.service.add("scalar")

        async def stop() -> None:
            stage.worker.stop()

        stage.service.on["Pin"] = stop
        commit = await stage.heard.wait("Commit")
        assert not commit.claim_next
        await stage.until(lambda: stage.said("committed"))
        assert len(stage.service.queue) == 1

    play(scene)


def test_a_job_that_takes_too_long_to_finish_is_given_back_when_the_worker_stops(play):
    async def scene(stage):
        task = stage.service.add("work")
        await stage.heard.wait("Pin")
        stage.worker.stop()
        assert (await stage.heard.wait("Release")).lease == task.lease
        assert not stage.heard.of("Fail")

    play(scene, drain_s=0.2)


def test_a_job_is_given_back_at_once_when_it_hurries(play):
    async def scene(stage):
        task = stage.service.add("hold_the_interpreter")
        await stage.heard.wait("Pin")
        stage.worker.stop()
        stage.worker.abort()
        assert (await stage.heard.wait("Release")).lease == task.lease

    play(scene, drain_s=60.0)


def test_a_commit_that_waits_for_its_server_does_not_keep_a_worker_from_stopping(play):
    async def scene(stage):
        stage.service.failing["Commit"] = 1000
        task = stage.service.add("scalar", lease_s=60.0)
        await stage.heard.wait("Commit")
        stage.worker.stop()
        assert (await stage.heard.wait("Release")).lease == task.lease

    play(scene, drain_s=0.2)


def test_a_worker_that_hurries_waits_for_no_cancelled_child(play):
    async def scene(stage):
        stage.service.add("deaf", lease_s=0.8)
        await stage.heard.wait("Pin")
        stage.service.directive = CANCEL
        await stage.heard.wait("Heartbeat")
        stage.worker.abort()
        await stage.heard.wait("Release")

    play(scene, stop_grace_s=60.0)


def test_children_that_die_at_their_start_end_it(play):
    async def scene(stage):
        await asyncio.sleep(60)

    with pytest.raises(EngineCrashed):
        play(scene, spec={"settings": {"start": "dies"}})


def test_children_that_cannot_start_say_why(play):
    async def scene(stage):
        await asyncio.sleep(60)

    with pytest.raises(ProductNotFound, match="No such thing"):
        play(scene, spec={"settings": {"start": "fails"}})
