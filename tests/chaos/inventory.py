"""What is there when all is over: read from the store and the results, the server being stopped."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from job_server.queue.sweep import Sweep
from job_server.queue.writer import Writer
from job_server.results.concat import Joined
from job_server.results.folder import STAGING, Folder
from job_server.server import RESULTS
from job_server.store.open import open_store
from job_server.store.record import Filter, JobRecord, Limits, Manifest, Place
from job_server.store.store import Store, Transaction
from swath.errors import SwathError
from swath.wire.job_error import decode_job_error
from tests.chaos import work
from tests.chaos.history import History
from tests.chaos.system import OUTSTANDING, System

PAGE = 500
ALL_ATTEMPTS = 100_000


def take(system: System, history: History, owners: Iterable[str]) -> None:
    """Note all that is in a store whose server is stopped; then count and sweep, as it does."""
    store = open_store(system.store)
    folder = system.data / "jobs" / RESULTS
    results = Folder(folder)
    try:
        for job in _all_jobs(store):
            _note_job(store, results, history, job)
        for owner in owners:
            _note_usage(store, history, owner)
        with store.transaction() as transaction:
            history.note("recount", wrong=transaction.recount())
        asyncio.run(_sweep(store, results, history))
        _note_objects(store, results, history, folder)
    finally:
        store.close()
    _note_integrity(system, history)
    _note_logs(system, history)


def _all_jobs(store: Store) -> list[JobRecord]:
    found: list[JobRecord] = []
    after: Place | None = None
    while True:
        with store.transaction() as transaction:
            page = transaction.find(None, Filter(), after, PAGE)
        found += page
        if len(page) < PAGE:
            return found
        after = Place(page[-1].created_us, page[-1].id)


def _note_job(store: Store, results: Folder, history: History, job: JobRecord) -> None:
    with store.transaction() as transaction:
        attempts = transaction.attempts(job.id, ALL_ATTEMPTS)
        manifest = transaction.manifest(job.id)
        pieces = transaction.pieces(job.id)
    history.note(
        "final",
        job=job.id,
        owner=job.owner,
        request=job.labels.get("request", ""),
        is_resubmitted=job.resubmitted_from is not None,
        stage=str(job.stage),
        status=str(job.status),
        revision=job.revision,
        fence=job.fence,
        updated_us=job.updated_us,
        finished_us=job.finished_us,
        cancel_requested=job.cancel_requested,
        losses=[job.crash_losses, job.memory_losses, job.timeout_losses],
        reason=decode_job_error(job.error).REASON if job.error else "",
        attempts=[[one.fence, str(one.outcome)] for one in attempts],
        pieces=len(pieces),
        result=None if manifest is None else _read(results, manifest),
    )


def _read(results: Folder, manifest: Manifest) -> dict[str, Any]:
    """What a result holds; its checksums are looked at while it is read."""
    try:
        data = b"".join(Joined(results, manifest).parts())
        digest = work.digest_of_bytes(data)
    except SwathError as error:
        return {"digest": "", "said": str(error), "bytes": -1, "bytes_said": manifest.size_bytes}
    return {"digest": digest, "bytes": len(data), "bytes_said": manifest.size_bytes}


def _note_usage(store: Store, history: History, owner: str) -> None:
    with store.transaction() as transaction:
        usage = transaction.usage(owner, Limits(OUTSTANDING))
    history.note("usage", owner=owner, outstanding=usage.outstanding, running=usage.running)


async def _sweep(store: Store, results: Folder, history: History) -> None:
    """Sweep twice: what nothing names is found first, and removed the next time."""
    writer = Writer(store, 1)
    sweep = Sweep(writer, results, lambda: time.time_ns() // 1000, 0)
    removed = await sweep.run() + await sweep.run()
    await writer.close()
    history.note("swept", objects=removed)


def _note_objects(store: Store, results: Folder, history: History, folder: Path) -> None:
    """What is left that nothing names, and what is named and not there."""

    def named(transaction: Transaction) -> set[str]:
        return transaction.referenced([job.id for job in jobs])

    jobs = _all_jobs(store)
    with store.transaction() as transaction:
        names = named(transaction)
    there = {key for job in results.jobs() for key in results.keys(job)}
    staged = [path.name for path in (folder / STAGING).iterdir()]
    history.note(
        "objects",
        there=len(there),
        orphans=sorted(there - names),
        missing=sorted(names - there),
        staged=staged,
    )


def _note_integrity(system: System, history: History) -> None:
    if system.postgres is not None:
        history.note("integrity", problems=system.postgres.check())
        return
    database = sqlite3.connect(system.database)
    said = [row[0] for row in database.execute("PRAGMA integrity_check")]
    said += [str(row) for row in database.execute("PRAGMA foreign_key_check")]
    database.close()
    history.note("integrity", problems=[line for line in said if line != "ok"])


def _note_logs(system: System, history: History) -> None:
    """What workers said that they committed, and faults that the server said of itself."""
    for log in sorted(system.data.glob("worker-*.log")):
        for event in _events(log):
            if event["verb"] == "committed":
                history.note("committed", job=event["job"], fence=event["fence"])
    for log in (system.server.log, *sorted(system.data.glob("worker-*.log"))):
        for event in _events(log):
            if event.get("code") == "INTERNAL" or event.get("reason") == "INTERNAL":
                trace = str(event.get("traceback", event.get("problem"))).strip().splitlines()
                history.note("internal", log=log.name, event=event["verb"], said=trace[-1:])
    for event in _events(system.server.log):
        if event["verb"] == "recount" and event["wrong"]:
            history.note("recount", wrong=event["wrong"])


def _events(log: Path) -> list[dict[str, Any]]:
    """The events of a log; a line that a kill cut off is none."""
    found = []
    for line in log.read_text(encoding="utf-8").splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and "verb" in event:
            found.append(event)
    return found
