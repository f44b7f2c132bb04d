from __future__ import annotations

import lzma
import sqlite3
import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog.add.add import add
from engine.catalog.catalog import Catalog
from engine.catalog.pin import Recording
from engine.catalog.store import packed
from swath.errors import ImageNotFound, InvalidSource, PermissionDenied, SourceUnavailable
from tests.unit.engine.catalog.made import DAY_US, MadeFiles

BANDS = ("red", "nir")


def seen(selection: Any, bands: tuple[str, ...] = BANDS) -> Any:
    """All that a selection says."""
    return (
        selection.product.name,
        list(selection.product.bands),
        [selection.properties(i) for i in range(len(selection))],
        {band: selection.assets(band) for band in bands},
    )


def test_a_pin_gives_the_same_selection_after_the_catalog_has_changed(catalog, files, put):
    put(*(files.image(f"i{day}", day * DAY_US, cloud=day / 7) for day in range(5)))
    recording = Recording(catalog)
    expected = seen(recording.search("p", DAY_US, None, None, 3))
    data = recording.pinned()
    put(files.image("i9", 2 * DAY_US))
    catalog.remove("p", "i3")
    assert seen(Catalog.pinned(data).search("p", DAY_US, None, None, 3)) == expected


def test_a_pin_holds_no_more_than_what_was_selected(catalog, files, put):
    put(*(files.image(f"i{day}", day * DAY_US) for day in range(5)))
    put(files.image("other"), product="q")
    recording = Recording(catalog)
    recording.search("p", None, 2 * DAY_US).assets("red")
    pinned = Catalog.pinned(recording.pinned())
    assert [p.name for p in pinned.products()] == ["p"]
    assert pinned.search("p").ids == ["i0", "i1"]
    assert all(a is not None for a in pinned.search("p").assets("red"))
    assert pinned.search("p").assets("nir") == [None, None]


def test_an_image_of_its_own_is_pinned_with_all_its_bands(catalog, files, put):
    put(files.image("a", cloud=3), files.image("b", DAY_US, bands=("red",)))
    recording = Recording(catalog)
    expected = [recording.image("p:a"), recording.image("b")]
    pinned = Catalog.pinned(recording.pinned())
    found = [pinned.image("p:a"), pinned.image("b")]
    for was, now in zip(expected, found, strict=True):
        assert (now.bands, now.assets) == (was.bands, was.assets)
        assert (now.properties, now.footprint) == (was.properties, was.footprint)


def test_what_was_not_looked_up_is_not_found_in_a_pin(catalog, files, put):
    put(files.image("a"), files.image("b"))
    recording = Recording(catalog)
    recording.image("a")
    with pytest.raises(ImageNotFound):
        Catalog.pinned(recording.pinned()).image("b")


def test_a_note_is_pinned_too(catalog):
    assert Catalog.pinned(Recording(catalog).pinned(b"17")).note == b"17"
    assert Catalog.pinned(Recording(catalog).pinned()).note == b""
    assert catalog.note == b""


def test_nothing_looked_up_is_a_pin_too(catalog):
    assert Catalog.pinned(Recording(catalog).pinned()).products() == []


def test_a_pin_cannot_be_changed(catalog, files, put):
    put(files.image("a"))
    recording = Recording(catalog)
    recording.search("p")
    pinned = Catalog.pinned(recording.pinned())
    with pytest.raises(PermissionDenied):
        pinned.remove("p", "a")


def test_two_looks_at_different_revisions_of_a_product_are_tried_again(catalog, files, put):
    put(files.image("a"))
    recording = Recording(catalog)
    recording.search("p")
    put(files.image("b", DAY_US))
    with pytest.raises(SourceUnavailable, match="try again"):
        recording.search("p")


def test_assets_of_a_later_revision_than_their_images_are_tried_again(catalog, files, put):
    put(files.image("a"))
    recording = Recording(catalog)
    selection = recording.search("p")
    put(files.image("b", DAY_US))
    with pytest.raises(SourceUnavailable, match="try again"):
        selection.assets("red")


def test_assets_that_are_known_already_may_be_used_after_a_change(catalog, files, put):
    put(files.image("a"))
    recording = Recording(catalog)
    selection = recording.search("p")
    before = selection.assets("red")
    put(files.image("b", DAY_US))
    assert selection.assets("red") == before


