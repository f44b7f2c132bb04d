"""The page on dependencies, the pinned compiler and the imports all agree with pyproject.toml."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from tests.packaging.environment import LOWER_BOUND, PROJECT, ROOT, lower_bounds, requirements

PAGE = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
EXTRAS = (None, "engine", "server", "postgres", "progress", "xarray", "plot", "loadtest", "dev")
OURS = {"swath", "engine", "inspect_server", "job_server", "loadtest"}
IMPORTED_AS = {
    "grpc": "grpcio",
    "google": "protobuf",
    "grpc_health": "grpcio-health-checking",
    "sqlalchemy": "SQLAlchemy",
    "grpc_reflection": "grpcio-reflection",
    "prometheus_client": "prometheus-client",
    "llvmlite": "numba",  # numba's own half, of the version that numba asks for
    "hdrh": "hdrhistogram",
    "affine": "rasterio",  # the transforms that rasterio takes and gives
}


def documented(extra: str | None) -> dict[str, str]:
    """Package → lower bound in the table of `extra`."""
    title = f"## `swath[{extra}]`" if extra else "## `swath`"
    section = PAGE.split(title, 1)[1].split("\n## ", 1)[0]
    return dict(re.findall(r"^\| `([\w.-]+)` \| ([\w.]+) \|", section, re.MULTILINE))


def required(extra: str | None) -> dict[str, str]:
    """Package → lower bound in pyproject.toml; every requirement but our own extras has one."""
    wanted = [text for text in requirements(extra) if not text.startswith("swath[")]
    found = [LOWER_BOUND.match(text) for text in wanted]
    return {bound[1]: bound[2] for bound in found if bound}


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_page_names_each_dependency_with_its_bound(extra: str | None) -> None:
    assert documented(extra) == required(extra)


@pytest.mark.parametrize("extra", EXTRAS)
def test_every_dependency_has_a_lower_bound(extra: str | None) -> None:
    ours = [text for text in requirements(extra) if text.startswith("swath[")]
    assert len(required(extra)) + len(ours) == len(requirements(extra))


def test_the_page_speaks_of_every_extra() -> None:
    assert set(PROJECT["optional-dependencies"]) == {extra for extra in EXTRAS if extra}


def test_the_compiler_is_that_of_the_lower_bounds() -> None:
    pinned = (ROOT / "protos" / "requirements.txt").read_text("utf-8")
    versions = dict(re.findall(r"^([\w-]+)==([\d.]+)", pinned, re.MULTILINE))
    bounds = dict(text.split("==") for text in lower_bounds())
    assert (versions["grpcio-tools"], versions["protobuf"]) == (
        bounds["grpcio"],
        bounds["protobuf"],
    )


def test_the_generated_code_says_that_this_compiler_wrote_it() -> None:
    version = dict(text.split("==") for text in lower_bounds())["protobuf"]
    messages = sorted((ROOT / "swath" / "v1").glob("*_pb2.py"))
    assert messages != []
    for file in messages:
        assert f"# Protobuf Python Version: {version}\n" in file.read_text("utf-8"), file.name


def imported(file: Path) -> set[str]:
    """Top-level names that a module imports, from anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_what_we_import_is_what_we_ask_for() -> None:
    files = [file for root in OURS for file in (ROOT / root).rglob("*.py")]
    names = set().union(*(imported(file) for file in files)) - OURS - set(sys.stdlib_module_names)
    asked = {name for extra in EXTRAS[:-1] for name in required(extra)}
    assert {IMPORTED_AS.get(name, name) for name in names} - asked == set()


def test_what_we_ask_for_is_what_we_import() -> None:
    files = [file for root in OURS for file in (ROOT / root).rglob("*.py")]
    names = {IMPORTED_AS.get(name, name) for file in files for name in imported(file)}
    asked = {name for extra in EXTRAS[:-1] for name in required(extra)}
    loaded_by_name = {"googleapis-common-protos", "psycopg"}
    assert asked - names - loaded_by_name == set()
