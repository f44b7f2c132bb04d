"""Requests on real engine processes: answers, flow control, cancel, crashes, refusals."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
import sys
import time
from pathlib import Path

import psutil
import pytest

from inspect_server.config import InspectConfig
from inspect_server.engines import (
    BoardShape,
    CrewConfig,
    EngineSpec,
    Lane,
    Pool,
    QueueConfig,
    State,
)
from inspect_server.engines.forks import Forks
from inspect_server.spec import engine_spec
from swath.errors import (
    Cancelled,
    DeadlineExceeded,
    EngineCrashed,
    InternalError,
    InvalidSource,
    ProductNotFound,
    ResultTooLarge,
    ServerBusy,
)

REHEARSAL = "tests.unit.inspect_server.engines.rehearsal"


def test_messages_come_in_order_and_whole(play):
    async def scene(stage):
        assert await stage.ask("count", b"40,5000") == [bytes([i]) * 5000 for i in range(40)]

    play(scene, spec={"board": BoardShape(slots=3, slot_bytes=2000)})


def test_an_empty_message_is_a_message(play):
    async def scene(stage):
        assert await stage.ask("echo", b"") == [b""]

    play(scene)


def test_a_request_of_many_megabytes_arrives_whole(play):
    request = os.urandom(12 << 20)

    async def scene(stage):
        assert await stage.ask("echo", request) == [request]

    play(scene)


def test_requests_use_the_process_again(play):
    async def scene(stage):
        first = await stage.ask("pid")
        assert await stage.ask("pid") == first

    play(scene)


def test_an_error_of_ours_arrives_with_its_fields_and_place(play):
    async def scene(stage):
        with pytest.raises(ProductNotFound) as caught:
            await stage.ask("missing")
        assert (caught.value.product, caught.value.similar) == ("a", ["b"])
        assert caught.value.where.node == 3
        assert await stage.ask("echo", b"next") == [b"next"]

    play(scene)


def test_an_unknown_exception_is_internal_with_an_id_and_no_detail(play):
    async def scene(stage):
        with pytest.raises(InternalError) as caught:
            await stage.ask("fault")
        assert caught.value.error_id in str(caught.value)
        assert "secret" not in str(caught.value)
        assert "secret" in caught.value.__notes__[0]
        assert await stage.ask("echo", b"next") == [b"next"]

    play(scene)


def test_a_slow_reader_makes_the_process_wait(play):
    async def scene(stage):
        (_, engine), *_ = [e for e in stage.pool.engines() if e[0] == "pixels"]
        async with stage.run("count", b"500,100000") as run:
            await anext(run)
            await stage.until(lambda: len(run._parts) == 4)
            await asyncio.sleep(0.3)
            assert len(run._parts) == 4
            assert engine.memory_bytes() < 100 << 20
            assert len([message async for message in run]) == 499

    play(scene, spec={"board": BoardShape(slots=4, slot_bytes=1 << 17)})


def test_closing_a_run_stops_the_work_within_a_second(play):
    async def scene(stage):
        async with stage.run("work") as run:
            pid = int(await anext(run))
        (_, engine), *_ = [e for e in stage.pool.engines() if e[0] == "pixels"]
        await stage.until(lambda: engine.state is State.IDLE, 1.0)
        assert engine.pid == pid
        before = sum(psutil.Process(pid).cpu_times()[:2])
        await asyncio.sleep(0.3)
        assert sum(psutil.Process(pid).cpu_times()[:2]) - before < 0.1

    play(scene)


def test_a_reader_that_left_frees_a_process_that_waits_for_it(play):
    async def scene(stage):
        async with stage.run("count", b"500,100000") as run:
            await anext(run)
        assert await stage.ask("echo", b"next") == [b"next"]

    play(scene, spec={"board": BoardShape(slots=2, slot_bytes=1 << 17)})


def test_the_deadline_ends_a_request(play):
    async def scene(stage):
        with pytest.raises(DeadlineExceeded):
            await stage.ask("work", timeout_s=0.3)
        assert await stage.ask("echo", b"next") == [b"next"]
        assert not stage.events

    play(scene)


def test_a_process_that_does_not_stop_is_killed_and_replaced(play):
    async def scene(stage):
        async with stage.run("stuck", timeout_s=0.2) as run:
            pid = int(await anext(run))
            with pytest.raises(DeadlineExceeded):
                await anext(run)
        assert await stage.ask("pid") != [str(pid).encode()]
        assert stage.events[0][1]["pid"] == pid

    play(scene)


def test_a_crash_fails_only_its_own_request(play):
    async def scene(stage):
        async with stage.run("work") as other:
            await anext(other)
            with pytest.raises(EngineCrashed, match="SIGSEGV"):
                await stage.ask("crash", b"11")
            assert await stage.ask("echo", b"next") == [b"next"]
            other.stop(Cancelled("test"))
            with pytest.raises(Cancelled):
                await anext(other)

    play(scene, pixel_engines=2)


def test_kill_9_is_a_crash_too(play):
    async def scene(stage):
        with pytest.raises(EngineCrashed, match="SIGKILL"):
            await stage.ask("crash", b"9")

    play(scene)


def test_a_spare_replaces_a_dead_process_within_a_second(play):
    async def scene(stage):
        await stage.until(lambda: all(e.state is State.IDLE for _, e in stage.pool.engines()))
        with pytest.raises(EngineCrashed):
            await stage.ask("crash", b"9")
        began_s = time.monotonic()
        await stage.ask("pid")
        assert time.monotonic() - began_s < 1
        await stage.until(lambda: len(stage.pool.engines()) == 3)

    play(scene, spare_engines=1)


def test_a_source_that_killed_two_processes_is_not_opened_again(play):
    async def scene(stage):
        with pytest.raises(EngineCrashed) as first:
            await stage.ask("read_and_crash", b"/data/bad.tif")
        assert first.value.where.source == "bad.tif"
        with pytest.raises(EngineCrashed):
            await stage.ask("read_and_crash", b"/data/bad.tif")
        with pytest.raises(InvalidSource) as third:
            await stage.ask("read_and_crash", b"/data/bad.tif")
        assert third.value.where.source == "bad.tif"
        assert await stage.ask("read", b"/data/good.tif") == [b"read"]
        assert stage.pool.quarantined() == ("/data/bad.tif",)

    play(scene)


def test_a_process_over_its_memory_is_ended_with_an_error_that_says_so(play):
    async def scene(stage):
        with pytest.raises(ResultTooLarge, match="300 MiB") as caught:
            await stage.ask("hog")
        assert caught.value.limit_bytes in (300 << 20, 512 << 20)
        assert await stage.ask("echo", b"next") == [b"next"]

    play(scene, spec={"memory_bytes": 300 << 20, "pixels_bytes": 300 << 20})


def test_short_work_does_not_wait_behind_pixels(play):
    async def scene(stage):
        async with stage.run("work") as run:
            await anext(run)
            assert await stage.ask("echo", b"short", Lane.SHORT) == [b"short"]

    play(scene)


def test_pixels_wait_for_a_pixel_process(play):
    async def scene(stage):
        async with stage.run("work") as run:
            await anext(run)
            waiting = asyncio.create_task(stage.ask("echo", b"mine"))
            await stage.until(lambda: stage.pool.waiting() == 1)
        assert await waiting == [b"mine"]

    play(scene)


def test_readers_who_do_not_read_keep_nobody_from_an_answer(play):
    async def scene(stage):
        async with contextlib.AsyncExitStack() as slow:
            for _ in range(2):
                run = await slow.enter_async_context(stage.run("count", b"500,100000"))
                await anext(run)
                await stage.until(lambda run=run: len(run._parts) == 2)
            assert await stage.ask("echo", b"mine", timeout_s=10) == [b"mine"]
            assert len(stage.pids()) == 3 + 1  # and the one of the short lane
        await stage.until(lambda: len(stage.pids()) == 1 + 1)
        assert stage.events == []

    board = BoardShape(slots=2, slot_bytes=1 << 17)
    play(scene, spec={"board": board}, extra_engines=2, linger_s=0.2)


def test_four_readers_who_do_not_read_delay_nobody_for_long(play):
    async def scene(stage):
        await stage.until(lambda: all(e.state is State.IDLE for _, e in stage.pool.engines()))
        async with contextlib.AsyncExitStack() as slow:

            async def read_a_little():
                run = await slow.enter_async_context(stage.run("count", b"500,100000"))
                await anext(run)

            began_s = time.monotonic()
            readers = [asyncio.create_task(read_a_little()) for _ in range(4)]
            await asyncio.sleep(0)
            assert await stage.ask("echo", b"mine") == [b"mine"]
            # To start a process from nothing takes longer than this alone.
            assert time.monotonic() - began_s < 0.5
            await asyncio.gather(*readers)

    board = BoardShape(slots=2, slot_bytes=1 << 17)
    play(scene, spec={"board": board}, extra_engines=4)


def test_there_are_no_more_processes_for_slow_readers_than_were_allowed(play):
    async def scene(stage):
        async with contextlib.AsyncExitStack() as slow:
            for _ in range(2):
                run = await slow.enter_async_context(stage.run("count", b"500,100000"))
                await anext(run)
                await stage.until(lambda run=run: len(run._parts) == 2)
            with pytest.raises(DeadlineExceeded):
                await stage.ask("echo", b"mine", timeout_s=1)

    play(scene, spec={"board": BoardShape(slots=2, slot_bytes=1 << 17)}, extra_engines=1)


def test_a_process_that_computes_is_no_reason_for_another(play):
    async def scene(stage):
        async with stage.run("work") as run:
            await anext(run)
            waiting = asyncio.create_task(stage.ask("echo", b"mine"))
            await stage.until(lambda: stage.pool.waiting() == 1)
            await asyncio.sleep(0.3)
            assert len(stage.pids()) == 1 + 1
        assert await waiting == [b"mine"]

    play(scene)


def test_requests_that_wait_do_not_make_processes_that_cannot_start_come_faster(play, tmp_path):
    async def scene(stage):
        broken = tmp_path / "broken"
        broken.touch()
        with pytest.raises(EngineCrashed):
            await stage.ask("crash", b"9")
        waiting = asyncio.create_task(stage.ask("echo", b"mine"))
        paused_s, looked_s = 0.0, time.monotonic()

        def has_failed_often():
            nonlocal paused_s, looked_s
            before_s, looked_s = looked_s, time.monotonic()
            if len(stage.pids()) == 1:  # that of the short lane
                paused_s += looked_s - before_s
            return sum(name == "engine_lost" for name, _ in stage.events) >= 4

        await stage.until(has_failed_often)
        assert paused_s > 0.5  # 0.1, 0.2 and 0.4 s
        broken.unlink()
        assert await waiting == [b"mine"]

    play(scene, spec={"settings": {"dies_while": str(tmp_path / "broken")}})


def test_a_deadline_also_ends_waiting(play):
    async def scene(stage):
        async with stage.run("work") as run:
            await anext(run)
            with pytest.raises(DeadlineExceeded, match="waited"):
                await stage.ask("echo", timeout_s=0.2)
        assert stage.pool.waiting() == 0

    play(scene)


def test_a_waiting_request_that_is_cancelled_leaves_the_queue(play):
    async def scene(stage):
        async with stage.run("work") as run:
            await anext(run)
            waiting = asyncio.create_task(stage.ask("echo"))
            await stage.until(lambda: stage.pool.waiting() == 1)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert stage.pool.waiting() == 0
        assert await stage.ask("echo", b"next") == [b"next"]

    play(scene)


def test_a_full_queue_refuses_at_once_and_says_when_to_come_back(play):
    async def scene(stage):
        async with stage.run("work") as run:
            await anext(run)
            waiting = asyncio.create_task(stage.ask("echo", b"a"))
            await stage.until(lambda: stage.pool.waiting() == 1)
            with pytest.raises(ServerBusy) as caught:
                await stage.ask("echo", b"b")
            assert 100 <= caught.value.retry_after_ms <= 30_000
        assert await waiting == [b"a"]

    play(scene, queue=QueueConfig(max_waiting=1))


def test_waiting_requests_are_bounded_in_bytes_too(play):
    async def scene(stage):
        async with stage.run("work") as run:
            await anext(run)
            with pytest.raises(ServerBusy):
                await stage.ask("echo", b"x" * 1001)

    play(scene, queue=QueueConfig(max_waiting_bytes=1000))


def test_a_pool_whose_processes_cannot_start_says_why(play):
    async def scene(stage):
        raise AssertionError("it started")

    with pytest.raises(ProductNotFound, match="No such thing"):
        play(scene, spec={"settings": {"start": "fails"}})


def test_a_pool_whose_processes_die_at_the_start_gives_up(play):
    async def scene(stage):
        raise AssertionError("it started")

    with pytest.raises(EngineCrashed, match="SIGKILL"):
        play(scene, spec={"settings": {"start": "dies"}})


def test_pixel_processes_are_nicer_than_the_server(play):
    async def scene(stage):
        nice = {name: os.getpriority(os.PRIO_PROCESS, e.pid) for name, e in stage.pool.engines()}
        assert nice["pixels"] > nice["short"]

    play(scene)


def test_a_process_is_made_nicer_also_where_no_file_can_be_opened(play):
    async def scene(stage):
        _, engine = stage.pool.engines()[0]
        with most_files(3):
            engine.lower_priority(5)
        assert os.getpriority(os.PRIO_PROCESS, engine.pid) == 5

    play(scene)


def test_processes_ignore_the_signals_of_the_terminal(play):
    async def scene(stage):
        for pid in stage.pids():
            os.kill(pid, signal.SIGINT)
            os.kill(pid, signal.SIGTERM)
        assert await stage.ask("echo", b"next") == [b"next"]
        assert not stage.events

    play(scene)


def test_processes_are_in_a_group_that_is_not_the_terminals(play):
    async def scene(stage):
        assert os.getpgrp() not in {os.getpgid(pid) for pid in stage.pids()}
        names = {Path(f"/proc/{pid}/comm").read_text().strip() for pid in stage.pids()}
        assert names == {"swath-engine"}

    play(scene)


@contextlib.contextmanager
def most_files(count):
    """No more than so many files are open at once, but for those that are."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@contextlib.contextmanager
