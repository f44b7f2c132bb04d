from __future__ import annotations

import io
import os
import sys
from dataclasses import replace
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from swath.client.progress import in_notebook, line, progress
from swath.errors import InvalidArgument, StorageUnavailable
from swath.job import Progress, Stage
from tests.unit.swath.client.jobs import DONE, QUEUED, RUNNING

END = replace(DONE, progress=Progress(1, 1))
LAST = "[###############] | Steps: 1/1 | Stage: STAGE_DONE | Status: STATUS_SUCCESS"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(params=["with tqdm", "without tqdm"])
def drawn_by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "without tqdm":
        monkeypatch.setitem(sys.modules, "tqdm", None)
    return str(request.param)


def shown(text: str) -> list[str]:
    """The line at each time that it was written."""
    return [part.rstrip() for part in text.replace("\n", "\r").split("\r") if part.strip()]


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_the_bar_shows_each_state_and_ends_with_stage_and_status(
    drawn_by: str, stream: Any
) -> None:
    out = stream()
    with progress(out) as show:
        for job in (QUEUED, RUNNING, END):
            show(job)
    lines = list(dict.fromkeys(shown(out.getvalue())))
    assert lines == [
        "[               ] | Steps: 0/? | Stage: STAGE_QUEUED",
        "[###            ] | Steps: 1/4 | Stage: STAGE_RUNNING",
        LAST,
    ]
    assert out.getvalue().endswith("\n")


def test_a_bar_that_was_left_by_an_error_ends_its_line(drawn_by: str) -> None:
    out = Terminal()

    def interrupted() -> None:
        with progress(out) as show:
            show(RUNNING)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert out.getvalue().endswith("\n")


def test_a_bar_that_showed_nothing_writes_nothing(drawn_by: str) -> None:
    out = io.StringIO()
    with progress(out):
        pass
    assert out.getvalue() == ""


def test_true_is_the_standard_output(drawn_by: str, capsys: pytest.CaptureFixture[str]) -> None:
    with progress(True) as show:
        show(END)
    assert shown(capsys.readouterr().out)[-1] == LAST


@pytest.mark.parametrize("where", [False, None])
def test_nothing_is_drawn_where_nobody_watches(
    where: bool | None, capsys: pytest.CaptureFixture[str]
) -> None:
    with progress(where) as show:
        show(END)
    assert capsys.readouterr().out == ""


def test_none_draws_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    with progress(None) as show:
        show(END)
    assert shown(out.getvalue())[-1] == LAST


def test_a_terminal_that_does_not_know_its_width_gets_the_whole_bar(
    drawn_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    near, far = os.openpty()  # a new one has 0 columns
    with os.fdopen(near, "rb", buffering=0) as screen, os.fdopen(far, "w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        with progress(None) as show:
            show(END)
        assert shown(screen.read(4096).decode())[-1] == LAST


def test_none_draws_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    ipython: Any = ModuleType("IPython")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    with progress(None) as show:
        show(END)
    assert in_notebook()
    assert shown(out.getvalue())[-1] == LAST


def test_what_is_no_stream_is_refused() -> None:
    with pytest.raises(InvalidArgument), progress(3):  # type: ignore[arg-type]
        pass


def test_more_steps_than_there_are_do_not_overflow() -> None:
    job = replace(RUNNING, progress=Progress(9, 4), stage=Stage.SAVING)
    assert line(job) == "[###############] | Steps: 9/4 | Stage: STAGE_SAVING"


def test_a_job_that_waits_for_another_attempt_tells_what_the_last_one_failed_of() -> None:
    job = replace(RUNNING, stage=Stage.QUEUED, error=StorageUnavailable("The disk is full."))
    assert line(job).endswith(" | Stage: STAGE_QUEUED | Last attempt: STORAGE_UNAVAILABLE")
