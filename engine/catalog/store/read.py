"""Everything that is read from the store. Each function takes an open connection."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from engine.catalog.asset import Asset, Identity
from engine.catalog.product import Band, Product
from engine.catalog.store.record import BandRecord, ImageRows, Known
from swath.grid import Affine, Grid, Shape2d

_BAND = (
    'name, dtype, dtype_read, kind, scale, "offset", nodata, data_min, data_max, description, '
    "source, overrides"
)
_ASSET = (
    'a.href, a.file_band, a.dtype, a.grid, a.nodata, a.scale, a."offset", a.kind, a.mask, '
    "a.block_rows, a.block_cols, a.overviews, a.overviews_averaged, a.size, a.mtime_ns, a.tag"
)


def products(connection: sqlite3.Connection) -> list[Product]:
    """All products by name, each with its bands and number of images."""
    rows = connection.execute(
        "SELECT key, name, title, created_us, revision, "
        "(SELECT count(*) FROM images WHERE product = products.key) FROM products ORDER BY name"
    ).fetchall()
    return [
        Product(name, title, tuple(r.band for r in bands(connection, key)), created, n, key, rev)
        for key, name, title, created, rev, n in rows
    ]


def bands(connection: sqlite3.Connection, product: int) -> list[BandRecord]:
    """The bands of the product with that key, in order."""
    rows = connection.execute(
        f"SELECT {_BAND} FROM bands WHERE product = ? ORDER BY position",  # noqa: S608 - constant columns
        (product,),
    )
    return [_band(row) for row in rows]


def _band(row: Sequence[Any]) -> BandRecord:
    name, dtype, dtype_read, kind, scale, offset, nodata, low, high, text, source, said = row
    data_range = None if low is None else (low, high)
    band = Band(name, dtype, dtype_read, kind, scale, offset, nodata, data_range, text)
    return BandRecord(band, source, json.loads(said))


def band_keys(connection: sqlite3.Connection, product: int) -> dict[str, int]:
    """Keys of the product's bands by the name that files call them."""
    rows = connection.execute("SELECT source, key FROM bands WHERE product = ?", (product,))
    return dict(rows.fetchall())


def grids(connection: sqlite3.Connection, product: int) -> dict[int, Grid]:
    """All grids of the images and assets of a product by key; equal grids are one object."""
    rows = connection.execute(
        "SELECT key, crs, a, b, c, d, e, f, rows, cols FROM grids WHERE key IN ("
        "SELECT grid FROM images WHERE product = :product UNION "
        "SELECT grid FROM assets WHERE band IN (SELECT key FROM bands WHERE product = :product))",
        {"product": product},
    )
    return {row[0]: _grid(row[1:]) for row in rows}


def _grid(row: Sequence[Any]) -> Grid:
    return Grid(row[0], Affine(*row[1:7]), Shape2d(row[7], row[8]))


def images(connection: sqlite3.Connection, product: int) -> ImageRows:
    """All images of a product in the order of collections (rule O1)."""
    rows = connection.execute(
        "SELECT key, id, date_us, west, south, east, north, footprint, grid, properties "
        "FROM images WHERE product = ? ORDER BY date_us, id",
        (product,),
    ).fetchall()
    by_key = _image_grids(connection, product)
    return ImageRows(
        keys=[r[0] for r in rows],
        ids=[r[1] for r in rows],
        dates_us=[r[2] for r in rows],
        bboxes=[r[3:7] for r in rows],
        footprints=[r[7] for r in rows],
        grids=[by_key[r[8]] for r in rows],
        properties=[r[9] for r in rows],
    )


def _image_grids(connection: sqlite3.Connection, product: int) -> dict[int, Grid]:
    rows = connection.execute(
        "SELECT key, crs, a, b, c, d, e, f, rows, cols FROM grids "
        "WHERE key IN (SELECT grid FROM images WHERE product = ?)",
        (product,),
    )
    return {row[0]: _grid(row[1:]) for row in rows}


def assets(connection: sqlite3.Connection, product: int, band: str) -> list[tuple[int, Asset]]:
    """(key of the image, asset) for every image of the product that has that band."""
    by_key = grids(connection, product)
    rows = connection.execute(
        f"SELECT a.image, {_ASSET} FROM assets a JOIN bands b ON a.band = b.key "  # noqa: S608 - constant columns
        "WHERE b.product = ? AND b.name = ?",
        (product, band),
    )
    return [(row[0], _asset(row[1:], by_key)) for row in rows]


