"""Add images to a product: look at their files, and record what is new or changed."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache

from engine.catalog.add.bands import Bands, check_overrides
from engine.catalog.add.candidate import Candidate, CandidateFile, Failure, FileInfo, Probe
from engine.catalog.add.commit import Opened, Outcome, Words, commit
from engine.catalog.add.files import REMOTE
from engine.catalog.add.image import Outline, bands_of, contradictions
from engine.catalog.add.override import Override
from engine.catalog.asset import identity_of
from engine.catalog.catalog import Catalog
from engine.catalog.names import check_product
from engine.catalog.store import read
from engine.catalog.store.record import Known
from engine.geo.footprint import footprint_of
from swath.errors import InvalidArgument, SwathError

BATCH = 100
"""Images per transaction: what a crash can lose, and a writer beside this one has to wait for."""
PROBES = 2
"""Files opened at the same time: it is mostly waiting for the disk or network."""

Progress = Callable[[int, "int | None"], None]
"""Called with (candidates done, all candidates if known) after each batch."""


@dataclass(slots=True)
class Report:
    """What became of the candidates."""

    added: int = 0
    replaced: int = 0
    """Were there already, with other files or words about them."""
    unchanged: int = 0
    failed: list[tuple[str, SwathError]] = field(default_factory=list)
    """(name of the file or item, why it was left out)."""
    notes: list[tuple[str, str]] = field(default_factory=list)
    """(name of the file or item, what is odd about it, though it was added)."""

    @property
    def images(self) -> int:
        """How many candidates are in the catalog now."""
        return self.added + self.replaced + self.unchanged


def add(
    catalog: Catalog,
    product: str,
    candidates: Iterable[Candidate | Failure],
    probe: Probe,
    overrides: Sequence[Override] = (),
    progress: Progress | None = None,
    *,
    title: str | None = None,
    now_us: int | None = None,
    outline: Outline = footprint_of,
) -> Report:
    """Add the candidates to a product, which is made if it is new.

    Each batch is one transaction: what was reported as done stays, also after Ctrl-C or kill -9.
    Files that are as they were are not opened. A file that fails is reported, and the rest of its
    image and all other images are added.

    Args:
        probe: says what the file at an href is; called in 2 threads.
        overrides: beat files and items, for images already in the product too.
        title: one line about the product; absent: it keeps the one it has.
        now_us: the time, for a new product; absent: the clock's.
        outline: footprint of a grid in EPSG:4326.

    Raises:
        InvalidArgument, BandNotFound: the name of the product or an override means nothing here.
        PermissionDenied, SourceUnavailable: the catalog cannot be written; the batches before stay.
    """
    check_product(product)
    total = len(candidates) if isinstance(candidates, Sized) else None
    words = Words(product, title, overrides)
    now_us = time.time_ns() // 1000 if now_us is None else now_us
    cached_outline = lru_cache(maxsize=1024)(outline)  # most images of a product share few grids
    report, seen, done = Report(), set[str](), 0
    pool = ThreadPoolExecutor(PROBES, thread_name_prefix="probe")
    try:
        for batch in _batches(candidates):
            fresh = list(_accepted(batch, seen, report))
            known, bands = _recorded(catalog, product, fresh)
            stale = [c for c in fresh if not _is_unchanged(c, known.get(c.id))]
            opened = _open(stale, lambda href: pool.submit(probe, href), report)
            found = [band.source for each in opened for band in each.found]
            if bands or found:
                check_overrides(overrides, bands, found)
            report.unchanged += len(fresh) - len(stale)
            if opened or (bands and (overrides or title is not None)):
                _count(report, commit(catalog.store, words, opened, cached_outline, now_us))
            done += len(batch)
            if progress is not None:
                progress(done, total)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return report


def _count(report: Report, outcome: Outcome) -> None:
    report.added += outcome.added
    report.replaced += outcome.replaced
    report.unchanged += outcome.unchanged
    report.failed.extend(outcome.failed)


def _batches(
    candidates: Iterable[Candidate | Failure],
) -> Iterator[list[Candidate | Failure]]:
    pending = iter(candidates)
    while batch := list(itertools.islice(pending, BATCH)):
        yield batch


def _accepted(
    batch: Sequence[Candidate | Failure], seen: set[str], report: Report
) -> Iterator[Candidate]:
    for each in batch:
        if isinstance(each, Failure):
            report.failed.append((each.name, each.error))
        elif each.id in seen:
            error = InvalidArgument(f"Another file or item before it has the id {each.id!r}.")
            report.failed.append((each.name, error))
        else:
            seen.add(each.id)
            yield each


def _recorded(
    catalog: Catalog, product: str, candidates: Sequence[Candidate]
) -> tuple[dict[str, Known], Bands]:
    with catalog.store.snapshot() as connection:
        key = None if connection is None else read.product_key(connection, product)
        if connection is None or key is None:
            return {}, {}
        known = read.known(connection, key, [c.id for c in candidates])
        return known, {r.source: r for r in read.bands(connection, key)}


def _open(
    stale: Sequence[Candidate], submit: Callable[[str], Future[FileInfo]], report: Report
) -> list[Opened]:
    futures = {f.href: submit(f.href) for c in stale for f in c.files}
    opened = []
    for candidate in stale:
        infos = {}
        for href in dict.fromkeys(f.href for f in candidate.files):
            try:
                infos[href] = futures[href].result()
            except SwathError as error:
                report.failed.append((href, error))
        try:
            found = bands_of(candidate, infos)
        except SwathError as error:
            report.failed.append((candidate.name, error))
            continue
        if found:
            opened.append(Opened(candidate, found))
            notes = contradictions(candidate, infos)
            report.notes.extend((candidate.name, note) for note in notes)
    return opened


def _is_unchanged(candidate: Candidate, known: Known | None) -> bool:
    """Whether all is recorded as it would be again, as far as one can tell without opening."""
    if known is None or known.digest != candidate.digest():
        return False
    return all(_has_file(known, file) for file in candidate.files)


def _has_file(known: Known, file: CandidateFile) -> bool:
    if file.href.startswith(REMOTE):
        return False
    try:
        status = os.stat(file.href)  # noqa: PTH116 - text, thousands of them
    except OSError:
        return False
    return file.digest(identity_of(status)) in known.files.get(file.href, ())
