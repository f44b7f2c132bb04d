"""Everything that changes the store. Each function runs inside a transaction of `Store.writing`.

A function that finds nothing to change changes no row, so that the revision stays.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Sequence

from engine.catalog.asset import Asset
from engine.catalog.product import Band
from engine.catalog.store.record import AssetRecord, BandRecord, ImageRecord
from swath.grid import Grid


def put_product(
    connection: sqlite3.Connection, name: str, title: str | None, now_us: int, revision: int
) -> int:
    """Key of the product with that name, made if it is new; a `title` replaces the old one."""
    row = connection.execute("SELECT key, title FROM products WHERE name = ?", (name,)).fetchone()
    if row is None:
        cursor = connection.execute(
            "INSERT INTO products (name, title, created_us, revision) VALUES (?, ?, ?, ?)",
            (name, title or "", now_us, revision),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid
    if title is not None and title != row[1]:
        connection.execute(
            "UPDATE products SET title = ?, revision = ? WHERE key = ?", (title, revision, row[0])
        )
    return int(row[0])


def touch(connection: sqlite3.Connection, product: int, revision: int) -> None:
    """Record that something of the product changes with this revision."""
    connection.execute("UPDATE products SET revision = ? WHERE key = ?", (revision, product))


def put_bands(connection: sqlite3.Connection, product: int, bands: Sequence[BandRecord]) -> bool:
    """Make the product's bands these, in this order; True if that changed something.

    Bands are matched by `source`. None may be missing: a band is only removed with its product.
    """
    from_store = {
        row[0]: row[1:]
        for row in connection.execute(
            'SELECT source, position, name, dtype, dtype_read, kind, scale, "offset", nodata, '
            "data_min, data_max, description, overrides FROM bands WHERE product = ?",
            (product,),
        )
    }
    changed = False
    names = {source: row[1] for source, row in from_store.items()}
    for record in bands:
        if names.get(record.source, record.band.name) != record.band.name:
            # Out of the way first, so that two bands can swap their names.
            connection.execute(
                "UPDATE bands SET name = char(1) || key WHERE product = ? AND source = ?",
                (product, record.source),
            )
    for position, record in enumerate(bands):
        row = (position, *_band_row(record))
        if record.source not in from_store:
            _insert_band(connection, product, record.source, row)
        elif from_store[record.source] != row:
            _update_band(connection, product, record.source, row)
        else:
            continue
        changed = True
    return changed


def _band_row(record: BandRecord) -> tuple[object, ...]:
    band: Band = record.band
    low, high = band.data_range or (None, None)
    return (
        band.name, band.dtype, band.dtype_read, band.kind, float(band.scale), float(band.offset),
        _number(band.nodata), low, high, band.description,
        json.dumps(dict(record.overrides), sort_keys=True),
    )  # fmt: skip


def _insert_band(
    connection: sqlite3.Connection, product: int, source: str, row: tuple[object, ...]
) -> None:
    connection.execute(
        "INSERT INTO bands (product, source, position, name, dtype, dtype_read, kind, scale, "
        '"offset", nodata, data_min, data_max, description, overrides) '
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (product, source, *row),
    )


def _update_band(
    connection: sqlite3.Connection, product: int, source: str, row: tuple[object, ...]
) -> None:
    connection.execute(
        "UPDATE bands SET position = ?, name = ?, dtype = ?, dtype_read = ?, kind = ?, scale = ?, "
        '"offset" = ?, nodata = ?, data_min = ?, data_max = ?, description = ?, overrides = ? '
        "WHERE product = ? AND source = ?",
        (*row, product, source),
    )


def override_assets(connection: sqlite3.Connection, product: int, record: BandRecord) -> bool:
    """Apply the band's overrides to assets already there; True if that changed any."""
    changed = False
    for key in ("scale", "offset", "nodata", "kind"):
        if key not in record.overrides:
            continue
        cursor = connection.execute(
            f'UPDATE assets SET "{key}" = :value WHERE "{key}" IS NOT :value AND band = '  # noqa: S608 - one of four names
            "(SELECT key FROM bands WHERE product = :product AND source = :source)",
            {
                "value": _number(record.overrides[key]),
                "product": product,
                "source": record.source,
            },
        )
        changed = changed or cursor.rowcount > 0
    return changed