def open_files(count):
    """So many files more are open."""
    with most_files(2 * count), contextlib.ExitStack() as files:
        for _ in range(count):
            files.enter_context(Path(os.devnull).open())
        yield


def fork_server(pid):
    return psutil.Process(pid).parent()


def test_processes_come_back_when_what_forks_them_is_killed(play):
    async def scene(stage):
        await stage.until(lambda: all(e.state is State.IDLE for _, e in stage.pool.engines()))
        before = stage.pids()
        async with stage.run("work") as run:
            await anext(run)
            fork_server(min(before)).kill()
            with pytest.raises(EngineCrashed, match="SIGKILL"):
                await anext(run)
        assert await stage.ask("echo", b"next") == [b"next"]
        assert not before & stage.pids()

    play(scene, spare_engines=1)


def test_processes_start_where_the_server_has_a_thousand_files_open(play):
    async def scene(stage):
        assert await stage.ask("echo", b"next") == [b"next"]

    with open_files(1100):  # as many connections have
        play(scene)


def test_processes_come_back_once_the_server_may_open_files_again(play):
    async def scene(stage):
        with most_files(3):  # which are open
            for pid in stage.pids():
                os.kill(pid, signal.SIGKILL)
            await stage.until(lambda: any(name == "engine_not_started" for name, _ in stage.events))
        assert await stage.ask("echo", b"next") == [b"next"]

    play(scene)


