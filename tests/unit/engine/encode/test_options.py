from __future__ import annotations

import subprocess
import sys

import pytest

from engine.encode.encode import ENCODERS
from engine.encode.options import FORMATS, check_format
from swath.errors import InvalidArgument, UnsupportedFormat
from swath.graph.type import COLLECTION, IMAGE, INT


def test_formats_are_native_and_those_that_are_encoded():
    assert ("native", *ENCODERS) == FORMATS


@pytest.mark.parametrize(
    ("of", "format", "options"),
    [
        (IMAGE, "native", {}),
        (INT, "json", {}),
        (COLLECTION, "json", {}),
        (IMAGE, "geotiff", {}),
        (IMAGE, "geotiff", {"compression": "ZSTD", "overviews": False}),
    ],
)
def test_what_fits_passes(of, format, options):
    check_format(of, format, options)


@pytest.mark.parametrize(
    ("of", "format"), [(IMAGE, "png"), (IMAGE, ""), (INT, "geotiff"), (COLLECTION, "geotiff")]
)
def test_what_cannot_fit_is_refused(of, format):
    with pytest.raises(UnsupportedFormat):
        check_format(of, format, {})


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("native", {"compression": "lzw"}),
        ("json", {"indent": 2}),
        ("geotiff", {"colour": "red"}),
        ("geotiff", {"compression": "lerc"}),
        ("geotiff", {"overview_resampler": "sinc"}),
        ("geotiff", {"overviews": "no"}),
        ("geotiff", {"overviews": None}),
    ],
)
def test_an_option_that_there_is_not_is_refused(format, options):
    with pytest.raises(InvalidArgument):
        check_format(IMAGE, format, options)


def test_checking_a_format_loads_no_gdal_and_no_compiler():
    code = (
        "import sys; from engine.encode.options import check_format; "
        "print(sorted({'rasterio', 'numba', 'llvmlite', 'pyproj', 'shapely'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
