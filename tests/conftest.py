"""Fixtures that every layer of tests uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stores import database, postgres_server, postgres_url, store  # noqa: F401 - fixtures

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real imagery; the test is skipped where a checkout lacks it."""
    if not (SHARED / "MANIFEST.csv").is_file():
        pytest.skip("needs the real imagery beside the checkout")
    return SHARED
