"""How long the jobs of a load are waited for after it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest
from grpc import aio

import swath as wf
from loadtest.audit.books import Books, read
from loadtest.link import Address, Link
from loadtest.target import started
from loadtest.told import Told
from swath.client.spec import specification
from swath.wire.job_answer import decode_job
from swath.wire.job_request import CANCEL_JOB, CREATE_JOB, CreateJob, encode_create, encode_id

JOBS, EACH_S, PATIENCE_S = 8, 0.25, 1.0


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    """Servers without a worker: jobs wait until somebody ends them."""
    with started(workers=0) as target:
        yield target.address


async def asked(link: Link, path: str, request: bytes) -> bytes:
    ask: aio.UnaryUnaryMultiCallable[bytes, bytes] = link.channel("jobs").unary_unary(path)
    return await ask(request)


async def read_while_some_end(address: Address, ending: int) -> Books:
    """The books of JOBS jobs, of which `ending` end meanwhile, one after the other."""
    link = Link(address)
    create = encode_create(CreateJob(specification(wf.Int(1) + 1)))
    made = [decode_job(await asked(link, CREATE_JOB, create)).id for _ in range(JOBS)]
    told = [Told("", job, "OK", 0, 0, job) for job in made]

    async def end() -> None:
        for job in made[:ending]:
            await asyncio.sleep(EACH_S)
            await asked(link, CANCEL_JOB, encode_id(job))

    books, _ = await asyncio.gather(read(address, told, PATIENCE_S), end())
    await link.close()
    return books


def test_jobs_are_waited_for_as_long_as_some_of_them_end(address):
    books = asyncio.run(read_while_some_end(address, ending=JOBS))
    assert EACH_S * JOBS > PATIENCE_S
    assert all(job.is_done for job in books.whole.values())


def test_jobs_of_which_none_ends_are_not_waited_for_forever(address):
    began_s = time.monotonic()
    books = asyncio.run(read_while_some_end(address, ending=0))
    assert time.monotonic() - began_s >= PATIENCE_S
    assert not any(job.is_done for job in books.whole.values())
