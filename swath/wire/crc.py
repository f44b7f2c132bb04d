"""CRC-32 of bytes that are there in parts, joined without reading the parts again.

The CRC is that of zlib and PNG (ISO-HDLC). Bytes are a polynomial over GF(2); what comes before n
bytes is multiplied by x^(8n), modulo the polynomial of the CRC.

Source: crc32_combine of zlib 1.2.12 and later (Adler), which multiplies in the same way.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

_POLYNOMIAL: Final = 0xEDB88320
"""Without x^32; the highest bit is the coefficient of 1."""
_ONE: Final = 1 << 31
_X8: Final = 1 << 23


@dataclass(frozen=True, slots=True)
class Checksum:
    """CRC-32 and number of some bytes."""

    crc32: int = 0
    size_bytes: int = 0

    def then(self, *parts: bytes | memoryview) -> Checksum:
        """Of these bytes and `parts` after them."""
        crc32, size = self.crc32, self.size_bytes
        for part in parts:
            crc32, size = zlib.crc32(part, crc32), size + len(part)
        return Checksum(crc32, size)

    def joined(self, after: Checksum) -> Checksum:
        """Of these bytes and those of `after` behind them. Cost: 50 µs, whatever their number."""
        return Checksum(
            combine(self.crc32, after.crc32, after.size_bytes), self.size_bytes + after.size_bytes
        )


def join(checksums: Iterable[Checksum]) -> Checksum:
    """Of all these bytes, one after another."""
    found = Checksum()
    for each in checksums:
        found = found.joined(each)
    return found


def combine(first: int, second: int, second_bytes: int) -> int:
    """CRC-32 of two runs of bytes, one behind the other, from that of each.

    Args:
        second_bytes: how many the second run has. Cost: a fifth for a number seen lately.
    """
    return _product(first, _shift(second_bytes)) ^ second


@lru_cache(maxsize=1024)
def _shift(count: int) -> int:
    """x^(8 · count)."""
    found, bit = _ONE, 0
    while count:
        if count & 1:
            found = _product(found, _power(bit))
        count, bit = count >> 1, bit + 1
    return found


@cache
def _power(exponent: int) -> int:
    """x^(8 · 2^exponent)."""
    return _X8 if exponent == 0 else _product(_power(exponent - 1), _power(exponent - 1))


def _product(a: int, b: int) -> int:
    """a · b modulo the polynomial."""
    found = 0
    while a:
        if a & _ONE:
            found ^= b
        a = (a << 1) & 0xFFFFFFFF
        b = b >> 1 ^ (_POLYNOMIAL if b & 1 else 0)
    return found
