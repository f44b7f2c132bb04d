"""Fixtures that every layer of tests uses."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.stores import database, postgres_server, postgres_url, store  # noqa: F401 - fixtures

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what it runs in the background so, and what we start would inherit it: programs
    # under test would never hear of the Ctrl-C that they are sent.
    signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real imagery; the test is skipped where a checkout lacks it."""
    if not (SHARED / "MANIFEST.csv").is_file():
        pytest.skip("needs the real imagery beside the checkout")
    return SHARED
