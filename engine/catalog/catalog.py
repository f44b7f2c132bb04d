"""The catalog: which products and images there are. Searched in memory, without opening a file."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Self

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from engine.catalog import names
from engine.catalog.asset import Asset
from engine.catalog.columns import ProductColumns, columns_of
from engine.catalog.footprint import meets
from engine.catalog.product import Product
from engine.catalog.selection import CatalogImage, Selection
from engine.catalog.store import read, write
from engine.catalog.store.store import FILE_NAME, Store
from swath.errors import (
    BandNotFound,
    ImageNotFound,
    InvalidArgument,
    PermissionDenied,
    ProductNotFound,
)

MOST_IMAGES = 1024
"""Images asked for by id that are kept."""


class Catalog:
    """Products and images of one data folder, or of memory. Safe to use from several threads.

    What is read is kept until the catalog's revision changes. Make one with `open` or `in_memory`.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._lock = threading.RLock()
        self._seen = ""
        self._products: dict[str, Product] = {}
        self._columns: dict[str, ProductColumns] = {}
        self._images: OrderedDict[str, CatalogImage] = OrderedDict()

    @classmethod
    def open(cls, data_folder: str | Path, read_only: bool = False) -> Self:
        """The catalog in a data folder.

        Args:
            data_folder: made if it is missing, unless `read_only`.
            read_only: for servers: never writes; a catalog that is missing is empty until
                another process makes it.

        Raises:
            PermissionDenied: the folder cannot be made or written. InvalidSource: the file is
            no catalog, is damaged, or is one of a newer Swath.
        """
        folder = Path(data_folder).expanduser()
        if not read_only:
            _make(folder)
        elif folder.exists() and not folder.is_dir():
            raise InvalidArgument(f"{folder} is not a folder.")
        return cls(Store(folder / FILE_NAME, read_only))

    @classmethod
    def in_memory(cls) -> Self:
        """An empty catalog that nothing else sees and that is gone with the process."""
        return cls(Store(None))

    @classmethod
    def pinned(cls, data: bytes) -> Self:
        """The catalog that a `Recording` pinned: in memory, read-only.

        Raises:
            InvalidSource: the bytes are damaged, are no pinned catalog, or one of another Swath.
        Cost: 20 ms for 10,000 images.
        """
        return cls(Store(None, content=data))

    def close(self) -> None:
        """Close the store; selections made before stay usable for what they have read."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def revision(self) -> str:
        """Differs after every committed change, also across restarts. Cost: 15 µs."""
        return self.store.revision()

    @property
    def note(self) -> bytes:
        """What was pinned with the catalog; empty where nothing was, or it is no pinned one."""
        return self.store.note

    def products(self) -> list[Product]:
        """All products, by name."""
        return list(self._fresh().values())

    def product(self, name: str) -> Product:
        """The product of that name.

        Raises:
            ProductNotFound: there is none; `similar` has names that look like it.
        """
        known = self._fresh()
        if name in known:
            return known[name]
        close = names.similar(name, known)
        hint = names.did_you_mean(close).strip() or names.there_are(known)
        raise ProductNotFound(
            f"There is no product {names.shown(name)}. {hint}", product=name, similar=close
        )

    def columns(self, product: str) -> ProductColumns:
        """All images of a product as columns, ordered by date, then id (rule O1).

        Raises:
            ProductNotFound: there is none of that name.
        Cost: 40 ms per 10,000 images after a change of the product, else 15 µs.
        """
        with self._lock:
            current = self.product(product)
            cached = self._columns.get(product)
            if cached is not None and cached.product == current:
                return cached
            with self.store.snapshot() as connection:
                self._seen = ""  # what is read now must be of one revision
                current = self.product(product)
                assert connection is not None
                fresh = columns_of(current, read.images(connection, current.key))
            self._columns[product] = fresh
            return fresh

    def search(
        self,
        product: str,
        start_us: int | None = None,
        end_us: int | None = None,
        footprint: BaseGeometry | None = None,
        limit: int | None = None,
    ) -> Selection:
        """The images with start ≤ date < end whose footprint touches `footprint`, in order.

        Args:
            start_us, end_us: µs since 1970 UTC; absent: open on that side (rule O3).
            footprint: shapely geometry in EPSG:4326; absent: everywhere (rule W3).
            limit: at most that many, the first ones; absent: all.

        Raises:
            ProductNotFound: there is none of that name. InvalidArgument: `limit` is negative.
        Cost: opens no file; 0.6 ms over 10,000 images.
        """
        if limit is not None and limit < 0:
            raise InvalidArgument(f"limit must be 0 or more, not {limit}.")
        columns = self.columns(product)
        rows = _between(columns.dates_us, start_us, end_us)
        if footprint is not None:
            rows = rows[meets(columns.bboxes[rows], columns.footprints[rows], footprint)]
        return Selection(columns, rows[:limit], self._assets)

    def image(self, image_id: str) -> CatalogImage:
        """The image with that id: `product:id`, or the bare id where only one product has it.

        Raises:
            ImageNotFound: there is none; `similar` has ids that look like it.
            InvalidArgument: several products have it.
        Cost: 150 µs, and 15 µs for an image that was asked for before.
        """
        with self._lock:
            self._fresh()
            known = self._images.get(image_id)
            if known is None:
                known = self._images[image_id] = self._look_up(image_id)
            self._images.move_to_end(image_id)
            if len(self._images) > MOST_IMAGES:
                self._images.popitem(last=False)
            return known

    def _look_up(self, image_id: str) -> CatalogImage:
        with self._lock:
            product, bare = self._resolve(image_id)
            columns = self.columns(product)
            row = columns.ids.index(bare)
            with self.store.reading() as connection:
                assert connection is not None
                assets = read.image_assets(connection, columns.keys[row])
        return CatalogImage(
            product=columns.product,
            id=bare,
            date_us=int(columns.dates_us[row]),
            properties=columns.properties(row),
            footprint=shapely.from_wkb(columns.footprints_wkb[row]),
            bands=tuple(b for b in columns.product.bands if b.name in assets),
            assets=assets,
        )

    def remove(self, product: str, image_id: str | None = None) -> None:
        """Remove a product, or one image of it. Files stay where they are.

        Raises:
            ProductNotFound, ImageNotFound: it is not there. PermissionDenied: opened read-only.
        """
        key = self.product(product).key
        with self.store.writing() as (connection, revision):
            if image_id is None:
                write.remove_product(connection, key)
            elif write.remove_image(connection, key, image_id):
                write.touch(connection, key, revision)
            else:
                raise self._no_image(image_id, product)

    def _fresh(self) -> dict[str, Product]:
        with self._lock:
            revision = self.store.revision()
            if revision != self._seen:
                with self.store.snapshot() as connection:
                    found = [] if connection is None else read.products(connection)
                    self._seen = self.store.revision()
                self._products = {product.name: product for product in found}
                self._columns = {n: c for n, c in self._columns.items() if n in self._products}
                self._images.clear()
            return self._products

    def _assets(self, columns: ProductColumns, band: str) -> list[Asset | None]:
        known = columns.assets.get(band)
        if known is not None:
            return known
        available = columns.product.band_names
        if band not in available:
            raise BandNotFound(
                f"{columns.product.name} has no band {names.shown(band)}; "
                f"it has {', '.join(available)}.",
                band=band,
                available=available,
            )
        key = columns.product.key
        with self.store.snapshot() as connection:
            rows = [] if connection is None else read.assets(connection, key, band)
            now = None if connection is None else read.product_revision(connection, key)
        found: list[Asset | None] = [None] * len(columns)
        for key, asset in rows:
            row = columns.positions.get(key)
            if row is not None:  # absent: added since this revision
                found[row] = asset
        if now == columns.product.revision:  # else they may be others than those of the columns
            columns.assets[band] = found
        return found

    def _resolve(self, image_id: str) -> tuple[str, str]:
        """(product, bare id) of an id in either form."""
        with self.store.reading() as connection:
            if connection is not None:
                for at in reversed([i for i, c in enumerate(image_id) if c == ":"]):
                    product, bare = image_id[:at], image_id[at + 1 :]
                    if product in read.owners(connection, bare):
                        return product, bare
                owners = read.owners(connection, image_id)
                if len(owners) == 1:
                    return owners[0], image_id
                if owners:
                    raise InvalidArgument(
                        f"Several products have an image {names.shown(image_id)}: write "
                        f"{' or '.join(f'{owner}:{image_id}' for owner in owners[:3])}."
                    )
        raise self._no_image(image_id, None)

    def _no_image(self, image_id: str, product: str | None) -> ImageNotFound:
        close: list[str] = []
        with self.store.reading() as connection:
            if connection is not None:
                bare = image_id[: names.MAX_ID].rpartition(":")[2]
                close = names.similar(bare, read.neighbours(connection, bare))
        inside = f" in {product}" if product else ""
        return ImageNotFound(
            f"There is no image {names.shown(image_id)}{inside}.{names.did_you_mean(close)}",
            image_id=image_id,
            similar=close,
        )


def _between(
    dates_us: NDArray[np.int64], start_us: int | None, end_us: int | None
) -> NDArray[np.intp]:
    first = 0 if start_us is None else int(np.searchsorted(dates_us, start_us, side="left"))
    last = len(dates_us)
    if end_us is not None:
        last = int(np.searchsorted(dates_us, end_us, side="left"))
    return np.arange(first, max(first, last), dtype=np.intp)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise InvalidArgument(f"{folder} is a file, not a folder.") from None
    except OSError as error:
        raise PermissionDenied(f"The folder {folder} cannot be made: {error.strerror}.") from error
