"""`import swath` needs grpc, protobuf and numpy, of the oldest versions allowed, and no more."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.packaging.environment import ROOT, Environment

pytestmark = [pytest.mark.venv, pytest.mark.xdist_group("venv"), pytest.mark.timeout(300)]

CORE = {
    "swath",
    "grpcio",
    "protobuf",
    "googleapis-common-protos",
    "numpy",
    "typing-extensions",  # of grpcio
}
HEAVY = {
    "engine", "inspect_server", "numba", "llvmlite", "rasterio", "osgeo", "pyproj", "shapely",
    "sqlite3", "matplotlib", "click", "rich", "prometheus_client", "grpc_health", "grpc_reflection",
}  # fmt: skip
LOADED = "import sys, json, swath; print(json.dumps(sorted(sys.modules)))"


def test_the_core_installs_three_packages_and_what_they_need(core: Environment) -> None:
    assert core.packages() <= CORE


def test_swath_imports_with_the_oldest_versions_allowed(core: Environment) -> None:
    assert "swath" in core.value(LOADED)


def test_an_expression_is_built_and_encoded_without_any_extra(core: Environment) -> None:
    code = "import json, swath as wf; print(json.dumps(type(wf.Int(1) + 1).__name__))"
    assert core.value(code) == "Int"


def test_every_name_is_there_without_any_extra(core: Environment) -> None:
    code = """
import inspect, json
import swath
names = [name for name, _ in inspect.getmembers(swath)]
from swath import *
print(json.dumps(names))
"""
    assert {"Image", "Job", "catalog"} <= set(core.value(code))


@pytest.mark.parametrize("ask", ["import swath; swath.Engine", "from engine import Engine"])
def test_the_engine_without_its_extra_says_how_to_get_it(core: Environment, ask: str) -> None:
    done = core.run("-c", ask)
    assert done.returncode == 1
    problem = done.stderr.splitlines()[-1]
    assert problem.startswith("ModuleNotFoundError: the engine needs ")
    assert problem.endswith(", not installed here: pip install 'swath[engine]'")


def test_generated_services_load_with_the_oldest_versions_allowed(core: Environment) -> None:
    code = "import json, swath.v1.inspect_pb2_grpc as v1; print(json.dumps(dir(v1)))"
    assert "InspectServiceStub" in core.value(code)


def test_importing_swath_loads_nothing_heavy_even_where_it_is_installed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert loaded & HEAVY == set()


def test_the_command_without_its_extra_says_how_to_get_it(core: Environment) -> None:
    done = core.run("-c", "import sys; from swath.command import main; sys.exit(main())")
    assert done.returncode == 1
    assert done.stderr == (
        "swath: this needs click, not installed here: pip install 'swath[server]'\n"
    )
