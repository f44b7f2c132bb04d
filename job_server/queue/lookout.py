"""Looks out for transactions of other programs that stay open for too long, and tells of them.

A session that was left idle in a transaction, a long report, a backup that hangs: while one goes
on, the database cannot clear what has changed since it began. Its tables or its log grow, and
claims get slower. Each is told once when it is found, and once when it is over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from job_server.queue.writer import Writer
from job_server.store.record import OldTransaction
from swath.serving.events import Instrument

SECOND_US = 1_000_000


class Lookout:
    """What was seen of others so far. All methods belong to one event loop."""

    def __init__(
        self,
        writer: Writer,
        instrument: Instrument,
        now_us: Callable[[], int],
        old_us: int,
        large_wal_bytes: int,
    ) -> None:
        """`old_us`: how long a transaction may be open; `large_wal_bytes`: see `Transaction`."""
        self._writer = writer
        self._instrument = instrument
        self._now_us = now_us
        self._old_us = old_us
        self._large_wal_bytes = large_wal_bytes
        self._seen_us: dict[str, int] = {}
        self._told: dict[str, OldTransaction] = {}
        self.oldest_s = 0.0
        """How long the oldest of those that were told has been open; 0: there is none."""

    async def look(self) -> None:
        """Look once; tell what is new and what is over. Raises Unavailable: nothing was seen."""
        found = await self._writer.run(
            lambda t: t.old_transactions(self._old_us, self._large_wal_bytes)
        )
        old = {one.id: one for one in map(self._aged, found) if self._is_old(one)}
        for id_ in old.keys() - self._told.keys():
            self._instrument.emit("old_transaction", {"level": "warning", **_fields(old[id_])})
        for id_ in self._told.keys() - old.keys():
            self._instrument.emit("old_transaction_ended", _fields(self._told[id_]))
        self._told = old
        self._seen_us = {one.id: self._seen_us[one.id] for one in found}
        self.oldest_s = max((one.age_us for one in old.values()), default=0) / SECOND_US

    def _aged(self, one: OldTransaction) -> OldTransaction:
        """The same, at least as old as the time since it was seen first."""
        now_us = self._now_us()
        seen_us = self._seen_us.setdefault(one.id, now_us)
        return replace(one, age_us=max(one.age_us, now_us - seen_us))

    def _is_old(self, one: OldTransaction) -> bool:
        return one.wal_bytes is not None or one.age_us >= self._old_us


def _fields(one: OldTransaction) -> dict[str, object]:
    """What is told of it: who, and for how long."""
    fields: dict[str, object] = {"age_s": round(one.age_us / SECOND_US, 1)}
    if one.pid is not None:
        fields |= {"pid": one.pid, "application": one.application, "state": one.state}
    if one.wal_bytes is not None:
        fields["wal_bytes"] = one.wal_bytes
    return fields
