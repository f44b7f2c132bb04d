"""`swath catalog`: add images to the catalog, look at it, remove from it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from engine.catalog.add.add import Progress, Report
from engine.catalog.add.add import add as add_images
from engine.catalog.add.candidate import Candidate, Failure, Probe
from engine.catalog.add.files import REMOTE, from_files
from engine.catalog.add.href import Roots, parse_roots
from engine.catalog.add.override import parse_overrides
from engine.catalog.add.pattern import find, parse_pattern
from engine.catalog.add.stac import from_items
from engine.catalog.add.when import read_rfc3339
from engine.catalog.catalog import Catalog
from engine.catalog.columns import to_datetime
from engine.catalog.product import Band, Product
from engine.catalog.suggest import as_code, extent, suggest
from engine.sources.config import SourceConfig
from engine.sources.probe import probe
from swath.errors import InvalidArgument

DEFAULT_DATA = "~/.local/share/swath"
LINE_EVERY_S = 10.0
"""Seconds between lines of progress where nobody watches."""
MAX_SHOWN = 20
"""Most notes that are printed; what failed is named to the last file, so that it can be mended."""

_Data = Callable[[Callable[..., None]], Callable[..., None]]
_data: _Data = click.option(
    "--data",
    envvar="SWATH_DATA",
    default=DEFAULT_DATA,
    show_default=True,
    help="Folder of the catalog.  [SWATH_DATA]",
)


@click.group()
def catalog() -> None:
    """Products and images that expressions can use."""


_EXAMPLES = """\b
Examples:
  swath catalog add s2 DIR --pattern '{date:%Y-%m-%d}/S2_*_{band}.tif' --band SCL:class
  swath catalog add dem ELEVATION.tif --date 2020-01-01
  swath catalog add landsat items/*.json"""


@catalog.command(epilog=_EXAMPLES)
@click.argument("product")
@click.argument("paths", nargs=-1, required=True)
@click.option(
    "--pattern", help="How the files in the folder are named: {id}, {date:%Y%m%d}, {band}"
)
@click.option(
    "--band", "bands", multiple=True, help="B04:scale=1e-4,offset=-0.1,nodata=0; SCL:class"
)
@click.option("--date", help="Date of images that say none, as 2018-01-07.")
@click.option("--title", help="One line about the product.")
@click.option("--root", "roots", multiple=True, help="Where else files of STAC items may lie.")
@_data
def add(
    product: str,
    paths: tuple[str, ...],
    pattern: str | None,
    bands: tuple[str, ...],
    date: str | None,
    title: str | None,
    roots: tuple[str, ...],
    data: str,
) -> None:
    """Add images to PRODUCT.

    PATHS are a folder with --pattern, image files, or STAC items (.json). What is there already
    and has not changed stays as it is.

    A pattern also has * (any text) and ? (one character) within a name, and **/ (any folders).
    Keys of --band: scale= offset= nodata= range=0..1 name= class flag physical.
    """
    overrides = parse_overrides(bands)
    date_us = None if date is None else read_rfc3339(date)
    allowed = parse_roots(roots)
    candidates = _candidates(paths, pattern, date_us, allowed)
    with Catalog.open(data) as opened, _progress() as progress:
        report = add_images(
            opened, product, candidates, _probe(paths, allowed), overrides, progress, title=title
        )
    _tell(report, product, opened.store.name)
    if report.failed:
        sys.exit(1)


def _candidates(
    paths: Sequence[str], pattern: str | None, date_us: int | None, roots: Roots
) -> list[Candidate | Failure]:
    folders = [p for p in paths if not p.startswith(REMOTE) and Path(p).expanduser().is_dir()]
    if pattern is not None:
        parsed = parse_pattern(pattern)
        if list(folders) != list(paths):
            other = next(p for p in paths if p not in folders)
            raise InvalidArgument(f"--pattern goes with folders, and {other} is none.")
        return [image for folder in folders for image in find(folder, parsed, date_us)]
    if folders:
        raise InvalidArgument(_ask_for_pattern(folders[0]))
    items = [p for p in paths if p.lower().endswith((".json", ".geojson"))]
    files = [p for p in paths if p not in items]
    return [*from_items(items, roots), *from_files(files, date_us)]


def _ask_for_pattern(folder: str) -> str:
    base = Path(folder).expanduser()
    found = next((p for p in sorted(base.rglob("*.[tT][iI][fF]*"))), None)
    example = f" (such as {found.relative_to(base)})" if found is not None else ""
    return (
        f"{folder} is a folder: say with --pattern how its files{example} are named, for example "
        "--pattern '{date:%Y-%m-%d}/S2_*_{band}.tif' or '{id}_{band}.tif'."
    )


def _probe(paths: Sequence[str], roots: Roots) -> Probe:
    """Opens what the user named: every local file, and addresses typed or under a --root."""
    typed = {p.rpartition("/")[0] + "/" for p in paths if p.startswith(REMOTE)}
    return partial(probe, config=SourceConfig(remote=(*roots.prefixes, *sorted(typed))))


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar where somebody watches, else a line now and then; Ctrl-C says what stays."""
    try:
        if sys.stderr.isatty():
            with _bar() as progress:
                yield progress
        else:
            yield _lines()
    except KeyboardInterrupt:
        click.echo(
            "swath: interrupted; what was recorded until then stays, the same command goes on.",
            err=True,
        )
        sys.exit(130)