def test_processes_come_back_once_what_forks_them_can_be_started_again(play, monkeypatch):
    async def scene(stage):
        before = stage.pids()
        monkeypatch.setattr(sys, "executable", "/nowhere/python")
        fork_server(min(before)).kill()
        await stage.until(lambda: sum(name == "engine_lost" for name, _ in stage.events) > 2)
        monkeypatch.undo()
        assert await stage.ask("echo", b"next") == [b"next"]

    play(scene)


def test_a_pool_ends_at_once_while_what_forks_processes_still_loads(play):
    async def scene():
        spec = EngineSpec(f"{REHEARSAL}:factory", f"{REHEARSAL}:load_for_ever")
        pool = Pool(spec, CrewConfig(), QueueConfig(), lambda name, fields: None)
        starting = asyncio.create_task(pool.start())
        await asyncio.sleep(0)  # it has given its orders
        async with asyncio.timeout(5):
            await pool.close()
        starting.cancel()

    asyncio.run(scene())


def test_a_pool_whose_processes_are_not_even_forked_in_time_says_so(play):
    async def scene(stage):
        raise AssertionError("it started")

    with pytest.raises(EngineCrashed, match="too long to start"):
        play(scene, spec={"preload": f"{REHEARSAL}:load_for_ever"}, start_timeout_s=0.2)


