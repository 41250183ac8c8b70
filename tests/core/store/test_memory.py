"""What is in memory is what an SQLite file holds: the same random work on both, asked for in every way."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mopenstack.core.store import Store, Taken, Transaction
from mopenstack.core.store.base import Rows
from mopenstack.core.store.memory import MemoryStore
from mopenstack.core.store.memory_rows import LayerRows
from mopenstack.core.store.sqlite import SqliteStore
from mopenstack.network.v2.core.networks_pb2 import Network

IDS = [f"n{number}" for number in range(9)]
PROJECTS, KEYS = ("p", "q"), ("one", "two")
OPERATIONS = ("put", "put", "put", "delete", "claim", "release", "add", "schedule", "schedule", "unschedule")


def _drawn(lot: random.Random) -> list[tuple[str, str, str, str, float]]:
    return [
        (lot.choice(OPERATIONS), lot.choice(IDS), lot.choice(PROJECTS), lot.choice(KEYS), float(lot.randrange(5)))
        for _ in range(lot.randrange(1, 8))
    ]


async def _do(tx: Transaction, what: str, id: str, project: str, key: str, due: float) -> None:
    network = await tx.get(Network, id)
    match what:
        case "put":
            await tx.put(Network(id=id, name=key, project_id=project))
        case "delete":
            await tx.delete(Network, id)
        case "claim" if network is not None:
            with suppress(Taken):
                await tx.claim("keys", key, network)
        case "release":
            await tx.release("keys", key)
        case "add":
            await tx.add(key, 2)
        case "schedule" if network is not None:
            await tx.schedule(network, "build", due)
        case "unschedule":
            await tx.unschedule("network", id)


async def _shown(tx: Transaction) -> list[Any]:
    return [
        sorted(one.id for one in await tx.scan(Network)),
        [[one.id for one in await tx.query(Network, project_id=project)] for project in PROJECTS],
        [await tx.count(Network), *[await tx.count(Network, project_id=project) for project in PROJECTS]],
        [one.id for one in await tx.between(Network, "n2", "n7", 3)],
        [one.id for one in await tx.between(Network, "n2", "n7", 3, descending=True)],
        await tx.claims("keys"),
        [await tx.claimed("keys", key) for key in KEYS],
        [await tx.counter(key) for key in KEYS],
        await tx.due(2.0),
        sorted(await tx.pending()),
        [await tx.scheduled(Network(id=id)) for id in IDS],
    ]


def _in_order(rows: Rows) -> dict[str, list[tuple[Any, ...]]]:
    return {table: sorted(map(tuple, some)) for table, some in rows.items()}


async def _turn(store: Store, cloud: str, steps: list[Any], part: list[Any], fails: bool) -> list[Any]:
    """A transaction with a part that is undone; what it saw before its end, and what the next one sees."""
    seen: list[Any] = []
    with suppress(ZeroDivisionError):
        async with store.transaction(cloud) as tx:
            for step in steps:
                await _do(tx, *step)
            with suppress(KeyError):
                async with tx.part():
                    for step in part:
                        await _do(tx, *step)
                    raise KeyError
            seen.append(await _shown(tx))
            if fails:
                raise ZeroDivisionError
    async with store.transaction(cloud) as tx:
        seen.append(await _shown(tx))
    return seen


@pytest.mark.parametrize("seed", range(6))
async def test_as_in_a_file(seed: int, tmp_path: Path) -> None:
    lot, stores = random.Random(seed), (MemoryStore(), SqliteStore(tmp_path))
    for store in stores:
        await store.open()
        await store.create_cloud("cloud-0", b"{}", {})
    clouds = ["cloud-0"]
    for turn in range(40):
        cloud, steps, part, fails = lot.choice(clouds), _drawn(lot), _drawn(lot), lot.random() < 0.2
        seen = [await _turn(store, cloud, steps, part, fails) for store in stores]
        assert seen[0] == seen[1]
        what, source = lot.random(), lot.choice(clouds)
        if what < 0.2:
            clouds.append(f"cloud-{turn + 1}")
            for store in stores:
                await store.copy_cloud(source, clouds[-1], b"{}")
        elif what < 0.3:
            for store in stores:
                await store.replace_cloud(source, b"{}", await store.export_cloud(cloud))
        assert await stores[0].differing(cloud, source) == await stores[1].differing(cloud, source)
    for cloud in clouds:
        first, second = [await store.export_cloud(cloud) for store in stores]
        assert _in_order(first) == _in_order(second)
    for store in stores:
        for cloud in clouds:
            assert await store.delete_cloud(cloud)
        assert await store.clouds() == []
        await store.close()
    assert stores[0].rows == {}


async def test_rows_that_cannot_be_read_leave_nothing() -> None:
    """A snapshot's file may be anybody's."""
    store = MemoryStore()
    with pytest.raises(TypeError):
        await store.create_cloud("cloud", b"{}", {"resources": [("network", "1", b"", "too much")]})
    assert await store.clouds() == []
    await store.create_cloud("cloud", b"{}", {})
    assert (await store.export_cloud("cloud"))["resources"] == []


def test_what_is_gone_takes_no_room() -> None:
    rows = LayerRows()
    for id in IDS:
        rows.put("network", id, b"")
        rows.add_index("network", "project_id", "p", id)
        rows.put_claim("keys", id, f"network/{id}")
        rows.schedule("network", id, "build", 1.0)
    for id in IDS:
        rows.remove("network", id)
        rows.remove_index("network", "project_id", "p", id)
        rows.release("keys", id)
        rows.unschedule("network", id)
    assert rows.is_empty
    assert not any(getattr(rows, name) for name in ("claims", "transitions", "_owned", "_moments"))
    assert not any(values for values in rows._indexes.values())