def put_image(
    connection: sqlite3.Connection,
    product: int,
    bands: dict[str, int],
    image: ImageRecord,
    *,
    replace_key: int | None,
    keep_assets: bool,
) -> None:
    """Store one image with its assets, over the one with `replace_key` if that is given.

    Args:
        bands: keys of the product's bands by source name; has all that the image has.
        keep_assets: leave assets of bands that this record does not mention.
    """
    grid = put_grid(connection, image.grid)
    row = (
        image.date_us, *map(float, image.bbox), image.footprint, grid,
        image.properties, image.digest,
    )  # fmt: skip
    if replace_key is None:
        cursor = connection.execute(
            "INSERT INTO images (product, id, date_us, west, south, east, north, footprint, grid, "
            "properties, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (product, image.id, *row),
        )
        assert cursor.lastrowid is not None
        key = cursor.lastrowid
    else:
        key = replace_key
        connection.execute(
            "UPDATE images SET date_us = ?, west = ?, south = ?, east = ?, north = ?, "
            "footprint = ?, grid = ?, properties = ?, digest = ? WHERE key = ?",
            (*row, key),
        )
        if not keep_assets:
            connection.execute("DELETE FROM assets WHERE image = ?", (key,))
    rows = [_asset_row(connection, bands[s], key, r) for s, r in image.assets.items()]
    connection.executemany(
        "INSERT OR REPLACE INTO assets (band, image, href, file_band, dtype, grid, nodata, scale, "
        '"offset", kind, mask, block_rows, block_cols, overviews, overviews_averaged, size, '
        "mtime_ns, tag, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def _asset_row(
    connection: sqlite3.Connection, band: int, image: int, record: AssetRecord
) -> tuple[object, ...]:
    asset: Asset = record.asset
    who = asset.identity
    return (
        band, image, asset.href, asset.band, asset.dtype, put_grid(connection, asset.grid),
        _number(asset.nodata), float(asset.scale), float(asset.offset), asset.kind, asset.mask,
        asset.block.y, asset.block.x, " ".join(map(str, asset.overviews)),
        int(asset.overviews_averaged),
        None if who is None else who.size,
        None if who is None else who.mtime_ns,
        None if who is None else who.tag,
        record.digest,
    )  # fmt: skip


def put_grid(connection: sqlite3.Connection, grid: Grid) -> int:
    """Key of that grid, stored if it is new."""
    row = (grid.crs, *map(float, grid.transform), grid.shape.y, grid.shape.x)
    found = connection.execute(
        "SELECT key FROM grids WHERE crs = ? AND a = ? AND b = ? AND c = ? AND d = ? AND e = ? "
        "AND f = ? AND rows = ? AND cols = ?",
        row,
    ).fetchone()
    if found is not None:
        return int(found[0])
    cursor = connection.execute(
        "INSERT INTO grids (crs, a, b, c, d, e, f, rows, cols) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row,
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _number(value: object) -> object:
    # SQLite keeps no NaN; it needs none: NaN in a float file always means no data.
    if isinstance(value, float) and math.isnan(value):
        return None
    return float(value) if isinstance(value, int) else value


def remove_product(connection: sqlite3.Connection, product: int) -> None:
    """Remove a product with its bands and images."""
    connection.execute("DELETE FROM products WHERE key = ?", (product,))
    _sweep(connection)


def remove_image(connection: sqlite3.Connection, product: int, image_id: str) -> bool:
    """Remove one image; False if the product has none with that id."""
    cursor = connection.execute(
        "DELETE FROM images WHERE product = ? AND id = ?", (product, image_id)
    )
    if cursor.rowcount > 0:
        _sweep(connection)
    return cursor.rowcount > 0


def _sweep(connection: sqlite3.Connection) -> None:
    connection.execute(
        "DELETE FROM grids WHERE key NOT IN (SELECT grid FROM images UNION SELECT grid FROM assets)"
    )
