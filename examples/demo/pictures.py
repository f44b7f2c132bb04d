"""The demo's two pictures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt


def composite(image: Any, title: str, path: Path) -> None:
    """A map of one band between 0 and 1."""
    figure, axes = plt.subplots(figsize=(6.4, 5.2), constrained_layout=True)
    west, south, east, north = image.geocontext.bounds
    shown = axes.imshow(
        image.ndarray[0], cmap="YlGn", vmin=0.0, vmax=0.9, extent=(west, east, south, north)
    )
    axes.set_title(title)
    axes.set_xlabel(f"x, {image.geocontext.crs}")
    axes.set_ylabel("y")
    axes.ticklabel_format(useOffset=False, style="plain")
    axes.locator_params(axis="x", nbins=5)
    figure.colorbar(shown, ax=axes, label="NDVI")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def series(
    dates: Sequence[datetime], values: Sequence[float | None], title: str, path: Path
) -> None:
    """Values through time; dates without a value are left out."""
    pairs = [(d, v) for d, v in zip(dates, values, strict=True) if v is not None]
    figure, axes = plt.subplots(figsize=(8.4, 3.6), constrained_layout=True)
    x: Any = [d for d, _ in pairs]
    axes.plot(x, [v for _, v in pairs], "o-", color="#2a7f3f", markersize=3.5, linewidth=0.9)
    axes.set_ylabel("NDVI")
    axes.set_title(title)
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=110)
    plt.close(figure)
