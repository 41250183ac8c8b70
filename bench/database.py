"""The same calls on PostgreSQL (by one worker, which has it for itself) and on an SQLite file, in the same rounds.

A commit in an SQLite file does not wait for the disk (`synchronous=NORMAL`); one in PostgreSQL does, unless it is told
not to. Writes are measured both ways.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

import asyncpg
from cloud import Cloud
from sampling import Note, get, load, milliseconds

from soak.postgres import Postgres

WRITE = "POST of a network on PostgreSQL, as SQLite without waiting for the disk (ms)"
WRITE_TO_DISK = "POST of a network on PostgreSQL (ms)"
TIMES = 20
REQUESTS = 2000


def measure(note: Note, rounds: int) -> None:
    """Reads at 32 connections, and writes one at a time."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        postgres = Postgres(Path(folder, "postgres"))
        try:
            os.environ["MOPENSTACK_STORE"] = postgres.url
            try:
                ours = Cloud("--workers", "1", "--data", str(Path(folder, "blobs")))
            finally:
                del os.environ["MOPENSTACK_STORE"]
            sqlite = Cloud("--data", str(Path(folder, "sqlite")))
            try:
                _rounds(note, postgres, {"mopenstack": ours, "SQLite": sqlite}, rounds)
            finally:
                ours.peer.stop()
                sqlite.peer.stop()
        finally:
            postgres.stop()


def _rounds(note: Note, postgres: Postgres, clouds: dict[str, Cloud], rounds: int) -> None:
    servers = {name: cloud.boot() for name, cloud in clouds.items()}
    for cloud in clouds.values():
        cloud.client.send("PUT", f"/network/v2.0/quotas/{cloud.project}", {"quota": {"network": -1}})
    for _ in range(rounds):
        for name, cloud in clouds.items():
            read = get(cloud.peer, f"/compute/v2.1/servers/{servers[name]}", cloud.token)
            note("GET of a server on PostgreSQL, 32 at once (1/s)", name, load(cloud.peer, read, REQUESTS))
        for name, cloud in clouds.items():
            note(WRITE_TO_DISK, name, _write(cloud))
        asyncio.run(_wait_for_disk(postgres.url, "off"))
        for name, cloud in clouds.items():
            note(WRITE, name, _write(cloud))
        asyncio.run(_wait_for_disk(postgres.url, "on"))


def _write(cloud: Cloud) -> float:
    """Milliseconds of one."""
    body = {"network": {"name": "bench"}}
    return milliseconds(lambda: cloud.client.send("POST", "/network/v2.0/networks", body), TIMES)


async def _wait_for_disk(url: str, fsync: str) -> None:
    """Say whether commits wait until the disk has them: `on` or `off`."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"ALTER SYSTEM SET fsync = {fsync}")
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()
