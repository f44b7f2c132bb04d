"""Results as files: `.npz` of numpy always, GeoTIFF where the engine's extra is installed."""

from __future__ import annotations

import os
from importlib import import_module
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from swath.errors import InvalidArgument, UnsupportedFormat
from swath.results.whole import replace_whole

if TYPE_CHECKING:
    from swath.results.image import ImageCollectionResult, ImageResult

_Path = str | os.PathLike[str]


def save_image(image: ImageResult, path: _Path) -> None:
    """See `ImageResult.save`."""
    suffix = Path(path).suffix.lower()
    if suffix in (".tif", ".tiff"):
        replace_whole(Path(path), lambda part: _write_geotiff(image, part))
    elif suffix == ".npz":
        replace_whole(Path(path), lambda part: _write_npz(image, part))
    else:
        raise _unsupported(suffix, [".npz", ".tif"])


def save_collection(collection: ImageCollectionResult, path: _Path) -> None:
    """See `ImageCollectionResult.save`."""
    suffix = Path(path).suffix.lower()
    if suffix in (".tif", ".tiff"):
        raise UnsupportedFormat(
            "A GeoTIFF holds one image: save each of the collection's, or all of them as .npz.",
            format="geotiff",
            supported=[".npz"],
        )
    if suffix != ".npz":
        raise _unsupported(suffix, [".npz"])
    replace_whole(Path(path), lambda part: _write_npz(collection, part))


def _unsupported(suffix: str, supported: list[str]) -> UnsupportedFormat:
    names = " or ".join(supported)
    return UnsupportedFormat(
        f"The name of the file says its format: end it in {names}, not {suffix or 'nothing'}.",
        format=suffix,
        supported=supported,
    )


def _write_npz(result: ImageResult | ImageCollectionResult, path: Path) -> None:
    if result.ndarray is None or result.geocontext is None:
        raise InvalidArgument("The result is empty: it has no pixels to save.")
    np.savez_compressed(
        path,
        values=result.ndarray.data,
        mask=np.ma.getmaskarray(result.ndarray),
        bands=np.array(result.bands),
        transform=np.array(result.geocontext.transform),
        crs=np.array(result.geocontext.crs),
        properties=np.array(dumps(result.properties, default=str)),
        bandinfo=np.array(dumps(result.bandinfo, default=str)),
    )


def _write_geotiff(image: ImageResult, path: Path) -> None:
    if image.ndarray is None or image.geocontext is None:
        raise InvalidArgument("The image is empty: it has no pixels to save.")
    try:
        # The one writer of GeoTIFFs, so that this file is that of format="geotiff".
        geotiff: Any = import_module("engine.encode.geotiff")
    except ModuleNotFoundError as error:
        raise ImportError(
            f"GeoTIFF needs {error.name}, not installed here: pip install 'swath[engine]'; or "
            'save as .npz, or compute with format="geotiff" and file=...'
        ) from error
    geotiff.write(image, image.geocontext.grid, path, {})
