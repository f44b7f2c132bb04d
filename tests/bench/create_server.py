"""A bare grpc.aio server that inserts each request as a row, durably: nothing else of a queue.

`python -m tests.bench.create_server DATABASE BYTES` prints its port, and ends when its standard
input does. DATABASE is the path of a SQLite file, or `postgresql://...`; BYTES the size of answers.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import psycopg
from grpc import aio

METHOD = "/bench.Rows/Insert"
TABLE = "CREATE TABLE rows (id INTEGER PRIMARY KEY, body BLOB)"


def sqlite(path: str) -> tuple[ThreadPoolExecutor, Any]:
    """One thread with the one connection, and what inserts in it."""
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(TABLE)
    return ThreadPoolExecutor(1), lambda body: connection.execute(
        "INSERT INTO rows (body) VALUES (?)", (body,)
    )


def postgres(url: str) -> tuple[ThreadPoolExecutor, Any]:
    """Eight threads with a connection each, and what inserts in them."""
    held = threading.local()
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("CREATE TABLE rows (id BIGSERIAL PRIMARY KEY, body BYTEA)")

    def insert(body: bytes) -> None:
        if not hasattr(held, "connection"):
            held.connection = psycopg.connect(url, autocommit=True)
        held.connection.execute("INSERT INTO rows (body) VALUES (%s)", (body,))

    return ThreadPoolExecutor(8), insert


async def serve(database: str, reply: bytes) -> None:
    """Insert until standard input is closed."""
    threads, insert = (postgres if "://" in database else sqlite)(database)
    loop = asyncio.get_running_loop()

    async def answer(request: bytes, context: Any) -> bytes:
        await loop.run_in_executor(threads, insert, request)
        return reply

    server = aio.server()
    handlers: dict[str, Any] = {"Insert": grpc.unary_unary_rpc_method_handler(answer)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Rows", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop(0)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], bytes(int(sys.argv[2]))))
