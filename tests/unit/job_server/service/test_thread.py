"""Work in threads, and calls that are cancelled meanwhile."""

from __future__ import annotations

import asyncio
import threading

import pytest

from job_server.service.thread import in_thread


def test_what_the_function_gives_comes_back():
    assert asyncio.run(in_thread(divmod, 7, 2)) == (3, 1)


def test_what_the_function_raises_comes_back():
    with pytest.raises(ZeroDivisionError):
        asyncio.run(in_thread(divmod, 7, 0))


def test_a_cancelled_call_ends_after_its_thread():
    began, may_end, order = threading.Event(), threading.Event(), []

    def work() -> None:
        began.set()
        may_end.wait(10)
        order.append("thread")

    async def scene() -> None:
        call = asyncio.ensure_future(in_thread(work))
        await asyncio.to_thread(began.wait, 10)
        call.cancel()
        await asyncio.sleep(0)
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await call
        order.append("call")

    asyncio.run(scene())
    assert order == ["thread", "call"]


def test_a_fault_in_the_thread_of_a_cancelled_call_is_not_reported_as_lost():
    began, may_end = threading.Event(), threading.Event()
    lost = []

    def work() -> None:
        began.set()
        may_end.wait(10)
        raise RuntimeError

    async def scene() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: lost.append(context))
        call = asyncio.ensure_future(in_thread(work))
        await asyncio.to_thread(began.wait, 10)
        call.cancel()
        await asyncio.sleep(0)
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await call

    asyncio.run(scene())
    assert lost == []
