"""Drawing results with matplotlib, which is optional (extra `notebook`)."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from swath.errors import BandNotFound, InvalidArgument

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from swath.results.image import ImageCollectionResult, ImageResult, MaskedArray
    from swath.results.where import GeoContextResult

STRETCH_PERCENT = (2.0, 98.0)
"""What becomes the darkest and the brightest: percentiles of the valid pixels."""
MAX_SAMPLES = 1_000_000
"""Pixels that percentiles are taken of; more are thinned evenly."""
MAX_SIDE_PX = 2000
"""Longest side that is drawn; larger images are thinned evenly."""
MAX_SMALL = 64
"""Most images of a collection that are drawn."""


def plot_image(image: ImageResult, bands: str | list[str] | None, ax: Axes | None) -> Axes:
    """See `ImageResult.plot`."""
    from matplotlib import pyplot as plt

    names = _chosen(image.bands, bands)
    assert image.ndarray is not None
    pixels = image.ndarray[[image.bands.index(name) for name in names]]
    if ax is None:
        ax = plt.subplots(layout="constrained")[1]
    drawn = _draw(ax, pixels, _limits(pixels), image.geocontext)
    if len(names) == 1:
        ax.figure.colorbar(drawn, ax=ax, label=names[0])
    ax.set_title(_title(image.properties))
    return ax


def plot_collection(
    collection: ImageCollectionResult, bands: str | list[str] | None, columns: int
) -> Figure:
    """See `ImageCollectionResult.plot`."""
    from matplotlib import pyplot as plt

    if columns < 1:
        raise InvalidArgument("At least one image goes in a row.").at(argument="columns")
    names = _chosen(collection.bands, bands)
    assert collection.ndarray is not None
    stack = collection.ndarray[:MAX_SMALL, [collection.bands.index(name) for name in names]]
    columns = min(columns, len(stack))
    rows = math.ceil(len(stack) / columns)
    figure, grid = plt.subplots(
        rows, columns, squeeze=False, layout="constrained", figsize=(3.2 * columns, 3.2 * rows)
    )
    limits = _limits(np.ma.swapaxes(stack, 0, 1))
    for ax in grid.flat:
        ax.set_axis_off()
    for ax, pixels, properties in zip(grid.flat, stack, collection.properties, strict=False):
        drawn = _draw(ax, pixels, limits, collection.geocontext)
        ax.set_title(_title(properties), fontsize="small")
    if len(names) == 1:
        figure.colorbar(drawn, ax=grid, label=names[0])
    return figure


def _chosen(available: tuple[str, ...], bands: str | list[str] | None) -> list[str]:
    if not available:
        raise InvalidArgument("An empty result has nothing to draw.")
    if bands is None:
        return list(available[: 3 if len(available) >= 3 else 1])
    names = bands.split() if isinstance(bands, str) else list(bands)
    for name in names:
        if name not in available:
            raise BandNotFound(
                f"There is no band {name!r}; there are {', '.join(available)}.",
                band=name,
                available=list(available),
            )
    if len(names) not in (1, 3):
        raise InvalidArgument("One band is drawn, or three.").at(argument="bands")
    return names


def _limits(planes: MaskedArray) -> list[tuple[float, float]]:
    """For each band what becomes the darkest and the brightest."""
    return [_limits_of(np.ma.MaskedArray(plane).compressed()) for plane in planes]


def _limits_of(valid: NDArray[Any]) -> tuple[float, float]:
    if not valid.size:
        return 0.0, 1.0
    sample = valid[:: max(1, valid.size // MAX_SAMPLES)].astype(np.float64)
    low, high = np.percentile(sample, STRETCH_PERCENT)
    return (float(low), float(high)) if high > low else (float(low), float(low) + 1.0)


def _draw(
    ax: Axes,
    pixels: MaskedArray,
    limits: list[tuple[float, float]],
    where: GeoContextResult | None,
) -> Any:
    step = max(1, math.ceil(max(pixels.shape[1:]) / MAX_SIDE_PX))
    thin = pixels[:, ::step, ::step]
    extent = _extent(where)
    if len(thin) == 1:
        plane = thin[0].astype(np.float64)
        low, high = limits[0]
        drawn = ax.imshow(plane, vmin=low, vmax=high, extent=extent, interpolation="nearest")
    else:
        drawn = ax.imshow(_colours(thin, limits), extent=extent, interpolation="nearest")
    _label(ax, where)
    return drawn


def _colours(pixels: MaskedArray, limits: list[tuple[float, float]]) -> NDArray[np.float32]:
    """(y, x, 4) red, green, blue and alpha in 0 … 1; alpha is 0 where any band is masked."""
    lows, spans = zip(*((low, high - low) for low, high in limits), strict=True)
    low = np.array(lows)[:, None, None]
    span = np.array(spans)[:, None, None]
    scaled = np.clip((pixels.data - low) / span, 0.0, 1.0)
    masked: NDArray[np.bool_] = np.ma.getmaskarray(pixels)
    alpha = ~np.any(masked, axis=0, keepdims=True)
    return np.concatenate([scaled, alpha]).transpose(1, 2, 0).astype(np.float32)


def _extent(where: GeoContextResult | None) -> tuple[float, float, float, float] | None:
    """(left, right, bottom, top) of an upright grid; None: axes are pixels."""
    if where is None or where.grid.transform.b or where.grid.transform.d:
        return None
    t, (rows, cols) = where.grid.transform, where.shape
    return t.c, t.c + t.a * cols, t.f + t.e * rows, t.f


def _label(ax: Axes, where: GeoContextResult | None) -> None:
    in_crs = _extent(where) is not None and where is not None and where.crs
    crs = where.crs.partition("\n")[0][:30] if where is not None and in_crs else ""
    ax.set_xlabel(f"x ({crs})" if crs else "column")
    ax.set_ylabel(f"y ({crs})" if crs else "row")
    ax.ticklabel_format(style="plain", useOffset=False)


def _title(properties: dict[str, Any]) -> str:
    date = properties.get("date")
    if isinstance(date, datetime):
        return f"{date:%Y-%m-%d}"
    return str(properties.get("id", ""))[:40]
