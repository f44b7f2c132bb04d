"""People who create, cancel, watch, resubmit, download and delete, and note what they were told.

What they were told is a promise. A call without an answer is repeated under the same request id for
a while; some give up, and then the job may be there or not.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event

from swath.errors import (
    DeadlineExceeded,
    JobNotDone,
    JobNotFound,
    ResourceExhausted,
    ResultNotAvailable,
    SwathError,
    Transient,
    Wait,
)
from swath.v1 import jobs_pb2 as pb
from tests.chaos import work
from tests.chaos.history import History, seen
from tests.integration.jobs.running import User

AWAY = (Transient, Wait, DeadlineExceeded)
"""What a call ends with while the server is killed, stopped or cut off from its database."""
ANSWER_S = 8.0
PATIENCE_S = 12.0


@dataclass(frozen=True)
class Order:
    """Something that was asked for, and can be again."""

    request_id: str
    work: str
    again_of: str = ""
    """Id of the job that it resubmits; empty: it is new."""


@dataclass
class Account:
    """An owner, and what its people share."""

    owner: str
    token: str
    known: list[tuple[str, Order]] = field(default_factory=list)
    """Jobs that were acknowledged, the oldest first."""
    done: list[str] = field(default_factory=list)
    """Jobs whose success was seen."""


class Customer:
    """Makes jobs, and does to them whatever one may."""

    def __init__(
        self, name: str, user: User, history: History, account: Account, rng: random.Random
    ) -> None:
        self._name = name
        self._user = user
        self._history = history
        self._account = account
        self._rng = rng
        self._made = 0
        acts: dict[Callable[[Event], None], int] = {
            self._create: 50,
            self._repeat: 6,
            self._resubmit: 5,
            self._cancel: 9,
            self._get: 12,
            self._download: 8,
            self._count: 6,
            self._delete: 2,
        }
        self._acts, self._weights = list(acts), list(acts.values())

    def act(self, stopping: Event) -> None:
        """One thing, then a pause."""
        act = self._rng.choices(self._acts, self._weights)[0]
        try:
            act(stopping)
        except (*AWAY, JobNotFound):
            pass  # what is to be noted of these is noted where they come from
        except SwathError as error:
            self._history.note("error", act=act.__name__, reason=error.REASON, said=str(error))
        stopping.wait(self._rng.uniform(0.01, 0.2))

    def _create(self, stopping: Event) -> None:
        self._order(stopping, Order(self._new_request(), work.draw(self._rng).name))

    def _resubmit(self, stopping: Event) -> None:
        if self._account.known:
            job, order = self._rng.choice(self._account.known)
            self._order(stopping, Order(self._new_request(), order.work, job))

    def _repeat(self, stopping: Event) -> None:
        """Ask once more for what was acknowledged."""
        if self._account.known:
            self._order(stopping, self._rng.choice(self._account.known)[1])

    def _new_request(self) -> str:
        self._made += 1
        return f"{self._name}-{self._made}"

    def _order(self, stopping: Event, order: Order) -> None:
        """Ask until there is an answer, or patience is at its end; note what was promised."""
        who = {"owner": self._account.owner, "request": order.request_id, "work": order.work}
        self._history.note("asked", fields=who)
        began = time.monotonic()
        patience_s = self._rng.choice((0.0, PATIENCE_S, PATIENCE_S))
        while True:
            tried = time.monotonic()
            try:
                job = self._ask(order)
            except ResourceExhausted:
                self._history.note("refused", tried, fields=who)
                return
            except AWAY:
                if time.monotonic() - began > patience_s or stopping.wait(0.2):
                    self._history.note("unanswered", began, fields=who)
                    return
                continue
            self._history.note("created", tried, fields=who | seen(job))
            if job.id not in (known for known, _ in self._account.known):
                self._account.known.append((job.id, order))
            return

    def _ask(self, order: Order) -> pb.Job:
        if order.again_of:
            again = pb.ResubmitJobRequest(id=order.again_of, request_id=order.request_id)
            resubmitted: pb.Job = self._user.ask("ResubmitJob", again, ANSWER_S).job
            return resubmitted
        request = work.ALL[order.work].request(order.request_id)
        created: pb.Job = self._user.ask("CreateJob", request, ANSWER_S).job
        return created

    def _cancel(self, _: Event) -> None:
        recent = self._account.known[-8:]
        if recent:
            request = pb.CancelJobRequest(id=self._rng.choice(recent)[0])
            began = time.monotonic()
            after = self._user.ask("CancelJob", request, ANSWER_S).job
            self._history.note("cancelled", began, fields=seen(after))

    def _get(self, _: Event) -> None:
        if self._account.known:
            look(self._user, self._history, self._rng.choice(self._account.known)[0])

    def _download(self, _: Event) -> None:
        if self._account.done:
            download(self._user, self._history, self._rng.choice(self._account.done))

    def _count(self, _: Event) -> None:
        began = time.monotonic()
        quota = self._user.ask("GetQuota", pb.GetQuotaRequest(), ANSWER_S)
        counts = {"outstanding": quota.outstanding, "limit": quota.outstanding_limit}
        self._history.note("quota", began, fields={"owner": self._account.owner, **counts})

    def _delete(self, _: Event) -> None:
        if self._account.done:
            job = self._rng.choice(self._account.done)
            self._history.note("deleting", fields={"job": job})
            self._user.ask("DeleteJob", pb.DeleteJobRequest(id=job), ANSWER_S)
            self._history.note("deleted", fields={"job": job})


class Watcher:
    """Follows the newest job to its end, over all interruptions; then the one that is newest."""

    def __init__(self, name: str, user: User, history: History, account: Account) -> None:
        self._name = name
        self._user = user
        self._history = history
        self._account = account
        self._streams = 0
        self._last = ""

    def act(self, stopping: Event) -> None:
        """Follow one job."""
        job = self._account.known[-1][0] if self._account.known else self._last
        if job == self._last:
            stopping.wait(0.05)
            return
        self._last = job
        after, is_done = 0, False
        while not is_done and not stopping.is_set():
            try:
                after, is_done = self._follow(job, after)
            except JobNotFound:
                self._history.note("missing", fields={"job": job})
                return
            stopping.wait(0.1)

    def _follow(self, job: str, after: int) -> tuple[int, bool]:
        """One stream: the last revision that it told, and whether the job was done."""
        self._streams += 1
        of_stream = {"job": job, "stream": f"{self._name}-{self._streams}"}
        began, newest = time.monotonic(), pb.Job(revision=after)
        with suppress(*AWAY):
            for message in self._user.watch(job, PATIENCE_S, after_revision=after):
                if message.HasField("job"):
                    newest = message.job
                    self._history.note(
                        "told", began, fields=of_stream | {"after": after} | seen(newest)
                    )
            self._history.note("stream_ended", fields=of_stream)
        if newest.status == pb.STATUS_SUCCESS:
            self._account.done.append(job)
        return newest.revision, newest.stage == pb.STAGE_DONE


def look(user: User, history: History, job: str) -> pb.Job | None:
    """A job as it is, noted; None: it is not there, which is noted too."""
    began = time.monotonic()
    try:
        found: pb.Job = user.ask("GetJob", pb.GetJobRequest(id=job), ANSWER_S).job
    except JobNotFound:
        history.note("missing", began, job=job)
        return None
    history.note("got", began, **seen(found))
    return found


def download(user: User, history: History, job: str) -> None:
    """Download a result, and note what it is."""
    began = time.monotonic()
    try:
        messages = user.stream("DownloadJobResult", pb.DownloadJobResultRequest(id=job), ANSWER_S)
        data = b"".join(message.data for message in messages)
    except JobNotFound:
        history.note("missing", began, job=job)
        return
    except (ResultNotAvailable, JobNotDone) as error:
        history.note("no_result", began, job=job, reason=error.REASON)
        return
    history.note("result", began, job=job, digest=work.digest_of_bytes(data), bytes=len(data))
