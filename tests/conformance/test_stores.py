"""What every store of jobs does: in memory, in SQLite and in PostgreSQL, by the same tests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from job_server.store.open import open_store
from job_server.store.record import (
    Beat,
    Directive,
    Failure,
    Filter,
    JobRecord,
    Kind,
    Lease,
    Limits,
    Manifest,
    Piece,
    Place,
)
from job_server.store.store import Store
from swath.errors import (
    InvalidArgument,
    JobDeleted,
    JobNotDone,
    JobNotFound,
    LeaseLost,
    RequestIdReused,
    ResourceExhausted,
    ResultExpired,
)
from swath.job import Outcome, Stage, Status
from tests.stores import (
    LEASE_US,
    LIMITS,
    RESULT,
    SECOND_US,
    claim,
    create,
    do,
    freed_by,
    new_job,
    transient,
)

RETRY_US = 10 * SECOND_US
LOST = Failure(Kind.CRASH, b"lost", RETRY_US, Outcome.LOST)
CANCELLED = Failure(Kind.CANCELLED, None, None)


def tile(name: str, key: str = "") -> Piece:
    return Piece(name, key or f"jobs/{name}", 100, 42)


# Creating


def test_a_created_job_is_there_as_it_was_given(store: Store) -> None:
    new = new_job(labels={"it's": '"a" $.label', "": "ü"}, priority=-7, keep_us=5, request_id="r")
    job = do(store, "create", new, LIMITS, 17).job
    assert do(store, "get", new.id, "ann") == job
    assert (job.stage, job.status, job.revision) == (Stage.QUEUED, Status.UNSPECIFIED, 1)
    assert (job.created_us, job.run_at_us, job.attempt, job.fence) == (17, 17, 0, 0)
    assert (job.labels, job.priority, job.type) == (new.labels, -7, b"a type")
    assert do(store, "spec", new.id) == b"a spec"


def test_a_repeated_create_gives_the_job_as_it_is_and_takes_no_quota(store: Store) -> None:
    new = new_job(request_id="r")
    do(store, "create", new, LIMITS, 0)
    claimed = claim(store)
    again = do(store, "create", replace(new, id="f" * 32), Limits(outstanding=1), 9)
    assert again.is_replay
    assert again.job == claimed.job
    assert do(store, "usage", "ann", LIMITS).outstanding == 1


def test_a_request_id_of_another_request_is_refused(store: Store) -> None:
    create(store, request_id="r")
    with pytest.raises(RequestIdReused):
        create(store, request_id="r", spec_digest=b"another")
    assert do(store, "usage", "ann", LIMITS).outstanding == 1


def test_owners_do_not_share_request_ids(store: Store) -> None:
    create(store, request_id="r")
    assert not do(store, "create", new_job(owner="bob", request_id="r"), LIMITS, 0).is_replay


def test_creates_of_one_transaction_see_each_other(store: Store) -> None:
    new, limits = new_job(request_id="r"), Limits(outstanding=2)
    with store.transaction() as transaction:
        made = transaction.create(new, limits, 0)
        again = transaction.create(replace(new, id="f" * 32), limits, 1)
        assert (again.is_replay, again.job) == (True, made.job)
        with pytest.raises(RequestIdReused):
            transaction.attempted(
                lambda: transaction.create(replace(new, spec_digest=b"another"), limits, 1)
            )
        second = transaction.create(new_job(), limits, 2)
        with pytest.raises(ResourceExhausted):
            transaction.attempted(lambda: transaction.create(new_job(), limits, 3))
        assert transaction.get(second.job.id) == second.job
        assert transaction.usage("ann", limits).outstanding == 2
    assert {job.id for job in do(store, "find", None, Filter(), None, 10)} == {
        new.id,
        second.job.id,
    }
    assert do(store, "spec", new.id) == b"a spec"


def test_a_create_that_is_undone_is_not_written_later(store: Store) -> None:
    def made_in_vain() -> None:
        transaction.create(new_job(request_id="r"), LIMITS, 0)
        raise ValueError("after it")

    with store.transaction() as transaction:
        with pytest.raises(ValueError, match="after it"):
            transaction.attempted(made_in_vain)
        assert not transaction.create(new_job(request_id="r"), LIMITS, 1).is_replay
    assert len(do(store, "find", None, Filter(), None, 10)) == 1
    assert do(store, "usage", "ann", LIMITS).outstanding == 1


def test_a_create_over_the_quota_makes_nothing(store: Store) -> None:
    create(store, limits=Limits(outstanding=1))
    with pytest.raises(ResourceExhausted) as caught:
        create(store, limits=Limits(outstanding=1))
    assert (caught.value.limit, caught.value.used) == (1, 1)
    assert len(do(store, "find", None, Filter(), None, 10)) == 1
    assert do(store, "usage", "ann", LIMITS).outstanding == 1


def test_a_job_that_is_done_leaves_room_for_another(store: Store) -> None:
    create(store, limits=Limits(outstanding=1))
    do(store, "commit", claim(store).lease, RESULT, 1)
    create(store, limits=Limits(outstanding=1))


def test_limits_of_an_owner_go_before_those_of_the_server(store: Store) -> None:
    do(store, "set_limits", "ann", Limits(outstanding=1, running=3))
    create(store, limits=Limits(outstanding=50))
    with pytest.raises(ResourceExhausted):
        create(store, limits=Limits(outstanding=50))
    usage = do(store, "usage", "ann", LIMITS)
    assert (usage.outstanding_limit, usage.running_limit) == (1, 3)


def test_exactly_one_of_64_racing_creates_gets_the_last_of_the_quota(store: Store) -> None:
    limits = Limits(outstanding=10)
    for _ in range(9):
        create(store, limits=limits)
    start, lock = threading.Barrier(64), threading.Lock()
    answers: list[str] = []

    def race() -> None:
        start.wait()
        try:
            create(store, limits=limits)
            answer = "accepted"
        except ResourceExhausted:
            answer = "refused"
        with lock:
            answers.append(answer)

    threads = [threading.Thread(target=race) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (answers.count("accepted"), answers.count("refused")) == (1, 63)
    assert do(store, "usage", "ann", limits).outstanding == 10
    assert do(store, "recount") == []


def test_racing_repetitions_of_a_create_make_one_job(store: Store) -> None:
    start, lock = threading.Barrier(8), threading.Lock()
    jobs: set[str] = set()

    def race() -> None:
        start.wait()
        created = do(store, "create", new_job(request_id="r"), Limits(outstanding=1), 0)
        with lock:
            jobs.add(created.job.id)

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(jobs) == 1
    assert do(store, "usage", "ann", LIMITS).outstanding == 1


# Transactions


def test_what_raises_leaves_nothing(store: Store) -> None:
    kept = create(store)

    def change_then_fail() -> None:
        with store.transaction() as transaction:
            transaction.create(new_job(), LIMITS, 0)
            transaction.cancel(kept, None, 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change_then_fail()
    assert [job.id for job in do(store, "find", None, Filter(), None, 10)] == [kept]
    assert do(store, "get", kept).stage is Stage.QUEUED
    assert do(store, "usage", "ann", LIMITS).outstanding == 1


def test_a_verb_that_fails_is_undone_alone(store: Store) -> None:
    def create_then_fail() -> None:
        transaction.create(new_job(), LIMITS, 0)
        raise LeaseLost

    with store.transaction() as transaction:
        transaction.create(new_job(), LIMITS, 0)
        with pytest.raises(LeaseLost):
            transaction.attempted(create_then_fail)
        made = transaction.attempted(lambda: transaction.create(new_job(), LIMITS, 0))
    assert do(store, "get", made.job.id).stage is Stage.QUEUED
    assert do(store, "usage", "ann", LIMITS).outstanding == 2


def test_a_character_that_a_database_cannot_keep_is_a_fault_of_the_request(
    postgres_url: str,
) -> None:
    store = open_store(postgres_url)
    with pytest.raises(InvalidArgument):
        create(store, request_id="a\0b")
    store.close()


# Claiming


def test_a_claim_gives_the_job_with_all_that_a_worker_needs(store: Store) -> None:
    job = create(store, now_us=5)
    claimed = claim(store, now_us=10)
    assert (claimed.job.id, claimed.spec, claimed.plan, claimed.pieces) == (
        job,
        b"a spec",
        None,
        (),
    )
    assert (claimed.job.stage, claimed.job.attempt, claimed.job.fence) == (Stage.PREPARING, 1, 1)
    assert (claimed.job.lease_until_us, claimed.job.worker) == (10 + LEASE_US, "worker")
    assert (claimed.job.started_us, claimed.job.deadline_us) == (10, 10 + 3600 * SECOND_US)
    assert do(store, "get", job) == claimed.job
    assert do(store, "usage", "ann", LIMITS).running == 1


def test_no_job_is_handed_out_twice(store: Store) -> None:
    create(store)
    claim(store)
    assert do(store, "claim", "other", LEASE_US, 0, 1) is None


def test_claims_that_race_get_all_jobs_once(store: Store) -> None:
    jobs = {create(store, owner="ann" if i % 4 else "bob") for i in range(24)}
    got: list[str] = []
    lock = threading.Lock()

    def work() -> None:
        while (claimed := do(store, "claim", "worker", LEASE_US, 0, 1)) is not None:
            with lock:
                got.append(claimed.job.id)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # A claim that finds every job locked by another answers that there is none: what is left then
    # is for the next one.
    work()
    assert sorted(got) == sorted(jobs)


def test_the_highest_priority_goes_first_then_the_oldest(store: Store) -> None:
    late = create(store, now_us=2)
    early = create(store, now_us=1)
    urgent = create(store, now_us=3, priority=1)
    assert [claim(store, now_us=9).job.id for _ in range(3)] == [urgent, early, late]


def test_a_job_for_later_does_not_hold_up_one_that_is_ready(store: Store) -> None:
    urgent, usual = create(store, priority=5), create(store)
    do(store, "fail", claim(store).lease, transient(RETRY_US), 1)
    assert claim(store, now_us=2).job.id == usual
    assert do(store, "claim", "worker", LEASE_US, 0, 3) is None
    assert do(store, "next_run_at_us") == RETRY_US
    assert claim(store, now_us=RETRY_US).job.id == urgent


def test_an_owner_whose_jobs_are_for_later_is_served_when_another_is_created(store: Store) -> None:
    create(store)
    do(store, "fail", claim(store).lease, transient(RETRY_US), 1)
    assert do(store, "claim", "worker", LEASE_US, 0, 2) is None
    fresh = create(store, now_us=3)
    assert claim(store, now_us=3).job.id == fresh


def test_owners_take_turns_however_many_jobs_they_have(store: Store) -> None:
    for owner, jobs in (("flood", 40), ("ann", 3), ("bob", 3)):
        for i in range(jobs):
            create(store, now_us=i, owner=owner)
    served = [claim(store, now_us=99).job.owner for _ in range(9)]
    assert [served.count(owner) for owner in ("flood", "ann", "bob")] == [3, 3, 3]


def test_a_new_owner_is_served_next_but_saves_up_no_turns(store: Store) -> None:
    for i in range(30):
        create(store, now_us=i, owner="old")
    for _ in range(10):
        claim(store, now_us=99)
    for i in range(10):
        create(store, now_us=i, owner="young")
    served = [claim(store, now_us=99).job.owner for _ in range(8)]
    assert served[0] == "young"
    assert served.count("old") in (3, 4)


def test_an_owner_at_its_limit_of_running_jobs_is_passed_over(store: Store) -> None:
    for _ in range(3):
        create(store, owner="ann")
    create(store, owner="bob")
    served = [claim(store, running_limit=1).job.owner for _ in range(2)]
    assert sorted(served) == ["ann", "bob"]
    assert do(store, "claim", "worker", LEASE_US, 1, 0) is None
    do(store, "set_limits", "ann", Limits(running=0))
    assert claim(store, running_limit=1).job.owner == "ann"


def test_nine_owners_at_their_limits_do_not_hide_a_tenth(store: Store) -> None:
    for i in range(9):
        create(store, owner=f"a{i}")
        claim(store)
        create(store, owner=f"a{i}")
        do(store, "set_limits", f"a{i}", Limits(running=1))
    create(store, owner="z")
    assert claim(store).job.owner == "z"


def test_twenty_owners_whose_jobs_are_for_later_do_not_hide_another(store: Store) -> None:
    for i in range(20):
        create(store, owner=f"a{i:02}")
        do(store, "fail", claim(store).lease, transient(RETRY_US), 1)
    create(store, owner="z", now_us=2)
    assert claim(store, now_us=2).job.owner == "z"


# Leases


def lost_lease(store: Store) -> Lease:
    """A lease of a job that another worker has now."""
    create(store)
    lease = claim(store).lease
    do(store, "reap", lambda job: replace(LOST, retry_at_us=0), LEASE_US)
    claim(store, now_us=LEASE_US)
    return lease


WRITES: dict[str, Callable[[Store, Lease], object]] = {
    "pin": lambda store, lease: do(store, "pin", lease, b"plan", "1", 3, 1),
    "put_piece": lambda store, lease: do(store, "put_piece", lease, tile("t"), 1, 1),
    "commit": lambda store, lease: do(store, "commit", lease, RESULT, 1),
    "fail": lambda store, lease: do(store, "fail", lease, transient(None), 1),
    "release": lambda store, lease: do(store, "release", lease, 1),
}


@pytest.mark.parametrize("verb", WRITES)
def test_a_worker_that_lost_its_lease_can_change_nothing(store: Store, verb: str) -> None:
    lease = lost_lease(store)
    before = do(store, "get", lease.job)
    with pytest.raises(LeaseLost):
        WRITES[verb](store, lease)
    assert do(store, "get", lease.job) == before
    assert do(store, "pieces", lease.job) == []


@pytest.mark.parametrize("verb", WRITES)
def test_a_job_that_is_not_there_cannot_be_changed(store: Store, verb: str) -> None:
    with pytest.raises(LeaseLost):
        WRITES[verb](store, Lease("0" * 32, 1))


def test_a_heartbeat_renews_the_lease_and_is_no_change_of_the_job(store: Store) -> None:
    create(store)
    claimed = claim(store)
    assert do(store, "heartbeat", [Beat(claimed.lease)], LEASE_US, 7) == [
        (Directive.CONTINUE, None)
    ]
    job = do(store, "get", claimed.job.id)
    assert job == replace(claimed.job, lease_until_us=7 + LEASE_US)


def test_a_heartbeat_with_progress_gives_the_job(store: Store) -> None:
    create(store)
    lease = claim(store).lease
    [(directive, job)] = do(store, "heartbeat", [Beat(lease, Stage.SAVING, 4)], LEASE_US, 7)
    assert directive is Directive.CONTINUE
    assert (job.stage, job.steps_done, job.revision) == (Stage.SAVING, 4, 3)
    assert do(store, "get", lease.job) == job


def test_each_beat_of_a_heartbeat_gets_its_own_answer(store: Store) -> None:
    lost = lost_lease(store)
    stopped, running = create(store, owner="bob"), create(store, owner="cyd")
    leases = {claimed.job.id: claimed.lease for claimed in (claim(store), claim(store))}
    do(store, "cancel", stopped, None, 1)
    beats = [Beat(lost), Beat(leases[stopped]), Beat(leases[running])]
    directives = [answer[0] for answer in do(store, "heartbeat", beats, LEASE_US, 2)]
    assert directives == [Directive.LEASE_LOST, Directive.CANCEL, Directive.CONTINUE]


def test_a_heartbeat_without_beats_has_no_answers(store: Store) -> None:
    assert do(store, "heartbeat", [], LEASE_US, 0) == []


def test_a_job_that_is_to_stop_is_reaped_at_the_end_of_its_lease(store: Store) -> None:
    job = create(store)
    lease = claim(store).lease
    do(store, "cancel", job, None, 1)
    do(store, "heartbeat", [Beat(lease)], LEASE_US, LEASE_US - 1)
    [reaped] = do(store, "reap", lambda _: LOST, LEASE_US)
    assert (reaped.status, reaped.error) == (Status.CANCELLED, None)


# Plans and pieces


def test_a_plan_of_the_same_engine_stays_and_one_of_another_replaces_it(store: Store) -> None:
    create(store)
    lease = claim(store).lease
    do(store, "pin", lease, b"first", "1", 4, 1)
    do(store, "put_piece", lease, tile("t"), 1, 2)
    kept = do(store, "pin", lease, b"second", "1", 9, 3)
    assert (kept.steps_total, kept.steps_done, kept.stage) == (4, 1, Stage.RUNNING)
    replaced = do(store, "pin", lease, b"third", "2", 9, 4)
    assert (replaced.steps_total, replaced.steps_done) == (9, 0)
    assert do(store, "pieces", lease.job) == []
    do(store, "release", lease, 5)
    claimed = claim(store, now_us=6)
    assert (claimed.plan, claimed.engine_version) == (b"third", "2")


def test_the_next_attempt_finds_plan_and_pieces_of_the_last(store: Store) -> None:
    create(store)
    lease = claim(store).lease
    do(store, "pin", lease, b"plan", "1", 2, 1)
    for name in ("b", "a"):
        do(store, "put_piece", lease, tile(name), None, 2)
    do(store, "fail", lease, transient(5), 3)
    claimed = claim(store, now_us=5)
    assert (claimed.plan, claimed.pieces) == (b"plan", (tile("a"), tile("b")))
    assert (claimed.job.attempt, claimed.job.fence) == (2, 2)


def test_a_piece_is_found_by_its_name(store: Store) -> None:
    create(store)
    lease = claim(store).lease
    for name in ("a", "b"):
        do(store, "put_piece", lease, tile(name), None, 1)
    assert do(store, "piece", lease.job, "b") == tile("b")
    assert do(store, "piece", lease.job, "c") is None


def test_a_piece_that_is_there_already_counts(store: Store) -> None:
    create(store)
    lease = claim(store).lease
    first, job = do(store, "put_piece", lease, tile("t", "one"), 1, 1)
    again, after = do(store, "put_piece", lease, tile("t", "two"), 1, 2)
    assert (first.key, again.key) == ("one", "one")
    assert after == job
    assert do(store, "pieces", lease.job) == [first]


# Ends


def test_a_commit_ends_the_job_with_its_result(store: Store) -> None:
    job = create(store, keep_us=1000)
    lease = claim(store).lease
    done = do(store, "commit", lease, RESULT, 5)
    assert (done.stage, done.status, done.finished_us) == (Stage.DONE, Status.SUCCESS, 5)
    assert (done.expires_us, done.result_bytes, done.is_leased) == (1005, 5, False)
    assert (done.steps_done, done.steps_total) == (1, 1)
    assert do(store, "manifest", job) == RESULT
    usage = do(store, "usage", "ann", LIMITS)
    assert (usage.outstanding, usage.running) == (0, 0)


def test_a_repeated_commit_gives_the_job_and_keeps_the_first_result(store: Store) -> None:
    create(store)
    lease = claim(store).lease
    done = do(store, "commit", lease, RESULT, 5)
    assert do(store, "commit", lease, replace(RESULT, data=b"other"), 6) == done
    assert do(store, "manifest", lease.job) == RESULT
    with pytest.raises(LeaseLost):
        do(store, "commit", Lease(lease.job, lease.fence - 1), RESULT, 7)


def test_a_result_of_pieces_keeps_those_in_their_order_and_forgets_the_others(store: Store) -> None:
    create(store)
    lease = claim(store).lease
    for name in ("a", "b", "c"):
        do(store, "put_piece", lease, tile(name), None, 1)
    manifest = Manifest("geotiff", 200, 9, None, (tile("c"), tile("a")))
    do(store, "commit", lease, manifest, 2)
    assert do(store, "manifest", lease.job) == manifest
    assert do(store, "pieces", lease.job) == [tile("a"), tile("c")]
    assert do(store, "referenced", [lease.job, "0" * 32]) == {"jobs/a", "jobs/c"}


def test_newer_gives_the_jobs_that_changed_since_they_were_seen(store: Store) -> None:
    same, once, twice = create(store), create(store), create(store)
    for id_ in (once, twice):
        do(store, "update", id_, "ann", 1, {"changed": "yes"})
    gone = create(store)
    do(store, "cancel", gone, "ann", 2)
    do(store, "delete", gone, "ann", 3)
    now = do(store, "get", once)
    seen = {same: 1, once: 1, twice: now.revision, gone: 1, "0" * 32: 1}
    assert do(store, "newer", seen) == [now]
    assert do(store, "newer", {}) == []


def test_cancelled_before_the_commit_stays_cancelled(store: Store) -> None:
    job = create(store)
    lease = claim(store).lease
    do(store, "cancel", job, "ann", 1)
    with pytest.raises(LeaseLost):
        do(store, "commit", lease, RESULT, 2)
    done = do(store, "fail", lease, transient(9), 3)
    assert (done.stage, done.status, done.error) == (Stage.DONE, Status.CANCELLED, None)
    [attempt] = do(store, "attempts", job)
    assert attempt.outcome is Outcome.CANCELLED


def test_a_failure_queues_the_job_again_and_tells_why(store: Store) -> None:
    job = create(store)
    waiting = do(store, "fail", claim(store).lease, transient(RETRY_US), 3)
    assert (waiting.stage, waiting.run_at_us, waiting.error) == (
        Stage.QUEUED,
        RETRY_US,
        b"an error",
    )
    usage = do(store, "usage", "ann", LIMITS)
    assert (usage.outstanding, usage.running) == (1, 0)
    [attempt] = do(store, "attempts", job)
    assert (attempt.outcome, attempt.error, attempt.ended_us) == (Outcome.FAILURE, b"an error", 3)


def test_a_failure_without_another_attempt_ends_the_job(store: Store) -> None:
    create(store)
    lease = claim(store).lease
    do(store, "put_piece", lease, tile("t"), None, 1)
    done = do(store, "fail", lease, Failure(Kind.PERMANENT, b"an error", None), 3)
    assert (done.status, done.error, done.finished_us) == (Status.FAILURE, b"an error", 3)
    assert do(store, "referenced", [lease.job]) == set()
    assert do(store, "usage", "ann", LIMITS).outstanding == 0


def test_a_repeated_fail_gives_the_job(store: Store) -> None:
    create(store)
    lease = claim(store).lease
    waiting = do(store, "fail", lease, transient(RETRY_US), 3)
    assert do(store, "fail", lease, transient(None), 4) == waiting


@pytest.mark.parametrize(
    ("kind", "losses"),
    [(Kind.CRASH, (1, 0, 0)), (Kind.MEMORY, (0, 1, 0)), (Kind.TIMEOUT, (0, 0, 1))],
)
def test_losses_are_counted_by_their_kind(
    store: Store, kind: Kind, losses: tuple[int, int, int]
) -> None:
    create(store)
    job = do(store, "fail", claim(store).lease, Failure(kind, b"e", 1), 1)
    assert (job.crash_losses, job.memory_losses, job.timeout_losses) == losses


def test_a_released_job_is_in_its_old_place_and_the_attempt_is_not_counted(store: Store) -> None:
    first = create(store, now_us=1)
    create(store, now_us=2)
    lease = claim(store, now_us=3).lease
    released = do(store, "release", lease, 4)
    assert (released.stage, released.attempt, released.fence) == (Stage.QUEUED, 0, 1)
    claimed = claim(store, now_us=5)
    assert (claimed.job.id, claimed.job.attempt, claimed.job.fence) == (first, 1, 2)
    outcomes = [attempt.outcome for attempt in do(store, "attempts", first)]
    assert outcomes == [Outcome.RELEASED, Outcome.UNSPECIFIED]
    with pytest.raises(LeaseLost):
        do(store, "release", lease, 6)


def test_a_released_job_that_was_cancelled_ends(store: Store) -> None:
    create(store)
    lease = claim(store).lease
    do(store, "cancel", lease.job, None, 1)
    assert do(store, "release", lease, 2).status is Status.CANCELLED


def test_the_last_attempts_are_given_oldest_first(store: Store) -> None:
    job = create(store)
    for i in range(4):
        do(store, "fail", claim(store, now_us=i).lease, transient(i), i)
    assert [attempt.number for attempt in do(store, "attempts", job, 3)] == [2, 3, 4]


# What ends free


def checkpointed(store: Store) -> Lease:
    """A lease of a job that has two pieces."""
    create(store, keep_us=100)
    lease = claim(store).lease
    for name in ("a", "b"):
        do(store, "put_piece", lease, tile(name), None, 1)
    return lease


PIECES = {"jobs/a", "jobs/b"}


def test_a_job_that_fails_for_good_frees_its_pieces(store: Store) -> None:
    lease = checkpointed(store)
    assert freed_by(store, "fail", lease, transient(None), 2) == PIECES
    assert freed_by(store, "fail", lease, transient(None), 3) == set()


def test_a_job_that_is_reaped_for_good_frees_its_pieces(store: Store) -> None:
    checkpointed(store)
    final = replace(LOST, retry_at_us=None)
    assert freed_by(store, "reap", lambda _: final, LEASE_US) == PIECES


def test_a_job_that_goes_on_later_frees_nothing(store: Store) -> None:
    lease = checkpointed(store)
    assert freed_by(store, "fail", lease, transient(5), 2) == set()
    lease = claim(store, now_us=5).lease
    assert freed_by(store, "release", lease, 6) == set()
    claim(store, now_us=7)
    assert freed_by(store, "reap", lambda _: LOST, 7 + LEASE_US) == set()
    assert do(store, "referenced", [lease.job]) == PIECES


def test_a_job_that_is_cancelled_between_two_attempts_frees_its_pieces(store: Store) -> None:
    lease = checkpointed(store)
    do(store, "fail", lease, transient(5), 2)
    assert freed_by(store, "cancel", lease.job, "ann", 3) == PIECES
    assert freed_by(store, "cancel", lease.job, "ann", 4) == set()


def test_a_job_that_is_cancelled_while_it_runs_frees_its_pieces_when_it_stops(store: Store) -> None:
    lease = checkpointed(store)
    assert freed_by(store, "cancel", lease.job, "ann", 2) == set()
    assert freed_by(store, "release", lease, 3) == PIECES


def test_a_commit_frees_the_pieces_that_its_result_does_not_name(store: Store) -> None:
    lease = checkpointed(store)
    manifest = Manifest("geotiff", 100, 9, None, (tile("b"),))
    assert freed_by(store, "commit", lease, manifest, 2) == {"jobs/a"}
    assert freed_by(store, "commit", lease, manifest, 3) == set()
    assert freed_by(store, "expire", 102) == {"jobs/b"}


def test_a_commit_of_data_frees_all_pieces(store: Store) -> None:
    assert freed_by(store, "commit", checkpointed(store), RESULT, 2) == PIECES


def test_another_plan_frees_nothing_for_its_pieces_may_have_the_same_keys(store: Store) -> None:
    lease = checkpointed(store)
    do(store, "pin", lease, b"plan", "1", 2, 2)
    assert freed_by(store, "pin", lease, b"plan", "2", 2, 3) == set()


def test_what_is_undone_frees_nothing(store: Store) -> None:
    lease = checkpointed(store)

    def fail_then_raise() -> None:
        transaction.fail(lease, transient(None), 2)
        raise LeaseLost

    with store.transaction() as transaction:
        with pytest.raises(LeaseLost):
            transaction.attempted(fail_then_raise)
        assert transaction.freed == set()
        transaction.attempted(lambda: transaction.fail(lease, transient(None), 2))
    assert transaction.freed == PIECES


# Cancelling, changing, deleting


def test_a_queued_job_is_cancelled_at_once(store: Store) -> None:
    job = create(store)
    done = do(store, "cancel", job, "ann", 3)
    assert (done.stage, done.status, done.finished_us) == (Stage.DONE, Status.CANCELLED, 3)
    assert do(store, "claim", "worker", LEASE_US, 0, 4) is None
    assert do(store, "usage", "ann", LIMITS).outstanding == 0


def test_a_job_that_is_cancelled_between_two_attempts_leaves_no_pieces(store: Store) -> None:
    create(store)
    lease = claim(store).lease
    do(store, "put_piece", lease, tile("t"), None, 1)
    do(store, "fail", lease, transient(5), 2)
    do(store, "cancel", lease.job, "ann", 3)
    assert do(store, "pieces", lease.job) == []
    assert do(store, "referenced", [lease.job]) == set()


def test_a_running_job_is_asked_to_stop_once(store: Store) -> None:
    job = create(store)
    claim(store)
    asked = do(store, "cancel", job, "ann", 3)
    assert (asked.stage, asked.cancel_requested) == (Stage.PREPARING, True)
    assert do(store, "cancel", job, "ann", 4) == asked


def test_cancelling_what_is_done_changes_nothing(store: Store) -> None:
    create(store)
    done = do(store, "commit", claim(store).lease, RESULT, 1)
    assert do(store, "cancel", done.id, "ann", 2) == done


@pytest.mark.parametrize("verb", ["cancel", "update", "delete"])
def test_a_job_of_another_owner_is_not_there(store: Store, verb: str) -> None:
    job = create(store)
    with pytest.raises(JobNotFound):
        do(store, verb, job, "eve", 1)
    with pytest.raises(JobNotFound):
        do(store, "get", job, "eve")


def test_labels_are_replaced_and_the_rest_stays(store: Store) -> None:
    job = create(store, labels={"a": "1"}, keep_us=7)
    after = do(store, "update", job, "ann", 3, {"b": "2"})
    assert (after.labels, after.keep_us, after.revision) == ({"b": "2"}, 7, 2)


def test_how_long_a_result_is_kept_counts_from_now_once_it_is_there(store: Store) -> None:
    job = create(store, keep_us=7)
    assert do(store, "update", job, "ann", 1, None, 50).expires_us is None
    assert do(store, "commit", claim(store).lease, RESULT, 10).expires_us == 60
    assert do(store, "update", job, "ann", 20, None, 100).expires_us == 120
    assert do(store, "update", job, "ann", 30, None, 0).expires_us is None
    assert do(store, "expire", 10**15) == []


def test_only_a_job_that_is_done_can_be_deleted(store: Store) -> None:
    job = create(store)
    with pytest.raises(JobNotDone):
        do(store, "delete", job, "ann", 1)


def test_a_deleted_job_is_found_by_no_verb_and_deleting_it_again_is_no_error(store: Store) -> None:
    create(store)
    lease = claim(store).lease
    do(store, "put_piece", lease, tile("t"), None, 1)
    do(store, "commit", lease, Manifest("geotiff", 1, 2, None, (tile("t"),)), 2)
    assert freed_by(store, "delete", lease.job, "ann", 3) == {"jobs/t"}
    assert do(store, "delete", lease.job, "ann", 4) is None
    assert do(store, "find", None, Filter(), None, 9) == []
    assert do(store, "manifest", lease.job) is None
    assert do(store, "referenced", [lease.job]) == set()
    for verb in ("get", "spec"):
        with pytest.raises(JobNotFound):
            do(store, verb, lease.job)


def deleted(store: Store) -> str:
    """A job that the request `r` made, and that is gone."""
    job = create(store, request_id="r")
    do(store, "cancel", job, None, 1)
    do(store, "delete", job, None, 2)
    return job


@pytest.mark.parametrize("limit", [120, 1], ids=["within the quota", "over it"])
def test_a_create_repeated_after_its_job_was_deleted_says_so_and_takes_nothing(
    store: Store, limit: int
) -> None:
    job, other = deleted(store), create(store)
    with pytest.raises(JobDeleted, match=f"{job}.*deleted.*new request id") as caught:
        do(store, "create", new_job(request_id="r"), Limits(limit), 3)
    assert (caught.value.job_id, caught.value.request_id) == (job, "r")
    assert [found.id for found in do(store, "find", None, Filter(), None, 9)] == [other]
    assert do(store, "usage", "ann", LIMITS).outstanding == 1
    assert do(store, "recount") == []


def test_a_request_id_of_a_deleted_job_is_no_other_requests(store: Store) -> None:
    deleted(store)
    with pytest.raises(RequestIdReused):
        do(store, "create", new_job(request_id="r", spec_digest=b"another"), LIMITS, 3)
    assert not do(store, "create", new_job(request_id="r", owner="bob"), LIMITS, 3).is_replay


def test_a_request_is_told_that_the_job_it_made_was_deleted(store: Store) -> None:
    deleted(store)
    with pytest.raises(JobDeleted):
        do(store, "made", "ann", "r", new_job().spec_digest)


def test_a_request_tells_which_job_it_made(store: Store) -> None:
    assert do(store, "made", "ann", "r", new_job().spec_digest) is None
    job = create(store, request_id="r")
    digest = new_job(request_id="r").spec_digest
    assert do(store, "made", "ann", "r", digest).id == job
    assert do(store, "made", "bob", "r", digest) is None
    with pytest.raises(RequestIdReused):
        do(store, "made", "ann", "r", b"of another request")


# Listing


def test_pages_go_from_the_newest_to_the_oldest(store: Store) -> None:
    jobs = [create(store, now_us=i // 2) for i in range(6)]
    newest_first = sorted(((i // 2, job) for i, job in enumerate(jobs)), reverse=True)
    page = do(store, "find", "ann", Filter(), None, 4)
    rest = do(store, "find", "ann", Filter(), Place(page[-1].created_us, page[-1].id), 4)
    assert [(job.created_us, job.id) for job in page + rest] == newest_first


def test_a_list_holds_what_was_asked_for(store: Store) -> None:
    both = create(store, labels={"a": "1", "b.c": "2"})
    one = create(store, labels={"a": "1"})
    bobs = create(store, owner="bob", labels={"a": "1"})
    do(store, "cancel", one, None, 1)

    def ids(owner: str | None, only: Filter) -> set[str]:
        return {job.id for job in do(store, "find", owner, only, None, 9)}

    assert ids("ann", Filter(labels={"a": "1"})) == {both, one}
    assert ids(None, Filter(labels={"a": "1"})) == {both, one, bobs}
    assert ids("ann", Filter(labels={"a": "1", "b.c": "2"})) == {both}
    assert ids("ann", Filter(labels={"a": "2"})) == set()
    assert ids("ann", Filter(stage=Stage.QUEUED)) == {both}
    assert ids("ann", Filter(status=Status.CANCELLED)) == {one}


# The server itself


def test_an_attempt_whose_lease_passed_is_ended_as_was_decided(store: Store) -> None:
    job = create(store)
    claim(store)
    assert do(store, "reap", lambda _: LOST, LEASE_US - 1) == []
    [reaped] = do(store, "reap", lambda _: LOST, LEASE_US)
    assert (reaped.stage, reaped.crash_losses, reaped.run_at_us) == (Stage.QUEUED, 1, RETRY_US)
    [attempt] = do(store, "attempts", job)
    assert attempt.outcome is Outcome.LOST
    assert do(store, "usage", "ann", LIMITS).running == 0


def test_an_attempt_that_takes_too_long_is_ended_though_its_worker_lives(store: Store) -> None:
    create(store, attempt_timeout_us=100)
    lease = claim(store).lease
    do(store, "heartbeat", [Beat(lease)], LEASE_US, 99)
    [reaped] = do(store, "reap", lambda _: Failure(Kind.TIMEOUT, b"slow", None), 100)
    assert (reaped.status, reaped.timeout_losses) == (Status.FAILURE, 1)


def test_a_lease_that_was_renewed_in_time_is_not_reaped(store: Store) -> None:
    create(store)
    lease = claim(store).lease
    do(store, "heartbeat", [Beat(lease)], LEASE_US, LEASE_US)
    assert do(store, "reap", lambda _: LOST, LEASE_US) == []


def test_no_more_are_reaped_than_were_asked_for(store: Store) -> None:
    for _ in range(3):
        create(store)
        claim(store)
    assert len(do(store, "reap", lambda _: LOST, LEASE_US, 2)) == 2


def test_a_clock_that_goes_back_steals_no_lease(store: Store) -> None:
    create(store)
    claimed = claim(store, now_us=10**12)
    back_us = 10**12 - 3600 * SECOND_US
    do(store, "heartbeat", [Beat(claimed.lease, None, 1)], LEASE_US, back_us)
    assert do(store, "reap", lambda _: LOST, back_us) == []
    job: JobRecord = do(store, "get", claimed.job.id)
    assert job.lease_until_us == claimed.job.lease_until_us
    assert job.updated_us == claimed.job.updated_us
    done = do(store, "commit", claimed.lease, RESULT, back_us)
    assert done.finished_us == claimed.job.updated_us


def test_results_are_removed_when_their_time_has_come(store: Store) -> None:
    create(store, keep_us=100)
    lease = claim(store).lease
    do(store, "put_piece", lease, tile("t"), None, 1)
    do(store, "commit", lease, Manifest("geotiff", 1, 2, None, (tile("t"),)), 10)
    assert do(store, "expire", 109) == []
    with store.transaction() as transaction:
        [expired] = transaction.expire(110)
    assert (transaction.freed, expired.result_bytes) == ({"jobs/t"}, None)
    assert do(store, "get", lease.job) == expired
    assert do(store, "manifest", lease.job) is None
    assert do(store, "expire", 111) == []
    with pytest.raises(ResultExpired):
        do(store, "update", lease.job, "ann", 112, None, 50)


def test_only_rows_whose_results_are_long_gone_are_forgotten(store: Store) -> None:
    kept = create(store)
    old = create(store, keep_us=10, request_id="r")
    for job in (kept, old):
        do(store, "cancel", job, None, 1)
    do(store, "expire", 20)
    assert do(store, "forget", 20) == 0
    assert do(store, "forget", 21) == 1
    with pytest.raises(JobNotFound):
        do(store, "get", old)
    assert do(store, "get", kept).status is Status.CANCELLED
    assert not do(store, "create", new_job(request_id="r"), LIMITS, 22).is_replay


def test_a_recount_finds_nothing_after_a_life_of_jobs(store: Store) -> None:
    for owner in ("ann", "bob"):
        for _ in range(3):
            create(store, owner=owner)
    do(store, "commit", claim(store).lease, RESULT, 1)
    do(store, "fail", claim(store).lease, transient(None), 1)
    do(store, "release", claim(store).lease, 1)
    do(store, "cancel", claim(store).job.id, None, 1)
    do(store, "reap", lambda _: LOST, LEASE_US)
    assert do(store, "recount") == []


def test_the_next_job_that_becomes_ready_is_told(store: Store) -> None:
    assert do(store, "next_run_at_us") is None
    create(store, now_us=7)
    create(store, now_us=5)
    assert do(store, "next_run_at_us") == 5
