"""Rows as values: what goes into the store and comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.catalog.asset import Asset
from engine.catalog.footprint import Bbox
from engine.catalog.product import Band
from swath.grid import Grid


@dataclass(frozen=True, slots=True)
class BandRecord:
    """A band of a product, with what only adding needs to know."""

    band: Band
    source: str
    """What files and items call the band; `band.name` is what users call it."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """What --band said: it beats what any file says, also those added later."""


@dataclass(frozen=True, slots=True)
class AssetRecord:
    """An asset and what it was made from."""

    asset: Asset
    digest: str
    """Of the file's identity and what was said about it: equal means nothing to do."""


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """An image as it is stored."""

    id: str
    date_us: int
    bbox: Bbox
    footprint: bytes
    """WKB."""
    grid: Grid
    """That of its first band."""
    properties: str
    """JSON object."""
    digest: str
    """Of date, properties and footprint as they were given."""
    assets: Mapping[str, AssetRecord]
    """By the `source` name of the band."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store already knows of an image, to tell whether to look at its files at all."""

    key: int
    date_us: int
    digest: str
    files: Mapping[str, frozenset[str]]
    """Digests of the assets by href."""


@dataclass(frozen=True, slots=True)
class ImageRows:
    """All images of a product, as columns ordered by (date, id)."""

    keys: list[int]
    ids: list[str]
    dates_us: list[int]
    bboxes: list[Bbox]
    footprints: list[bytes]
    grids: list[Grid]
    properties: list[str]
