"""What answering a request would take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """What answering would take, known without reading a pixel."""

    projected_bytes: int
    """Most bytes of pixels that the engine would hold at once."""
    limit_bytes: int
    """The largest `projected_bytes` that is admitted."""
    images: int = 0
    """Images whose pixels would be read."""
    pixels: int = 0
    """Pixels that would be read, over all bands and images, at the resolution of the grid."""
    bytes_read: int = 0
    """Decoded bytes of those pixels."""
    result_bytes: int = 0
    """Bytes of the pixels of the answer."""
    seconds: float | None = None
    """Rough time to answer; absent: not known."""
    is_lower_bound: bool = False
    """A decision hangs on pixels, so that later stages are not in these figures."""
    fits: bool = True
    """Inspect would admit it; otherwise ask for less, or use compute."""
