"""What tests start is gone after them."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import psutil
import pytest

from tests.integration.server import running


def fail_beside_a_server(data: Path) -> NoReturn:
    """What a test does that fails: it raises the server's processes."""
    before = {*psutil.Process().children()}
    with running(data):
        (server,) = {*psutil.Process().children()} - before
        raise Failed([server, *server.children(recursive=True)])


class Failed(Exception):
    """The processes that were there."""


def test_a_test_that_fails_leaves_no_server_behind(tmp_path: Path) -> None:
    with pytest.raises(Failed) as failed:
        fail_beside_a_server(tmp_path / "data")
    (family,) = failed.value.args
    assert len(family) > 1  # engine processes were among them
    assert psutil.wait_procs(family, timeout=10)[1] == []
