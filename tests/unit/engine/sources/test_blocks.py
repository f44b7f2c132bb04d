"""The cache of blocks: bounded, each block decoded once, nothing writable."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import numpy as np
import pytest

from engine.sources.blocks import Block, BlockCache, frozen_block


def block(nbytes: int = 100) -> Block:
    return frozen_block(np.zeros((1, nbytes), np.uint8), None, shared=False)


def load_all(keys: list[int]) -> Iterable[tuple[int, Block]]:
    return [(key, block()) for key in keys]


def go_on() -> None:
    """Never gives up."""


def test_what_was_decoded_is_found_again() -> None:
    cache = BlockCache(1000)
    first = cache.fetch([1, 2], load_all, go_on)
    assert cache.fetch([2, 1], load_all, go_on)[1] is first[1]
    counts = cache.counts()
    assert (counts.hits, counts.misses, counts.held_bytes) == (2, 2, 200)


def test_the_least_recently_used_goes_first() -> None:
    cache = BlockCache(300)
    cache.fetch([1, 2, 3], load_all, go_on)
    cache.fetch([1], load_all, go_on)
    cache.fetch([4], load_all, go_on)
    before = cache.counts().misses
    cache.fetch([1, 3, 4], load_all, go_on)
    assert cache.counts().misses == before
    cache.fetch([2], load_all, go_on)
    assert cache.counts().misses == before + 1


def test_it_never_holds_more_bytes_than_allowed() -> None:
    cache = BlockCache(350)
    for key in range(50):
        cache.fetch([key, key + 1], load_all, go_on)
        assert cache.counts().held_bytes <= 350
    assert cache.counts().evictions > 0


def test_a_block_larger_than_the_cache_is_given_but_not_kept() -> None:
    cache = BlockCache(50)
    assert cache.fetch([1], load_all, go_on)[1].nbytes == 100
    assert cache.counts().held_blocks == 0


def test_more_keys_than_fit_are_all_given() -> None:
    cache = BlockCache(250)
    assert set(cache.fetch(range(10), load_all, go_on)) == set(range(10))


def test_a_block_cannot_be_written_to() -> None:
    frozen = frozen_block(np.zeros((2, 2)), np.zeros((2, 2), np.uint8), shared=False)
    assert frozen.mask is not None
    with pytest.raises(ValueError, match="read-only"):
        frozen.values[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        frozen.mask[0, 0] = 1


def test_a_mask_that_is_shared_is_counted_once() -> None:
    mask = np.zeros((4, 4), np.uint8)
    own = frozen_block(np.zeros((4, 4), np.uint8), mask, shared=False)
    other = frozen_block(np.zeros((4, 4), np.uint8), mask, shared=True)
    assert (own.nbytes, other.nbytes) == (32, 16)


def test_a_failed_block_is_not_remembered() -> None:
    cache = BlockCache(1000)

    def fail(keys: list[int]) -> Iterable[tuple[int, Block]]:
        yield keys[0], block()
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        cache.fetch([1, 2], fail, go_on)
    decoded: list[int] = []

    def note(keys: list[int]) -> Iterable[tuple[int, Block]]:
        decoded.extend(keys)
        return load_all(keys)

    cache.fetch([1, 2], note, go_on)
    assert decoded == [2]


def test_threads_that_want_one_block_decode_it_once() -> None:
    cache, started, release = BlockCache(1000), threading.Event(), threading.Event()
    decoded: list[int] = []

    def slow(keys: list[int]) -> Iterable[tuple[int, Block]]:
        decoded.extend(keys)
        started.set()
        release.wait(5)
        return load_all(keys)

    got: list[Block] = []
    threads = [
        threading.Thread(target=lambda: got.append(cache.fetch([7], slow, go_on)[7]))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    assert started.wait(5)
    release.set()
    for thread in threads:
        thread.join(5)
    assert decoded == [7]
    assert len({id(b) for b in got}) == 1


def test_a_thread_that_waits_may_give_up() -> None:
    cache, started, release = BlockCache(1000), threading.Event(), threading.Event()

    def slow(keys: list[int]) -> Iterable[tuple[int, Block]]:
        started.set()
        release.wait(5)
        return load_all(keys)

    thread = threading.Thread(target=cache.fetch, args=([7], slow, go_on))
    thread.start()
    assert started.wait(5)

    def give_up() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        cache.fetch([7], load_all, give_up)
    release.set()
    thread.join(5)


def test_when_the_decoding_thread_fails_a_waiting_one_tries_itself() -> None:
    cache, started, release = BlockCache(1000), threading.Event(), threading.Event()
    failures: list[BaseException] = []

    def fail(keys: list[int]) -> Iterable[tuple[int, Block]]:
        started.set()
        release.wait(5)
        raise OSError("disk")

    def first() -> None:
        try:
            cache.fetch([7], fail, go_on)
        except OSError as error:
            failures.append(error)

    thread = threading.Thread(target=first)
    thread.start()
    assert started.wait(5)
    found: list[Block] = []
    other = threading.Thread(target=lambda: found.append(cache.fetch([7], load_all, go_on)[7]))
    other.start()
    release.set()
    thread.join(5)
    other.join(5)
    assert len(failures) == len(found) == 1


def test_threads_with_crossing_wishes_do_not_wait_for_each_other_for_ever() -> None:
    cache, barrier = BlockCache(100_000), threading.Barrier(2)

    def slow(keys: list[int]) -> Iterable[tuple[int, Block]]:
        for key in keys:
            if key in (0, 1):
                barrier.wait(5)
            yield key, block()

    threads = [
        threading.Thread(target=cache.fetch, args=(keys, slow, go_on))
        for keys in ([0, *range(2, 50)], [1, *range(49, 1, -1)])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert not any(thread.is_alive() for thread in threads)
