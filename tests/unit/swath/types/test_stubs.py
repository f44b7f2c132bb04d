"""What editors and type checkers are told."""

from __future__ import annotations

import inspect

import swath as wf
from swath.types.stubs import TARGET, generate


def test_the_stub_is_made_of_the_table() -> None:
    assert TARGET.read_text(encoding="utf-8") == generate()


def test_a_made_member_has_a_signature_and_a_docstring() -> None:
    assert str(inspect.signature(wf.ImageCollection.mosaic)) == "(self, /, reverse=False)"
    assert str(inspect.signature(wf.Image.from_id)) == (
        "(image_id, resampler=None, processing_level=None)"
    )
    assert str(inspect.signature(wf.where)) == "(condition, x, y)"
    assert "last sample" in (wf.ImageCollection.mosaic.__doc__ or "")
    assert wf.Image.log.__qualname__ == "Image.log"
