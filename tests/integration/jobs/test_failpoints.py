"""One job's life with `kill -9` of the server around each step that must be durable.

Once the answer to every step is lost: the step is done and nobody was told. Once the server dies
before it could do the step, because somebody holds its database. Either way the caller asks again.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import grpc
import pytest

from swath.errors import SwathError
from swath.v1 import jobs_pb2 as pb
from swath.worker.v1 import worker_pb2
from tests.integration.jobs.asked import number
from tests.integration.jobs.proxy import Proxy, over_tcp, over_unix
from tests.integration.jobs.running import RunningJobServer, User
from tests.integration.jobs.scripted import PART_BYTES, ScriptedWorker, parts_of

REQUEST = number(request_id="the only one")
FIRST, SECOND = b"a" * (PART_BYTES + 7), b"b" * 11


def kill_where_the_answer_is_lost(
    server: RunningJobServer, proxy: Proxy, verb: str, call: Callable[[], Any]
) -> None:
    """Make a call whose answer never comes; when it is done, the server dies and starts again."""
    before = len(server.events(verb))
    proxy.loses_answers.set()
    failed = threading.Thread(target=_must_fail, args=(call,))
    failed.start()
    server.until(lambda: len(server.events(verb)) > before)
    server.kill()
    failed.join(20)
    assert not failed.is_alive()
    proxy.loses_answers.clear()
    server.start()


def _must_fail(call: Callable[[], Any]) -> None:
    with pytest.raises(SwathError):
        call()


@contextmanager
def through(server: RunningJobServer) -> Iterator[tuple[Proxy, User, ScriptedWorker]]:
    """A user and a worker behind a proxy each, which lose answers together."""
    users = Proxy(over_tcp(server.port))
    workers = Proxy(over_unix(server.worker_address.removeprefix("unix:")))
    workers.loses_answers = users.loses_answers
    yield users, *_callers(server, users, workers)
    for one in (users, workers):
        one.close()


def _callers(server: RunningJobServer, users: Proxy, workers: Proxy) -> tuple[User, ScriptedWorker]:
    channel = grpc.insecure_channel(users.address, (("grpc.use_local_subchannel_pool", 1),))
    worker = ScriptedWorker(workers.address, server.secret_file.read_text(), "lost")
    for one in (channel, worker._channel):  # a call is sent once the other side has said a word
        grpc.channel_ready_future(one).result(10)
    server.opened += [channel, worker]
    return User(channel, None), worker


def test_a_job_whose_every_answer_is_lost_ends_once_and_right(launch):
    """Create, claim, pin, pieces and commit are done, told to nobody, and asked for again."""
    server = launch(lease_s=1.0, settle_s=0.2)

    def lost(verb: str, call: Callable[[User, ScriptedWorker], Any]) -> None:
        with through(server) as (proxy, user, worker):
            kill_where_the_answer_is_lost(server, proxy, verb, lambda: call(user, worker))

    lost("create_job", lambda user, _: user.create(REQUEST))
    job = server.user().create(REQUEST).id
    server.settings["lease_s"] = 60.0  # from the next start on
    lost("claim", lambda _, worker: worker.claim())
    lease = server.worker().claim(wait_s=15).lease  # nobody had the first one: it came to its end
    assert lease == worker_pb2.Lease(job=job, fence=2)
    lost("pin", lambda _, worker: worker.pin(lease, b"plan", steps=2))
    server.worker().pin(lease, b"plan", steps=2)
    lost("put_piece", lambda _, worker: worker.put(lease, "a", FIRST, steps_done=1))
    server.worker().put(lease, "a", FIRST, steps_done=1)
    server.worker().put(lease, "b", SECOND, steps_done=2)
    lost("commit", lambda _, worker: worker.commit(lease, pieces=["a", "b"]))
    server.worker().commit(lease, pieces=["a", "b"])
    assert_ended_once(server, job, ["OUTCOME_LOST", "OUTCOME_SUCCESS"])


def test_a_job_whose_server_dies_before_every_step_ends_once_and_right(launch):
    """What was not durable never happened: nothing is half there, and asking again does it."""
    server = launch(lease_s=60.0, settle_s=0.2)
    job = dies_before(server, lambda: server.user().create(REQUEST)).id
    assert [one.id for one in server.user().list().jobs] == [job]
    lease = dies_before(server, lambda: server.worker().claim()).lease
    assert lease == worker_pb2.Lease(job=job, fence=1)
    dies_before(server, lambda: server.worker().pin(lease, b"plan", steps=2))
    dies_between_object_and_row(server, lease)
    server.worker().put(lease, "a", FIRST, steps_done=1)
    server.worker().put(lease, "b", SECOND, steps_done=2)
    dies_before(server, lambda: server.worker().commit(lease, pieces=["a", "b"]))
    assert_ended_once(server, job, ["OUTCOME_SUCCESS"])


def dies_before(server: RunningJobServer, call: Callable[[], Any]) -> Any:
    """Make a call that cannot be done, kill the server, and make it once more."""
    with held(server):
        failed = threading.Thread(target=_must_fail, args=(call,))
        failed.start()
        server.until(lambda: server.gauge("swath_in_flight") > 0)
        server.kill()
        failed.join(20)
    server.start()
    return call()


def dies_between_object_and_row(server: RunningJobServer, lease: worker_pb2.Lease) -> None:
    """The bytes of a piece are stored, and the server dies before it could name them."""
    begun, finish = threading.Event(), threading.Event()

    def parts() -> Iterator[worker_pb2.PutPieceRequest]:
        first, *rest = parts_of(lease, "a", FIRST, steps_done=1)
        yield first
        begun.set()
        assert finish.wait(20)
        yield from rest

    upload = server.worker().start_put(parts())
    assert begun.wait(20)
    results = server.data / "jobs" / "results"
    server.until(lambda: any((results / "staging").iterdir()))
    with held(server):
        finish.set()
        server.until(lambda: list(results.glob("??/*/a-*")))
        server.kill()
    server.start()
    assert upload.exception(20) is not None


@contextmanager
def held(server: RunningJobServer) -> Iterator[None]:
    """While the block runs, another program holds the database."""
    path = server.data / "jobs" / "jobs.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def assert_ended_once(server: RunningJobServer, job: str, outcomes: list[str]) -> None:
    """One job, one success, the right bytes, no quota taken, no object that nothing needs."""
    server.restart()
    user = server.user()
    (found,) = user.list().jobs
    assert (found.id, found.status) == (job, pb.STATUS_SUCCESS)
    attempts = user.get(job, full=True).attempts
    assert [pb.Attempt.Outcome.Name(one.outcome) for one in attempts] == outcomes
    assert b"".join(part.data for part in user.download(job)) == FIRST + SECOND
    assert user.quota().outstanding == 0
    results = server.data / "jobs" / "results"
    assert len(list(results.glob("??/*/*"))) == 2
    assert not list((results / "staging").iterdir())
