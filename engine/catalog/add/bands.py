"""The bands of a product as images are added: new ones, wider dtypes, and what --band said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from engine.catalog.add.image import FoundBand
from engine.catalog.add.override import Override
from engine.catalog.asset import Asset, physical_dtype
from engine.catalog.names import did_you_mean, shown, similar
from engine.catalog.product import Band, merge_dtypes
from engine.catalog.store.record import BandRecord
from swath.errors import BandNotFound, InvalidArgument

Bands = dict[str, BandRecord]
"""By source name, in the product's order."""


def check_overrides(overrides: Iterable[Override], bands: Bands, found: Iterable[str]) -> None:
    """Return if --band speaks of bands that there are.

    Raises:
        BandNotFound: it does not; `available` has those there are.
    """
    sources = list(dict.fromkeys([*bands, *found]))
    names = [record.band.name for record in bands.values()]
    for override in overrides:
        if override.band not in sources and override.band not in names:
            there = list(dict.fromkeys([*names, *(s for s in sources if s not in bands)]))
            hint = did_you_mean(similar(override.band, there))
            raise BandNotFound(
                f"--band {override.band}: there is no such band; there are "
                f"{', '.join(there)}.{hint}",
                band=override.band,
                available=there,
            )


def said_of(
    source: str, record: BandRecord | None, overrides: Sequence[Override]
) -> dict[str, object]:
    """What --band said about a band, now and when the product was added to before."""
    said: dict[str, object] = {} if record is None else dict(record.overrides)
    names = {source} if record is None else {source, record.band.name}
    for override in overrides:
        if override.band in names:
            said.update(override.values)
    return said


def with_overrides(bands: Bands, overrides: Sequence[Override]) -> Bands:
    """The product's bands with what --band says now.

    Raises:
        InvalidArgument: two bands would have one name.
    """
    changed = {}
    for source, record in bands.items():
        said = said_of(source, record, overrides)
        changed[source] = replace(record, band=_overridden(record.band, said), overrides=said)
    _check_names(changed)
    return changed


def with_image(
    bands: Bands, found: Sequence[FoundBand], assets: Sequence[Asset], overrides: Sequence[Override]
) -> Bands:
    """The product's bands with those of one more image.

    Raises:
        InvalidArgument: two bands would have one name.
    """
    grown = dict(bands)
    for new, asset in zip(found, assets, strict=True):
        record = grown.get(new.source)
        if record is None:
            said = said_of(new.source, None, overrides)
            band = _overridden(_band(new, asset), said)
            grown[new.source] = BandRecord(band, new.source, said)
        else:
            grown[new.source] = replace(record, band=_widened(record.band, asset))
    if len(grown) > len(bands):
        _check_names(grown)
    return grown


def with_encodings(record: BandRecord, encodings: Iterable[tuple[str, float, float]]) -> BandRecord:
    """The band with the dtypes of its assets, each a (dtype, scale, offset)."""
    band = record.band
    for i, (dtype, scale, offset) in enumerate(encodings):
        read = physical_dtype(dtype, scale, offset)
        if i == 0:
            band = replace(band, dtype=dtype, dtype_read=read)
        band = replace(
            band,
            dtype=merge_dtypes(band.dtype, dtype),
            dtype_read=merge_dtypes(band.dtype_read, read),
        )
    return replace(record, band=band)


def _band(found: FoundBand, asset: Asset) -> Band:
    return Band(
        name=found.source,
        dtype=asset.dtype,
        dtype_read=asset.dtype_read,
        kind=asset.kind,
        scale=asset.scale,
        offset=asset.offset,
        nodata=asset.nodata,
        description=found.hint.description or found.band.name,
    )


def _widened(band: Band, asset: Asset) -> Band:
    if band.dtype == asset.dtype and band.dtype_read == asset.dtype_read:
        return band
    return replace(
        band,
        dtype=merge_dtypes(band.dtype, asset.dtype),
        dtype_read=merge_dtypes(band.dtype_read, asset.dtype_read),
    )


def _overridden(band: Band, said: Mapping[str, object]) -> Band:
    values = dict(said)
    if isinstance(listed := values.get("data_range"), list):
        values["data_range"] = (listed[0], listed[1])
    return replace(band, **values)  # type: ignore[arg-type]  # options were checked


def _check_names(bands: Bands) -> None:
    owner: dict[str, str] = {}
    for source, record in bands.items():
        other = owner.setdefault(record.band.name, source)
        if other != source:
            raise InvalidArgument(
                f"Two bands would be called {shown(record.band.name)}: {other} and {source}."
            )
