"""Several hosts in a store's URL, servers that go silent, and commits that are not answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from mopenstack.core.store import postgres_hosts
from mopenstack.core.store.base import Unreachable, UnusableDatabase
from mopenstack.core.store.postgres import PostgresStore, masked
from mopenstack.core.store.postgres_hosts import HOSTS_MAX, BadStoreUrl, Hosts, LeftBehind, PlacedConnection, hosts_of
from mopenstack.network.v2.core.networks_pb2 import Network
from tests.postgres_way import Way, way_to

CLOUD = "behind-a-way"


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("postgresql://u:p@one:5/db", ["postgresql://u:p@one:5/db"]),
        (
            "postgresql://u:p@one:5,two,[::1]:7/db?target_session_attrs=any",
            [
                "postgresql://u:p@one:5/db?target_session_attrs=any",
                "postgresql://u:p@two/db?target_session_attrs=any",
                "postgresql://u:p@[::1]:7/db?target_session_attrs=any",
            ],
        ),
        (
            "postgresql://one,two/db",
            [
                "postgresql://one/db?target_session_attrs=read-write",
                "postgresql://two/db?target_session_attrs=read-write",
            ],
        ),
        (
            "postgresql:///db?host=one,two&port=1,2&sslmode=disable",
            [
                "postgresql:///db?target_session_attrs=read-write&host=one&port=1&sslmode=disable",
                "postgresql:///db?target_session_attrs=read-write&host=two&port=2&sslmode=disable",
            ],
        ),
    ],
)
def test_a_url_names_hosts_as_libpq_reads_it(url: str, hosts: list[str]) -> None:
    assert hosts_of(url) == hosts


def test_a_url_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(BadStoreUrl, match="3 hosts and 2 ports"):
        hosts_of("postgresql:///db?host=a,b,c&port=1,2")
    with pytest.raises(BadStoreUrl, match=f"{HOSTS_MAX} at most"):
        hosts_of(f"postgresql://{','.join(['h'] * 17)}/db")


def test_the_password_is_not_shown() -> None:
    assert masked("postgresql://u:secret@a:1,b:2/db") == "postgresql://u:***@a:1,b:2/db"


async def test_a_start_says_what_is_wrong_with_a_url() -> None:
    with pytest.raises(UnusableDatabase, match="3 hosts and 2 ports"):
        await PostgresStore("postgresql:///db?host=a,b,c&port=1,2").open()


@pytest_asyncio.fixture
async def way(postgres_url: str) -> AsyncIterator[Way]:
    async with way_to(postgres_url) as found:
        yield found


@pytest_asyncio.fixture
async def store(way: Way, postgres_url: str) -> AsyncIterator[PostgresStore]:
    made, straight = PostgresStore(way.url), PostgresStore(postgres_url)
    await straight.open()
    await made.open()
    await made.create_cloud(CLOUD, b"{}", {})
    yield made
    await way.cut()
    await way.start()
    way.speak()
    await made.close()
    await straight.delete_cloud(CLOUD)
    await straight.close()


async def test_the_host_that_is_there_is_found(way: Way, postgres_url: str) -> None:
    """One is gone, one lets nobody in, the third one takes writes."""
    async with way_to(postgres_url) as gone, way_to(postgres_url) as silent:
        await gone.cut()
        silent.silence()
        places = ",".join(f"127.0.0.1:{one.port}" for one in (gone, silent, way))
        store = PostgresStore(f"postgresql://postgres@{places}/postgres?target_session_attrs=read-write")
        await store.open()
        try:
            assert await store.clouds() is not None
        finally:
            await store.close()


async def test_a_server_that_was_replaced_while_nothing_was_asked(
    way: Way, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A leader that was stopped goes on where it was: its connections are there, and it knows of no other."""
    timelines = [1, 1]

    async def timeline_of(hosts: Hosts, connection: Any) -> int:
        place: int = connection.place
        return timelines[place]

    async with way_to(postgres_url) as second:
        places = ",".join(f"127.0.0.1:{one.port}" for one in (way, second))
        store = PostgresStore(f"postgresql://postgres@{places}/postgres")
        monkeypatch.setattr(Hosts, "_timeline_of", timeline_of)
        await store.open()
        try:
            async with store._connection() as connection:
                before = connection.place
            timelines[1 - before] = 2
            async with store._connection() as connection:
                assert connection.place == before, "it answered a moment ago"
            monkeypatch.setattr(postgres_hosts, "UNHEARD_SECONDS", 0.0)
            with pytest.raises(LeftBehind):
                await store._connection().__aenter__()
            async with store._connection() as connection:
                assert connection.place == 1 - before
        finally:
            await store.close()


async def test_a_database_that_is_gone_is_told_and_found_again(store: PostgresStore, way: Way) -> None:
    await way.cut()
    for ask in (store.clouds(), store.export_cloud(CLOUD), store.change_cloud(CLOUD, bytes)):
        with pytest.raises(Unreachable) as told:
            await ask
        assert not told.value.in_doubt
    await way.start()
    assert CLOUD in dict(await store.clouds())


async def _write_and_lose_the_server(store: PostgresStore, way: Way) -> None:
    async with store.transaction(CLOUD) as tx:
        await tx.put(Network(id="1", name="one"), fresh=True)
        await tx.add("counter", 1)
        await way.cut()
        await tx.get(Network, "2")


async def test_a_connection_that_is_ended_between_two_steps(postgres_url: str) -> None:
    """As the look at a silent server does: who has it is told what everybody else is whose connection is lost."""

    class Ended(PlacedConnection):
        async def _get_statement(self, *args: Any, **named: Any) -> Any:
            found = await super()._get_statement(*args, **named)
            self.terminate()
            return found

    connection = await asyncpg.connect(postgres_url, connection_class=Ended)
    with pytest.raises(asyncpg.InterfaceError):
        await connection.fetchval("SELECT 1")


async def test_what_was_not_committed_is_not_in_doubt(store: PostgresStore, way: Way) -> None:
    with pytest.raises(Unreachable) as told:
        await _write_and_lose_the_server(store, way)
    assert not told.value.in_doubt
    await way.start()
    async with store.transaction(CLOUD) as tx:
        assert await tx.get(Network, "1") is None


async def test_a_commit_whose_answer_is_lost_is_in_doubt(store: PostgresStore, way: Way) -> None:
    """It is never told as done, and here it was."""
    way.loses_commits = 1
    with pytest.raises(Unreachable) as told:
        async with store.transaction(CLOUD) as tx:
            await tx.put(Network(id="1", name="one"), fresh=True)
    assert told.value.in_doubt
    async with store.transaction(CLOUD) as tx:
        assert (await tx.get(Network, "1") or Network()).name == "one"


async def test_what_only_read_is_never_in_doubt(store: PostgresStore, way: Way) -> None:
    way.loses_commits = 1
    with pytest.raises(Unreachable) as told:
        async with store.transaction(CLOUD) as tx:
            await tx.get(Network, "1")
    assert not told.value.in_doubt


async def test_a_server_that_goes_silent_holds_no_call(store: PostgresStore, way: Way) -> None:
    """Its connections stay open, as those of a stopped process do; they are given up."""
    way.silence()
    limit = asyncio.timeout(120)
    with pytest.raises(Unreachable):
        async with limit, store.transaction(CLOUD) as tx:
            await tx.get(Network, "1")
    assert not limit.expired(), "only the limit of this test ended it"
