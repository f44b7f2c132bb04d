"""The resamplings: their names, what each gives, and how far it reaches."""

from __future__ import annotations

import numpy as np

from swath.errors import InvalidArgument

NAMES = (
    "near", "bilinear", "cubic", "cubicspline", "lanczos", "average",
    "mode", "max", "min", "med", "q1", "q3",
)  # fmt: skip
PICKING = frozenset({"near", "mode", "max", "min"})
"""Give a value that is in the source, in its dtype."""
RADIUS_PX = {"bilinear": 1.0, "cubic": 2.0, "cubicspline": 2.0, "lanczos": 3.0}
"""Half width of the interpolating kernels, in source pixels, before it is stretched."""
BOXES = frozenset({"average", "mode", "max", "min", "med", "q1", "q3"})
"""Work on the source pixels that the target pixel covers."""
FOR_CLASSES = frozenset({"near", "mode"})
"""What is allowed on class and flag bands (rule D10)."""

_WIDE = frozenset({"int32", "uint32", "int64", "uint64", "float64"})


def check_name(name: str, kind: str = "physical") -> str:
    """`name`, when it is a resampling that bands of `kind` may have.

    Raises:
        InvalidArgument: unknown, or it would mix the codes of a class or flag band (rule D10).
    """
    if name not in NAMES:
        raise InvalidArgument(f"resampler {name!r:.60} is not one of {', '.join(NAMES)}.")
    if kind != "physical" and name not in FOR_CLASSES:
        raise InvalidArgument(
            f"resampler {name!r} would mix the codes of a {kind} band: use 'near' or 'mode'."
        )
    return name


def resampled_dtype(dtype: str, resampling: str) -> str:
    """What `resampling` makes of `dtype` (numpy names): itself, or its float class (rule D2)."""
    if resampling in PICKING:
        return str(np.dtype(dtype))
    return "float64" if str(np.dtype(dtype)) in _WIDE else "float32"


def stretch(scale: float) -> float:
    """By how much an interpolating kernel is widened where `scale` source pixels make one.

    Not at all up to 1/0.95, so that grids of nearly equal pixels stay sharp; GDAL does the same.
    """
    return scale if scale > 1.0 / 0.95 else 1.0


def reach(resampling: str, scale: float) -> float:
    """Half width, in source pixels, of what one target pixel depends on."""
    if resampling == "near":
        return 0.0
    if resampling in BOXES:
        return scale / 2.0
    return RADIUS_PX[resampling] * stretch(scale)
