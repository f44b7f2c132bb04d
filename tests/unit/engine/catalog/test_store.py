from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.catalog.add.add import add
from engine.catalog.catalog import Catalog
from engine.catalog.store.store import Store
from swath.errors import InvalidSource, PermissionDenied, SourceUnavailable
from tests.unit.engine.catalog.made import MadeFiles

ROOT = Path(__file__).resolve().parents[4]

ADDER = """
import sys
folder, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
sys.path.append(sys.argv[4])
from engine.catalog.add.add import add
from engine.catalog.catalog import Catalog
from made import MadeFiles
files = MadeFiles()
images = [files.image(f"{name}{i}", i) for i in range(count)]
def say(done, total):
    print(done, flush=True)
add(Catalog.open(folder), "p", images, files, progress=say)
"""


def start_adder(folder: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ADDER, str(folder), name, str(count), str(Path(__file__).parent)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def whole(folder: Path) -> bool:
    connection = sqlite3.connect(folder / "catalog.sqlite")
    try:
        return (
            connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            and connection.execute("PRAGMA foreign_key_check").fetchall() == []
        )
    finally:
        connection.close()


def test_the_revision_survives_restarts(tmp_path, files):
    catalog = Catalog.open(tmp_path)
    add(catalog, "p", [files.image("a")], files)
    revision = catalog.revision
    catalog.close()
    assert Catalog.open(tmp_path).revision == revision


def test_the_revision_changes_with_every_change(catalog, files, put):
    seen = [catalog.revision]
    put(files.image("a"))
    seen.append(catalog.revision)
    put(files.image("b"))
    seen.append(catalog.revision)
    catalog.remove("p", "b")
    seen.append(catalog.revision)
    catalog.remove("p")
    seen.append(catalog.revision)
    assert len(set(seen)) == 5


def test_two_catalogs_never_share_a_revision(tmp_path, files):
    revisions = {Catalog.open(tmp_path / name).revision for name in "ab"}
    assert len(revisions) == 2


def test_a_newer_schema_is_refused(tmp_path):
    Catalog.open(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "catalog.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(InvalidSource, match="newer Swath"):
        Catalog.open(tmp_path)


def test_the_database_of_another_program_is_refused(tmp_path):
    connection = sqlite3.connect(tmp_path / "catalog.sqlite")
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(InvalidSource, match="not a Swath catalog"):
        Catalog.open(tmp_path)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "catalog.sqlite").write_bytes(b"not a database, but long enough" * 100)
    with pytest.raises(InvalidSource, match="not a Swath catalog"):
        Catalog.open(tmp_path)


def test_a_store_that_another_process_locks_is_named_after_the_timeout(tmp_path):
    path = tmp_path / "catalog.sqlite"
    Store(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(SourceUnavailable, match="Another process"):
        Store(path, busy_timeout_s=0.05)
    other.close()


def test_a_full_disk_says_so_and_leaves_the_catalog_as_it_was(tmp_path, files):
    catalog = Catalog.open(tmp_path)
    add(catalog, "p", [files.image("a")], files)
    revision = catalog.revision
    with catalog.store.reading() as connection:
        assert connection is not None
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    many = [files.image(f"b{i}", text="x" * 2000) for i in range(50)]
    with pytest.raises(SourceUnavailable, match="No space"):
        add(catalog, "p", many, files)
    assert catalog.search("p").ids == ["a"]
    assert catalog.revision == revision
    assert whole(tmp_path)


def test_an_error_inside_a_transaction_leaves_nothing_behind(tmp_path, files):
    catalog = Catalog.open(tmp_path)
    before = catalog.revision

    def interrupted(grid):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        add(catalog, "p", [files.image("a")], files, outline=interrupted)
    assert catalog.products() == []
    assert catalog.revision == before


def test_kill_9_while_adding_loses_at_most_the_batch_in_progress(tmp_path):
    adder = start_adder(tmp_path, "x", 3000)
    assert adder.stdout is not None
    done = 0
    while done < 300:
        done = int(adder.stdout.readline())
    adder.send_signal(signal.SIGKILL)
    adder.wait(30)
    adder.stdout.close()
    reader = Catalog.open(tmp_path, read_only=True)
    found = len(reader.search("p"))
    assert found >= done
    assert found % 100 == 0
    assert None not in reader.search("p").assets("nir")
    assert whole(tmp_path)
    files = MadeFiles()
    report = add(Catalog.open(tmp_path), "p", [files.image("after")], files)
    assert report.added == 1


def test_two_adders_at_once_lose_nothing(tmp_path):
    adders = [start_adder(tmp_path, name, 500) for name in "xy"]
    for adder in adders:
        adder.communicate(timeout=60)
    assert [adder.returncode for adder in adders] == [0, 0]
    assert len(Catalog.open(tmp_path).search("p")) == 1000
    assert whole(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionDenied):
            Catalog.open(tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_a_folder_that_cannot_be_made_is_named():
    with pytest.raises(PermissionDenied, match="cannot be made"):
        Catalog.open("/proc/no/such/folder")


def test_a_reader_waits_for_a_writer_that_is_quick(tmp_path, files):
    add(Catalog.open(tmp_path), "p", [files.image("a")], files)
    reader = Catalog.open(tmp_path, read_only=True)
    other = sqlite3.connect(tmp_path / "catalog.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")  # reserved, not yet exclusive: readers go on
    started = time.monotonic()
    assert reader.search("p").ids == ["a"]
    assert time.monotonic() - started < 5
    other.close()