def test_a_pool_that_may_open_no_file_says_so():
    async def scene():
        spec = EngineSpec(f"{REHEARSAL}:factory")
        pool = Pool(spec, CrewConfig(), QueueConfig(), lambda name, fields: None)
        with most_files(3), pytest.raises(EngineCrashed, match="open files"):
            await pool.start()

    asyncio.run(scene())


def test_what_forks_processes_ends_with_the_pool(play):
    found = []

    async def scene(stage):
        found.append(fork_server(min(stage.pids())))

    play(scene)
    assert not found[0].is_running()


def test_what_forks_processes_has_one_thread_when_it_does():
    async def scene():
        ours, theirs = socket.socketpair()
        spec = engine_spec(InspectConfig())
        forks = Forks(spec.computation, spec.preload)
        with theirs:
            fork = forks.fork(theirs.fileno(), theirs.fileno())
        ours.close()
        assert await fork.ended == 0  # so all is loaded
        threads = psutil.Process(forks._popen.pid).num_threads()
        await forks.close()
        assert threads == 1

    asyncio.run(scene())


def test_a_process_has_nothing_open_that_belongs_to_another(play):
    def sockets(pid):
        links = [str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()]
        return {link for link in links if link.startswith("socket:") or "swath-board" in link}

    async def scene(stage):
        await stage.until(lambda: all(e.state is State.IDLE for _, e in stage.pool.engines()))
        # One socket and one board; the boards have the same name.
        assert [len(sockets(pid)) for pid in stage.pids()] == [2] * 4
        assert len(set().union(*map(sockets, stage.pids()))) == 4 + 1

    play(scene, pixel_engines=2, spare_engines=1)


def test_what_cannot_be_loaded_is_said_by_the_process_that_needs_it(play):
    async def scene(stage):
        assert await stage.ask("echo", b"next") == [b"next"]

    play(scene, spec={"preload": "tests.unit.inspect_server.engines.rehearsal:no_such_name"})
