from __future__ import annotations

import pytest

from swath.client.save import save
from swath.errors import DeadlineExceeded, Unavailable


def breaking_off(error):
    yield b"a"
    raise error


def test_a_file_holds_the_whole_result(tmp_path):
    save([b"a", b"b"], tmp_path / "x.tif")
    assert (tmp_path / "x.tif").read_bytes() == b"ab"


@pytest.mark.parametrize("kind", [Unavailable, DeadlineExceeded])
def test_a_result_that_breaks_off_leaves_what_was_there(tmp_path, kind):
    (tmp_path / "x.tif").write_bytes(b"before")
    with pytest.raises(kind, match="Too bad"):
        save(breaking_off(kind("Too bad.")), tmp_path / "x.tif")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("x.tif", b"before")]


def test_a_file_that_cannot_be_written_is_named_as_it_was_asked_for(tmp_path):
    path = tmp_path / "gone" / "x.tif"
    with pytest.raises(FileNotFoundError) as caught:
        save([b"a"], path)
    assert caught.value.filename == str(path)
