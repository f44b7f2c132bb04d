"""Uploads of pieces that end before their time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from job_server.results.folder import STAGING, Folder
from job_server.results.store import Upload
from job_server.service.workers.piece import put_piece
from swath.worker.v1 import worker_pb2 as pb


class SlowToBegin:
    """Results on a disk that takes its time to make a file."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self.is_asked = threading.Event()
        self.may_begin = threading.Event()

    def begin(self, key: str) -> Upload:
        """An upload, once it may."""
        self.is_asked.set()
        self.may_begin.wait(10)
        return self._folder.begin(key)


async def holds(_verb: Any) -> None:
    """Stands for the store: every lease holds."""


async def one_message() -> AsyncIterator[bytes]:
    """A whole piece."""
    lease = pb.Lease(job="ab" * 16, fence=1)
    head = pb.PieceHead(lease=lease, name="a", size_bytes=1, crc32=2)
    yield pb.PutPieceRequest(head=head, data=b"x").SerializeToString()


def test_an_upload_that_is_cancelled_while_it_begins_leaves_nothing_open(tmp_path: Path):
    results = SlowToBegin(Folder(tmp_path))
    jobs: Any = SimpleNamespace(results=results, run=holds)
    call: Any = SimpleNamespace(requests=one_message, notes={})

    async def scene() -> None:
        putting = asyncio.ensure_future(put_piece(jobs, call))
        await asyncio.to_thread(results.is_asked.wait, 10)
        putting.cancel()
        await asyncio.sleep(0)
        results.may_begin.set()
        with pytest.raises(asyncio.CancelledError):
            await putting

    asyncio.run(scene())
    assert list((tmp_path / STAGING).iterdir()) == []
