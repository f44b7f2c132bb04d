"""`swath jobs` and `swath quota` against a whole job server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import swath as wf
from swath.client import Job, JobClient
from swath.command.jobs import jobs, quota
from swath.errors import BandNotFound, Cancelled, JobNotDone, JobNotFound
from swath.graph.type import INT
from swath.job import Stage, Status
from swath.stream import Header, Trailer
from swath.wire.delimited import write_delimited
from swath.wire.stream import write_stream
from swath.worker.v1 import worker_pb2 as pb
from tests.integration.jobs.running import RunningJobServer
from tests.integration.jobs.scripted import ScriptedWorker

N: Any = wf.Int
FOUR = N(3) + 1
NATIVE_FOUR = b"".join(write_delimited(write_stream([Header(INT, 4), Trailer()])))

Typed = Callable[..., Result]


@pytest.fixture
def client(shared: RunningJobServer) -> Iterator[JobClient]:
    """A client of the shared server; what is left is cancelled and removed."""
    client = JobClient(shared.address)
    yield client
    for job in client.list():
        client.cancel(job.id)
        client.delete(job.id)
    client.close()


@pytest.fixture
def typed(shared: RunningJobServer, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Runs `swath jobs ...` in this process; an error of ours is in `.exception`."""
    monkeypatch.setenv("SWATH_JOBS", shared.address)
    return lambda *arguments: CliRunner().invoke(jobs, arguments)


def fail(worker: ScriptedWorker) -> None:
    lease = worker.claim().lease
    worker.fail(lease, pb.FailRequest.KIND_PERMANENT, "BAND_NOT_FOUND", "There is no band nir.")


def test_no_jobs_are_told_in_a_sentence(typed: Typed, client: JobClient) -> None:
    assert typed("list").output == "No such jobs.\n"


def test_a_list_is_a_table_with_whole_ids(typed: Typed, client: JobClient) -> None:
    job = Job(FOUR, client=client, labels={"a": "b"})
    header, line = typed("list").output.splitlines()
    assert header.split()[:2] == ["id", "created"]
    assert line.split()[0] == job.id
    assert line.split()[3:] == ["queued", "0/?", "Int", "a=b"]


def test_a_list_is_narrowed_by_stage_status_label_and_limit(
    typed: Typed, client: JobClient
) -> None:
    first = Job(FOUR, client=client, labels={"a": "b"}).cancel()
    second = Job(FOUR, client=client)

    def ids(*options: str) -> list[str]:
        return [job["id"] for job in json.loads(typed("list", "--json", *options).output)]

    assert ids() == [second.id, first.id]
    assert ids("--limit", "1") == [second.id]
    assert ids("--stage", "queued") == [second.id]
    assert ids("--status", "cancelled") == ids("--label", "a=b") == [first.id]


def test_a_label_without_a_value_is_wrongly_typed(typed: Typed) -> None:
    done = typed("list", "--label", "a")
    assert (done.exit_code, "NAME=TEXT" in done.output) == (2, True)


def test_a_failed_job_shows_its_error_and_attempts(
    typed: Typed, client: JobClient, worker: ScriptedWorker
) -> None:
    job = Job(FOUR, client=client)
    fail(worker)
    text = typed("show", job.id).output
    assert "failure" in text
    assert "BAND_NOT_FOUND: There is no band nir." in text
    assert "attempt 1" in text
    shown = json.loads(typed("show", job.id, "--json").output)
    assert shown["error"]["reason"] == shown["attempts"][0]["error"]["reason"] == "BAND_NOT_FOUND"
    assert (shown["stage"], shown["status"]) == ("STAGE_DONE", "STATUS_FAILURE")


def test_a_job_that_is_not_there_is_an_error(typed: Typed) -> None:
    assert type(typed("show", "0" * 32).exception) is JobNotFound


def test_watching_shows_the_bar_and_succeeds_as_the_job_does(
    typed: Typed, client: JobClient, worker: ScriptedWorker
) -> None:
    job = Job(FOUR, client=client)
    worker.commit(worker.claim().lease, NATIVE_FOUR)
    done = typed("watch", job.id)
    assert done.exit_code == 0
    assert "Stage: STAGE_DONE | Status: STATUS_SUCCESS" in done.output


def test_watching_fails_as_the_job_does(
    typed: Typed, client: JobClient, worker: ScriptedWorker
) -> None:
    job = Job(FOUR, client=client)
    fail(worker)
    assert type(typed("watch", job.id).exception) is BandNotFound
    other = Job(FOUR, client=client).cancel()
    assert type(typed("watch", other.id).exception) is Cancelled


def test_a_job_that_is_not_there_keeps_no_other_from_being_cancelled_and_deleted(
    typed: Typed, client: JobClient
) -> None:
    job = Job(FOUR, client=client)
    nobody, none = "0" * 32, "1" * 32
    for verb, how in (("cancel", "cancelled"), ("delete", "deleted")):
        done = typed(verb, nobody, job.id, none)
        assert f"{job.id}: {how}\n" in done.output
        assert f"{nobody}: You have no job" in done.output
        assert type(done.exception) is JobNotFound
        assert none in str(done.exception)


def test_jobs_are_cancelled_repeated_and_deleted(typed: Typed, client: JobClient) -> None:
    job = Job(FOUR, client=client)
    assert type(typed("delete", job.id).exception) is JobNotDone
    assert typed("cancel", job.id).output == f"{job.id}: cancelled\n"
    again = typed("resubmit", job.id).output.strip()
    assert client.get(again).stage is Stage.QUEUED
    assert typed("delete", job.id).output == f"{job.id}: deleted\n"
    with pytest.raises(JobNotFound):
        client.get(job.id)


def test_a_native_result_is_printed(
    typed: Typed, client: JobClient, worker: ScriptedWorker, tmp_path: Path
) -> None:
    job = Job(FOUR, client=client)
    worker.commit(worker.claim().lease, NATIVE_FOUR)
    assert typed("result", job.id).output == "4\n"
    refused = typed("result", job.id, "-o", str(tmp_path / "four.npz"))
    assert "no file" in str(refused.exception)


def test_an_encoded_result_is_printed_or_written(
    typed: Typed, client: JobClient, worker: ScriptedWorker, tmp_path: Path
) -> None:
    job = Job(FOUR, format="json", client=client)
    worker.commit(worker.claim().lease, b"[4]", format="json")
    assert typed("result", job.id).stdout_bytes == b"[4]"
    out = tmp_path / "four.json"
    assert typed("result", job.id, "-o", str(out)).exit_code == 0
    assert out.read_bytes() == b"[4]"


def test_the_quota_is_told(typed: Typed, client: JobClient, shared: RunningJobServer) -> None:
    Job(FOUR, client=client)
    told = json.loads(CliRunner().invoke(quota, ["--json", "--server", shared.address]).output)
    assert (told["outstanding"], told["running"]) == (1, 0)
    text = CliRunner().invoke(quota, ["--server", shared.address]).output
    assert text.splitlines()[1].split() == ["not", "done", "1", str(told["outstanding_limit"])]


def test_the_status_of_a_running_job_is_left_out(
    typed: Typed, client: JobClient, worker: ScriptedWorker
) -> None:
    job = Job(FOUR, client=client)
    worker.claim()
    assert client.get(job.id).status is Status.UNSPECIFIED
    assert "status" not in typed("show", job.id).output
    assert typed("cancel", job.id).output == f"{job.id}: being cancelled\n"
    assert "asked for" in typed("show", job.id).output
    worker.fail(worker.handed[-1], pb.FailRequest.KIND_CANCELLED)