def _asset(row: Sequence[Any], by_key: dict[int, Grid]) -> Asset:
    (href, file_band, dtype, grid, nodata, scale, offset, kind, mask) = row[:9]
    rows, cols, overviews, averaged, size, mtime_ns, tag = row[9:]
    return Asset(
        href=href,
        band=file_band,
        dtype=dtype,
        grid=by_key[grid],
        nodata=nodata,
        scale=scale,
        offset=offset,
        kind=kind,
        mask=mask,
        block=Shape2d(rows, cols),
        overviews=tuple(map(int, overviews.split())),
        overviews_averaged=bool(averaged),
        identity=None if size is None else Identity(size, mtime_ns, tag),
    )


def image_assets(connection: sqlite3.Connection, image: int) -> dict[str, Asset]:
    """The assets of one image by band name, in the product's order."""
    by_key = {
        row[0]: _grid(row[1:])
        for row in connection.execute(
            "SELECT key, crs, a, b, c, d, e, f, rows, cols FROM grids "
            "WHERE key IN (SELECT grid FROM assets WHERE image = ?)",
            (image,),
        )
    }
    rows = connection.execute(
        f"SELECT b.name, {_ASSET} FROM assets a JOIN bands b ON a.band = b.key "  # noqa: S608 - constant columns
        "WHERE a.image = ? ORDER BY b.position",
        (image,),
    )
    return {row[0]: _asset(row[1:], by_key) for row in rows}


def owners(connection: sqlite3.Connection, image_id: str) -> list[str]:
    """Names of the products that have an image with that id."""
    rows = connection.execute(
        "SELECT p.name FROM images i JOIN products p ON i.product = p.key WHERE i.id = ? "
        "ORDER BY p.name",
        (image_id,),
    )
    return [row[0] for row in rows]


def neighbours(connection: sqlite3.Connection, image_id: str, most: int = 50) -> list[str]:
    """Ids around `image_id` in alphabetical order, of all products: it may be a misspelling."""
    below = connection.execute(
        "SELECT DISTINCT id FROM images WHERE id < ? ORDER BY id DESC LIMIT ?", (image_id, most)
    ).fetchall()
    above = connection.execute(
        "SELECT DISTINCT id FROM images WHERE id >= ? ORDER BY id LIMIT ?", (image_id, most)
    ).fetchall()
    return [row[0] for row in below + above]


def known(connection: sqlite3.Connection, product: int, ids: Iterable[str]) -> dict[str, Known]:
    """What is stored of the images with these ids; those that are new are left out."""
    found = {}
    for image_id in ids:
        row = connection.execute(
            "SELECT key, date_us, digest FROM images WHERE product = ? AND id = ?",
            (product, image_id),
        ).fetchone()
        if row is None:
            continue
        files: dict[str, set[str]] = {}
        for href, digest in connection.execute(
            "SELECT href, digest FROM assets WHERE image = ?", (row[0],)
        ):
            files.setdefault(href, set()).add(digest)
        frozen = {href: frozenset(digests) for href, digests in files.items()}
        found[image_id] = Known(row[0], row[1], row[2], frozen)
    return found


def grid_counts(connection: sqlite3.Connection, product: int) -> list[tuple[Grid, int]]:
    """Each grid of the product's assets and how many use it, the commonest first."""
    rows = connection.execute(
        "SELECT g.crs, g.a, g.b, g.c, g.d, g.e, g.f, g.rows, g.cols, count(*) AS n "
        "FROM assets a JOIN grids g ON a.grid = g.key "
        "WHERE a.band IN (SELECT key FROM bands WHERE product = ?) "
        "GROUP BY g.key ORDER BY n DESC, g.key",
        (product,),
    )
    return [(_grid(row[:9]), row[9]) for row in rows]


def encodings(
    connection: sqlite3.Connection, product: int, source: str
) -> list[tuple[str, float, float]]:
    """The different (dtype, scale, offset) of the assets of a band, by its source name."""
    rows = connection.execute(
        'SELECT DISTINCT dtype, scale, "offset" FROM assets '
        "WHERE band = (SELECT key FROM bands WHERE product = ? AND source = ?)",
        (product, source),
    )
    return [(row[0], row[1], row[2]) for row in rows]


def product_key(connection: sqlite3.Connection, name: str) -> int | None:
    """Key of the product with that name; None where there is none."""
    row = connection.execute("SELECT key FROM products WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def product_revision(connection: sqlite3.Connection, product: int) -> int | None:
    """Revision of the product with that key; None where it is gone."""
    row = connection.execute("SELECT revision FROM products WHERE key = ?", (product,)).fetchone()
    return None if row is None else int(row[0])
