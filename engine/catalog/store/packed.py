"""A store as bytes and back: what a job keeps of the catalog.

The bytes are a head and a compressed SQLite database of this schema. They may come from a disk or
a network, so they are refused unless the head, the checksum and the schema are ours: a schema of
someone else's could hold triggers and views, which run when it is used.
"""

from __future__ import annotations

import lzma
import sqlite3
import struct
import zlib

from engine.catalog.store.migrate import migrate, migrations
from swath.errors import InvalidSource, ResultTooLarge

MAGIC = b"SWATHPIN"
FORMAT = 1
"""Version of the head."""
MOST_BYTES = 1024**3
"""Most bytes of a database: some million images."""
_HEAD = struct.Struct("<8sHHQQI")
"""Magic, format, schema, size of the database and of the note, CRC-32 of both."""
_PRESET = 1
"""Of LZMA: 10,000 images take 0.6 MB in 0.25 s, where deflate takes 3.3 MB in 0.45 s. The same
footprints come back at every date, farther apart than the 32 kB that deflate looks back."""
_MEMORY_BYTES = 64 * 1024**2
"""Most that unpacking takes besides the database; a forged head could ask for much."""
_SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"


def pack(connection: sqlite3.Connection, note: bytes = b"") -> bytes:
    """The open store as bytes, with a note of the caller's.

    Raises:
        ResultTooLarge: both are over MOST_BYTES.
    """
    database = connection.serialize()
    content = database + note
    if len(content) > MOST_BYTES:
        raise ResultTooLarge(
            f"The images that are looked up take {len(content):,} bytes of a plan, which may have "
            f"{MOST_BYTES:,}: ask for fewer at once."
        )
    schema = max(migrations())
    sizes = len(database), len(note)
    head = _HEAD.pack(MAGIC, FORMAT, schema, *sizes, zlib.crc32(content))
    return head + lzma.compress(content, preset=_PRESET, check=lzma.CHECK_NONE)


def unpack(data: bytes) -> tuple[sqlite3.Connection, bytes]:
    """A connection to a store in memory that holds what was packed, and the note.

    The connection refuses to change the store.

    Raises:
        InvalidSource: the bytes are damaged, are no packed catalog, or one of another Swath.
    """
    database, note = _content(data)
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    try:
        connection.deserialize(database)
        _require_our_schema(connection)
        connection.execute("PRAGMA query_only = ON")
    except sqlite3.Error:
        connection.close()
        raise InvalidSource("The bytes of a pinned catalog hold no catalog.") from None
    except BaseException:
        connection.close()
        raise
    return connection, note


def _content(data: bytes) -> tuple[bytes, bytes]:
    if len(data) < _HEAD.size or not data.startswith(MAGIC):
        raise InvalidSource("These bytes are no pinned catalog.")
    _, form, schema, database_size, note_size, crc32 = _HEAD.unpack_from(data)
    size = database_size + note_size
    if (form, schema) != (FORMAT, max(migrations())):
        raise InvalidSource("The pinned catalog is one of another version of Swath.")
    if size > MOST_BYTES:
        raise InvalidSource(f"The pinned catalog would have {size:,} bytes.")
    inflater = lzma.LZMADecompressor(lzma.FORMAT_XZ, _MEMORY_BYTES)
    try:
        content = inflater.decompress(data[_HEAD.size :], size + 1)
    except lzma.LZMAError:
        content = b""
    is_whole = inflater.eof and not inflater.unused_data and len(content) == size
    if not is_whole or zlib.crc32(content) != crc32:
        raise InvalidSource("The pinned catalog is damaged.")
    return content[:database_size], content[database_size:]


def _require_our_schema(connection: sqlite3.Connection) -> None:
    """Raise InvalidSource unless tables, indexes and all else are those of an empty store."""
    ours = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(ours, "the catalog in memory")
        expected = ours.execute(_SCHEMA).fetchall()
    finally:
        ours.close()
    if connection.execute(_SCHEMA).fetchall() != expected:
        raise InvalidSource("The bytes of a pinned catalog hold no catalog.")
