"""What processes of a group tell each other, and what becomes of a commit whose process is gone."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from mopenstack.core.store import Taken
from mopenstack.core.store.base import Unreachable
from mopenstack.core.store.group.memory import RING_BYTES, TOLD_MAX, GroupMemory, Overtaken, new_memory
from mopenstack.core.store.group.state import application_name
from mopenstack.core.store.group.statement import SEEN_MIN
from mopenstack.core.store.group.store import GroupStore
from mopenstack.network.v2.core.networks_pb2 import Network

GROUP = "test-group"


@pytest.fixture
def descriptor() -> int:
    return new_memory()


def test_what_is_told_is_heard_once_by_each_other(descriptor: int) -> None:
    one, two, three = (GroupMemory(descriptor, number) for number in range(3))
    head = two.head()
    one.tell(b"first")
    one.tell(b"second")
    assert two.head() != head
    for other in (two, three):
        assert list(other.news()) == [b"first", b"second"]
        assert list(other.news()) == []
    assert list(one.news()) == []


def test_a_ring_goes_round(descriptor: int) -> None:
    one, two = GroupMemory(descriptor, 0), GroupMemory(descriptor, 1)
    for number in range(40):
        told = bytes([number]) * (TOLD_MAX // 3 - number)
        one.tell(told)
        assert list(two.news()) == [told]


def test_who_is_overtaken_is_told(descriptor: int) -> None:
    one, two = GroupMemory(descriptor, 0), GroupMemory(descriptor, 1)
    for _ in range(RING_BYTES // TOLD_MAX + 1):
        one.tell(bytes(TOLD_MAX))
    with pytest.raises(Overtaken):
        list(two.news())
    two.skip_news()
    one.tell(b"after")
    assert list(two.news()) == [b"after"]


TRY = "import sys; from mopenstack.core.store.group.memory import GroupMemory; print(GroupMemory({}, 1).try_lock(7))"


def test_a_lock_is_one_process_s(descriptor: int) -> None:
    def another_gets_it() -> bool:
        command = [sys.executable, "-c", TRY.format(descriptor)]
        done = subprocess.run(command, pass_fds=[descriptor], capture_output=True, text=True, check=True)
        return done.stdout.strip() == "True"

    memory = GroupMemory(descriptor, 0)
    assert memory.try_lock(7)
    assert not another_gets_it()
    memory.unlock(7)
    assert another_gets_it()
    assert memory.try_lock(7)  # its end let go of it


# -- stores


class Counting(GroupStore):
    """Counts what it asks the server."""

    asked = 0

    async def fetch(self, connection: Any, statement: str, values: Sequence[Any]) -> Any:
        self.asked += 1
        return await super().fetch(connection, statement, values)


Stores = tuple[Counting, Counting, str]


@pytest_asyncio.fixture
async def stores(postgres_url: str, descriptor: int) -> AsyncIterator[Stores]:
    """The stores of two processes of a group, and the name of a cloud in both."""
    one, two = (Counting(postgres_url, GroupMemory(descriptor, number), GROUP) for number in range(2))
    await one.open()
    await two.open()
    cloud = f"cloud-{uuid.uuid4().hex[:8]}"
    await one.create_cloud(cloud, b"{}", {})
    yield one, two, cloud
    await one.delete_cloud(cloud)
    await one.close()
    await two.close()


async def names(store: GroupStore, cloud: str) -> list[str]:
    async with store.transaction(cloud) as tx:
        by_id = await tx.get(Network, "1")
        found = {one.name for one in await tx.query(Network, project_id="p")}
        assert await tx.count(Network, project_id="p") == len(await tx.query(Network, project_id="p"))
        assert {one.name for one in await tx.scan(Network)} >= found
        return sorted(found | ({by_id.name} if by_id is not None else set()))


async def test_what_one_wrote_the_other_reads_and_nothing_is_asked_twice(stores: Stores) -> None:
    one, two, cloud = stores
    for store in (one, two):
        assert await names(store, cloud) == []
    for turn in range(6):
        writer = (one, two)[turn % 2]
        async with writer.transaction(cloud, alone=True) as tx:
            await tx.put(Network(id="1", project_id="p", name=f"turn-{turn}"))
            if turn % 3 == 0:
                await tx.put(Network(id=f"more-{turn}", project_id="p", name="more"), fresh=True)
            if turn == 5:
                await tx.delete(Network, "more-0")
        for store in (one, two):
            assert f"turn-{turn}" in await names(store, cloud)
            asked = store.asked
            assert f"turn-{turn}" in await names(store, cloud)
            assert store.asked == asked
        async with writer.transaction(cloud) as tx:
            assert await tx.count(Network) == (2, 2, 2, 3, 3, 2)[turn]


async def test_a_claim_that_another_has(stores: Stores) -> None:
    one, two, cloud = stores
    async with one.transaction(cloud, alone=True) as tx:
        await tx.put(Network(id="1"))
        await tx.claim("address", "10.0.0.1", Network(id="1"))
    for refusal in ("Taken", "Conflicted", "Taken"):
        taken = None
        try:
            async with two.transaction(cloud, alone=True) as tx:
                await tx.put(Network(id="2"))
                await tx.claim("address", "10.0.0.1", Network(id="2"))
        except Exception as error:  # where it is Conflicted, it is made again, as the engine does
            taken = error
        assert type(taken).__name__ == refusal
        if refusal == "Taken":
            two.claims.drop_cloud(cloud)  # it has not heard of the claim
    async with one.transaction(cloud, alone=True) as tx:
        await tx.delete(Network, "1")
    async with two.transaction(cloud, alone=True) as tx:
        await tx.claim("address", "10.0.0.1", Network(id="2"))
        with pytest.raises(Taken):
            await tx.claim("address", "10.0.0.1", Network(id="3"))
    async with one.transaction(cloud) as tx:
        assert await tx.claimed("address", "10.0.0.1") == "network/2"


async def test_writes_that_come_again(stores: Stores) -> None:
    """The first writes of a shape and those that follow are sent in different words, and do the same."""
    one, two, cloud = stores

    async def seen(name: str) -> tuple[object, ...]:
        """By a process that keeps nothing."""
        two.forget_cloud(cloud)
        async with two.transaction(cloud) as tx:
            network = await tx.get(Network, "1")
            by_name = [found.id for found in await tx.query(Network, name=name)]
            due = [action for _, _, action in await tx.pending()]
            total = await tx.counter("networks")
            return network and network.name, by_name, due, total, await tx.claimed("name", name)

    for turn in range(2 * SEEN_MIN):
        name, other = f"name-{turn}", f"other-{turn}"
        async with one.transaction(cloud, alone=True) as tx:
            await tx.put(Network(id="1", name=name))
            await tx.claim("name", name, Network(id="1"))
            await tx.schedule(Network(id="1"), "build", 5.0)
            await tx.add("networks", 1)
        assert await seen(name) == (name, ["1"], ["build"], turn + 1, "network/1")
        async with one.transaction(cloud, alone=True) as tx:
            await tx.put(Network(id="1", name=other))
            await tx.release("name", name)
            await tx.unschedule("network", "1")
        assert await seen(name) == (other, [], [], turn + 1, None)
        async with one.transaction(cloud, alone=True) as tx:
            await tx.delete(Network, "1")
        assert await seen(other) == (None, [], [], turn + 1, None)


async def _end_connections(store: GroupStore, postgres_url: str) -> None:
    """At the server, as it does when it is killed; until this process has noticed."""
    other = await asyncpg.connect(postgres_url)
    name = application_name(GROUP, store.memory.worker)
    await other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", name)
    await other.close()
    for _ in range(1000):
        await asyncio.sleep(0.01)
        if not store._pool.get_size():
            return
    raise TimeoutError


async def test_a_connection_that_was_lost_is_not_used_again(stores: Stores, postgres_url: str) -> None:
    """Neither while it waited for the next transaction, nor by the one that has it: that is told what it lost."""
    one, _, cloud = stores
    assert await names(one, cloud) == []
    await _end_connections(one, postgres_url)
    one.forget_cloud(cloud)
    assert await names(one, cloud) == []

    async def write(*, holds: bool) -> None:
        async with one.transaction(cloud, alone=holds) as tx:
            await tx.claimed("name", "n")
            await tx.put(Network(id="1", project_id="p", name="lost"))
            await _end_connections(one, postgres_url)
            if not holds:
                await tx.claimed("name", "m")

    for holds in (True, False):
        with pytest.raises(Unreachable) as told:
            await write(holds=holds)
        assert not told.value.in_doubt
    assert await names(one, cloud) == []


class Undone(Exception):
    pass


async def test_a_part_is_undone_alone(stores: Stores) -> None:
    one, _, cloud = stores
    async with one.transaction(cloud, alone=True) as tx:
        await tx.put(Network(id="1", name="kept"))
        await tx.schedule(Network(id="1"), "build", 5.0)
        with suppress(Undone):
            async with tx.part():
                await tx.claim("name", "n", Network(id="1"))
                await tx.unschedule("network", "1")
                raise Undone
        assert await tx.claimed("name", "n") is None
    async with one.transaction(cloud) as tx:
        assert [action for _, _, action in await tx.pending()] == ["build"]


async def test_a_commit_whose_process_is_gone_is_waited_for(stores: Stores, postgres_url: str) -> None:
    """Its process at the server is ended, and what was kept of the slot is asked for again."""
    one, two, cloud = stores
    async with one.transaction(cloud, alone=True) as tx:
        await tx.put(Network(id="1", project_id="p", name="before"))
    assert await names(two, cloud) == ["before"]
    gone = await asyncpg.connect(
        postgres_url, server_settings={"application_name": application_name(GROUP, 5), "search_path": "public"}
    )
    await gone.execute("BEGIN; SELECT 1")
    slot = one.memory.slot(cloud)
    before = one.memory.version(slot)
    GroupMemory(one.memory.descriptor, 5).set_version(slot, before + 1, gone.get_server_pid())
    assert await names(two, cloud) == ["before"]  # what is kept is not older than what was acknowledged
    async with one.transaction(cloud, alone=True) as tx:
        await tx.put(Network(id="1", project_id="p", name="after"))
    assert one.memory.version(slot) == before + 4
    assert await names(two, cloud) == ["after"]
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await gone.execute("COMMIT")


async def test_nothing_is_answered_while_the_database_may_be_another_s(stores: Stores) -> None:
    one, _, cloud = stores
    await names(one, cloud)
    one.memory.set_epoch(one.memory.epoch + 1)
    with pytest.raises(Unreachable):
        await names(one, cloud)
    one.memory.set_epoch(one.memory.epoch + 1)
    asked = one.asked
    assert await names(one, cloud) == []
    assert one.asked > asked  # nothing that was kept before counts


def test_the_memory_has_no_name(descriptor: int) -> None:
    """It ends with the processes that have it open."""
    assert os.fstat(descriptor).st_nlink == 0
