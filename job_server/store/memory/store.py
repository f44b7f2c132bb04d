"""The store that is gone with its process. Transactions are serial, under one lock."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from job_server.store.memory.tables import Tables
from job_server.store.memory.transaction import MemoryTransaction


class MemoryStore:
    """A `Store` that is gone with its process."""

    is_shared = False

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tables = Tables()

    @contextmanager
    def transaction(self) -> Iterator[MemoryTransaction]:
        """See `Store.transaction`; one at a time."""
        with self._lock:
            transaction = MemoryTransaction(self._tables)
            try:
                yield transaction
            except BaseException:
                transaction.journal.undo(0)
                raise

    def close(self) -> None:
        """Nothing to let go of."""
