"""`python -m tests.chaos`: torment the job server, then judge what it promised.

On SQLite, then on PostgreSQL: customers of three owners work while a monkey, led by a seed, kills,
stops and cuts off; then all is left in peace, must come to its end, and is judged by the history
alone. Exit status 1 names each broken promise. A history can be judged again with `--judge`.
"""

from __future__ import annotations

import argparse
import random
import secrets
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

from swath.serving import tokens
from swath.v1 import jobs_pb2 as pb
from tests.chaos import check, history, inventory, work
from tests.chaos.customers import Account, Customer, Watcher, download, look
from tests.chaos.history import Event, History
from tests.chaos.loop import Loop, end_all
from tests.chaos.monkey import Monkey
from tests.chaos.postgres import postgres
from tests.chaos.system import System
from tests.integration.jobs.running import User

OWNERS = ("alice", "bob", "carol")
CUSTOMERS, WATCHERS = 2, 2
"""Of each owner."""
WORKERS = 2
SETTLE_S = 90.0
"""After the last fault: leases, retries and what is left to compute."""
REASONS = {one.name: one.reason for one in work.FAILING}


def main() -> int:
    """Run; the exit status."""
    asked = _asked()
    if asked.judge:
        events = history.read(asked.judge)
        return _report(asked.judge, events, history.of(events, "right")[0]["right"])
    print(f"seed {asked.seed}, {asked.minutes:g} minutes", flush=True)
    each_s = asked.minutes * 60 / len(asked.store)
    return max(_round(store, asked.seed, each_s, asked.keep) for store in asked.store)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--minutes", type=float, default=2.0, help="of faults, in all  [2]")
    parser.add_argument("--store", nargs="+", default=["sqlite", "postgres"])
    parser.add_argument("--keep", type=Path, help="folder for the history and logs of a round")
    parser.add_argument("--judge", type=Path, help="judge this history, and run nothing")
    return parser.parse_args()


def _round(store: str, seed: int, seconds: float, keep: Path | None) -> int:
    """Torment one store; the exit status."""
    data = Path(tempfile.mkdtemp(prefix="swath-chaos-"))
    written = History(data / "history.jsonl")
    right = work.prepare(data)
    written.note("right", right=right)
    with postgres() if store == "postgres" else nullcontext() as database:
        accounts = [Account(owner, tokens.create(data, owner, 1)) for owner in OWNERS]
        system = System(data, WORKERS, database)
        try:
            system.start()
            _torment(system, written, accounts, seed, seconds)
            _settle(system, written, accounts)
            written.note("server_stopped", status=system.stop())
            inventory.take(system, written, OWNERS)
        finally:
            system.close()
            written.close()
    status = _report(f"{store}, seed {seed}", history.read(written.path), right)
    if keep is not None or status:
        kept = (keep or Path("chaos-output")) / f"{store}-{seed}"
        shutil.copytree(data, kept, dirs_exist_ok=True, ignore=_not_worth_keeping)
        print(f"  kept in {kept}")
    shutil.rmtree(data)
    return status


def _torment(
    system: System, written: History, accounts: Sequence[Account], seed: int, seconds: float
) -> None:
    with ExitStack() as connections:
        people: list[Loop] = []
        for account in accounts:
            user = connections.enter_context(system.user(account.token))
            people += _people(user, written, account, seed)
        limbs = Monkey(system, written, seed).limbs
        for one in (*people, *limbs):
            one.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end and not any(one.fault for one in (*people, *limbs)):
            time.sleep(0.2)
        end_all(limbs)
        end_all(people)


def _people(user: User, written: History, account: Account, seed: int) -> Iterator[Loop]:
    """Those who act for an owner."""
    for number in range(CUSTOMERS):
        name = f"{account.owner}-{number}"
        rng = random.Random(f"{seed} {name}")
        yield Loop(name, Customer(name, user, written, account, rng).act)
    for number in range(WATCHERS):
        name = f"{account.owner}-watch-{number}"
        yield Loop(name, Watcher(name, user, written, account).act)


def _settle(system: System, written: History, accounts: Sequence[Account]) -> None:
    """Faults have stopped: wait for the end of every job, then look at all of them."""
    system.start_workers()
    began = time.monotonic()
    for account in accounts:
        with system.user(account.token) as user:
            while user.ask("GetQuota", pb.GetQuotaRequest()).outstanding:
                if time.monotonic() - began > SETTLE_S:
                    return
                time.sleep(0.1)
    written.note("settled", began)
    for account in accounts:
        with system.user(account.token) as user:
            for job, _ in account.known:
                found = look(user, written, job)
                if found is not None and found.status == pb.STATUS_SUCCESS:
                    download(user, written, job)


def _report(name: object, events: Sequence[Event], right: Mapping[str, str]) -> int:
    """Print counts and broken promises; the exit status."""
    broken = check.violations(check.Facts(events, right, REASONS))
    print(f"{name}:")
    for what, counts in _counts(events).items():
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
        print(f"  {what:9} {told}")
    for one in broken[:50]:
        print(f"  BROKEN  {one[:400]}")
    print(f"  {len(broken)} broken promises", flush=True)
    return 1 if broken else 0


def _counts(events: Sequence[Event]) -> dict[str, Counter[str]]:
    finals = history.of(events, "final")
    attempts = Counter(str(outcome) for one in finals for _, outcome in one["attempts"])
    calls = ("created", "refused", "unanswered", "cancelled", "deleted", "got", "told", "result")
    return {
        "faults": Counter(one["kind"] for one in history.of(events, "fault")),
        "jobs": Counter(one["status"] for one in finals),
        "failures": Counter(one["reason"] for one in finals if one["status"] == check.FAILURE),
        "attempts": attempts,
        "seen": Counter(one["verb"] for one in history.of(events, *calls)),
        "stale": Counter(
            "accepted" if one["is_accepted"] else "refused" for one in history.of(events, "stale")
        ),
        "swept": Counter({"objects": sum(one["objects"] for one in history.of(events, "swept"))}),
        "settled": Counter(
            f"after {one['ended'] - one['began']:.0f} s" for one in history.of(events, "settled")
        ),
    }


def _not_worth_keeping(_: Any, names: list[str]) -> list[str]:
    return [name for name in names if not name.endswith((".jsonl", ".log", "log", ".db"))]


if __name__ == "__main__":
    sys.exit(main())
