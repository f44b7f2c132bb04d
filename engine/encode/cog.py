"""An image of any size as a cloud-optimized GeoTIFF, written tile by tile.

What `engine.encode.geotiff` makes of a whole image in memory is made here of chunks in any order:
pixels go to a plain GeoTIFF on disk, masks of integers to another, and at the end GDAL makes the
COG of them. Whether there is a mask, and whether it is that of all bands, is known only then.

Disk: the pixels once uncompressed (twice where integers have to become floats), their masks at a
bit each, and the COG. The file has the pixels, mask, nodata, place, names and overviews that
inspect gives; its bytes may differ.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import rasterio
import rasterio.shutil
import rasterio.windows
from affine import Affine
from numpy.typing import NDArray
from rasterio._env import get_gdal_config, set_gdal_config

from engine.catalog.asset import float_class
from engine.encode.geotiff import check_jpeg, only_image, to_cog
from engine.encode.options import check_geotiff_options
from swath.errors import InternalError
from swath.stream import Chunk, Header

BLOCK = 512
"""Side of the blocks on disk."""
STRIDE = 4 * BLOCK
"""Side of the windows in which the files are read again."""
CACHE_BYTES = 64 * 1024 * 1024
"""Most bytes of blocks that GDAL keeps; by default it is 5 % of the machine's memory."""


