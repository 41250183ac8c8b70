"""The same calls on PostgreSQL (by one worker, which has it for itself) and on an SQLite file, in the same rounds."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cloud import Cloud
from sampling import Note, get, load, milliseconds

from soak.postgres import Postgres

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
                _rounds(note, ours, sqlite, rounds)
            finally:
                ours.peer.stop()
                sqlite.peer.stop()
        finally:
            postgres.stop()


def _rounds(note: Note, ours: Cloud, sqlite: Cloud, rounds: int) -> None:
    clouds = {"mopenstack": ours, "SQLite": sqlite}
    servers = {name: cloud.boot() for name, cloud in clouds.items()}
    for cloud in clouds.values():
        cloud.client.send("PUT", f"/network/v2.0/quotas/{cloud.project}", {"quota": {"network": -1}})
    for _ in range(rounds):
        for name, cloud in clouds.items():
            read = get(cloud.peer, f"/compute/v2.1/servers/{servers[name]}", cloud.token)
            note("GET of a server on PostgreSQL, 32 at once (1/s)", name, load(cloud.peer, read, REQUESTS))

            def write(cloud: Cloud = cloud) -> None:
                cloud.client.send("POST", "/network/v2.0/networks", {"network": {"name": "bench"}})

            note("POST of a network on PostgreSQL (ms)", name, milliseconds(write, TIMES))
