"""Every readable raster gives the pixels that rasterio gives, with mask and scale by the rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp

from engine.evaluate.budget import Budget
from engine.reference import warp
from engine.sources.config import SourceConfig
from engine.sources.probe import band_asset, probe
from engine.sources.read import Reader
from swath.errors import InvalidSource
from swath.grid import Window

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
FOLDERS = ("formats", "dem", "landcover", "scenes", "utm_zones", "zion", "broken/made")


def rasters() -> list[str]:
    found = (p for folder in FOLDERS for p in sorted((SHARED / folder).rglob("*.tif")))
    return [p.relative_to(SHARED).as_posix() for p in found]


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(SourceConfig(), warp) as opened:
        yield opened


def expected(path: Path, band: int, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """Physical values and mask by docs/semantics.md, written with rasterio and numpy alone."""
    part = rasterio.windows.Window(window.col, window.row, window.cols, window.rows)
    with rasterio.open(path) as dataset:
        stored = dataset.read(band, window=part)
        nodata = dataset.nodatavals[band - 1]
        scale, offset = dataset.scales[band - 1], dataset.offsets[band - 1]
        flags = dataset.mask_flag_enums[band - 1]
        colors = dataset.colorinterp
        masked = np.isnan(stored) if stored.dtype.kind == "f" else np.zeros(stored.shape, bool)
        if nodata is not None and _is_number(path) and not np.isnan(nodata):
            masked |= stored == stored.dtype.type(nodata)
        is_alpha = colors[band - 1] is ColorInterp.alpha
        if ColorInterp.alpha in colors and not is_alpha:
            masked |= dataset.read(colors.index(ColorInterp.alpha) + 1, window=part) == 0
        elif flags == [rasterio.enums.MaskFlags.per_dataset]:
            masked |= dataset.read_masks(band, window=part) == 0
    if (scale, offset) != (1.0, 0.0):
        wide = stored.dtype.name in ("int32", "uint32", "int64", "uint64", "float64")
        stored = (stored.astype(np.float64) * scale + offset).astype("f8" if wide else "f4")
    return stored, masked


def _is_number(path: Path) -> bool:
    """GDAL takes a nodata text that is no number for 0; we take it for none."""
    return path.name != "nodata_text.tif"


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("name", rasters())
def test_a_raster_reads_as_rasterio_masked_and_scaled(
    name: str, reader: Reader, shared_data: Path
) -> None:
    path = shared_data / name
    try:
        info = probe(str(path), SourceConfig())
    except InvalidSource:
        pytest.skip("refused: the hostile tests and the next one look at these")
    rows, cols = info.grid.shape
    window = Window(rows // 3, cols // 4, min(rows - rows // 3, 500), min(cols - cols // 4, 600))
    for band in range(1, min(len(info.bands), 6) + 1):
        asset = band_asset(info, band)
        try:
            values, mask = reader.read(asset, info.grid, window, "near", Budget())
        except InvalidSource:
            with pytest.raises(rasterio.errors.RasterioIOError):
                expected(path, band, window)
            continue
        truth, masked = expected(path, band, window)
        assert values.dtype == truth.dtype == asset.dtype_read
        assert (mask is not None) == masked.any()
        if mask is not None:
            np.testing.assert_array_equal(mask == 1, masked)
        np.testing.assert_array_equal(values, np.where(masked, 0, truth))


def test_nearly_all_sound_rasters_are_readable(shared_data: Path) -> None:
    refused = []
    names = [name for name in rasters() if not name.startswith("broken")]
    for name in names:
        try:
            probe(str(shared_data / name), SourceConfig())
        except InvalidSource as error:
            refused.append((name, error.problem))
    reasons = ("georeferenced", "coordinate system", "control points", "complex", "no place")
    assert [r for r in refused if not any(word in r[1] for word in reasons)] == []
    assert len(refused) < len(names) / 4
