"""What a report is made of it replaces whole, or leaves as it was."""

from __future__ import annotations

import resource
import subprocess
from pathlib import Path

import pytest

from loadtest.report import document
from loadtest.report.readme import BEGIN, END
from loadtest.target import SWATH
from tests.loads import report

OLD = f"{BEGIN}\nold\n{END}\n{'text' * 500}\n"


def no_file_of_more_than_1000_bytes() -> None:
    """As a full disk does, in the midst of what is written."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


@pytest.mark.parametrize(
    "words", [("page", "{report}", "{old}"), ("readme", "{report}", "--write", "{old}")]
)
def test_what_finds_no_room_leaves_the_old_one_whole(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    made, old = tmp_path / "report.json", tmp_path / "old"
    document.write(report(), made)
    old.write_text(OLD)
    done = subprocess.run(
        [*SWATH, "loadtest", *(word.format(report=made, old=old) for word in words)],
        preexec_fn=no_file_of_more_than_1000_bytes, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == f"swath: {old} cannot be written: File too large.\n"
    assert old.read_text() == OLD
    assert sorted(tmp_path.iterdir()) == [old, made]