class GeoTiffWriter:
    """Takes the chunks of one image, in any order, and makes a COG of them.

    A context manager: leaving it removes all that it wrote but the COG.

    Args:
        path: of the COG; other files are written beside it meanwhile.
        header: of the result.
        options: as `engine.encode.geotiff.encode`.
    Raises:
        UnsupportedFormat: the result is not one image with bands, or jpeg of other than uint8.
        InvalidArgument: an option.
    """

    def __init__(self, path: Path, header: Header, options: Mapping[str, Any]) -> None:
        check_geotiff_options(options)
        self._grid = only_image(header)
        self._names = header.rasters[0].bands
        found = np.result_type(*map(np.dtype, header.rasters[0].dtypes))
        self._dtype = np.dtype(np.uint8) if found == np.bool_ else found
        check_jpeg(options, self._dtype)
        self._path, self._options = path, options
        self._missing = len(self._names) * self._grid.shape.y * self._grid.shape.x
        self._has_masked = False
        if get_gdal_config("GDAL_CACHEMAX") > CACHE_BYTES:
            set_gdal_config("GDAL_CACHEMAX", CACHE_BYTES)
        self._folder = tempfile.TemporaryDirectory(prefix="swath-", dir=path.parent)
        self._plain = Path(self._folder.name) / "plain.tif"
        self._pixels = self._create(self._plain, self._dtype, len(self._names))
        self._masks: Any = None

    def write(self, chunks: Iterable[Chunk]) -> None:
        """Take chunks, for example those of a tile. Errors of `chunks` come through.

        Raises: InternalError: a chunk reaches beyond the image.
        """
        for chunk in chunks:
            self._write(chunk)

    def finish(self) -> None:
        """Make the COG.

        Raises:
            InternalError: the chunks do not cover the image. UnsupportedFormat: jpeg of integers
            that have to become floats, because their bands have different masks.
        """
        if self._missing:
            raise InternalError("The chunks of an image do not cover it once.")
        self._pixels.close()
        if self._has_masked and self._dtype.kind == "f":
            with rasterio.open(self._plain, "r+") as pixels:
                pixels.nodata = np.nan
        if self._masks is not None:
            self._masks.close()
            self._settle_masks(self._plain.with_name("masks.tif"))
        to_cog(_interleaved(self._plain), self._path, self._options)

    def close(self) -> None:
        """Remove all but the COG. Safe to repeat."""
        for dataset in (self._pixels, self._masks):
            if dataset is not None:
                dataset.close()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _create(
        self, path: Path, dtype: np.dtype[Any], count: int, **options: Any
    ) -> rasterio.io.DatasetWriter:
        dataset = rasterio.open(
            path,
            "w",
            driver="GTiff",
            count=count,
            height=self._grid.shape.y,
            width=self._grid.shape.x,
            dtype=dtype,
            crs=self._grid.crs or None,
            transform=Affine(*self._grid.transform),
            tiled=True,
            blockxsize=BLOCK,
            blockysize=BLOCK,
            interleave="band",  # bands come one after another
            sparse_ok=True,
            bigtiff="IF_SAFER",
            **options,
        )
        for index, name in enumerate(self._names[:count], start=1):
            dataset.set_band_description(index, name)
        return dataset

    def _write(self, chunk: Chunk) -> None:
        w, (rows, cols) = chunk.window, self._grid.shape
        fits = w.row + w.rows <= rows and w.col + w.cols <= cols
        if chunk.raster != 0 or chunk.images != (0, 1) or not fits:
            raise InternalError("A chunk reaches beyond its image.")
        window = rasterio.windows.Window(w.col, w.row, w.cols, w.rows)
        bands = list(range(chunk.bands[0] + 1, chunk.bands[1] + 1))
        values = chunk.values[0].astype(self._dtype, copy=False)
        if chunk.mask is not None and chunk.mask.any():
            self._has_masked = True
            if self._dtype.kind == "f":
                values = np.where(chunk.mask[0], values.dtype.type(np.nan), values)
            else:
                self._mask_file().write(chunk.mask[0], bands, window=window)
        self._pixels.write(values, bands, window=window)
        self._missing -= values.size

    def _mask_file(self) -> Any:
        """The file of masks, one bit for each pixel and band; made where the first is masked."""
        if self._masks is None:
            path = self._plain.with_name("masks.tif")
            self._masks = self._create(path, np.dtype(np.uint8), len(self._names), nbits=1)
        return self._masks

    def _settle_masks(self, path: Path) -> None:
        """Put the masks of integers where they belong: into a mask of all bands, or as NaN."""
        with rasterio.open(path) as masks:
            if all((m == m[0]).all() for _, m in _windows(masks)):
                with rasterio.open(self._plain, "r+") as pixels:
                    for window, mask in _windows(masks, 1):
                        pixels.write_mask(mask[0] == 0, window=window)
            else:
                self._to_floats(masks)

    def _to_floats(self, masks: Any) -> None:
        """Write the pixels again, as floats with NaN where they are masked."""
        dtype = np.dtype(float_class(self._dtype.name))
        check_jpeg(self._options, dtype)
        old, self._plain = self._plain, self._plain.with_name("floats.tif")
        with (
            rasterio.open(old) as pixels,
            self._create(self._plain, dtype, len(self._names), nodata=np.nan) as floats,
        ):
            for band in range(1, len(self._names) + 1):
                for window, mask in _windows(masks, band):
                    values = pixels.read([band], window=window).astype(dtype)
                    values[mask != 0] = np.nan
                    floats.write(values, [band], window=window)
        old.unlink()


def _interleaved(path: Path) -> Path:
    """A view of the file that says that the bands of a pixel lie together.

    Uncompressed pixels are written by GDAL's COG driver in the order that their source names, and
    bands that lie apart make no COG.
    """
    view = path.with_suffix(".vrt")
    rasterio.shutil.copy(path, view, driver="VRT")
    text = view.read_text(encoding="utf-8")
    view.write_text(text.replace(">BAND</MDI>", ">PIXEL</MDI>"), encoding="utf-8")
    return view


def _windows(dataset: Any, band: int | None = None) -> Iterator[tuple[Any, NDArray[Any]]]:
    """The pixels of a dataset, (band, y, x), with their windows; absent `band`: all."""
    bands = dataset.indexes if band is None else [band]
    side = max(BLOCK, STRIDE // len(bands) // BLOCK * BLOCK)
    for row in range(0, dataset.height, side):
        for col in range(0, dataset.width, side):
            rows, cols = min(side, dataset.height - row), min(side, dataset.width - col)
            window = rasterio.windows.Window(col, row, cols, rows)
            yield window, dataset.read(bands, window=window)
