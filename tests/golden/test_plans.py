"""What an expression becomes: its plan, as text."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import numpy as np
import pytest

import swath as wf
from engine import Engine
from swath.grid import Affine, Grid, Shape2d

GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(600, 600))
HERE = wf.GeoContext.from_grid(GRID)
PIXELS = np.zeros(GRID.shape, np.uint16)


def image() -> wf.Image:
    """An image of bands red and nir."""
    both = np.zeros((2, *GRID.shape), np.uint16)
    return wf.Image.from_array(both, GRID, 0).rename_bands("red", "nir")


def ndvi(img: Any) -> Any:
    """NDVI of an image or collection."""
    red, nir = img.unpack_bands("red nir")
    return (nir - red) / (nir + red)


def twice(img: wf.Image) -> Any:
    """NDVI, written twice."""
    return ndvi(img) * ndvi(img)


def few() -> wf.ImageCollection:
    """Three images."""
    return wf.ImageCollection([image()] * 3)


def many() -> wf.ImageCollection:
    """Forty images."""
    return wf.ImageCollection([image()] * 40)


PLANS = {
    "an expression is one program": (
        lambda: ndvi(image()),
        """
        %0 = read 1 image as uint16, near
        %1 = read 1 image as uint16, near
        %2 = compute sub add truediv from %0 %1
        give %2
        windows of 1024 × 1024 of 600 × 600 pixels, 54 bytes a pixel
        """,
    ),
    "what is written twice is computed once": (
        lambda: twice(image()),
        """
        %0 = read 1 image as uint16, near
        %1 = read 1 image as uint16, near
        %2 = compute sub add truediv mul from %0 %1
        give %2
        windows of 1024 × 1024 of 600 × 600 pixels, 54 bytes a pixel
        """,
    ),
    "a mapped function is one program for all images": (
        lambda: few().map(ndvi).median(axis="images"),
        """
        %0 = read 3 images as uint16, near
        %1 = read 3 images as uint16, near
        %2 = compute sub add truediv from %0 %1
        %3 = reduce median of %2
        give %3
        windows of 1024 × 1024 of 600 × 600 pixels, 66 bytes a pixel
        """,
    ),
    "filtering and picking reach the sources": (
        lambda: many().head(2).pick_bands("nir").mosaic(),
        """
        %0 = read 2 images as uint16, near
        %1 = reduce last of %0
        give %1
        windows of 1024 × 1024 of 600 × 600 pixels, 54 bytes a pixel
        """,
    ),
    "many images are fed part by part": (
        lambda: ndvi(many()).mean(axis="images"),
        """
        in 3 parts of 16 images:
          %0 = read 16 images as uint16, near
          %1 = read 16 images as uint16, near
          %2 = compute sub add truediv from %0 %1
          feed %2 to mean
        %0 = mean of what was fed
        give %0
        windows of 1024 × 1024 of 600 × 600 pixels, 205 bytes a pixel
        """,
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_the_plan_of_an_expression(name: str) -> None:
    expression, wanted = PLANS[name]
    assert Engine().explain(wf.build_graph(expression()), HERE.value) == dedent(wanted).strip()
