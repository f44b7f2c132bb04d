"""A virtual environment of its own, holding the wheel and what one extra of it needs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
BUILT_FOR = (3, 12)
"""The newest Python that all the oldest versions have wheels for; above it, today's are used."""
LOWER_BOUND = re.compile(r"^([\w.-]+)(?:\[\w+\])?>=([\w.]+)")


@dataclass(frozen=True)
class Environment:
    """A Python that has nothing but what was installed into it."""

    python: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What `python arguments…` gives, started in a folder where nothing of ours lies."""
        return subprocess.run(
            [str(self.python), "-I", *arguments],
            cwd=self.python.parent,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def value(self, code: str) -> Any:
        """The JSON value that `code` prints; what it says on standard error where it fails."""
        done = self.run("-W", "error", "-c", code)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def packages(self) -> set[str]:
        """Names of all installed distributions, in lower case with hyphens."""
        names = self.value(
            "import json; from importlib.metadata import distributions;"
            "print(json.dumps([d.name for d in distributions()]))"
        )
        return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


def requirements(extra: str | None = None) -> list[str]:
    """What `pyproject.toml` asks for: always, or for `extra` alone."""
    if extra is None:
        return list(PROJECT["dependencies"])
    return list(PROJECT["optional-dependencies"][extra])


def lower_bounds(*extras: str) -> list[str]:
    """`name==version` of the oldest versions allowed, of the core and of `extras`."""
    wanted = [text for extra in (None, *extras) for text in requirements(extra)]
    found = (LOWER_BOUND.match(text) for text in wanted)
    return [f"{bound[1]}=={bound[2]}" for bound in found if bound]


def create(folder: Path, wheel: Path, *extras: str) -> Environment:
    """An environment in `folder` with the wheel, its extras, and the oldest versions they allow.

    On a Python above `BUILT_FOR`: with the newest versions.
    """
    venv.create(folder / "venv", with_pip=False)
    environment = Environment(folder / "venv" / "bin" / "python")
    constraints = folder / "constraints.txt"
    oldest = lower_bounds(*extras) if sys.version_info[:2] <= BUILT_FOR else []
    constraints.write_text("\n".join(oldest), "utf-8")
    wanted = f"{wheel}[{','.join(extras)}]" if extras else str(wheel)
    pip("--python", str(environment.python), "install", "-c", str(constraints), wanted)
    return environment


def pip(*arguments: str) -> None:
    """Run our own pip; the test fails with its message where it fails."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"]
    done = subprocess.run(
        [*command, *arguments], capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
