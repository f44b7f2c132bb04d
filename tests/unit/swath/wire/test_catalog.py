from __future__ import annotations

from datetime import UTC, datetime

from swath.wire.catalog import CatalogImage


def test_an_image_is_shown_without_the_many_corners_of_its_footprint():
    when = datetime(2018, 1, 7, tzinfo=UTC)
    image = CatalogImage("a", "s2", when, ("B04",), '{"type":"Polygon"}', {})
    assert "Polygon" not in repr(image)
    assert "'a'" in repr(image)
