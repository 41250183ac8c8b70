"""Clusters with a stack in Heat: servers that are there, grow in number and go; what Heat refuses fails the cluster."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.client import User
from tests.conftest import Cloud
from tests.container_infra.making import ask, cluster, ready, show, template


@pytest.fixture
async def demo(cloud: Cloud) -> User:
    await cloud.set_options(container_infra__heat="true")
    return await ready(cloud)


async def settled(user: User, id: str) -> dict[str, Any]:
    """A cluster with which nothing is under way any more."""
    for _ in range(60):
        shown = await show(user, id)
        if not shown["status"].endswith("_IN_PROGRESS"):
            return shown
        await asyncio.sleep(0.2)
    raise AssertionError(shown)


async def servers(user: User) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await user.get("compute", "/v2.1/servers/detail")).ok()["servers"]
    return sorted(found, key=lambda one: str(one["name"]))


async def stacks(user: User) -> dict[str, str]:
    listed = (await user.get("heat-api", f"/v1/{user.project_id}/stacks")).ok()["stacks"]
    return {one["id"]: one["stack_status"] for one in listed}


def addresses(found: list[dict[str, Any]], word: str) -> set[str]:
    """The addresses of the servers with a word in their names."""
    nets = [net for one in found if word in one["name"] for net in one["addresses"].values()]
    return {one["addr"] for net in nets for one in net}


async def test_nodes_are_servers(demo: User) -> None:
    made = await template(demo, master_lb_enabled=True)
    id = await cluster(demo, made["uuid"], master_count=1, node_count=2)
    shown = await settled(demo, id)
    assert shown["status"] == "CREATE_COMPLETE", shown["faults"]
    assert await stacks(demo) == {shown["stack_id"]: "CREATE_COMPLETE"}
    found = await servers(demo)
    assert len(found) == 3
    assert {one["key_name"] for one in found} == {"kp"}
    assert addresses(found, "-node-") == set(shown["node_addresses"])
    assert addresses(found, "-master-") == set(shown["master_addresses"])
    (await ask(demo, "POST", f"/clusters/{id}/actions/resize", {"node_count": 3})).ok(202)
    shown = await settled(demo, id)
    assert (shown["status"], shown["node_count"]) == ("UPDATE_COMPLETE", 3)
    found = await servers(demo)
    assert addresses(found, "-node-") == set(shown["node_addresses"])
    (await ask(demo, "POST", f"/clusters/{id}/nodegroups", {"name": "more", "node_count": 1})).ok(202)
    shown = await settled(demo, id)
    assert (shown["status"], len(await stacks(demo)), len(await servers(demo))) == ("UPDATE_COMPLETE", 2, 5)
    (await ask(demo, "DELETE", f"/clusters/{id}/nodegroups/more")).ok(204)
    await settled(demo, id)
    assert (len(await stacks(demo)), len(await servers(demo))) == (1, 4)
    (await ask(demo, "DELETE", f"/clusters/{id}")).ok(204)
    for _ in range(60):
        if (await ask(demo, "GET", f"/clusters/{id}")).status == 404:
            break
        await asyncio.sleep(0.2)
    assert (await stacks(demo), await servers(demo)) == ({}, [])


async def test_what_heat_cannot_make_fails_the_cluster(cloud: Cloud, demo: User) -> None:
    made = await template(demo)
    body = {"quota_set": {"instances": 1}}
    admin = await cloud.user("admin")
    (await admin.put("compute", f"/v2.1/os-quota-sets/{demo.project_id}", body)).ok()
    id = await cluster(demo, made["uuid"], node_count=2)
    shown = await settled(demo, id)
    assert shown["status"] == "CREATE_FAILED"
    assert "Quota exceeded" in str(shown["faults"]), shown
