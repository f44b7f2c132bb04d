"""What a STAC asset says of its bands: `bands` of 1.1, `eo:bands` and `raster:bands` of 1.0.

Sources: STAC specification 1.1.0, item-spec/common-metadata.md (bands, data values); extensions eo
1.1, raster 1.1 and 2.0, classification 2.0, projection 1.x and 2.0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from engine.catalog.add.candidate import Claim, Hint
from engine.catalog.asset import Kind

_MASK_ROLES = frozenset(
    "cloud cloud-shadow snow-ice land-water water-mask data-mask saturation".split()
)
_CLASSES = re.compile(r"\b(?:classification|SCL)\b", re.IGNORECASE)
"""In a title. Widely used items of Sentinel-2 say nowhere else that their scene classification is
one, and means of class numbers are no classes."""
_MAX_DESCRIPTION = 200


def hints(asset: Mapping[str, Any]) -> tuple[Hint, ...]:
    """One hint per band that the asset describes; one for an asset that describes none.

    Fields of a band win over the same fields of the asset. Malformed fields count as absent.
    """
    bands = _merged(asset)
    shared = {key: value for key, value in asset.items() if key not in ("name", "description")}
    kind = _kind_of_roles(asset) or _kind_of_title(asset)
    several = len(bands) > 1
    return tuple(_hint({**shared, **band}, kind, several) for band in bands or [{}])


def _merged(asset: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Band objects by position, from whichever of the three lists there are."""
    merged: list[dict[str, Any]] = []
    for key in ("eo:bands", "raster:bands", "bands"):
        listed = asset.get(key)
        if not isinstance(listed, list):
            continue
        for i, band in enumerate(listed):
            if i == len(merged):
                merged.append({})
            if isinstance(band, dict):
                merged[i].update(band)
    return merged


def _hint(band: Mapping[str, Any], kind: Kind | None, several: bool) -> Hint:
    scale = _number(band.get("raster:scale", band.get("scale")))
    name = band.get("name") or band.get("eo:common_name") or band.get("common_name")
    return Hint(
        name=name if several and isinstance(name, str) else None,
        scale=scale if scale != 0 else None,
        offset=_number(band.get("raster:offset", band.get("offset"))),
        nodata=_nodata(band.get("nodata")),
        kind=_kind_of_classes(band) or kind,
        description=_description(band, name),
    )


def _description(band: Mapping[str, Any], name: object) -> str:
    text = band.get("description") or band.get("title") or name
    return " ".join(text.split())[:_MAX_DESCRIPTION] if isinstance(text, str) else ""


def is_number(value: object) -> bool:
    """Whether a JSON value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: Any) -> float | None:
    return float(value) if is_number(value) and math.isfinite(value) else None


def _nodata(value: object) -> float | None:
    named = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
    return named.get(value.lower()) if isinstance(value, str) else _number(value)


def _kind_of_classes(band: Mapping[str, Any]) -> Kind | None:
    if band.get("classification:bitfields"):
        return "flag"
    return "class" if band.get("classification:classes") else None


def _kind_of_roles(asset: Mapping[str, Any]) -> Kind | None:
    """Several mask roles in one asset are bits of one number; one is a class map."""
    roles = asset.get("roles")
    if not isinstance(roles, list):
        return None
    found = _MASK_ROLES.intersection(role for role in roles if isinstance(role, str))
    if not found:
        return None
    return "flag" if len(found) > 1 or "saturation" in found else "class"


def _kind_of_title(asset: Mapping[str, Any]) -> Kind | None:
    title = asset.get("title")
    return "class" if isinstance(title, str) and _CLASSES.search(title) else None


def claim(asset: Mapping[str, Any], properties: Mapping[str, Any]) -> Claim:
    """Where the projection extension says that the pixels of the asset are.

    Shape and transform of the item belong to no asset in particular, so only those of the asset
    count.
    """
    rows_cols = _numbers(asset.get("proj:shape"), 2)
    terms = _numbers(asset.get("proj:transform"), 6)
    return Claim(
        crs=_crs(asset) or _crs(properties),
        shape=(int(rows_cols[0]), int(rows_cols[1])) if rows_cols else None,
        transform=terms[:6] if terms else None,
    )


def _crs(fields: Mapping[str, Any]) -> str | None:
    code, epsg = fields.get("proj:code"), fields.get("proj:epsg")
    if isinstance(code, str):
        return code.upper()
    return f"EPSG:{epsg}" if isinstance(epsg, int) else None


def _numbers(value: Any, at_least: int) -> tuple[float, ...]:
    if not (isinstance(value, list) and at_least <= len(value) <= 9):
        return ()
    return tuple(map(float, value)) if all(map(is_number, value)) else ()
