"""Tokens: whose jobs are whose."""

from __future__ import annotations

import subprocess
import sys

import grpc
import pytest

from swath.errors import InvalidArgument, JobNotFound, Unauthenticated
from swath.serving import tokens
from swath.v1 import jobs_pb2 as pb
from tests.integration.jobs.asked import number
from tests.integration.jobs.running import REPOSITORY, RunningJobServer
from tests.integration.jobs.test_jobs import NAMING_A_JOB, ask


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A server with tokens of alice and bob."""
    server = RunningJobServer(tmp_path_factory.mktemp("guarded"))
    server.secrets = {  # type: ignore[attr-defined]
        owner: tokens.create(server.data, owner, 1) for owner in ("alice", "bob")
    }
    server.start()
    yield server
    server.close()


@pytest.fixture
def alice(guarded):
    return guarded.user(guarded.secrets["alice"])


@pytest.fixture
def bob(guarded):
    return guarded.user(guarded.secrets["bob"])


def test_a_job_belongs_to_whoever_made_it(alice):
    assert alice.create(number()).owner == "alice"
    assert alice.quota().owner == "alice"


@pytest.mark.parametrize(("method", "request_of"), NAMING_A_JOB)
def test_a_job_of_another_owner_is_not_found(alice, bob, method, request_of):
    job = alice.create(number())
    with pytest.raises(JobNotFound):
        ask(bob, method, request_of(id=job.id))
    assert alice.get(job.id) == job


def test_a_list_has_the_callers_jobs_only(alice, bob):
    mine = bob.create(number()).id
    theirs = alice.create(number()).id
    assert theirs not in [job.id for job in bob.list(page_size=1000).jobs]
    assert mine in [job.id for job in bob.list(page_size=1000).jobs]


def test_a_page_token_of_another_owner_is_refused(alice, bob):
    alice.create(number())
    alice.create(number())
    with pytest.raises(InvalidArgument):
        bob.list(page_size=1, page_token=alice.list(page_size=1).next_page_token)


def test_owners_do_not_share_request_ids(alice, bob):
    first = alice.create(number(request_id="same"))
    assert bob.create(number(request_id="same")).id != first.id


@pytest.mark.parametrize("token", [None, "", "wrong", "swath_" + "x" * 43])
def test_without_a_valid_token_nothing_is_answered(guarded, token):
    stranger = guarded.user(token)
    with pytest.raises(Unauthenticated):
        stranger.create(number())
    with pytest.raises(Unauthenticated):
        list(stranger.watch("0" * 32))
    with pytest.raises(Unauthenticated):
        stranger.quota()


def test_metadata_that_are_not_text_are_no_token(guarded):
    rpc = guarded.connect().unary_unary("/swath.v1.JobService/GetQuota")
    with pytest.raises(grpc.RpcError) as caught:
        rpc(b"", metadata=(("authorization-bin", b"\xff\xfe"),))
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_a_token_that_is_made_or_revoked_while_the_server_runs_counts_at_once(guarded):
    secret = tokens.create(guarded.data, "carol", 1)
    carol = guarded.user(secret)
    assert carol.quota().owner == "carol"
    tokens.revoke(guarded.data, "carol")
    with pytest.raises(Unauthenticated):
        carol.quota()


def test_the_secret_of_workers_is_no_token(guarded):
    with pytest.raises(Unauthenticated):
        guarded.user(guarded.secret_file.read_text()).quota()


def test_the_log_has_no_token(guarded, alice):
    alice.quota()
    guarded.until(lambda: '"owner": "alice"' in guarded.log.read_text())
    for secret in guarded.secrets.values():
        assert secret not in guarded.log.read_text()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_without_tokens_a_server_listens_on_loopback_only(tmp_path, host):
    command = [sys.executable, "-m", "job_server", "--data", str(tmp_path), "--jobs-host", host]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "swath token create" in done.stderr


def test_each_owner_has_a_quota_of_its_own(tmp_path):
    secrets = [tokens.create(tmp_path, owner, 1) for owner in ("alice", "bob")]
    server = RunningJobServer(tmp_path, {"outstanding_limit": 1})
    server.start()
    try:
        for secret in secrets:
            assert server.user(secret).create(number()).stage == pb.STAGE_QUEUED
    finally:
        server.close()
