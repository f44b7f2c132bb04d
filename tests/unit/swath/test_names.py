"""What `import swath` offers, and what it costs."""

from __future__ import annotations

import subprocess
import sys

import swath
from engine import Engine
from swath import errors, exceptions

HEAVY = (
    "numba llvmlite rasterio osgeo sqlite3 sqlalchemy pyproj shapely click matplotlib engine tqdm "
    "xarray grpc"
)


def test_every_name_that_is_offered_is_there() -> None:
    for name in swath.__all__:
        assert getattr(swath, name) is not None
    assert sorted(swath.__all__) == sorted(set(swath.__all__))
    assert set(swath.__all__) <= set(dir(swath))


def test_the_engine_has_a_lazy_alias() -> None:
    assert swath.Engine is Engine


def test_every_error_of_the_tree_is_an_exception_of_swath() -> None:
    names = {cls.__name__ for cls in errors.every_error()} | {"Where"}
    assert set(exceptions.__all__) == names


def test_importing_swath_loads_nothing_heavy() -> None:
    code = (
        "import sys, swath;"
        f"sys.exit(' '.join(m for m in {HEAVY.split()} if m in sys.modules) or None)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
