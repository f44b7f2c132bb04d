"""Prove that nothing a user must install has a Rust extension.

Walks what `swath`, `swath[engine]` and `swath[server]` need, as installed here, and looks into
the binaries of each package. Build, lint and test tools may be built with Rust; these may not.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

CORE = ("", "engine", "server")
BINARY = re.compile(r"\.(so|pyd|dylib|dll)(\.[\d.]+)?$")
# What rustc leaves in a binary, also in a stripped one. (Not `rust_eh_personality`: LLVM knows it.)
TRACES = (b"/rustc/", b"RUST_BACKTRACE", b"rustc version")


def closure(name: str, extra: str = "") -> dict[str, Distribution]:
    """Name → installed package, of all that `name[extra]` needs on this machine.

    Raises:
        PackageNotFoundError: something it needs is not installed.
    """
    found: dict[str, Distribution] = {}
    waiting = [(name, extra)]
    seen: set[tuple[str, str]] = set()
    while waiting:
        wanted = waiting.pop()
        if wanted in seen:
            continue
        seen.add(wanted)
        found[wanted[0]] = distribution(wanted[0])
        waiting.extend(needs(found[wanted[0]], wanted[1]))
    return found


def needs(package: Distribution, extra: str) -> Iterator[tuple[str, str]]:
    """(name, extra) of each direct requirement of `package[extra]` that holds on this machine."""
    for text in package.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            for wanted in requirement.extras or {""}:
                yield requirement.name, wanted


def rust_traces(package: Distribution) -> list[str]:
    """Files of an installed package that say that Rust built them; empty: none."""
    found = []
    for file in package.files or ():
        if file.name == "WHEEL" and "maturin" in file.read_text():
            found.append(str(file))
        elif BINARY.search(file.name):
            content = Path(file.locate()).read_bytes()
            if any(trace in content for trace in TRACES):
                found.append(str(file))
    return found


def main() -> int:
    """Exit status: 1 when any package of the core's closures has a Rust extension."""
    status = 0
    for extra in CORE:
        packages = closure("swath", extra)
        title = f"swath[{extra}]" if extra else "swath"
        print(f"{title}: {', '.join(sorted(packages.keys() - {'swath'}, key=str.lower))}")
        for name, package in packages.items():
            for file in rust_traces(package):
                print(f"{title} needs {name}, which Rust built: {file}", file=sys.stderr)
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
