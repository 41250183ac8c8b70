"""A cloud of many layers is what a cloud of one would be: random work on both, with copies in between."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

import pytest
from mopenstack_tests.library.v1 import books_pb2

from mopenstack.contract.calls import RequestContext
from mopenstack.core.engine.administration import Administration
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.engine.snapshots import Snapshots
from mopenstack.core.store.base import Taken

Book = books_pb2.Book
OWNERS = ("alice", "bob")
KEYS = ("one", "two", "three")


async def _work(call: Call, steps: list[tuple[Any, ...]]) -> list[Any]:
    """Do each step; what it showed."""
    return [await _step(call, *step) for step in steps]


async def _step(call: Call, what: str, id: str, owner: str, key: str) -> Any:
    tx = call.tx
    match what:
        case "put":
            await tx.put(Book(id=id, title=key, project_id=owner))
        case "delete":
            await tx.delete(Book, id)
        case "claim":
            book = await tx.get(Book, id)
            if book is not None:
                try:
                    await tx.claim("keys", key, book)
                except Taken as taken:
                    return taken.owner
        case "release":
            await tx.release("keys", key)
        case "add":
            return await tx.add(key, len(id))
        case "schedule":
            book = await tx.get(Book, id)
            if book is not None:
                await tx.schedule(book, "lend", 2e9)
    return None


async def _shown(call: Call) -> Any:
    """All that a cloud holds, by every way of asking."""
    tx = call.tx
    return {
        "scan": sorted(book.id for book in await tx.scan(Book)),
        "between": [book.id for book in await tx.between(Book, "b02", "b15", 7)],
        "down": [book.id for book in await tx.between(Book, "b02", "b15", 7, descending=True)],
        "query": {owner: sorted((b.id, b.title) for b in await tx.query(Book, project_id=owner)) for owner in OWNERS},
        "count": (await tx.count(Book), {owner: await tx.count(Book, project_id=owner) for owner in OWNERS}),
        "claims": await tx.claims("keys"),
        "claimed": {key: await tx.claimed("keys", key) for key in KEYS},
        "counters": {key: await tx.counter(key) for key in KEYS},
        "pending": sorted(await tx.pending()),
    }


@pytest.mark.parametrize("seed", range(8))
async def test_as_one_layer(seed: int, administration: Administration) -> None:
    """Steps of one transaction and of many, with snapshots, forks and returns between them."""
    lot, engine, snapshots = random.Random(seed), administration.engine, Snapshots(administration.engine)
    plain, layered = await administration.create_cloud("plain"), await administration.create_cloud("layered")

    async def both(run: Any, *arguments: Any) -> None:
        async def on(cloud: Cloud) -> Any:
            return await engine.transact(cloud, RequestContext(cloud=cloud.name), lambda call: run(call, *arguments))

        assert await on(plain) == await on(engine.clouds[layered.name])

    kept = 0
    for turn in range(25):
        steps = [
            (
                lot.choice(("put", "put", "put", "delete", "claim", "release", "add", "schedule")),
                f"b{lot.randrange(18):02}",
                lot.choice(OWNERS),
                lot.choice(KEYS),
            )
            for _ in range(lot.randrange(1, 9))
        ]
        await both(_work, steps)
        await both(_shown)
        if lot.random() < 0.4:
            kept += 1
            await snapshots.save("layered", f"s{kept}")
        if lot.random() < 0.2:
            await snapshots.fork("cloud:layered", f"fork-{turn}")
            fork = engine.clouds[f"fork-{turn}"]
            await engine.transact(fork, RequestContext(cloud=fork.name), partial(_work, steps=steps[::-1]))
        if lot.random() < 0.2:
            await snapshots.save("layered", "now", replace=True)
            await snapshots.load("layered", "now")
        await both(_shown)
    state, _ = await snapshots.state("s1") if kept else (None, [])
    assert kept == 0 or state is not None
    for name in [name for name in engine.clouds if name not in ("default", "plain", "layered")]:
        await administration.delete_cloud(name)
    for one in await snapshots.all():
        await snapshots.delete(one.name)
    await both(_shown)
    for cloud in (plain, layered):
        await administration.delete_cloud(cloud.name)
    left = [name for name in engine.store.layers if not name.startswith(("template@", "default"))]
    assert not [name for name in left if name.startswith(("plain", "layered", "fork", "snapshot"))]


async def test_a_reset_after_a_reset_after_a_snapshot(administration: Administration) -> None:
    """A snapshot is what it was, however often its cloud was brought back to it or to the seed."""
    snapshots, engine = Snapshots(administration.engine), administration.engine
    cloud = await administration.create_cloud("again")
    context = RequestContext(cloud="again")
    await engine.transact(cloud, context, lambda call: call.tx.put(Book(id="b", title="kept")))
    await snapshots.save("again", "kept")
    for _ in range(3):
        await administration.reset_cloud("again")
        assert await engine.transact(engine.clouds["again"], context, lambda call: call.tx.get(Book, "b")) is None
        await snapshots.load("again", "kept")
        found = await engine.transact(engine.clouds["again"], context, lambda call: call.tx.get(Book, "b"))
        assert found is not None
        await engine.transact(engine.clouds["again"], context, lambda call: call.tx.delete(Book, "b"))
    await snapshots.delete("kept")
    await administration.delete_cloud("again")
