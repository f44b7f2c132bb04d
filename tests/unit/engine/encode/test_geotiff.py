from __future__ import annotations

import pytest

from engine.encode.geotiff import encode
from swath.errors import UnsupportedFormat
from swath.graph.type import INT
from swath.stream import Header


def test_what_is_no_image_is_refused_with_its_type():
    with pytest.raises(UnsupportedFormat, match="the result is of type Int"):
        list(encode([Header(INT, 17)], {}))
