"""`compute` in the kernel of a notebook: the bar is shown, and an interrupt cancels the job."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import pytest

import swath as wf
from swath.client import JobClient
from swath.graph.type import INT
from swath.job import Stage
from swath.stream import Header, Trailer
from swath.wire.delimited import write_delimited
from swath.wire.stream import write_stream
from tests.integration.jobs.running import REPOSITORY, RunningJobServer

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

NATIVE_FOUR = b"".join(write_delimited(write_stream([Header(INT, 4), Trailer()])))
CELL = "import swath as wf\nprint((wf.Int(3) + 1).compute())"


@pytest.fixture
def notebook(job_server: RunningJobServer, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """A notebook of one cell that computes, and what executes it."""
    monkeypatch.setenv("SWATH_JOBS", job_server.address)
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    # The kernel that comes with this interpreter, whatever the user has installed.
    return page, nbclient.NotebookClient(page, timeout=60, kernel_name="python3")


def text_of(page: Any) -> str:
    outputs = page.cells[0].outputs
    return "".join(out.get("text", "") for out in outputs if out.output_type == "stream")


def queued(client: JobClient) -> Any:
    """The first job that anyone makes."""
    end = threading.Event()
    for _ in range(600):
        found = next(client.list(Stage.QUEUED), None)
        if found is not None:
            return found
        end.wait(0.1)
    raise AssertionError("no job was made")


def test_the_bar_is_shown_in_a_notebook(job_server: RunningJobServer, notebook: Any) -> None:
    page, executor = notebook
    worker = job_server.worker()
    done = threading.Thread(target=lambda: worker.commit(worker.claim(30).lease, NATIVE_FOUR))
    done.start()
    executor.execute()
    done.join()
    assert "Stage: STAGE_DONE | Status: STATUS_SUCCESS" in text_of(page)
    assert text_of(page).endswith("4\n")


def test_interrupting_the_kernel_cancels_the_job(
    job_server: RunningJobServer, notebook: Any
) -> None:
    _, executor = notebook
    client = JobClient(job_server.address)
    found: list[Any] = []

    def interrupt() -> None:
        found.append(queued(client))
        next(client.watch(found[0].id))
        os.kill(executor.km.provisioner.pid, signal.SIGINT)  # as its button does

    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="KeyboardInterrupt"):
        executor.execute()
    interrupter.join()
    assert [job.status.name for job in client.list()] == ["CANCELLED"]
    assert wf.Status.CANCELLED is client.get(found[0].id).status
