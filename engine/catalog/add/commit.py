"""Record opened images: one transaction, in which bands, images and assets change together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.catalog.add.bands import Bands, said_of, with_encodings, with_image, with_overrides
from engine.catalog.add.candidate import Candidate
from engine.catalog.add.image import FoundBand, Outline, image_record, to_asset
from engine.catalog.add.override import Override
from engine.catalog.store import read, write
from engine.catalog.store.record import ImageRecord, Known
from engine.catalog.store.store import Store
from swath.errors import SwathError

if TYPE_CHECKING:
    import sqlite3  # passed through to the store, which alone speaks SQL


@dataclass(frozen=True, slots=True)
class Opened:
    """A candidate and the bands of those of its files that could be opened; at least one."""

    candidate: Candidate
    found: list[FoundBand]


@dataclass(frozen=True, slots=True)
class Words:
    """What was said about the product as a whole."""

    product: str
    title: str | None
    """Absent: it keeps the one it has."""
    overrides: Sequence[Override]


@dataclass(slots=True)
class Outcome:
    """How many images were recorded, and why others were not."""

    added: int = 0
    replaced: int = 0
    unchanged: int = 0
    failed: list[tuple[str, SwathError]] = field(default_factory=list)


def commit(
    store: Store, words: Words, opened: Sequence[Opened], outline: Outline, now_us: int
) -> Outcome:
    """Record the images, and what was said about the product; if nothing is new, change nothing.

    Raises:
        InvalidArgument: --band gives two bands one name, or a nodata value that cannot be.
        PermissionDenied, SourceUnavailable: as `Store.writing`; then nothing was recorded.
    """
    outcome = Outcome()
    with store.writing() as (connection, revision):
        key = read.product_key(connection, words.product)
        before = {} if key is None else {r.source: r for r in read.bands(connection, key)}
        bands = with_overrides(before, words.overrides)
        images: list[ImageRecord] = []
        for each in opened:
            try:
                bands, image = _describe(each, bands, words.overrides, outline)
            except _Unusable as error:
                outcome.failed.append((each.candidate.name, error.reason))
            else:
                images.append(image)
        if key is None and not images:
            return outcome
        key = write.put_product(connection, words.product, words.title, now_us, revision)
        changed = write.put_bands(connection, key, list(bands.values()))
        changed |= _put_images(connection, key, images, outcome)
        _apply_overrides(connection, key, before, bands)
        if changed:
            write.touch(connection, key, revision)
    return outcome


class _Unusable(Exception):
    """Not this image; the others may be fine."""

    def __init__(self, reason: SwathError) -> None:
        super().__init__(str(reason))
        self.reason = reason


def _describe(
    each: Opened, bands: Bands, overrides: Sequence[Override], outline: Outline
) -> tuple[Bands, ImageRecord]:
    """The product's bands with those of the image, and the image."""
    assets = []
    for found in each.found:
        known = bands.get(found.source)
        said = said_of(found.source, None, overrides) if known is None else known.overrides
        assets.append(to_asset(found, said))
    try:
        grown = with_image(bands, each.found, assets, overrides)
        return grown, image_record(each.candidate, each.found, assets, outline)
    except SwathError as error:
        raise _Unusable(error) from error


def _put_images(
    connection: sqlite3.Connection, product: int, images: Sequence[ImageRecord], outcome: Outcome
) -> bool:
    known = read.known(connection, product, [image.id for image in images])
    keys = read.band_keys(connection, product)
    for image in images:
        old = known.get(image.id)
        if old is not None and _is_same(image, old):
            outcome.unchanged += 1
            continue
        write.put_image(
            connection,
            product,
            keys,
            image,
            replace_key=None if old is None else old.key,
            # Other bands of the same image may have been added from other files.
            keep_assets=old is not None and old.date_us == image.date_us,
        )
        if old is None:
            outcome.added += 1
        else:
            outcome.replaced += 1
    return outcome.added + outcome.replaced > 0


def _is_same(image: ImageRecord, old: Known) -> bool:
    return image.digest == old.digest and all(
        record.digest in old.files.get(record.asset.href, ()) for record in image.assets.values()
    )


def _apply_overrides(
    connection: sqlite3.Connection, product: int, before: Bands, bands: Bands
) -> None:
    """What is said of a band counts for the images that were there before, too."""
    told = dict(bands)
    for source, record in bands.items():
        if source in before and before[source].overrides != record.overrides:
            write.override_assets(connection, product, record)
            told[source] = with_encodings(record, read.encodings(connection, product, source))
    write.put_bands(connection, product, list(told.values()))
