"""A stack: the pixels of one band of n images in one window, with their mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]
"""(n, y, x), any dtype of the D rules of docs/semantics.md."""
Mask = NDArray[np.uint8]
"""(n, y, x), 1 = masked, 0 = valid."""


@dataclass(frozen=True, slots=True)
class Stack:
    """One band of n images: values and mask of equal shape."""

    values: Values
    mask: Mask | None
    """Absent: nothing is masked."""

    @property
    def count(self) -> int:
        """Number of images, n."""
        return int(self.values.shape[0])

    @property
    def nbytes(self) -> int:
        """Bytes held by values and mask."""
        return self.values.nbytes + (0 if self.mask is None else self.mask.nbytes)
