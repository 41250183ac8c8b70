"""What every store must hold; the same tests run in memory, on an SQLite file and on PostgreSQL.

And on CockroachDB, where MOPENSTACK_TEST_COCKROACH_URL names a server; elsewhere these are not run.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from mopenstack.core.store import Store, Taken
from mopenstack.core.store.cockroach import CockroachStore
from mopenstack.core.store.group.memory import GroupMemory, new_memory
from mopenstack.core.store.group.store import GroupStore
from mopenstack.core.store.memory import MemoryStore
from mopenstack.core.store.postgres import PostgresStore
from mopenstack.core.store.sqlite import DataFolderInUse, SqliteStore
from mopenstack.network.v2.core.networks_pb2 import Network

CLOUD = "a-cloud"


COCKROACH = "MOPENSTACK_TEST_COCKROACH_URL"


def cockroach_url() -> str:
    """The CockroachDB for tests; where there is none, the test is not run."""
    url = os.environ.get(COCKROACH, "")
    if not url:
        pytest.skip(f"not run: {COCKROACH} names no server")
    return url


@pytest_asyncio.fixture(params=["memory", "file", "postgresql", "group", "cockroachdb"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An open store with one empty cloud."""
    made: Store
    if request.param == "postgresql":
        made = PostgresStore(request.getfixturevalue("postgres_url"))
    elif request.param == "group":
        made = GroupStore(request.getfixturevalue("postgres_url"), GroupMemory(new_memory(), 0), "test")
    elif request.param == "cockroachdb":
        made = CockroachStore(cockroach_url())
    else:
        made = SqliteStore(tmp_path) if request.param == "file" else MemoryStore()
    await made.open()
    await made.create_cloud(CLOUD, b"{}", {})
    yield made
    for name in (CLOUD, "c"):
        await made.delete_cloud(name)
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


async def test_a_part_in_a_part_is_undone_alone(store: Store) -> None:
    """What the outer one wrote before stays where only the inner one fails, and goes where the outer one fails, too."""
    network = _network("1", name="one")
    async with store.transaction(CLOUD) as tx:
        await tx.put(network, fresh=True)
        for fails in (False, True):
            with suppress(ZeroDivisionError):
                async with tx.part():
                    await tx.claim("outer", str(fails), network)
                    with suppress(ZeroDivisionError):
                        async with tx.part():
                            await tx.claim("inner", str(fails), network)
                            raise ZeroDivisionError
                    if fails:
                        raise ZeroDivisionError
    async with store.transaction(CLOUD) as tx:
        assert await tx.claimed("outer", "False") is not None
        for scope, key in (("inner", "False"), ("outer", "True"), ("inner", "True")):
            assert await tx.claimed(scope, key) is None


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


async def test_objects_between_two_ids_in_their_order(store: Store) -> None:
    """What the transaction itself wrote, and what it took away, counts."""
    async with store.transaction("c") as tx:
        for id in ("a/é", "a/b", "a/B", "a/c", "b/a", "a/\U0001f600"):
            await tx.put(Network(id=id))
    async with store.transaction("c") as tx:
        found = await tx.between(Network, "a/", "a0", 10)
        assert [one.id for one in found] == ["a/B", "a/b", "a/c", "a/é", "a/\U0001f600"]
        await tx.delete(Network, "a/b")
        await tx.put(Network(id="a/a"))
        assert [one.id for one in await tx.between(Network, "a/", "a0", 2)] == ["a/B", "a/a"]
        down = await tx.between(Network, "a/B", "a/é", 10, descending=True)
        assert [one.id for one in down] == ["a/c", "a/a", "a/B"]


async def test_a_part_of_a_long_list_is_found_by_the_index(postgres_url: str) -> None:
    """Whatever order the database has: nothing is sorted, and nothing else read."""
    store = PostgresStore(postgres_url)
    await store.open()
    async with store.transaction(CLOUD) as tx:
        rows = await tx._session.all(f"EXPLAIN {store.statements.between}", CLOUD, "network", "a", "b", 10)
    await store.close()
    plan = "\n".join(str(row[0]) for row in rows)
    assert "Index Scan using resources_pkey" in plan
    assert "Sort" not in plan
    assert re.search(r"Index Cond: .*\bid\b.* >= 'a'", plan)


async def test_what_is_written_for_cockroachdb_works_where_its_protocol_is_spoken(postgres_url: str) -> None:
    """The same migrations and statements, without advisory locks: on PostgreSQL, which speaks the protocol."""
    store = CockroachStore(postgres_url.replace("postgresql://", "cockroachdb://"))
    await store.open()
    try:
        await store.create_cloud("of-cockroach", b"{}", {})
        async with store.transaction("of-cockroach", alone=True) as tx:
            await tx.put(_network("1", name="one"), fresh=True)
        assert len((await store.export_cloud("of-cockroach"))["resources"]) == 1
        assert await store.delete_cloud("of-cockroach")
    finally:
        await store.close()