@contextmanager
def _bar() -> Iterator[Progress]:
    columns = (*RichProgress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    with RichProgress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("images", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _lines() -> Progress:
    last = time.monotonic()

    def say(done: int, total: int | None) -> None:
        nonlocal last
        if time.monotonic() - last >= LINE_EVERY_S:
            last = time.monotonic()
            click.echo(f"swath: {done:,} of {total or 0:,} images", err=True)

    return say


def _tell(report: Report, product: str, store: str) -> None:
    for name, error in report.failed:
        click.echo(f"swath: {name}: {error.problem}", err=True)
    for name, note in report.notes[:MAX_SHOWN]:
        click.echo(f"swath: note: {name}: {note}", err=True)
    counts = f"{report.added:,} added, {report.replaced:,} replaced, {report.unchanged:,} unchanged"
    failed = f", {len(report.failed):,} failed" if report.failed else ""
    click.echo(f"{product}: {counts}{failed} ({store})")
    if report.images:
        click.echo(f"Next: swath catalog show {product}")


@catalog.command("list")
@_data
def list_(data: str) -> None:
    """List the products."""
    with Catalog.open(data, read_only=True) as opened:
        products = opened.products()
        if not products:
            click.echo(
                f"No products yet in {opened.store.name}. Add some: swath catalog add --help"
            )
            return
        rows = [["product", "images", "from", "to", "bands", "title"]]
        for product in products:
            first, last = _dates(opened, product)
            bands = " ".join(product.band_names)
            rows.append([product.name, f"{product.images:,}", first, last, bands, product.title])
        click.echo(_table(rows))


@catalog.command()
@click.argument("product")
@_data
def show(product: str, data: str) -> None:
    """Show PRODUCT: its bands, how many images, when, where, and a geocontext to start with."""
    with Catalog.open(data, read_only=True) as opened:
        found = opened.product(product)
        first, last = _dates(opened, found)
        click.echo(f"{found.name}{': ' + found.title if found.title else ''}")
        click.echo(f"{found.images:,} images, {first} to {last}" if found.images else "no images")
        box = extent(opened, product)
        if box is not None:
            degrees = f"{box.west:.5f}, {box.south:.5f}, {box.east:.5f}, {box.north:.5f}"
            click.echo(f"extent (west, south, east, north): {degrees}")
        click.echo("\n" + _table([_BAND_HEADER, *map(_band_row, found.bands)]))
        value = suggest(opened, product)
        if value is not None:
            click.echo("\nimport swath as wf")
            click.echo(f"geoctx = {as_code(value)}")
            click.echo(f"col = wf.ImageCollection.from_id({product!r})")


_BAND_HEADER = ["band", "kind", "stored", "values", "scale", "offset", "nodata", "range", "about"]


def _band_row(band: Band) -> list[str]:
    low, high = band.data_range or (None, None)
    return [
        band.name,
        band.kind,
        band.dtype,
        band.dtype_read,
        f"{band.scale:g}",
        f"{band.offset:g}",
        "" if band.nodata is None else f"{band.nodata:g}",
        "" if low is None or high is None else f"{low:g}..{high:g}",
        band.description if band.description != band.name else "",
    ]


def _dates(opened: Catalog, product: Product) -> tuple[str, str]:
    if not product.images:
        return "", ""
    dates = opened.columns(product.name).dates_us
    first, last = to_datetime(int(dates[0])), to_datetime(int(dates[-1]))
    return first.date().isoformat(), last.date().isoformat()


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join(lines)


@catalog.command()
@click.argument("product")
@click.option("--image", help="Only the image with this id.")
@_data
def remove(product: str, image: str | None, data: str) -> None:
    """Remove PRODUCT, or one image of it, from the catalog. Files stay where they are."""
    if not Path(data).expanduser().is_dir():
        raise InvalidArgument(f"There is no folder {data}; say where the catalog is with --data.")
    with Catalog.open(data) as opened:
        opened.remove(product, image)
        what = product if image is None else f"image {image} of {product}"
        click.echo(f"{what}: removed ({opened.store.name}); the files are untouched")
