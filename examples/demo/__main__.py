"""Run with `make demo`, or `make demo DATA=DIR PATTERN='{date:%Y-%m-%d}/S2_*_{band}.tif'`."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import swath as wf
from examples.demo import data, jobs, pictures, server

OUTPUT = Path("demo-output")


def arguments() -> argparse.Namespace:
    """What the user said."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of GeoTIFFs; absent: real Landsat")
    parser.add_argument("--pattern", help="how the files in it are named")
    parser.add_argument("--red", help="name of the red band")
    parser.add_argument("--nir", help="name of the near-infrared band")
    said = parser.parse_args()
    if (said.data is None) != (said.pattern is None):
        parser.error("DATA and PATTERN go together")
    return said


def timed(question: str, ask: Callable[[], Any]) -> Any:
    """The answer, after printing the question and how long the answer took."""
    started = time.perf_counter()
    answer = ask()
    print(f"\n  {question}   [{(time.perf_counter() - started) * 1e3:.1f} ms]")
    return answer


def ndvi_of(red: str, nir: str, mask: str | None) -> Callable[[wf.Image], Any]:
    """NDVI of an image, masked where its mask band says that it is not clear."""

    def ndvi(img: wf.Image) -> Any:
        index = wf.normalized_difference(img.pick_bands(nir), img.pick_bands(red))
        if mask is None:
            return index.rename_bands("ndvi")
        codes = img.pick_bands(mask)
        first, *rest = data.CLOUDY[mask]
        cloudy = codes == first
        for code in rest:
            cloudy = cloudy | (codes == code)
        return index.mask(cloudy).rename_bands("ndvi")

    return ndvi


def season_of(dates: Sequence[Any]) -> tuple[str, str]:
    """June to September of the year with the most images."""
    years = [d.year for d in dates]
    year = max(set(years), key=years.count)
    return f"{year}-06-01", f"{year}-10-01"


def ask(product: str, said: argparse.Namespace) -> None:
    """Three questions, their answers, two pictures; then jobs."""
    col = wf.ImageCollection.from_id(product)
    dates = timed(
        "How many images are there, and when?",
        lambda: wf.inspect(col.properties.map(lambda p: p["date"])),
    )
    print(f"    {len(dates)} images, {dates[0]:%Y-%m-%d} to {dates[-1]:%Y-%m-%d}")

    bands = [b.name for b in wf.catalog.product(product).bands]
    mask = next((b for b in bands if b in data.CLOUDY), None)
    ndvi = ndvi_of(
        data.band(bands, said.red, data.RED, "red"),
        data.band(bands, said.nir, data.NIR, "nir"),
        mask,
    )
    where = wf.GeoContext.like(product)
    start, end = season_of(dates)
    season = wf.ImageCollection.from_id(product, start_datetime=start, end_datetime=end)
    masked = f", without cloud by {mask}" if mask else ""
    median = season.map(ndvi).median(axis="images")
    image = timed(
        f"What is the median NDVI, {start} to {end}{masked}?",
        lambda: median.inspect(where),
    )
    print("    " + repr(image).replace("\n", "\n    "))
    pictures.composite(image, f"Median NDVI, {start} to {end}", OUTPUT / "composite.png")

    west, south, east, north = image.geocontext.bounds
    x, y = (west + east) / 2, (south + north) / 2
    values = timed(
        f"What is NDVI at ({x:.0f}, {y:.0f}) through time?",
        lambda: col.map(ndvi).value_at(x, y).inspect(where),
    )
    series = [v["ndvi"] for v in values]
    clear = [v for v in series if v is not None]
    print(f"    {len(clear)} clear dates of {len(series)}", end="")
    print(f", from {min(clear):.3f} to {max(clear):.3f}" if clear else "")
    pictures.series(dates, series, f"NDVI at ({x:.0f}, {y:.0f})", OUTPUT / "series.png")
    jobs.wait_for_one(median, where, image)
    means = [
        ndvi(wf.Image.from_id(f"{product}:{found.id}")).mean(axis="pixels")
        for found in wf.catalog.search(product, limit=jobs.JOBS - 1)
    ]
    jobs.run_many(means, where, median, jobs.finer(image), OUTPUT / "server.log")


def ask_large(product: str) -> None:
    """The season's question again, on scenes large enough that it takes work."""
    where = wf.GeoContext.like(product)
    col = wf.ImageCollection.from_id(product).map(ndvi_of("red", "nir", None))
    mean = timed(
        "And of larger, synthetic scenes: 12 dates, 1024 × 1024 pixels, the median NDVI?",
        lambda: col.median(axis="images").inspect(where),
    )
    print(f"    {mean.ndarray.count():,} valid pixels, mean {mean.ndarray.mean():.3f}")


def main() -> None:
    """Set up, ask, draw, stop."""
    said = arguments()
    imagery = data.own(said.data, said.pattern) if said.data else data.landsat()
    OUTPUT.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="swath-demo-"))
    try:
        print(f"Imagery: {imagery.description}")
        server.add("demo", imagery, folder)
        if not said.data:
            server.add("synthetic", data.synthetic(folder / "synthetic"), folder)
        log = OUTPUT / "server.log"
        with server.serving(folder, log, jobs.LEASE_S) as (inspect, job_server):
            print(f"Servers: inspect on {inspect}, jobs on {job_server}, two workers")
            os.environ |= {"SWATH_INSPECT": inspect, "SWATH_JOBS": job_server}
            ask("demo", said)
            if not said.data:
                ask_large("synthetic")
    finally:
        shutil.rmtree(folder)
    print(f"\nPictures: {OUTPUT / 'composite.png'}, {OUTPUT / 'series.png'}.")
    print("The servers have stopped.")


if __name__ == "__main__":
    main()
