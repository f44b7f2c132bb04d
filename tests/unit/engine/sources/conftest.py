"""Small files made in code, and a store on loopback that serves ranges and fails on demand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine

from engine.catalog.asset import Asset
from engine.reference import warp
from engine.sources.config import SourceConfig
from engine.sources.probe import band_asset, probe
from engine.sources.read import Reader

UTM33 = Affine(10.0, 0.0, 400_000.0, 0.0, -10.0, 5_000_000.0)


def ramp(rows: int, cols: int, dtype: str = "uint16") -> np.ndarray:
    """A value of its own for each pixel, as far as the dtype goes; never 0."""
    return (np.arange(rows * cols).reshape(rows, cols) % 60_000 + 1).astype(dtype)


@pytest.fixture
def write_tif(tmp_path: Path) -> Callable[..., Path]:
    """write_tif(values, name=..., overviews=..., mask=..., **profile) makes a GeoTIFF."""

    def write(
        values: np.ndarray,
        name: str = "a.tif",
        overviews: tuple[int, ...] = (),
        resampling: str = "nearest",
        mask: np.ndarray | None = None,
        scale: float = 1.0,
        offset: float = 0.0,
        **profile: Any,
    ) -> Path:
        bands = values if values.ndim == 3 else values[None]
        path = tmp_path / name
        options = {
            "driver": "GTiff", "dtype": bands.dtype.name, "count": len(bands),
            "height": bands.shape[1], "width": bands.shape[2], "crs": "EPSG:32633",
            "transform": UTM33, **profile,
        }  # fmt: skip
        with (
            rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True, TIFF_USE_OVR=False),
            rasterio.open(path, "w", **options) as dataset,
        ):
            dataset.write(bands)
            if mask is not None:
                dataset.write_mask(mask)
            dataset.scales, dataset.offsets = [scale] * len(bands), [offset] * len(bands)
        if overviews:
            with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as dataset:
                dataset.build_overviews(overviews, rasterio.enums.Resampling[resampling])
        return path

    return write


@pytest.fixture
def asset_of() -> Callable[..., Asset]:
    """asset_of(path, band=1, **overrides): a band as the catalog would record it."""

    def make(path: Path, band: int = 1, **overrides: Any) -> Asset:
        return band_asset(probe(str(path), SourceConfig()), band, overrides)

    return make


@pytest.fixture
def reader() -> Iterator[Callable[..., Reader]]:
    """reader(**config): a Reader that is closed after the test."""
    with ExitStack() as stack:
        yield lambda **config: stack.enter_context(Reader(SourceConfig(**config), warp))


@dataclass
class Store:
    """Files by path, how each fails, and what was asked for."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    fault_after: int = 0
    """Requests that are answered well before the fault begins."""
    ranges: list[tuple[str, str]] = field(default_factory=list)
    """(path, Range header) of each request."""
    headers: list[dict[str, str]] = field(default_factory=list)
    sent_bytes: int = 0
    released: threading.Event = field(default_factory=threading.Event)

    def put(self, name: str, path: Path) -> str:
        """Serve the file; returns its address."""
        self.files[f"/{name}"] = path.read_bytes()
        return f"{self.address}{name}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: Store

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        store = self.store
        wanted = self.headers.get("Range", "")
        store.ranges.append((self.path, wanted))
        store.headers.append(dict(self.headers))
        fault = store.faults.get(self.path, "")
        if len(store.ranges) <= store.fault_after:
            fault = ""
        body = store.files.get(self.path)
        if fault.isdecimal():
            return self._answer(int(fault), b"", {"Location": "http://127.0.0.1:9/other"})
        if fault == "hang":
            store.released.wait(10)
            self.close_connection = True
            return None
        if body is None:
            return self._answer(404, b"no")
        if fault == "no range" or not wanted:
            return self._answer(200, body)
        first, last = (int(v) for v in wanted.removeprefix("bytes=").split("-"))
        part = body[first : last + 1]
        tag = store.tags.get(self.path, '"1"')
        headers = {
            "Content-Range": f"bytes {first}-{first + len(part) - 1}/{len(body)}",
            "ETag": tag,
            "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT",
        }
        return self._answer(206, part, headers, fault)

    def _answer(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, fault: str = ""
    ) -> None:
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault == "cut":
            body = body[: len(body) // 2]
            self.close_connection = True
        self.store.sent_bytes += len(body)
        try:
            if fault == "drip":
                for i in range(len(body)):
                    self.wfile.write(body[i : i + 1])
                    self.wfile.flush()
                    if self.store.released.wait(0.05):
                        return
            self.wfile.write(body)
        except OSError:
            self.close_connection = True


@pytest.fixture
def store() -> Iterator[Store]:
    """A store on loopback."""
    state = Store()
    handler = type("Handler", (_Handler,), {"store": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    state.address = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield state
    state.released.set()
    server.shutdown()
    server.server_close()
    thread.join(5)
