"""What every result store does: objects appear whole or not at all, and stay as they are."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from job_server.results.concat import Joined, total_of
from job_server.results.folder import Folder
from job_server.results.key import key_of, parse_key
from job_server.results.memory import MemoryResults
from job_server.results.store import ResultStore
from job_server.store.record import Manifest, Piece
from swath.errors import InvalidArgument, ResultNotAvailable

JOB = "0123456789abcdef" * 2
OTHER = "f" * 32

Make = Callable[[Path], ResultStore]
MAKES: dict[str, Make] = {"memory": lambda _folder: MemoryResults(), "folder": Folder}


@pytest.fixture(params=MAKES)
def make(request: pytest.FixtureRequest) -> Make:
    return MAKES[request.param]


@pytest.fixture
def store(make: Make, tmp_path: Path) -> ResultStore:
    return make(tmp_path / "results")


def key(data: bytes = b"", name: str = "tile-0", job: str = JOB, fence: int = 1) -> str:
    return key_of(job, name, fence, zlib.crc32(data))


def put(store: ResultStore, data: bytes, name: str = "tile-0", job: str = JOB) -> Piece:
    """A stored piece."""
    stored = store.write(key(data, name, job), [data])
    return Piece(name, key(data, name, job), stored.size_bytes, stored.crc32)


def test_what_was_written_is_read(store: ResultStore) -> None:
    stored = store.write(key(b"abcdef"), [b"abc", b"", b"def"])
    assert (stored.size_bytes, stored.crc32) == (6, zlib.crc32(b"abcdef"))
    assert store.read(key(b"abcdef"), 0, 100) == b"abcdef"
    assert store.size(key(b"abcdef")) == 6


def test_a_read_gives_the_bytes_from_an_offset(store: ResultStore) -> None:
    piece = put(store, b"abcdef")
    assert store.read(piece.key, 2, 3) == b"cde"


@pytest.mark.parametrize("offset", [6, 7, 1 << 40])
def test_a_read_from_the_end_or_behind_it_gives_nothing(store: ResultStore, offset: int) -> None:
    assert store.read(put(store, b"abcdef").key, offset, 10) == b""


def test_an_object_may_be_empty(store: ResultStore) -> None:
    piece = put(store, b"")
    assert store.size(piece.key) == 0
    assert store.keys(JOB) == [piece.key]


def test_an_object_that_is_not_there_is_said_to_be_missing(store: ResultStore) -> None:
    with pytest.raises(ResultNotAvailable, match="missing"):
        store.read(key(), 0, 1)
    with pytest.raises(ResultNotAvailable) as raised:
        store.size(key())
    assert raised.value.job_id == JOB


def test_an_upload_is_seen_when_it_is_finished(store: ResultStore) -> None:
    upload = store.begin(key(b"abc"))
    upload.feed(b"ab")
    upload.feed(b"c")
    assert store.keys(JOB) == []
    upload.finish(3, zlib.crc32(b"abc"))
    assert store.keys(JOB) == [key(b"abc")]


def test_an_upload_says_what_it_received(store: ResultStore) -> None:
    upload = store.begin(key())
    upload.feed(b"abc")
    assert (upload.received.size_bytes, upload.received.crc32) == (3, zlib.crc32(b"abc"))
    upload.abort()


def test_an_aborted_upload_leaves_nothing(store: ResultStore) -> None:
    upload = store.begin(key())
    upload.feed(b"abc")
    upload.abort()
    upload.abort()
    assert store.keys(JOB) == []


def test_an_abort_after_the_end_removes_nothing(store: ResultStore) -> None:
    upload = store.begin(key(b"abc"))
    upload.feed(b"abc")
    upload.finish(3, zlib.crc32(b"abc"))
    upload.abort()
    assert store.read(key(b"abc"), 0, 3) == b"abc"


@pytest.mark.parametrize(("size", "crc"), [(2, zlib.crc32(b"abc")), (3, zlib.crc32(b"abd"))])
def test_an_upload_of_other_bytes_than_announced_is_refused(
    store: ResultStore, size: int, crc: int
) -> None:
    upload = store.begin(key())
    upload.feed(b"abc")
    with pytest.raises(InvalidArgument, match="again"):
        upload.finish(size, crc)
    assert store.keys(JOB) == []


def test_a_write_whose_source_fails_leaves_nothing(store: ResultStore) -> None:
    def broken() -> Iterator[bytes]:
        yield b"abc"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write(key(), broken())
    assert store.keys(JOB) == []


def test_writing_again_gives_the_same_object(store: ResultStore) -> None:
    piece = put(store, b"abc")
    assert put(store, b"abc") == piece
    assert store.keys(JOB) == [piece.key]


def test_deleted_objects_are_gone_and_others_stay(store: ResultStore) -> None:
    gone, kept = put(store, b"abc", "a"), put(store, b"abc", "b")
    store.delete([gone.key])
    assert store.keys(JOB) == [kept.key]


def test_deleting_what_is_not_there_is_fine(store: ResultStore) -> None:
    store.delete([key(), key(job=OTHER)])


def test_a_job_can_be_written_to_after_all_of_it_was_deleted(store: ResultStore) -> None:
    store.delete([put(store, b"abc").key])
    assert store.read(put(store, b"def").key, 0, 3) == b"def"


def test_jobs_with_objects_are_listed(store: ResultStore) -> None:
    put(store, b"a")
    put(store, b"b", job=OTHER)
    assert set(store.jobs()) == {JOB, OTHER}


def test_a_job_without_objects_is_not_listed(store: ResultStore) -> None:
    store.delete([put(store, b"a").key])
    assert list(store.jobs()) == []


def test_keys_are_those_of_one_job(store: ResultStore) -> None:
    pieces = {put(store, b"a", "a").key, put(store, b"b", "b").key}
    put(store, b"c", job=OTHER)
    assert set(store.keys(JOB)) == pieces
    assert store.keys("no job") == []


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "../../etc/passwd",
        f"{JOB}/../x-1-00000000",
        f"{JOB}/a/b-1-00000000",
        f"{JOB}/a-1-00000000\n",
        f"{JOB}/a\0-1-00000000",
        f"{JOB.upper()}/a-1-00000000",
        f"/{JOB}/a-1-00000000",
        f"{JOB}/a-x-00000000",
        f"{JOB}/{'a' * 65}-1-00000000",
        f"{JOB}/ä-1-00000000",
    ],
)
def test_what_is_no_key_is_refused_everywhere(store: ResultStore, bad: str) -> None:
    for act in (
        lambda: store.begin(bad),
        lambda: store.write(bad, [b""]),
        lambda: store.read(bad, 0, 1),
        lambda: store.size(bad),
        lambda: store.delete([bad]),
    ):
        with pytest.raises(InvalidArgument):
            act()


@pytest.mark.parametrize("name", ["..", ".", "a..b", "-", "a-1"])
def test_names_that_look_like_places_are_names(store: ResultStore, name: str) -> None:
    piece = put(store, b"abc", name)
    assert store.keys(JOB) == [piece.key]
    assert parse_key(piece.key).name == name


def test_many_threads_write_and_delete_without_harm(store: ResultStore) -> None:
    def turn(number: int) -> None:
        piece = put(store, b"x" * number, f"{number}")
        if number % 2:
            store.delete([piece.key])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(turn, range(64)))
    assert {parse_key(k).name for k in store.keys(JOB)} == {str(n) for n in range(0, 64, 2)}


def test_a_result_is_read_as_its_pieces_one_behind_the_other(store: ResultStore) -> None:
    manifest = manifest_of(store, [b"abc", b"", b"defgh", b"i"])
    assert b"".join(Joined(store, manifest).parts()) == b"abcdefghi"


def test_a_download_reads_nothing_before_its_offset(store: ResultStore) -> None:
    manifest = manifest_of(store, [b"abc", b"def", b"ghi"])
    store.delete([manifest.pieces[0].key])
    assert b"".join(Joined(store, manifest).parts(4)) == b"efghi"


def test_a_lost_piece_ends_the_download(store: ResultStore) -> None:
    manifest = manifest_of(store, [b"abc", b"def"])
    store.delete([manifest.pieces[1].key])
    parts = Joined(store, manifest).parts()
    assert next(parts) == b"abc"
    with pytest.raises(ResultNotAvailable, match="missing"):
        next(parts)


def manifest_of(store: ResultStore, pieces: list[bytes]) -> Manifest:
    """A stored result."""
    stored = tuple(put(store, data, f"{i}") for i, data in enumerate(pieces))
    total = total_of(stored)
    return Manifest("native", total.size_bytes, total.crc32, pieces=stored)


@given(st.lists(st.binary(max_size=20), max_size=6), st.data())
@settings(max_examples=60, deadline=None)
def test_any_offset_gives_the_rest_in_parts_of_the_size_asked(
    pieces: list[bytes], data: st.DataObject
) -> None:
    store, whole = MemoryResults(), b"".join(pieces)
    offset = data.draw(st.integers(0, len(whole)))
    most = data.draw(st.integers(1, 8))
    parts = list(Joined(store, manifest_of(store, pieces)).parts(offset, most))
    assert b"".join(parts) == whole[offset:]
    assert all(0 < len(part) <= most for part in parts)


class Against(RuleBasedStateMachine):
    """Any sequence of verbs leaves a folder and the model with the same objects."""

    held = Bundle("held")

    root: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Folder(self.root)
        self.model = MemoryResults()

    @rule(
        target=held,
        name=st.sampled_from("ab"),
        job=st.sampled_from([JOB, OTHER]),
        data=st.binary(max_size=5),
    )
    def write(self, name: str, job: str, data: bytes) -> str:
        where = key(data, name, job)
        assert self.folder.write(where, [data]) == self.model.write(where, [data])
        return where

    @rule(where=held)
    def delete(self, where: str) -> None:
        self.folder.delete([where])
        self.model.delete([where])

    @rule()
    def reopen(self) -> None:
        self.folder = Folder(self.root)

    @invariant()
    def have_the_same(self) -> None:
        assert set(self.folder.jobs()) == set(self.model.jobs())
        for job in (JOB, OTHER):
            found = self.folder.keys(job)
            assert sorted(found) == sorted(self.model.keys(job))
            for where in found:
                assert self.folder.read(where, 0, 9) == self.model.read(where, 0, 9)

    def teardown(self) -> None:
        for job in (JOB, OTHER):
            self.folder.delete(self.folder.keys(job))


def test_a_folder_and_the_model_agree_after_any_verbs(tmp_path: Path) -> None:
    machine = type("AgainstHere", (Against,), {"root": tmp_path / "results"})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=25, stateful_step_count=15, deadline=None)
    )
