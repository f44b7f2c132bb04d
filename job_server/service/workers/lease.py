"""Heartbeat, Pin, Fail and Release: what a worker says of the jobs that it has."""

from __future__ import annotations

from job_server.service.jobs import Jobs
from job_server.service.workers.request import job_of, lease_of, parse, worker_of
from job_server.store.record import Beat, Directive, JobRecord, Kind
from job_server.store.store import Transaction
from swath.errors import InvalidArgument
from swath.job import Stage
from swath.serving.call import Call
from swath.v1 import jobs_pb2
from swath.worker.v1 import worker_pb2 as pb

_Answer = pb.HeartbeatResponse

DIRECTIVES = {
    Directive.CONTINUE: _Answer.DIRECTIVE_CONTINUE,
    Directive.CANCEL: _Answer.DIRECTIVE_CANCEL,
    Directive.LEASE_LOST: _Answer.DIRECTIVE_LEASE_LOST,
}
KINDS = {pb.FailRequest.Kind.Value(f"KIND_{kind.name}"): kind for kind in Kind}
STAGES = {
    jobs_pb2.STAGE_PREPARING: Stage.PREPARING,
    jobs_pb2.STAGE_RUNNING: Stage.RUNNING,
    jobs_pb2.STAGE_SAVING: Stage.SAVING,
}
"""What a worker may say that a job does. A stage that only a newer worker knows leaves the job in
the one it is in: refused, the heartbeat would cost the leases of all its jobs."""
NO_WORK = (jobs_pb2.STAGE_QUEUED, jobs_pb2.STAGE_DONE)
MOST_BEATS = 10_000


async def heartbeat(jobs: Jobs, call: Call) -> None:
    """Answer Heartbeat."""
    message = parse(pb.HeartbeatRequest, call.request)
    worker_of(message.worker)
    if len(message.beats) > MOST_BEATS:
        raise InvalidArgument(f"A heartbeat speaks of at most {MOST_BEATS:,} jobs.")
    beats = [_beat(beat) for beat in message.beats]
    told = await jobs.run(
        lambda tx: tx.heartbeat(beats, jobs.lease_us, jobs.now_us()), is_urgent=True
    )
    for _, job in told:
        if job is not None:
            jobs.tell(job)
    answer = _Answer(directives=[DIRECTIVES[directive] for directive, _ in told])
    await call.send(answer.SerializeToString())


async def pin(jobs: Jobs, call: Call) -> None:
    """Answer Pin."""
    message = parse(pb.PinRequest, call.request)
    lease = lease_of(message.lease)
    job = await jobs.run(
        lambda tx: tx.pin(
            lease, message.plan, message.engine_version, message.steps_total, jobs.now_us()
        ),
        is_urgent=True,
    )
    jobs.tell(job)
    call.notes["job"] = lease.job
    await call.send(pb.PinResponse().SerializeToString())


async def fail(jobs: Jobs, call: Call) -> None:
    """Answer Fail."""
    message = parse(pb.FailRequest, call.request)
    lease, kind = lease_of(message.lease), KINDS.get(message.kind)
    if kind is None:
        raise InvalidArgument("The failure has no kind.").at(argument="kind")
    error = message.error.SerializeToString() if message.HasField("error") else None

    def verb(tx: Transaction) -> JobRecord:
        now_us = jobs.now_us()
        return tx.fail(lease, jobs.decide(job_of(tx, lease), kind, error, now_us), now_us)

    job = await jobs.run(verb, is_urgent=True)
    jobs.tell(job)
    call.notes |= {"job": lease.job, "kind": kind.value, "is_done": job.is_done}
    await call.send(pb.FailResponse().SerializeToString())


async def release(jobs: Jobs, call: Call) -> None:
    """Answer Release."""
    lease = lease_of(parse(pb.ReleaseRequest, call.request).lease)
    jobs.tell(await jobs.run(lambda tx: tx.release(lease, jobs.now_us()), is_urgent=True))
    call.notes["job"] = lease.job
    await call.send(pb.ReleaseResponse().SerializeToString())


def _beat(message: pb.Beat) -> Beat:
    if message.stage in NO_WORK:
        raise InvalidArgument("A worker's job prepares, runs or saves.").at(argument="stage")
    steps_done = message.steps_done if message.HasField("steps_done") else None
    return Beat(lease_of(message.lease), STAGES.get(message.stage), steps_done)
