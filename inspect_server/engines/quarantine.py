"""Sources that killed engine processes: after two deaths a source is not opened again."""

from __future__ import annotations

from collections import Counter

DEATHS = 2
"""Processes that may die while reading a source before it is quarantined. The first death may have
been the fault of another source that was being read at the same time."""
MAX_SUSPECTS = 10_000


class Quarantine:
    """Counts deaths by source, for the life of the server."""

    def __init__(self) -> None:
        self._deaths: Counter[str] = Counter()
        self.listed: tuple[str, ...] = ()
        """Quarantined sources, in the order in which they were caught."""

    def blame(self, sources: tuple[str, ...]) -> tuple[str, ...]:
        """Count a death of a process that was reading `sources`; those newly quarantined."""
        if len(self._deaths) + len(sources) > MAX_SUSPECTS:
            self._deaths.clear()
        self._deaths.update(set(sources))
        caught = tuple(s for s in dict.fromkeys(sources) if self._deaths[s] == DEATHS)
        self.listed += tuple(s for s in caught if s not in self.listed)
        return caught
