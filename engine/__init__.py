"""The raster engine: graph + geocontext → values. Pure computation: no server, no queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.engine import Engine, EngineConfig
    from engine.execute.tiles import Tile, Work
    from engine.version import engine_version

__all__ = ["Catalog", "Engine", "EngineConfig", "Work", "Tile", "engine_version"]

_HOMES = {
    "Catalog": "engine.catalog.catalog",
    "Engine": "engine.engine",
    "EngineConfig": "engine.engine",
    "Work": "engine.execute.tiles",
    "Tile": "engine.execute.tiles",
    "engine_version": "engine.version",
}


def __getattr__(name: str) -> Any:
    # Importing a part of the engine must not load all of it: numba and GDAL take half a second.
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    try:
        return getattr(import_module(_HOMES[name]), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in ("engine", "swath"):
            raise
        problem = f"the engine needs {error.name}, not installed here: pip install 'swath[engine]'"
        raise ModuleNotFoundError(problem, name=error.name) from None
