"""`swath[engine]` computes in one's own process, with no server's packages."""

from __future__ import annotations

import pytest

from tests.packaging.environment import Environment

pytestmark = [pytest.mark.venv, pytest.mark.xdist_group("venv"), pytest.mark.timeout(300)]

SERVERS = {
    "grpcio-health-checking", "grpcio-reflection", "prometheus-client", "rich", "starlette",
    "uvicorn", "sqlalchemy",
}  # fmt: skip


def test_the_engine_installs_no_server_packages(embedded: Environment) -> None:
    assert embedded.packages() & SERVERS == set()


def test_the_engine_computes_with_no_server_and_the_oldest_versions(
    embedded: Environment,
) -> None:
    code = """
import json
import swath as wf
from engine import Engine
print(json.dumps(Engine().inspect(wf.Int(1) + 1)))
"""
    assert embedded.value(code) == 2


def test_embedding_loads_no_server(embedded: Environment) -> None:
    code = "import sys, json, engine; print(json.dumps(sorted(sys.modules)))"
    loaded = {name.partition(".")[0] for name in embedded.value(code)}
    assert loaded & {"inspect_server", "job_server", "grpc_health", "prometheus_client"} == set()
