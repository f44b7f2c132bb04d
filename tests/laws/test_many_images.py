"""Reductions of many images, which are fed part by part, give the bits of all at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import swath as wf
from engine import Engine
from engine.execute.tier import KERNELS, REFERENCE
from engine.plan.stream import IMAGES_AT_ONCE

from .test_one_result import GRID, HERE, OTHER, bits

COUNT = 2 * IMAGES_AT_ONCE + 5
RANDOM = np.random.default_rng(3)


def image(index: int) -> wf.Image:
    """Two bands of random bytes, every third on another grid."""
    grid = OTHER if index % 3 == 0 else GRID
    values = RANDOM.integers(0, 200, (2, *grid.shape)).astype(np.uint8)
    return wf.Image.from_array(values, grid, 7).rename_bands("a", "b")


IMAGES = wf.ImageCollection([image(i) for i in range(COUNT)])
BASE = image(0)
QUESTIONS: dict[str, Callable[[wf.ImageCollection], Any]] = {
    "min": lambda c: c.min(axis="images"),
    "max": lambda c: c.max(axis="images"),
    "mean": lambda c: c.mean(axis="images"),
    "std": lambda c: c.std(axis="images"),
    "sum": lambda c: c.sum(axis="images"),
    "count": lambda c: c.count(axis="images"),
    "median": lambda c: c.median(axis="images"),
    "mosaic": lambda c: c.mosaic(),
    "mosaic reversed": lambda c: c.mosaic(reverse=True),
    "over images and bands": lambda c: c.mean(axis=["images", "bands"]),
    "of a mapped function": lambda c: c.map(lambda i: (i - BASE) / (i + 3)).mean(axis="images"),
    "with another reduction inside": lambda c: (c - c.mean(axis="images")).std(axis="images"),
    "two of the same images": lambda c: c.max(axis="images") - c.min(axis="images"),
    "one that streams and one that does not": lambda c: (
        c.mean(axis="images") - c.median(axis="images")
    ),
    "over bands first": lambda c: c.max(axis="bands").mean(axis="images"),
    "with a number from pixels": lambda c: (c / c.max()).mean(axis="images"),
    "with a number for each image": lambda c: c.map(lambda i: i / i.max()).mean(axis="images"),
    "sorted by pixels": lambda c: c.sorted(lambda i: i.mean()).mosaic(),
    "to numbers": lambda c: c.mean(axis="images").mean(axis="pixels"),
    "by group": lambda c: c.map(
        lambda i: i.with_properties(half=i.max() > 198)
    ).groupby(lambda i: i.properties["half"]).mean(axis="images"),
}  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
def test_fed_part_by_part_is_the_same_as_all_at_once(question: str) -> None:
    asked = QUESTIONS[question](IMAGES)
    fed = Engine(tier=KERNELS).inspect(asked, HERE)
    whole = Engine(tier=REFERENCE, is_batching=False).inspect(asked, HERE)
    assert bits(fed) == bits(whole)


def test_ten_times_the_images_of_a_mosaic_need_no_more_memory() -> None:
    engine = Engine()
    few = engine.estimate(wf.build_graph(IMAGES.mosaic()), HERE.value)
    many = wf.ImageCollection([image(1)] * (10 * COUNT))
    assert engine.estimate(wf.build_graph(many.mosaic()), HERE.value).projected_bytes <= (
        few.projected_bytes
    )
