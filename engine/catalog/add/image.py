"""From a candidate and its opened files to the record of an image."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from engine.catalog.add.candidate import BandInfo, Candidate, CandidateFile, FileInfo, Hint
from engine.catalog.add.override import fits
from engine.catalog.add.when import best_date, tiff_date
from engine.catalog.asset import Asset
from engine.catalog.footprint import bbox_of, polygonal
from engine.catalog.names import check_band
from engine.catalog.store.record import AssetRecord, ImageRecord
from swath.errors import InvalidArgument, InvalidSource
from swath.grid import Grid

Outline = Callable[[Grid], BaseGeometry]
"""Footprint of a grid in EPSG:4326."""

_NEAR_DEG = 1e-6
_NAME = re.compile(r"[\w.+-]{1,64}")
"""Descriptions that do as names; others are sentences, or worse."""


@dataclass(frozen=True, slots=True)
class FoundBand:
    """A band of a file that was opened, with the name that the file or item gives it."""

    source: str
    file: CandidateFile
    info: FileInfo
    band: BandInfo
    hint: Hint


def bands_of(candidate: Candidate, infos: Mapping[str, FileInfo]) -> list[FoundBand]:
    """All bands of the candidate's opened files, in order; alpha is a mask and no band.

    Raises:
        InvalidSource: an item describes more bands than its file has.
        InvalidArgument: two bands would have one name.
    """
    taken = {file.band for file in candidate.files if file.band}
    found: dict[str, FoundBand] = {}
    for file in candidate.files:
        info = infos.get(file.href)
        if info is None:
            continue
        for band in _named(file, info, taken):
            if band.source in found:
                raise InvalidArgument(
                    f"Image {candidate.id} would have two bands called {band.source!r}."
                )
            found[band.source] = band
    return list(found.values())


def _named(file: CandidateFile, info: FileInfo, taken: set[str]) -> list[FoundBand]:
    data = [b for b in info.bands if b.color != "alpha"] or list(info.bands)
    if len(file.hints) > len(info.bands):
        raise InvalidSource(
            f"The item describes {len(file.hints)} bands of it, but the file has {len(info.bands)}."
        )
    hints = [file.hints[b.index - 1] if b.index <= len(file.hints) else Hint() for b in data]
    names = _names(file, data, hints, taken)
    return [
        FoundBand(check_band(name), file, info, band, hint)
        for name, band, hint in zip(names, data, hints, strict=True)
    ]


def _names(
    file: CandidateFile, data: Sequence[BandInfo], hints: Sequence[Hint], taken: set[str]
) -> list[str]:
    if file.band and len(data) == 1:
        return [file.band]
    said = [_plain(hint.name or band.name) for hint, band in zip(hints, data, strict=True)]
    if not all(map(_NAME.fullmatch, said)) or len(set(said)) < len(said):
        prefix = f"{file.band}_" if file.band else "b"
        return [f"{prefix}{band.index}" for band in data]
    if file.band and taken.intersection(said):
        return [f"{file.band}_{name}" for name in said]
    return said


def _plain(text: str) -> str:
    return re.sub(r"\s+", "_", text.strip())


def to_asset(found: FoundBand, overrides: Mapping[str, Any]) -> Asset:
    """The asset of a band: what was said with --band, else by the item, else by the file.

    Raises:
        InvalidArgument: --band gives a nodata value that no pixel of the band can have.
    """
    band, hint, info = found.band, found.hint, found.info
    return Asset(
        href=found.file.href,
        band=band.index,
        dtype=band.dtype,
        grid=info.grid,
        nodata=_nodata(found, overrides),
        scale=_first(overrides.get("scale"), hint.scale, band.scale),
        offset=_first(overrides.get("offset"), hint.offset, band.offset),
        kind=overrides.get("kind") or hint.kind or ("class" if _has_palette(band) else "physical"),
        mask=band.mask,
        block=info.block,
        overviews=tuple(info.overviews),
        overviews_averaged=info.overviews_averaged,
        identity=info.identity,
    )


def _has_palette(band: BandInfo) -> bool:
    return band.color == "palette"


def _first(*values: float | None) -> float:
    return next(value for value in values if value is not None)


def _nodata(found: FoundBand, overrides: Mapping[str, Any]) -> float | None:
    dtype = found.band.dtype
    if "nodata" in overrides:
        said = overrides["nodata"]
        if said is not None and not fits(said, dtype):
            raise InvalidArgument(
                f"--band {found.source}: nodata={said:g} is no value that {dtype} pixels can have."
            )
    else:
        hinted = found.hint.nodata
        said = hinted if hinted is not None and fits(hinted, dtype) else found.band.nodata
    # NaN in a float file means no data whether it is said or not.
    return None if said is None or math.isnan(said) else float(said)


def image_record(
    candidate: Candidate, found: Sequence[FoundBand], assets: Sequence[Asset], outline: Outline
) -> ImageRecord:
    """The image as it is stored.

    Raises:
        InvalidArgument: no date is known. InvalidSource: it has no area on the globe.
    """
    tag = tiff_date(found[0].info.acquired)
    date_us = best_date(candidate.date_us, candidate.date_guess_us, tag)
    if date_us is None:
        raise InvalidArgument(
            "Its date is not known: neither its name nor the file has one. Say it with --date "
            "2018-01-07, or by {date:%Y%m%d} in a pattern."
        )
    footprint = footprint_for(candidate.footprint, [a.grid for a in assets], outline)
    return ImageRecord(
        id=candidate.id,
        date_us=date_us,
        bbox=bbox_of(footprint),
        footprint=shapely.to_wkb(footprint),
        grid=assets[0].grid,
        properties=json.dumps(dict(candidate.properties)),
        digest=candidate.digest(),
        assets={
            f.source: AssetRecord(a, f.file.digest(f.info.identity))
            for f, a in zip(found, assets, strict=True)
        },
    )


def footprint_for(
    said: BaseGeometry | None, grids: Sequence[Grid], outline: Outline
) -> BaseGeometry:
    """Where an image has pixels: as its item says, if that is where its files are; else the files.

    Raises:
        InvalidSource: the files have no area on the globe.
    """
    covered: BaseGeometry | None = None
    for grid in dict.fromkeys(grids):
        area = outline(grid)
        if covered is None:
            covered = area
        elif not covered.buffer(_NEAR_DEG).covers(area):
            covered = shapely.union(covered, area)
    whole = None if covered is None else polygonal(covered)
    if whole is None:
        raise InvalidSource("Its files have no area on the globe.")
    if said is not None and _is_plausible(said, whole):
        return said
    return whole


def _is_plausible(said: BaseGeometry, whole: BaseGeometry) -> bool:
    """At least half of what the item says lies where the files are."""
    return bool(shapely.intersection(said, whole).area >= 0.5 * said.area)


def contradictions(candidate: Candidate, infos: Mapping[str, FileInfo]) -> list[str]:
    """Where the item says something else about its files than they do; the files count."""
    notes = []
    for file in candidate.files:
        info = infos.get(file.href)
        if info is None:
            continue
        claim, grid = file.claim, info.grid
        if claim.crs and claim.crs != grid.crs and grid.crs.startswith("EPSG:"):
            notes.append(f"the item says {claim.crs}, the file {grid.crs}; the file counts")
        if claim.shape and claim.shape != tuple(grid.shape):
            notes.append(
                f"the item says {claim.shape[0]} × {claim.shape[1]} pixels, the file "
                f"{grid.shape.y} × {grid.shape.x}; the file counts"
            )
        elif claim.transform and not _near(claim.transform, grid):
            notes.append("the item says another place than the file; the file counts")
    return list(dict.fromkeys(notes))


def _near(transform: tuple[float, ...], grid: Grid) -> bool:
    tolerance = max(grid.resolution) / 100
    pairs = zip(transform, grid.transform, strict=True)
    return all(abs(said - real) <= tolerance for said, real in pairs)
