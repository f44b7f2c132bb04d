"""What an evaluation looks up in the catalog, kept as bytes: a job's own small catalog.

A `Recording` stands in for the catalog while something is evaluated. What it pins is what the
evaluation saw: the products with their bands, the images that were selected, and the assets of the
bands that were asked for. `Catalog.pinned` opens it again; looking up the same there gives the
same, whatever became of the catalog. Jobs use it; inspect does not.

Cost: 5 images of 10,000, two bands: 4 kB, 3 ms. All 10,000: 0.6 MB, 1 s to pin, 0.06 s to open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from engine.catalog.asset import Asset
from engine.catalog.catalog import Catalog
from engine.catalog.columns import ProductColumns
from engine.catalog.footprint import Bbox
from engine.catalog.selection import CatalogImage, Selection
from engine.catalog.store import packed, read, write
from engine.catalog.store.record import AssetRecord, BandRecord, ImageRecord
from engine.catalog.store.store import Store
from swath.errors import SourceUnavailable

if TYPE_CHECKING:
    import sqlite3


@dataclass(slots=True)
class _Seen:
    """What was looked up of one product."""

    columns: ProductColumns
    rows: NDArray[np.bool_]
    """Which images."""
    bands: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    """Of which of them the asset of a band."""
    loaded: dict[int, CatalogImage] = field(default_factory=dict)
    """Images that were asked for by their ids, by row: they are pinned with all assets."""


class Recording:
    """A catalog that remembers what is looked up in it. For one evaluation, in one thread.

    All that is looked up of one product is of one revision of it.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._seen: dict[str, _Seen] = {}

    def search(
        self,
        product: str,
        start_us: int | None = None,
        end_us: int | None = None,
        footprint: BaseGeometry | None = None,
        limit: int | None = None,
    ) -> Selection:
        """As `Catalog.search`.

        Raises:
            As `Catalog.search`. SourceUnavailable: the product has changed since the first look.
        """
        found = self._catalog.search(product, start_us, end_us, footprint, limit)
        seen = self._of(found.columns)
        seen.rows[found.indices] = True

        def assets_of(columns: ProductColumns, band: str) -> list[Asset | None]:
            every = found.assets_of(columns, band)
            if band not in columns.assets:  # they may be those of a later revision
                raise _changed(product)
            rows = seen.bands.setdefault(band, np.zeros(len(columns), np.bool_))
            rows[found.indices] = True
            return every

        return replace(found, assets_of=assets_of)

    def image(self, image_id: str) -> CatalogImage:
        """As `Catalog.image`.

        Raises:
            As `Catalog.image`. SourceUnavailable: the product has changed since the first look.
        """
        image = self._catalog.image(image_id)
        columns = self._catalog.columns(image.product.name)
        if columns.product != image.product:
            raise _changed(image.product.name)
        seen, row = self._of(columns), columns.ids.index(image.id)
        seen.rows[row] = True
        seen.loaded[row] = image
        return image

    def pinned(self, note: bytes = b"") -> bytes:
        """What was looked up so far, for `Catalog.pinned`, with a note that it gives again.

        Raises:
            ResultTooLarge: more images than a plan can hold, some millions.
        """
        store = Store(None)
        try:
            with store.writing() as (connection, revision):
                for name in sorted(self._seen):
                    _put(connection, self._seen[name], revision)
            with store.reading() as held:
                assert held is not None
                return packed.pack(held, note)
        finally:
            store.close()

    def _of(self, columns: ProductColumns) -> _Seen:
        name = columns.product.name
        known = self._seen.get(name)
        if known is None:
            known = self._seen[name] = _Seen(columns, np.zeros(len(columns), np.bool_))
        elif known.columns.product != columns.product:
            raise _changed(name)
        return known


def _changed(product: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"The product {product} was changed while its images were looked up: try again."
    )


def _put(connection: sqlite3.Connection, seen: _Seen, revision: int) -> None:
    product = seen.columns.product
    key = write.put_product(connection, product.name, product.title, product.created_us, revision)
    write.put_bands(connection, key, [BandRecord(b, b.name) for b in product.bands])
    bands = read.band_keys(connection, key)
    for image in _images(seen):
        write.put_image(connection, key, bands, image, replace_key=None, keep_assets=False)


def _images(seen: _Seen) -> Iterator[ImageRecord]:
    columns = seen.columns
    for row in np.flatnonzero(seen.rows).tolist():
        yield ImageRecord(
            id=columns.ids[row],
            date_us=int(columns.dates_us[row]),
            bbox=_bbox(columns, row),
            footprint=columns.footprints_wkb[row],
            grid=columns.grids[row],
            properties=columns.properties_json[row],
            digest="",
            assets={name: AssetRecord(asset, "") for name, asset in _assets(seen, row)},
        )


def _bbox(columns: ProductColumns, row: int) -> Bbox:
    west, south, east, north = columns.bboxes[row].tolist()
    return west, south, east, north


def _assets(seen: _Seen, row: int) -> Iterator[tuple[str, Asset]]:
    if row in seen.loaded:
        yield from seen.loaded[row].assets.items()
        return
    for band, rows in seen.bands.items():
        asset = seen.columns.assets[band][row] if rows[row] else None
        if asset is not None:
            yield band, asset
