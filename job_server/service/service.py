"""Both services: which function answers each rpc."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import grpc

from job_server.service.change import cancel_job, delete_job, update_job
from job_server.service.create import create_job, resubmit_job
from job_server.service.jobs import Jobs
from job_server.service.read import get_job, get_quota, list_jobs
from job_server.service.result import download_job_result, get_job_result
from job_server.service.watch import watch_job
from job_server.service.workers.claim import claim
from job_server.service.workers.commit import commit
from job_server.service.workers.lease import fail, heartbeat, pin, release
from job_server.service.workers.limits import set_limits
from job_server.service.workers.piece import get_piece, put_piece
from job_server.service.workers.request import LONGEST_WAIT_S
from job_server.service.workers.stop import await_stop
from swath.errors import DeadlineExceeded
from swath.serving.call import Call, Calls, Rpc

JOB_SERVICE = "swath.v1.JobService"
WORKER_SERVICE = "swath.worker.v1.WorkerService"
ADMIN_SERVICE = "swath.worker.v1.AdminService"
TRANSFER_S = 24 * 3600.0
"""Longest time for a stream of bytes; one that stands still ends after a minute."""

_Answer = Callable[[Jobs, Call], Awaitable[None]]


def job_service(jobs: Jobs, calls: Calls) -> grpc.GenericRpcHandler:
    """The rpcs of users."""
    watch_s = 2 * jobs.config.watch_s  # it ends by itself before
    rpcs = (
        _unary(jobs, "CreateJob", create_job),
        _unary(jobs, "GetJob", get_job),
        _unary(jobs, "ListJobs", list_jobs),
        _stream(jobs, "WatchJob", watch_job, watch_s),
        _unary(jobs, "CancelJob", cancel_job),
        _unary(jobs, "ResubmitJob", resubmit_job),
        _unary(jobs, "UpdateJob", update_job),
        _unary(jobs, "DeleteJob", delete_job),
        _unary(jobs, "GetJobResult", get_job_result),
        _stream(jobs, "DownloadJobResult", download_job_result, TRANSFER_S),
        _unary(jobs, "GetQuota", get_quota),
    )
    return calls.service(JOB_SERVICE, rpcs)


def worker_service(jobs: Jobs, calls: Calls) -> grpc.GenericRpcHandler:
    """The rpcs of workers."""
    wait_s = LONGEST_WAIT_S + jobs.config.max_request_s
    rpcs = (
        Rpc("Claim", "claim", partial(claim, jobs), longest_s=wait_s),
        _unary(jobs, "Heartbeat", heartbeat),
        Rpc("AwaitStop", "await_stop", partial(await_stop, jobs), longest_s=wait_s),
        _unary(jobs, "Pin", pin),
        _upload(jobs, "PutPiece", put_piece),
        _stream(jobs, "GetPiece", get_piece, TRANSFER_S),
        _unary(jobs, "Commit", commit),
        _unary(jobs, "Fail", fail),
        _unary(jobs, "Release", release),
    )
    return calls.service(WORKER_SERVICE, rpcs)


def admin_service(jobs: Jobs, calls: Calls) -> grpc.GenericRpcHandler:
    """The rpcs of whoever runs the server."""
    return calls.service(ADMIN_SERVICE, (_unary(jobs, "SetLimits", set_limits),))


def _unary(jobs: Jobs, name: str, answer: _Answer) -> Rpc:
    return Rpc(name, answer.__name__, partial(_in_time, jobs, answer))


async def _in_time(jobs: Jobs, answer: _Answer, call: Call) -> None:
    """Answer before the deadline, which may be the server's own: the caller perhaps set none.

    Raises:
        DeadlineExceeded. What changes a job may still happen, as where an answer is lost.
    """
    try:
        async with asyncio.timeout_at(call.deadline_s):
            await answer(jobs, call)
    except TimeoutError:
        raise DeadlineExceeded("The request was not answered in time: try again.") from None


def _stream(jobs: Jobs, name: str, answer: _Answer, longest_s: float) -> Rpc:
    return Rpc(name, answer.__name__, partial(answer, jobs), is_stream=True, longest_s=longest_s)


def _upload(jobs: Jobs, name: str, answer: _Answer) -> Rpc:
    verb = partial(answer, jobs)
    return Rpc(name, answer.__name__, verb, takes_stream=True, longest_s=TRANSFER_S)
