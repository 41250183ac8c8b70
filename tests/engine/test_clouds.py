"""Isolated clouds of one engine: made, reset, deleted; their clock, ids and options."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from mopenstack.contract.calls import RequestContext
from mopenstack.core.engine.administration import Administration, BadCloudName, CloudExists
from mopenstack.core.engine.call import Background, Call
from mopenstack.core.engine.clouds import Clock, Cloud, Ids, valid_name
from mopenstack.core.engine.fault_rules import FaultRule
from mopenstack.core.engine.options import UnknownOption
from mopenstack.core.engine.settings import CloudNotFound
from tests.engine.conftest import Library
from tests.engine.library.core.callers import ALICE


async def test_clouds_share_nothing(administration: Administration, library: Library) -> None:
    other = Library(administration.engine, await administration.create_cloud("other", seed=7))
    await library.book("Here")
    assert await other.ask("ListBooks") == []
    await administration.delete_cloud("other")
    for name in ("other", "never"):
        with pytest.raises(CloudNotFound):
            await administration.delete_cloud(name)


async def test_a_reset_keeps_the_settings(administration: Administration) -> None:
    """Profile and seed stay; what was in the cloud is gone, and its key is another."""
    made = await administration.create_cloud("reset-me", "manual", seed=7)
    library = Library(administration.engine, made)
    first = (await library.book()).id
    library.cloud = await administration.reset_cloud("reset-me")
    assert await library.ask("ListBooks") == []
    assert (library.cloud.profile, library.cloud.ids.seed, library.cloud.key != made.key) == ("manual", 7, True)
    assert (await library.book()).id == first, "the same seed gives the same ids"
    await administration.delete_cloud("reset-me")


async def test_what_no_cloud_can_be(administration: Administration, library: Library) -> None:
    with pytest.raises(CloudExists):
        await administration.create_cloud(library.cloud.name)
    with pytest.raises(BadCloudName):
        await administration.create_cloud("Not a name")
    with pytest.raises(UnknownOption):
        await administration.create_cloud("fine", options={"nothing": "1"})
    with pytest.raises(CloudNotFound):
        await administration.engine.find_cloud("fine")


@pytest.mark.parametrize(
    ("name", "good"), [("a", True), ("a-1", True), ("a" * 63, True), ("a" * 64, False), ("A", False), ("-a", False)]
)
def test_names(name: str, good: bool) -> None:
    assert valid_name(name) is good


def test_a_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set, advanced, and run faster, from then on."""
    now = itertools.count(1000.0)
    monkeypatch.setattr("mopenstack.core.engine.clouds.time.time", lambda: next(now))  # a second at each look
    clock = Clock(1.0, 0.0, 0.0)
    clock.set(50.0)
    assert clock.time() == 51.0
    clock.advance(100.0)
    assert clock.time() == 153.0
    clock.scale(10.0)
    assert clock.time() == 164.0


def test_what_survives_a_restart() -> None:
    cloud = Cloud("x", "manual", ids=Ids(7), key=b"key", options={"a": "b"})
    cloud.faults.add(FaultRule(operation="CreateBook", times=2, status=503, methods=["POST"]))
    cloud.clock.advance(1000)
    again = Cloud.load("x", cloud.dump())
    assert (again.profile, again.ids.seed, again.key, again.options) == ("manual", 7, b"key", {"a": "b"})
    assert again.faults == cloud.faults
    assert again.clock.time() == pytest.approx(cloud.clock.time(), abs=1)
    assert Cloud.load("y", Cloud("y", key=b"k").dump()).profile == "instant"


def test_ids() -> None:
    """Of their forms; with a seed the same ones again."""
    for ids in (Ids(), Ids(3)):
        assert (len(ids.uuid()), len(ids.hex()), len(ids.word(9))) == (36, 32, 9)
        assert 0 <= ids.below(3) < 3
    assert [Ids(3).uuid() for _ in range(2)] == [Ids(3).uuid()] * 2
    assert Ids().uuid() != Ids().uuid()


async def test_work_beside_the_calls(library: Library) -> None:
    """It begins once its call holds, changes the cloud in transactions of its own, and ends with the process."""
    done = asyncio.Event()

    async def work(background: Background) -> None:
        async def change(call: Call) -> None:
            await call.tx.add("count", 1)

        await background.transact(library.cloud, RequestContext(cloud=library.cloud.name), change)
        background.start(more)

    async def more(background: Background) -> None:
        done.set()

    async def begin(call: Call) -> None:
        call.caller = ALICE
        call.start(work)
        assert not done.is_set()

    await library.transact(begin)
    await asyncio.wait_for(done.wait(), 5)
    assert (await library.ask("Count", times=1)).total == 2