@dataclass(frozen=True)
class Look:
    """A search."""

    start_day: int | None
    end_day: int | None
    west: float | None
    limit: int | None

    def __call__(self, catalog: Any) -> Any:
        start = None if self.start_day is None else self.start_day * DAY_US
        end = None if self.end_day is None else self.end_day * DAY_US
        area = None if self.west is None else shapely.box(self.west, 40, self.west + 0.5, 41)
        return catalog.search("p", start, end, area, self.limit)


DAYS = st.none() | st.integers(0, 9)
LOOKS = st.builds(
    Look, DAYS, DAYS, st.none() | st.sampled_from([9.0, 10.2, 11.7, 14.0]),
    st.none() | st.integers(0, 6),
)  # fmt: skip
BANDS_ASKED = st.lists(st.sampled_from(BANDS), unique=True).map(tuple)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from([9.5, 10.5, 12.0])), max_size=12),
    st.lists(st.tuples(LOOKS, BANDS_ASKED), min_size=1, max_size=5),
)
def test_the_same_searches_of_a_pin_give_the_same_selections(images, looks):
    """Several searches of one product, with limits: each gives what it gave."""
    files, catalog = MadeFiles(), Catalog.in_memory()
    made = [files.image(f"i{n}", day * DAY_US, west) for n, (day, west) in enumerate(images)]
    add(catalog, "p", [files.image("first", 0, 10.0), *made], files)
    recording = Recording(catalog)
    expected = [seen(look(recording), bands) for look, bands in looks]
    pinned = Catalog.pinned(recording.pinned())
    for (look, bands), was in zip(looks, expected, strict=True):
        name, infos, rows, assets = seen(look(pinned), bands)
        assert (name, infos, rows) == was[:3]
        assert assets == was[3]


def pinned_bytes() -> bytes:
    files, catalog = MadeFiles(), Catalog.in_memory()
    add(catalog, "p", [files.image(f"i{n}", n * DAY_US) for n in range(20)], files)
    recording = Recording(catalog)
    recording.search("p").assets("red")
    return recording.pinned()


PINNED = pinned_bytes()


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(PINNED) - 1), st.integers(1, 255))
def test_a_pin_with_any_byte_changed_is_refused(at, change):
    damaged = bytearray(PINNED)
    damaged[at] ^= change
    with pytest.raises(InvalidSource):
        Catalog.pinned(bytes(damaged))


@given(st.binary(max_size=200) | st.integers(0, len(PINNED) - 1).map(lambda n: PINNED[:n]))
def test_other_bytes_are_refused(data):
    with pytest.raises(InvalidSource):
        Catalog.pinned(data)


def forged(*statements: str, content: bytes | None = None) -> bytes:
    """A pin with a right head and checksum, of a database that is not ours."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    database = connection.serialize() if content is None else content
    connection.close()
    head = struct.pack(
        "<8sHHQQI", packed.MAGIC, packed.FORMAT, 1, len(database), 0, zlib.crc32(database)
    )
    return head + lzma.compress(database)


def test_a_database_with_another_schema_is_refused():
    with pytest.raises(InvalidSource):
        Catalog.pinned(forged("CREATE TABLE catalog (one INTEGER)"))


def test_a_trigger_beside_our_tables_is_refused(catalog):
    connection, _ = packed.unpack(Recording(catalog).pinned())
    connection.execute("PRAGMA query_only = OFF")
    connection.execute("CREATE TRIGGER sly AFTER INSERT ON products BEGIN DELETE FROM images; END")
    data = packed.pack(connection)
    connection.close()
    with pytest.raises(InvalidSource):
        Catalog.pinned(data)


def test_bytes_that_are_no_database_are_refused():
    with pytest.raises(InvalidSource):
        Catalog.pinned(forged(content=b"not a database" * 100))


def test_a_pin_that_unpacks_to_more_than_it_says_is_refused():
    database = np.zeros(50_000_000, np.uint8).tobytes()
    head = struct.pack(
        "<8sHHQQI", packed.MAGIC, packed.FORMAT, 1, 100, 0, zlib.crc32(database[:100])
    )
    with pytest.raises(InvalidSource):
        Catalog.pinned(head + lzma.compress(database))
