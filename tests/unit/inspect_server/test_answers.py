"""Answers that are kept, and when they are not given again."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.catalog.asset import Identity, identity_of
from inspect_server.answers import LARGEST_BYTES, MOST_SOURCES, Answers


@pytest.fixture
def answers() -> Answers:
    """Room for 100 bytes."""
    return Answers(100)


def keep(answers: Answers, key: str, *messages: bytes, **sources: Identity | None) -> list[bytes]:
    """Pass messages through."""
    return list(answers.keep(key, iter(messages), sources))


def test_messages_pass_as_they_are(answers: Answers) -> None:
    assert keep(answers, "a", b"1", b"2") == [b"1", b"2"]


def test_an_answer_is_given_again(answers: Answers) -> None:
    keep(answers, "a", b"1", b"2")
    assert answers.get("a") == (b"1", b"2")


def test_an_answer_that_was_not_taken_to_its_end_is_not_kept(answers: Answers) -> None:
    messages = answers.keep("a", iter([b"1", b"2"]), {})
    next(messages)
    messages.close()  # type: ignore[attr-defined]  # a generator
    assert answers.get("a") is None


def test_the_answer_that_was_asked_for_longest_ago_makes_room(answers: Answers) -> None:
    for key in "abc":
        keep(answers, key, bytes(40))
        answers.get("a")
    assert [answers.get(key) is not None for key in "abc"] == [True, False, True]


def test_a_large_answer_is_not_kept() -> None:
    answers = Answers(10 * LARGEST_BYTES)
    keep(answers, "a", bytes(LARGEST_BYTES), b"1")
    assert answers.get("a") is None


def test_an_answer_is_kept_while_its_file_stays_the_same(answers: Answers, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(b"1")
    list(answers.keep("a", iter([b"1"]), {str(path): identity_of(path.stat())}))
    assert answers.get("a") == (b"1",)


def test_an_answer_is_forgotten_when_its_file_changes(answers: Answers, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(b"1")
    list(answers.keep("a", iter([b"1"]), {str(path): identity_of(path.stat())}))
    path.write_bytes(b"22")
    assert answers.get("a") is None


def test_an_answer_is_forgotten_when_its_file_is_gone(answers: Answers, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(b"1")
    list(answers.keep("a", iter([b"1"]), {str(path): identity_of(path.stat())}))
    path.unlink()
    assert answers.get("a") is None


def test_an_answer_from_a_remote_file_is_not_kept(answers: Answers) -> None:
    keep(answers, "a", b"1", **{"https://store/a.tif": None})
    assert answers.get("a") is None


def test_an_answer_from_very_many_files_is_not_kept(answers: Answers) -> None:
    many = {f"f{i}": Identity(1, 1) for i in range(MOST_SOURCES + 1)}
    keep(answers, "a", b"1", **many)
    assert answers.get("a") is None
