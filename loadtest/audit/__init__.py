"""What the job server's own list says of a load, when it is over and its jobs have ended.

A part names audits; each holds what clients were told against what the server lists, and gives
figures `audit.figure`. They compare times of the clients with times of the server: where both are
not on one machine, their clocks must agree.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from loadtest.audit import fairness, fate, quota
from loadtest.audit.books import Books, read
from loadtest.link import Address
from loadtest.told import Told
from swath.errors import InvalidArgument

Audit = Callable[[Sequence[Told], Books], Mapping[str, float]]
AUDITS: dict[str, Audit] = {
    "fate": fate.fate,
    "quota": quota.quota,
    "fairness": fairness.fairness,
}
"""By name."""


def require_audits(names: Sequence[str]) -> None:
    """Return if there are such audits.

    Raises:
        InvalidArgument: there is none of that name.
    """
    for name in names:
        if name not in AUDITS:
            raise InvalidArgument(f"There is no audit {name!r}; there are: {', '.join(AUDITS)}.")


def audited(names: Sequence[str], address: Address, told: Sequence[Told]) -> dict[str, float]:
    """The figures of some audits.

    Raises:
        InvalidArgument: there is none of that name. Unavailable: the server does not say.
    """
    require_audits(names)
    if not names:
        return {}
    books = asyncio.run(read(address, told))
    return {
        f"{name}.{key}": value for name in names for key, value in AUDITS[name](told, books).items()
    }


__all__ = ["AUDITS", "Audit", "Books", "audited", "require_audits"]
