"""Allocation candidates: one provider, trees, shared storage, groups."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from typing import Any

import pytest

from mopenstack.core.placement.groups import Asked, Group
from mopenstack.core.placement.search import CANDIDATES_MAX, STEPS_MAX, ProviderTrees, _steps
from mopenstack.core.placement.standard import SHARING
from mopenstack.placement.v1.resource_providers_pb2 import Provider
from tests.placement.conftest import allocation


@pytest.fixture
def found(placement: Any) -> Any:
    """The allocations of the candidates of a query, by provider name."""

    async def ask(query: str, version: str = "1.39") -> list[dict[str, dict[str, int]]]:
        names = {
            item["uuid"]: item["name"]
            for item in (await placement.get("/resource_providers")).ok()["resource_providers"]
        }
        reply = (await placement.at(version).get(f"/allocation_candidates?{query}")).ok()
        return [
            {names[id]: held["resources"] for id, held in item["allocations"].items()}
            for item in reply["allocation_requests"]
        ]

    return ask


async def test_what_is_used_is_not_there(placement: Any, found: Any) -> None:
    id = await placement.provider("gpu", VGPU=4)
    assert await found("resources=VGPU:4") == [{"gpu": {"VGPU": 4}}]
    (await placement.put(f"/allocations/{uuid.uuid4()}", allocation({id: {"VGPU": 1}}))).ok(204)
    assert await found("resources=VGPU:4") == []
    shown = (await placement.get("/allocation_candidates?resources=VGPU:3")).ok()
    assert shown["allocation_requests"][0]["mappings"] == {"": [id]}
    assert shown["provider_summaries"][id] == {
        "resources": {"VGPU": {"capacity": 4, "used": 1}},
        "traits": [], "parent_provider_uuid": None, "root_provider_uuid": id,
    }  # fmt: skip
    old = (await placement.at("1.10").get("/allocation_candidates?resources=VGPU:3")).ok()
    listed = [{"resource_provider": {"uuid": id}, "resources": {"VGPU": 3}}]
    assert old["allocation_requests"] == [{"allocations": listed}]


async def test_shared_storage(placement: Any, found: Any) -> None:
    aggregate = str(uuid.uuid4())
    host = await placement.provider("host", VGPU=4)
    await placement.label(host, aggregates=[aggregate])
    store = await placement.provider("store", FPGA=1)
    assert await found("resources=VGPU:1,FPGA:1") == []
    await placement.label(store, "MISC_SHARES_VIA_AGGREGATE", aggregates=[aggregate])
    assert await found("resources=VGPU:1,FPGA:1") == [{"host": {"VGPU": 1}, "store": {"FPGA": 1}}]
    assert await found(f"resources=VGPU:1&member_of={uuid.uuid4()}") == []
    assert await found(f"resources=VGPU:1&member_of={aggregate}") == [{"host": {"VGPU": 1}}]
    assert await found(f"resources=VGPU:1&member_of=!{aggregate}") == []


async def test_groups_in_a_tree(placement: Any, found: Any) -> None:
    host = await placement.provider("host", VGPU=8)
    for name in ("left", "right"):
        card = await placement.provider(name, parent=host, FPGA=2)
        await placement.label(card, f"CUSTOM_{name.upper()}")
    both = "resources=VGPU:1&resources_A=FPGA:1&resources_B=FPGA:1&group_policy="
    assert len(await found(both + "isolate")) == 2
    assert {"host": {"VGPU": 1}, "left": {"FPGA": 2}} in await found(both + "none")
    chosen = both + "isolate&required_A=CUSTOM_LEFT&limit=5"
    shown = (await placement.get(f"/allocation_candidates?{chosen}")).ok()
    assert len(shown["allocation_requests"]) == 1
    assert set(shown["allocation_requests"][0]["mappings"]) == {"", "_A", "_B"}
    assert await found(both + "isolate&required_A=!CUSTOM_LEFT&required_B=!CUSTOM_LEFT") == []
    assert len(await found(both + "none&same_subtree=_A,_B")) == 2
    assert await found("resources=FPGA:1&root_required=CUSTOM_LEFT") == []
    # Up to 1.28 one provider of a tree must do.
    assert await found("resources=VGPU:1,FPGA:1", "1.28") == []


@pytest.mark.parametrize(
    ("query", "text", "code"),
    [
        ("", "There must be at least one resources or resources[$S] parameter.", "placement.query.missing_value"),
        ("resources=VCPU", "Badly formed resources parameter.", ""),
        ("resources=VCPU:0", "Requested resource VCPU requires amount >= 1. Got: 0.", ""),
        ("resources=WATT:1", "Invalid resource class in resources parameter: No such resource class WATT.", ""),
        ("resources=VCPU:1&required=WATT", "No such trait(s): WATT.", ""),
        ("resources=VCPU:1&required=HW_NUMA_ROOT,!HW_NUMA_ROOT", "Conflicting required and forbidden traits", ""),
        ("resources=VCPU:1&limit=0", "'0' does not match '^[1-9][0-9]*$'", ""),
        ("resources1=VCPU:1&resources2=VCPU:1", 'The "group_policy" parameter is required', ""),
        ("resources1=VCPU:1&same_subtree=1,9", "['9'] not found in ['1']", "placement.query.bad_value"),
        ("resources=VCPU:1&root_required=A&root_required=B", "only once", "placement.query.duplicate_key"),
        ("resources=VCPU:1&what=1", "'what' does not match any of the regexes", ""),
    ],
)
async def test_what_cannot_be_asked(placement: Any, query: str, text: str, code: str) -> None:
    refused = (await placement.get(f"/allocation_candidates?{query}")).refused(400)["errors"][0]
    assert text in refused["detail"]
    assert refused["code"] == (code or "placement.undefined_code")


async def _shared(placement: Any, stores: int, groups: int) -> str:
    """The query of groups that each have many stores to choose from."""
    aggregate = str(uuid.uuid4())
    host = await placement.provider("host", VGPU=4)
    await placement.label(host, aggregates=[aggregate])
    for number in range(stores):
        store = await placement.provider(f"store{number}", FPGA=100)
        await placement.label(store, "MISC_SHARES_VIA_AGGREGATE", aggregates=[aggregate])
    return "group_policy=none&" + "&".join(f"resources{number}=FPGA:1" for number in range(1, groups + 1))


async def test_a_limit_ends_the_search(placement: Any) -> None:
    """12 stores for each of 6 groups are 3 million combinations: more than a search looks at."""
    query = await _shared(placement, 12, 6)
    found = (await placement.get(f"/allocation_candidates?{query}&limit=1")).ok()
    assert len(found["allocation_requests"]) == 1
    assert len(found["provider_summaries"]) == 1


async def test_others_are_answered_during_a_long_search(placement: Any, admin: Any) -> None:
    """The search has an end, and neither the loop nor the store waits for it.

    Did they wait, one request would be answered: the one that was sent beside the search.
    """
    query = await _shared(placement, 12, 6)
    search = asyncio.create_task(placement.get(f"/allocation_candidates?{query}"))
    answered = 0
    while not search.done():
        name = f"/traits/CUSTOM_{answered}"
        (await admin.put("placement", name, headers={"OpenStack-API-Version": "placement 1.39"})).ok(201)
        answered += 1
    assert len((await search).ok()["allocation_requests"]) == CANDIDATES_MAX
    assert answered > 1


def test_what_is_lost_is_left_at_once() -> None:
    """13 groups that 4 providers cannot serve apart."""
    stores = [
        Provider(id=f"s{number}", root_id=f"s{number}", traits=[SHARING], aggregates=["a"]) for number in range(4)
    ]
    for store in stores:
        store.inventories["FPGA"].total = store.inventories["FPGA"].max_unit = 100
        store.inventories["FPGA"].allocation_ratio = store.inventories["FPGA"].step_size = 1
    asked = Asked(isolate=True)
    asked.groups = {str(number): Group(str(number), {"FPGA": 1}) for number in range(13)}
    steps = list(itertools.islice(_steps(ProviderTrees(stores), asked), STEPS_MAX))
    assert len(steps) < STEPS_MAX  # it came to its end
    assert not any(steps)
