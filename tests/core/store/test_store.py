"""What every store must hold; the same tests run on SQLite in memory, on a file and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from mopenstack.core.store import Store, Taken
from mopenstack.core.store.postgres import PostgresStore
from mopenstack.core.store.sqlite import DataFolderInUse, SqliteStore
from mopenstack.network.v2.core.networks_pb2 import Network

CLOUD = "a-cloud"


@pytest_asyncio.fixture(params=["memory", "file", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An open store with one empty cloud."""
    made: Store
    if request.param == "postgresql":
        made = PostgresStore(request.getfixturevalue("postgres_url"))
    else:
        made = SqliteStore(tmp_path if request.param == "file" else None)
    await made.open()
    await made.create_cloud(CLOUD, b"{}", {})
    yield made
    await made.delete_cloud(CLOUD)
    await made.close()


def _network(id: str, **fields: object) -> Network:
    return Network(id=id, **fields)  # type: ignore[arg-type]


async def test_what_was_put_is_found_by_id_and_by_index(store: Store) -> None:
    """An object is found by id and by the value of a declared index, and by no old value after an update."""
    async with store.transaction(CLOUD) as tx:
        await tx.put(_network("1", name="one", project_id="p"), fresh=True)
        await tx.put(_network("2", name="two", project_id="p"), fresh=True)
    async with store.transaction(CLOUD) as tx:
        assert (await tx.get(Network, "1") or Network()).name == "one"
        assert {item.id for item in await tx.query(Network, project_id="p")} == {"1", "2"}
        changed = await tx.edit(Network, "1")
        changed.name = "uno"
        await tx.put(changed)
    async with store.transaction(CLOUD) as tx:
        assert await tx.query(Network, name="one") == []
        assert [item.id for item in await tx.query(Network, name="uno")] == ["1"]
        assert await tx.count(Network) == 2


async def test_a_nul_is_a_letter_as_others(store: Store) -> None:
    """Callers may ask for ids and claim names with a NUL in them: PostgreSQL's text has none."""
    async with store.transaction(CLOUD) as tx:
        assert await tx.get(Network, "1\0") is None
        await tx.put(_network("1\0", name="a\0b"), fresh=True)
        await tx.claim("name", "a\0b", _network("1\0"))
    async with store.transaction(CLOUD) as tx:
        assert (await tx.get(Network, "1\0") or Network()).name == "a\0b"
        assert await tx.get(Network, "1") is None
        assert await tx.claimed("name", "a\0b") is not None
        assert await tx.claimed("name", "ab") is None


async def _fail(store: Store) -> None:
    async with store.transaction(CLOUD) as tx:
        network = _network("1", name="one")
        await tx.put(network, fresh=True)
        await tx.claim("scope", "key", network)
        await tx.add("counter", 5)
        await tx.schedule(network, "action", 1.0)
        raise RuntimeError("on purpose")


async def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    """Objects, claims, counters and transitions of a failed transaction are gone."""
    with pytest.raises(RuntimeError, match="on purpose"):
        await _fail(store)
    async with store.transaction(CLOUD) as tx:
        assert await tx.get(Network, "1") is None
        assert await tx.claimed("scope", "key") is None
        assert await tx.counter("counter") == 0
        assert await tx.due(10.0) == []


async def test_a_claim_is_unique_until_its_owner_goes(store: Store) -> None:
    """Nobody else gets a claimed key; deleting the owner frees it."""
    async with store.transaction(CLOUD) as tx:
        one, two = _network("1"), _network("2")
        await tx.put(one, fresh=True)
        await tx.put(two, fresh=True)
        await tx.claim("mac", "fa:16:3e:00:00:01", one)
        await tx.claim("mac", "fa:16:3e:00:00:01", one)
        with pytest.raises(Taken):
            await tx.claim("mac", "fa:16:3e:00:00:01", two)
    async with store.transaction(CLOUD) as tx:
        await tx.delete(Network, "1")
        await tx.claim("mac", "fa:16:3e:00:00:01", two)
        assert await tx.claims("mac") == {"fa:16:3e:00:00:01": "network/2"}


async def test_transitions_come_when_they_are_due(store: Store) -> None:
    """A transition is listed from its due time on, and only until it is taken off."""
    async with store.transaction(CLOUD) as tx:
        await tx.put(_network("1"), fresh=True)
        await tx.schedule(_network("1"), "build", 5.0)
        await tx.schedule(_network("2"), "build", float("inf"))
    async with store.transaction(CLOUD) as tx:
        assert await tx.due(4.9) == []
        assert [(kind, id, action) for kind, id, action in await tx.due(5.0)] == [("network", "1", "build")]
        assert len(await tx.pending()) == 2
        await tx.unschedule("network", "1")
        assert await tx.due(6.0) == []


async def test_clouds_share_nothing(store: Store) -> None:
    """The same id in two clouds is two objects; a copied cloud starts with the rows of the other."""
    async with store.transaction(CLOUD) as tx:
        await tx.put(_network("1", name="one"), fresh=True)
    rows = await store.export_cloud(CLOUD)
    await store.create_cloud("other", b"{}", rows)
    async with store.transaction("other") as tx:
        changed = await tx.edit(Network, "1")
        changed.name = "changed"
        await tx.put(changed)
    async with store.transaction(CLOUD) as tx:
        assert (await tx.get(Network, "1") or Network()).name == "one"
    await store.delete_cloud("other")
    names = [name for name, _ in await store.clouds()]
    assert CLOUD in names  # a server of other tests may have more
    assert "other" not in names


async def test_a_view_goes_when_what_it_was_built_from_changes(store: Store) -> None:
    """A kept view is dropped by a write to an object or an index entry that it read, and by nothing else."""
    built = 0

    async def read() -> str:
        async with store.transaction(CLOUD) as tx:

            async def build() -> Network:
                nonlocal built
                built += 1
                names = sorted(item.name for item in await tx.query(Network, project_id="p"))
                return Network(name=",".join(names))

            return (await tx.view("names", build)).name

    async with store.transaction(CLOUD) as tx:
        await tx.put(_network("1", name="one", project_id="p"), fresh=True)
        await tx.put(_network("9", name="nine", project_id="q"), fresh=True)
    assert [await read(), await read()] == ["one", "one"]
    if store.exclusive:
        assert built == 1
    async with store.transaction(CLOUD) as tx:
        await tx.put(_network("9", name="neun", project_id="q"))
    assert await read() == "one"
    if store.exclusive:
        assert built == 1
    async with store.transaction(CLOUD) as tx:
        await tx.put(_network("2", name="two", project_id="p"), fresh=True)
    assert await read() == "one,two"


async def test_generations_grow_with_writes(store: Store) -> None:
    """The generation of a package that is watched tells that something of it changed."""
    store.watched = "mopenstack.network.v2"
    async with store.transaction(CLOUD) as tx:
        before = await tx.generation("mopenstack.network.v2")
        await tx.put(_network("1"), fresh=True)
    async with store.transaction(CLOUD) as tx:
        assert await tx.generation("mopenstack.network.v2") > before


async def test_a_data_folder_has_one_process(tmp_path: Path) -> None:
    """A second store on the same folder is refused in words."""
    first, second = SqliteStore(tmp_path), SqliteStore(tmp_path)
    await first.open()
    with pytest.raises(DataFolderInUse, match="in use by another"):
        await second.open()
    await first.close()
    await second.open()
    await second.close()
