"""Addresses under pressure: parallel creates, full pools, large pools."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from google.protobuf.message import Message

from mopenstack.contract.calls import RequestContext
from mopenstack.core.engine.call import Call
from mopenstack.core.network.core import addresses
from mopenstack.core.store import Transaction
from mopenstack.network.v2.core.ports_pb2 import Port

TRIES_MAX = 40
"""Questions to the store that one address may take on the average: a few draws in each window."""


async def test_parallel_creates_get_different_addresses(neutron: Any) -> None:
    network, _ = await neutron.network("10.60.0.0/27")
    answers = await asyncio.gather(*(neutron.post("ports", network_id=network["id"]) for _ in range(40)))
    made = [answer.body["port"] for answer in answers if answer.status == 201]
    assert len(made) == 29  # 32 but for the network's, the broadcast and the gateway's address
    assert len({port["fixed_ips"][0]["ip_address"] for port in made}) == 29
    assert len({port["mac_address"] for port in made}) == 29
    text = f"No more IP addresses available on network {network['id']}."
    refused = [answer.refused(409, text) for answer in answers if answer.status != 201]
    assert {one["NeutronError"]["type"] for one in refused} == {"IpAddressGenerationFailure"}


async def test_a_freed_address_is_found_again(neutron: Any) -> None:
    network, _ = await neutron.network("10.60.0.0/29")
    ports = [await neutron.create("ports", network_id=network["id"]) for _ in range(5)]
    (await neutron.delete("ports", ports[2]["id"])).ok(204)
    again = await neutron.create("ports", network_id=network["id"])
    assert again["fixed_ips"] == ports[2]["fixed_ips"]


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often an allocation asked the store whether a number is free."""
    counted: Counter[str] = Counter()
    ask = Transaction.take

    async def counting(tx: Transaction, scope: str, key: str, owner: Message) -> bool:
        counted["asked"] += 1
        return await ask(tx, scope, key, owner)

    monkeypatch.setattr(Transaction, "take", counting)
    return counted


async def test_the_size_of_a_pool_costs_nothing(neutron: Any, tries: Counter[str]) -> None:
    """An address out of a /8 takes as few questions as one out of a /16."""
    for cidr in ("10.0.0.0/8", "172.16.0.0/16"):
        network, _ = await neutron.network(cidr)
        await neutron.create("ports", network_id=network["id"])
        tries.clear()
        for _ in range(20):
            await neutron.create("ports", network_id=network["id"])
        assert tries["asked"] <= 20 * TRIES_MAX


async def test_a_large_pool_that_is_well_used(cloud: Any, tries: Counter[str]) -> None:
    """20,000 addresses of a /16 are taken; the next ones take few questions each, not a scan."""
    engine = cloud.serving.engine
    ranges = [(1, 65_534)]

    async def fill(call: Call) -> None:
        owner = Port(id="filler")
        for number in range(20_000):
            if number % 500 == 0:
                await asyncio.sleep(0)
            assert await addresses.take_free(call, "address/test", ranges, owner) is not None

    async def one(call: Call) -> int | None:
        return await addresses.take_free(call, "address/test", ranges, Port(id="next"))

    home = await engine.find_cloud(cloud.name)
    await engine.transact(home, RequestContext(cloud=cloud.name), fill)
    tries.clear()
    for _ in range(50):
        assert await engine.transact(home, RequestContext(cloud=cloud.name), one) is not None
    assert tries["asked"] <= 50 * TRIES_MAX
