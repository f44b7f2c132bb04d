"""Which engine this is: what tells whether plans and tiles of one may be used by another."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib import metadata
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_SOURCES = ("engine", "swath")
"""Packages whose code takes part in results."""
_LIBRARIES = ("numpy", "numba", "llvmlite", "rasterio", "pyproj", "shapely", "protobuf")
"""Compilers of kernels, and what decodes, places and writes pixels."""


@cache
def engine_version() -> str:
    """Version of the package and a digest of all that results and plans could depend on.

    Its own code with its migrations, the versions of its libraries, and the kind of processor; not
    its model: kernels give the same bits on all of a kind. At most 64 characters, no spaces.
    Cost: 20 ms, once; neither numba nor GDAL is loaded.
    """
    digest = hashlib.sha256()
    for path in _files():
        digest.update(path.relative_to(_ROOT).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    known = [f"{name} {metadata.version(name)}" for name in _LIBRARIES]
    digest.update("\n".join([*known, platform.machine()]).encode())
    return f"{metadata.version('swath')}-{digest.hexdigest()[:16]}"


def _files() -> list[Path]:
    found = (p for name in _SOURCES for p in (_ROOT / name).rglob("*") if p.is_file())
    return sorted(p for p in found if p.suffix in (".py", ".sql"))
