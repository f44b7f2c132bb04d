"""A product and its bands: what all images of a kind have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.catalog.asset import Kind, float_class


@dataclass(frozen=True, slots=True)
class Band:
    """One band of a product: what a collection says about it before any image is read.

    Images of one product may differ (another offset since a new processing version): the values
    that count for pixels are those of the image's `Asset`.
    """

    name: str
    """What users write; no spaces."""
    dtype: str
    """numpy name of a dtype that holds the stored values of every image."""
    dtype_read: str
    """numpy name of a dtype that holds the physical values of every image (rules D1, D7)."""
    kind: Kind = "physical"
    scale: float = 1.0
    offset: float = 0.0
    """physical = stored × scale + offset, in the first image that was added."""
    nodata: float | None = None
    """Stored value that means no data, in the first image that was added."""
    data_range: tuple[float, float] | None = None
    """Usual smallest and largest physical value; absent: not known."""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Product:
    """A named set of images with the same bands."""

    name: str
    title: str
    """One line for people; empty when none was given."""
    bands: tuple[Band, ...]
    """In the order of collections (rule I3); no band has two equal names."""
    created_us: int
    """When it was first added to, µs since 1970 UTC."""
    images: int = 0
    """How many images it has."""
    key: int = 0
    """Number of the product in its store; 0 before it is stored."""
    revision: int = 0
    """Changes with every change to the product or its images."""

    @property
    def band_names(self) -> list[str]:
        """Names of the bands, in order."""
        return [band.name for band in self.bands]


def merge_dtypes(first: str, second: str) -> str:
    """One dtype that holds the values of both (rule D7).

    Integers promote as in numpy where an integer fits both, else both go to their float class.
    """
    if first == second:
        return first
    promoted = np.promote_types(first, second)
    if promoted.kind in "iu":
        return str(promoted)
    both = {float_class(first), float_class(second)}
    return "float64" if "float64" in both else "float32"
