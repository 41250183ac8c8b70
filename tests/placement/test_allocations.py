"""Allocations, usages and the reshaper: what is held is never more than there is."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.placement.conftest import Placement, allocation


def new() -> str:
    return str(uuid.uuid4())


async def test_a_consumer_is_there_while_it_holds_something(placement: Any) -> None:
    id, consumer = await placement.provider("rp", VCPU=8, MEMORY_MB=64), new()
    path = f"/allocations/{consumer}"
    (await placement.put(path, allocation({id: {"VCPU": 2, "MEMORY_MB": 10}}))).ok(204)
    shown = (await placement.get(path)).ok()
    assert shown == {
        "allocations": {id: {"generation": 2, "resources": {"VCPU": 2, "MEMORY_MB": 10}}},
        "project_id": "p", "user_id": "u", "consumer_generation": 1, "consumer_type": "INSTANCE",
    }  # fmt: skip
    assert (await placement.get(f"/resource_providers/{id}/usages")).ok()["usages"] == {"VCPU": 2, "MEMORY_MB": 10}
    of_provider = (await placement.get(f"/resource_providers/{id}/allocations")).ok()["allocations"]
    assert of_provider == {consumer: {"resources": {"VCPU": 2, "MEMORY_MB": 10}, "consumer_generation": 1}}
    late = (await placement.put(path, allocation({}))).refused(409, "expected 1 but got None")
    assert late["errors"][0]["code"] == "placement.concurrent_update"
    (await placement.put(path, allocation({}, 1))).ok(204)
    assert (await placement.get(path)).ok() == {"allocations": {}}
    (await placement.delete(path)).refused(404, f"No allocations for consumer '{consumer}'")


@pytest.mark.parametrize(
    ("amount", "why"),
    [
        (13, "The requested amount would violate inventory constraints."),  # more than one may have
        (3, "The requested amount would violate inventory constraints."),  # no multiple of a step
        (2, "The requested amount would violate inventory constraints."),  # less than one must have
        (12, "The requested amount would exceed the capacity."),
    ],
)
async def test_capacity_and_units(placement: Any, amount: int, why: str) -> None:
    units = {"total": 10, "reserved": 2, "allocation_ratio": 2.0, "min_unit": 4, "max_unit": 12, "step_size": 2}
    id = await placement.provider("rp", VCPU=units)
    (await placement.put(f"/allocations/{new()}", allocation({id: {"VCPU": 6}}))).ok(204)
    refused = await placement.put(f"/allocations/{new()}", allocation({id: {"VCPU": amount}}))
    refused.refused(409, f"Unable to create allocation for 'VCPU' on resource provider '{id}'. {why}")
    (await placement.put(f"/allocations/{new()}", allocation({id: {"VCPU": 10}}))).ok(204)


async def test_all_or_nothing(placement: Any) -> None:
    id, first, second = await placement.provider("rp", VCPU=3), new(), new()
    body = {first: allocation({id: {"VCPU": 2}}), second: allocation({id: {"VCPU": 2}})}
    (await placement.post("/allocations", body)).refused(409, "exceed the capacity")
    assert (await placement.get(f"/allocations/{first}")).ok()["allocations"] == {}
    (await placement.post("/allocations", {first: allocation({id: {"VCPU": 2}})})).ok(204)
    # What one gives back another can have in the same request.
    body = {first: allocation({}, 1), second: allocation({id: {"VCPU": 3}})}
    (await placement.post("/allocations", body)).ok(204)
    unknown = {new(): allocation({new(): {"VCPU": 1}})}
    (await placement.post("/allocations", unknown)).refused(400, "that does not exist.")
    (await placement.post("/allocations", {})).refused(400, "JSON does not validate")


async def test_less_of_too_much_is_fine(placement: Any) -> None:
    """An inventory may shrink below its use; what is used may then only become less."""
    id, consumer = await placement.provider("rp", VCPU=8), new()
    (await placement.put(f"/allocations/{consumer}", allocation({id: {"VCPU": 8}}))).ok(204)
    body = {"resource_provider_generation": 2, "total": 4, "max_unit": 8}
    (await placement.put(f"/resource_providers/{id}/inventories/VCPU", body)).ok(200)
    (await placement.put(f"/allocations/{new()}", allocation({id: {"VCPU": 1}}))).refused(409)
    (await placement.put(f"/allocations/{consumer}", allocation({id: {"VCPU": 6}}, 1))).ok(204)


async def test_older_forms(placement: Any) -> None:
    id, consumer = await placement.provider("rp", VCPU=8), new()
    listed = {"allocations": [{"resource_provider": {"uuid": id}, "resources": {"VCPU": 1}}]}
    (await placement.at("1.0").put(f"/allocations/{consumer}", listed)).ok(204)
    (await placement.at("1.8").put(f"/allocations/{consumer}", listed)).refused(400, "is a required property")
    (await placement.at("1.12").put(f"/allocations/{consumer}", listed)).refused(400, "not of type")
    assert "project_id" not in (await placement.at("1.11").get(f"/allocations/{consumer}")).ok()
    assert (await placement.get(f"/allocations/{consumer}")).ok()["consumer_type"] == "unknown"


async def test_usages_of_a_project(placement: Any, demo: Any) -> None:
    id, project = await placement.provider("rp", VCPU=8), demo.project_id
    for kind, amount in (("INSTANCE", 1), ("INSTANCE", 2), ("MIGRATION", 3)):
        body = allocation({id: {"VCPU": amount}}, project_id=project, consumer_type=kind)
        (await placement.put(f"/allocations/{new()}", body)).ok(204)
    mine = Placement(demo)
    assert (await mine.get(f"/usages?project_id={project}")).ok()["usages"] == {
        "INSTANCE": {"VCPU": 3, "consumer_count": 2},
        "MIGRATION": {"VCPU": 3, "consumer_count": 1},
    }
    found = (await mine.get(f"/usages?project_id={project}&consumer_type=all")).ok()["usages"]
    assert found == {"all": {"VCPU": 6, "consumer_count": 3}}
    assert (await mine.at("1.37").get(f"/usages?project_id={project}")).ok()["usages"] == {"VCPU": 6}
    (await mine.get("/usages")).refused(400, "'project_id' is a required property")


async def test_reshaping_moves_inventory_with_its_allocations(cloud: Any, placement: Any) -> None:
    service = Placement(await cloud.user("nova", project="service"))
    root = await placement.provider("root", VCPU=8, DISK_GB=10)
    child, consumer = await placement.provider("numa", parent=root), new()
    (await placement.put(f"/allocations/{consumer}", allocation({root: {"VCPU": 4, "DISK_GB": 5}}))).ok(204)
    body = {
        "inventories": {
            root: {"resource_provider_generation": 2, "inventories": {"DISK_GB": {"total": 10}}},
            child: {"resource_provider_generation": 0, "inventories": {"VCPU": {"total": 8}}},
        },
        "allocations": {consumer: allocation({root: {"DISK_GB": 5}, child: {"VCPU": 4}}, 1)},
    }
    alone = body | {"allocations": {}}
    (await service.post("/reshaper", alone)).refused(409, f"Inventory for 'VCPU' on resource provider '{root}' in use.")
    (await service.post("/reshaper", body)).ok(204)
    assert (await placement.get(f"/resource_providers/{child}/usages")).ok()["usages"] == {"VCPU": 4}
    assert (await placement.get(f"/resource_providers/{root}/usages")).ok()["usages"] == {"DISK_GB": 5}
    (await service.post("/reshaper", body)).refused(409, "generation conflict")
