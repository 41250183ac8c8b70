"""Aggregates, hypervisors, services and availability zones."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("two_hosts")

AGGREGATES = "/v2.1/os-aggregates"


async def make(admin: Any, **aggregate: Any) -> Any:
    made = (await admin.post("compute", AGGREGATES, {"aggregate": aggregate})).ok(200)
    return made["aggregate"]


async def act(admin: Any, id: int, action: str, **body: Any) -> Any:
    return await admin.post("compute", f"{AGGREGATES}/{id}/action", {action: body})


async def test_an_aggregate_makes_a_zone(admin: Any, demo: Any, at: Any) -> None:
    made = await make(admin, name="a", availability_zone="az-1")
    assert made.keys() == {"id", "name", "created_at", "updated_at", "deleted_at", "deleted", "availability_zone"}
    id = made["id"]
    assert (await act(admin, id, "add_host", host="devstack")).ok(200)["aggregate"]["hosts"] == ["devstack"]
    zones = (await demo.get("compute", "/v2.1/os-availability-zone")).ok(200)
    both = [{"zoneName": name, "zoneState": {"available": True}, "hosts": None} for name in ("az-1", "nova")]
    assert zones == {"availabilityZoneInfo": both}
    (await act(admin, id, "add_host", host="devstack")).refused(409, f"Aggregate {id} already has host devstack.")
    (await admin.delete("compute", f"{AGGREGATES}/{id}")).refused(400, "Reason: Host aggregate is not empty.")
    shown = (await admin.get("compute", f"{AGGREGATES}/{id}", **at("2.41"))).ok(200)["aggregate"]
    assert shown["metadata"] == {"availability_zone": "az-1"}
    assert len(shown["uuid"]) == 36
    other = await make(admin, name="b", availability_zone="az-2")
    (await act(admin, other["id"], "add_host", host="devstack")).refused(
        409, "One or more hosts already in availability zone(s) ['az-1']"
    )
    assert (await act(admin, id, "remove_host", host="devstack")).ok(200)["aggregate"]["hosts"] == []
    (await act(admin, id, "remove_host", host="devstack")).refused(
        404, f"Cannot remove host devstack in aggregate {id}"
    )
    (await admin.delete("compute", f"{AGGREGATES}/{id}")).ok(200)
    (await admin.delete("compute", f"{AGGREGATES}/{id}")).refused(404, f"Aggregate {id} could not be found.")


async def test_metadata_and_update(admin: Any) -> None:
    id = (await make(admin, name="a"))["id"]
    set_twice = (await act(admin, id, "set_metadata", metadata={"a": "1", "b": None})).ok(200)["aggregate"]
    assert set_twice["metadata"] == {"a": "1"}
    (await act(admin, id, "set_metadata", metadata={"a": 1})).refused(400, "1 is not of type 'string', 'null'")
    assert (await act(admin, id, "set_metadata", metadata={"a": None})).ok()["aggregate"]["metadata"] == {}
    update = {"aggregate": {"name": "b", "availability_zone": "z"}}
    shown = (await admin.put("compute", f"{AGGREGATES}/{id}", update)).ok(200)["aggregate"]
    assert (shown["name"], shown["availability_zone"]) == ("b", "z")
    assert shown["metadata"] == {"availability_zone": "z"}
    (await admin.put("compute", f"{AGGREGATES}/{id}", {"aggregate": {"name": ""}})).refused(
        400, "An invalid 'name' value was provided. The name must be: printable characters with at least one non space"
    )
    (await act(admin, id, "add_host", host="nope")).refused(404, "Compute host nope could not be found.")
    (await act(admin, id, "foo")).refused(400, "There is no such action: foo")


@pytest.mark.parametrize(
    ("aggregate", "status", "text"),
    [
        (
            {"name": "x", "availability_zone": "a:b"},
            400,
            "Value: a:b. 'a:b' is not valid under any of the given schemas",
        ),
        ({}, 400, "Invalid input for field/attribute aggregate. Value: {}. 'name' is a required property"),
        ({"name": ""}, 400, "Invalid input for field/attribute name. Value: . '' should be non-empty"),
        ({"name": "x", "foo": 1}, 400, "Additional properties are not allowed ('foo' was unexpected)"),
        ({"name": "taken"}, 409, "Aggregate taken already exists."),
    ],
)
async def test_bad_aggregates_are_refused(admin: Any, aggregate: dict[str, Any], status: int, text: str) -> None:
    await make(admin, name="taken")
    (await admin.post("compute", AGGREGATES, {"aggregate": aggregate})).refused(status, text)


async def test_aggregate_ids_are_numbers(admin: Any, demo: Any) -> None:
    (await admin.get("compute", f"{AGGREGATES}/abc")).refused(400, "Invalid input received: id must be an integer")
    (await admin.get("compute", f"{AGGREGATES}/99999")).refused(404, "Aggregate 99999 could not be found.")
    (await demo.get("compute", AGGREGATES)).refused(403, "os_compute_api:os-aggregates:index")


async def test_hypervisors_by_microversion(admin: Any, demo: Any, at: Any) -> None:
    brief = (await admin.get("compute", "/v2.1/os-hypervisors")).ok(200)["hypervisors"]
    assert brief == [
        {"id": 1, "hypervisor_hostname": "devstack", "state": "up", "status": "enabled"},
        {"id": 2, "hypervisor_hostname": "compute-2", "state": "up", "status": "enabled"},
    ]
    old = (await admin.get("compute", "/v2.1/os-hypervisors/detail")).ok()["hypervisors"][0]
    assert isinstance(old["cpu_info"], str)
    assert old["free_ram_mb"] == old["memory_mb"] - old["memory_mb_used"]
    new = (await admin.get("compute", "/v2.1/os-hypervisors/detail", **at("2.53"))).ok()["hypervisors"][0]
    assert new["cpu_info"]["arch"] == "x86_64"
    newest = (await admin.get("compute", f"/v2.1/os-hypervisors/{new['id']}", **at("2.88"))).ok()["hypervisor"]
    assert "load average" in newest["uptime"]
    assert not {"vcpus", "cpu_info"} & newest.keys()
    assert (await admin.get("compute", "/v2.1/os-hypervisors/1")).ok()["hypervisor"]["service"]["host"] == "devstack"
    (await admin.get("compute", "/v2.1/os-hypervisors/1", **at("2.53"))).refused(400, "Invalid uuid 1")
    (await admin.get("compute", "/v2.1/os-hypervisors/7")).refused(404, "Hypervisor with ID '7' could not be found.")
    statistics = (await admin.get("compute", "/v2.1/os-hypervisors/statistics")).ok()["hypervisor_statistics"]
    assert statistics["count"] == 2
    (await admin.get("compute", "/v2.1/os-hypervisors/statistics", **at("2.88"))).refused(
        404, "The resource could not be found."
    )
    (await demo.get("compute", "/v2.1/os-hypervisors")).refused(403, "os_compute_api:os-hypervisors:list")


async def test_hypervisors_by_pattern(admin: Any, at: Any) -> None:
    path = "/v2.1/os-hypervisors?hypervisor_hostname_pattern"
    assert len((await admin.get("compute", f"{path}=e&with_servers=true", **at("2.75"))).ok()["hypervisors"]) == 2
    (await admin.get("compute", f"{path}=nope", **at("2.53"))).refused(
        404, "No hypervisor matching 'nope' could be found."
    )
    (await admin.get("compute", f"{path}=dev&limit=1", **at("2.53"))).refused(400, "Paging over hypervisors")
    assert (await admin.get("compute", "/v2.1/os-hypervisors/dev/search")).ok()["hypervisors"][0]["id"] == 1


async def test_services(admin: Any, demo: Any, at: Any) -> None:
    services = (await admin.get("compute", "/v2.1/os-services")).ok(200)["services"]
    assert [(item["binary"], item["zone"], item["state"]) for item in services] == [
        ("nova-conductor", "internal", "up"),
        ("nova-scheduler", "internal", "up"),
        ("nova-compute", "nova", "up"),
        ("nova-compute", "nova", "up"),
    ]
    assert "forced_down" not in services[0]
    found = (await admin.get("compute", "/v2.1/os-services?binary=nova-compute", **at("2.53"))).ok()["services"]
    path = f"/v2.1/os-services/{found[0]['id']}"
    off = {"status": "disabled", "disabled_reason": "maintenance"}
    shown = (await admin.put("compute", path, off, **at("2.53"))).ok(200)["service"]
    assert (shown["status"], shown["disabled_reason"]) == ("disabled", "maintenance")
    zones = (await demo.get("compute", "/v2.1/os-availability-zone")).ok()["availabilityZoneInfo"]
    assert zones[0]["zoneState"] == {"available": True}  # of the other host
    on = {"host": "devstack", "binary": "nova-compute"}
    answer = (await admin.put("compute", "/v2.1/os-services/enable", on)).ok(200)
    assert answer == {"service": {**on, "status": "enabled"}}
    (await admin.put("compute", "/v2.1/os-services/disable", {**on, "host": "nope"})).refused(
        404, "Host 'nope' is not mapped to any cell"
    )
    (await admin.put("compute", path, {"status": "foo"}, **at("2.53"))).refused(
        400, "Invalid input for field/attribute status. Value: foo. 'foo' is not one of ['enabled', 'disabled']"
    )
    (await demo.get("compute", "/v2.1/os-services")).refused(403)


async def test_zones_in_detail(admin: Any, demo: Any) -> None:
    zones = (await admin.get("compute", "/v2.1/os-availability-zone/detail")).ok(200)["availabilityZoneInfo"]
    assert [zone["zoneName"] for zone in zones] == ["internal", "nova"]
    assert zones[1]["hosts"]["devstack"]["nova-compute"]["active"] is True
    (await demo.get("compute", "/v2.1/os-availability-zone/detail")).refused(403)


async def test_extensions(demo: Any) -> None:
    listed = (await demo.get("compute", "/v2.1/extensions")).ok(200)["extensions"]
    assert len(listed) == 99
    one = (await demo.get("compute", "/v2.1/extensions/os-keypairs")).ok(200)["extension"]
    assert one == {
        "alias": "os-keypairs",
        "description": "Keypair Support.",
        "links": [],
        "name": "Keypairs",
        "namespace": "http://docs.openstack.org/compute/ext/fake_xml",
        "updated": "2014-12-03T00:00:00Z",
    }
    (await demo.get("compute", "/v2.1/extensions/nope")).refused(404)


async def test_a_slash_behind_a_path_makes_another_path(admin: Any) -> None:
    (await admin.get("compute", "/v2.1/os-services/")).refused(404, "The resource could not be found.")
    (await admin.get("compute", "/v2.1/")).ok(200)
