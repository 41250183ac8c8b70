"""What servers take of their hosts is what Placement says is used; where there is no room, no server goes."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

pytestmark = pytest.mark.usefixtures("two_hosts")

FLAVORS, SERVERS = "/v2.1/flavors", "/v2.1/servers"
NOWHERE = "No valid host was found. "
FILTERED = "No valid host was found. There are not enough hosts available."


class Nova:
    """An admin of compute with an image, whose hosts can be made as small as a test needs."""

    def __init__(self, user: Any, placement: Any, image: str) -> None:
        self.user, self.placement, self.image = user, placement, image

    async def send(self, verb: str, path: str, json: Any = None, version: str = "2.87") -> Any:
        return await self.user.send(
            verb, "compute", path, json, headers={"OpenStack-API-Version": f"compute {version}"}
        )

    async def flavor(self, vcpus: int, ram: int = 64, disk: int = 1, **specs: str) -> str:
        body = {"flavor": {"name": f"f{vcpus}-{ram}-{disk}-{len(specs)}", "vcpus": vcpus, "ram": ram, "disk": disk}}
        id = (await self.send("POST", FLAVORS, body)).ok()["flavor"]["id"]
        if specs:
            body = {"extra_specs": {key.replace("__", ":"): value for key, value in specs.items()}}
            (await self.send("POST", f"{FLAVORS}/{id}/os-extra_specs", body, "2.85")).ok()
        return str(id)

    async def boot(self, flavor: str, **more: Any) -> dict[str, Any]:
        server = {"name": "s", "flavorRef": flavor, "imageRef": self.image, "networks": "none", **more}
        id = (await self.send("POST", SERVERS, {"server": server})).ok(202)["server"]["id"]
        return await self.show(id)

    async def show(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.send("GET", f"{SERVERS}/{id}")).ok()["server"]
        return found

    async def act(self, id: str, **action: Any) -> None:
        (await self.send("POST", f"{SERVERS}/{id}/action", action)).ok()

    async def held(self, consumer: str) -> dict[str, dict[str, int]]:
        """Host -> resources that a consumer holds."""
        found = (await self.placement.get(f"/allocations/{consumer}")).ok()["allocations"]
        names = {item["uuid"]: item["name"] for item in await self.providers()}
        return {names[id]: item["resources"] for id, item in found.items()}

    async def providers(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.placement.get("/resource_providers")).ok()["resource_providers"]
        return found

    async def used(self) -> dict[str, tuple[int, int]]:
        """Host -> (VCPUs in use by its hypervisor, servers)."""
        found = (await self.send("GET", "/v2.1/os-hypervisors/detail")).ok()["hypervisors"]
        return {item["hypervisor_hostname"]: (item["vcpus_used"], item["running_vms"]) for item in found}

    async def shrink(self, vcpus: int) -> None:
        """Let each host have so many virtual CPUs."""
        for item in await self.providers():
            path = f"/resource_providers/{item['uuid']}/inventories/VCPU"
            body = {"resource_provider_generation": item["generation"], "total": vcpus, "max_unit": vcpus}
            (await self.placement.put(path, body)).ok(200)


@pytest_asyncio.fixture
async def nova(admin: Any, placement: Any) -> Nova:
    image = (await admin.get("image", "/v2/images")).ok()["images"][0]["id"]
    return Nova(admin, placement, image)


async def test_a_server_holds_its_flavor_until_it_goes(nova: Nova, placement: Any) -> None:
    server = await nova.boot(await nova.flavor(2, 128, 3))
    host = server["OS-EXT-SRV-ATTR:host"]
    assert await nova.held(server["id"]) == {host: {"VCPU": 2, "MEMORY_MB": 128, "DISK_GB": 3}}
    assert (await nova.used())[host] == (2, 1)
    shown = (await placement.get(f"/allocations/{server['id']}")).ok()
    assert (shown["consumer_type"], shown["project_id"]) == ("INSTANCE", nova.user.project_id)
    (await nova.send("DELETE", f"{SERVERS}/{server['id']}")).ok(204)
    assert await nova.held(server["id"]) == {}
    assert set((await nova.used()).values()) == {(0, 0)}


async def test_no_host_has_room(nova: Nova) -> None:
    await nova.shrink(2)
    two = await nova.flavor(2)
    fits = [await nova.boot(two) for _ in await nova.providers()]
    assert {server["status"] for server in fits} == {"ACTIVE"}
    assert len({server["OS-EXT-SRV-ATTR:host"] for server in fits}) == len(fits)
    late = await nova.boot(two)
    assert (late["status"], late["fault"]["code"], late["fault"]["message"]) == ("ERROR", 500, NOWHERE)
    assert late["OS-EXT-SRV-ATTR:host"] is None
    (await nova.send("DELETE", f"{SERVERS}/{fits[0]['id']}")).ok(204)
    assert (await nova.boot(two))["OS-EXT-SRV-ATTR:host"] == fits[0]["OS-EXT-SRV-ATTR:host"]


async def test_a_named_host_must_have_room_too(nova: Nova) -> None:
    await nova.shrink(1)
    one, host = await nova.flavor(1), (await nova.providers())[0]["name"]
    assert (await nova.boot(one, availability_zone=f"nova:{host}"))["OS-EXT-SRV-ATTR:host"] == host
    for place in ({"availability_zone": f"nova:{host}"}, {"host": host}, {"hypervisor_hostname": host}):
        assert (await nova.boot(one, **place))["fault"]["message"] == NOWHERE


async def test_filters_leave_no_host(nova: Nova) -> None:
    body = {"server_group": {"name": "apart", "policy": "anti-affinity"}}
    group = (await nova.send("POST", "/v2.1/os-server-groups", body)).ok()["server_group"]["id"]
    one = await nova.flavor(1)
    server = {"name": "s", "flavorRef": one, "imageRef": nova.image, "networks": "none"}
    hints = {"server": server, "os:scheduler_hints": {"group": group}}
    ids = [
        (await nova.send("POST", SERVERS, hints)).ok(202)["server"]["id"]
        for _ in range(len(await nova.providers()) + 1)
    ]
    assert (await nova.show(ids[-1]))["fault"]["message"] == FILTERED


@pytest.mark.parametrize("end", ["confirmResize", "revertResize"])
async def test_a_resize_holds_both_until_it_is_decided(nova: Nova, end: str) -> None:
    small, large = await nova.flavor(1), await nova.flavor(3)
    server = await nova.boot(small)
    id, host = server["id"], server["OS-EXT-SRV-ATTR:host"]
    await nova.act(id, resize={"flavorRef": large})
    assert sum(used for used, _ in (await nova.used()).values()) == 4
    migration = (await nova.send("GET", f"/v2.1/os-migrations?instance_uuid={id}")).ok()["migrations"][0]["uuid"]
    assert (await nova.held(migration))[host]["VCPU"] == 1
    await nova.act(id, **{end: None})
    assert await nova.held(migration) == {}
    held = await nova.held(id)
    assert [item["VCPU"] for item in held.values()] == [3 if end == "confirmResize" else 1]
    assert list(held) == [(await nova.show(id))["OS-EXT-SRV-ATTR:host"]]


async def test_a_resize_that_fits_nowhere_changes_nothing(nova: Nova) -> None:
    await nova.shrink(2)
    server = await nova.boot(await nova.flavor(1))
    await nova.act(server["id"], resize={"flavorRef": await nova.flavor(5)})
    after = await nova.show(server["id"])
    assert (after["status"], after["flavor"]["vcpus"]) == ("ACTIVE", 1)
    assert sum(used for used, _ in (await nova.used()).values()) == 1


async def test_shelved_servers_hold_nothing(nova: Nova) -> None:
    server = await nova.boot(await nova.flavor(2))
    await nova.act(server["id"], shelve=None)
    assert await nova.held(server["id"]) == {}
    await nova.act(server["id"], unshelve=None)
    assert [item["VCPU"] for item in (await nova.held(server["id"])).values()] == [2]


async def test_a_migration_moves_what_is_held(nova: Nova) -> None:
    server = await nova.boot(await nova.flavor(2))
    old = server["OS-EXT-SRV-ATTR:host"]
    body = {"host": None, "block_migration": "auto"}
    await nova.act(server["id"], **{"os-migrateLive": body})
    new = (await nova.show(server["id"]))["OS-EXT-SRV-ATTR:host"]
    assert new != old
    assert list(await nova.held(server["id"])) == [new]
    used = await nova.used()
    assert (used[old], used[new]) == ((0, 0), (2, 1))


async def test_extra_specs_ask_for_resources_and_traits(nova: Nova, placement: Any) -> None:
    await placement.put("/resource_classes/CUSTOM_GPU")
    providers = await nova.providers()
    special = providers[-1]
    await placement.label(special["uuid"], "CUSTOM_FAST")
    body = {"resource_class": "CUSTOM_GPU", "total": 1}
    (await placement.post(f"/resource_providers/{special['uuid']}/inventories", body)).ok(201)
    flavor = await nova.flavor(1, resources__CUSTOM_GPU="1", resources__VCPU="0", trait__CUSTOM_FAST="required")
    server = await nova.boot(flavor)
    assert await nova.held(server["id"]) == {special["name"]: {"CUSTOM_GPU": 1, "MEMORY_MB": 64, "DISK_GB": 1}}
    assert (await nova.boot(flavor))["fault"]["message"] == NOWHERE
    other = await nova.boot(await nova.flavor(2, trait__CUSTOM_FAST="forbidden"))
    assert other["OS-EXT-SRV-ATTR:host"] != special["name"]


async def test_a_numbered_group_is_served_by_a_child(nova: Nova, placement: Any) -> None:
    host = (await nova.providers())[0]
    await placement.put("/resource_classes/CUSTOM_VF")
    card = await placement.provider("card", parent=host["uuid"], CUSTOM_VF=2)
    flavor = await nova.flavor(1, resources1__CUSTOM_VF="1")
    server = await nova.boot(flavor)
    assert server["OS-EXT-SRV-ATTR:host"] == host["name"]
    held = (await placement.get(f"/allocations/{server['id']}")).ok()["allocations"]
    assert held[card]["resources"] == {"CUSTOM_VF": 1}
    assert held[host["uuid"]]["resources"]["VCPU"] == 1
    (await nova.send("DELETE", f"{SERVERS}/{server['id']}")).ok(204)
    assert (await placement.get(f"/resource_providers/{card}/usages")).ok()["usages"] == {"CUSTOM_VF": 0}


async def test_root_disks_on_volumes_take_nothing_of_the_host(nova: Nova) -> None:
    flavor = await nova.flavor(1, disk=5)
    mapping = {"uuid": nova.image, "source_type": "image", "destination_type": "volume", "volume_size": 5}
    server = {
        "name": "s", "flavorRef": flavor, "networks": "none", "block_device_mapping_v2": [mapping | {"boot_index": 0}]
    }  # fmt: skip
    id = (await nova.send("POST", SERVERS, {"server": server})).ok(202)["server"]["id"]
    assert list((await nova.held(id)).values()) == [{"VCPU": 1, "MEMORY_MB": 64}]


async def test_aggregates_of_hosts_are_those_of_their_providers(nova: Nova, placement: Any) -> None:
    host = (await nova.providers())[0]
    body = {"aggregate": {"name": "a", "availability_zone": "z"}}
    aggregate = (await nova.send("POST", "/v2.1/os-aggregates", body)).ok()["aggregate"]
    path = f"/v2.1/os-aggregates/{aggregate['id']}/action"
    (await nova.send("POST", path, {"add_host": {"host": host["name"]}})).ok()
    aggregates = f"/resource_providers/{host['uuid']}/aggregates"
    assert (await placement.get(aggregates)).ok()["aggregates"] == [aggregate["uuid"]]
    assert (await nova.boot(await nova.flavor(1), availability_zone="z"))["OS-EXT-SRV-ATTR:host"] == host["name"]
    (await nova.send("POST", "/v2.1/os-aggregates", {"aggregate": {"name": "b"}})).ok()
    (await placement.get(f"/resource_providers?member_of={aggregate['uuid']}")).ok()


async def test_many_servers_are_placed_all_or_not_at_all(nova: Nova) -> None:
    await nova.shrink(1)
    count = len(await nova.providers()) + 1
    one = await nova.flavor(1)
    body = {"name": "s", "flavorRef": one, "imageRef": nova.image, "networks": "none", "min_count": count}
    (await nova.send("POST", SERVERS, {"server": body})).ok(202)
    servers = (await nova.send("GET", f"{SERVERS}/detail")).ok()["servers"]
    assert [(server["status"], server["fault"]["message"]) for server in servers] == [("ERROR", FILTERED)] * count
    assert set((await nova.used()).values()) == {(0, 0)}


async def test_disabled_and_deleted_services(nova: Nova, placement: Any) -> None:
    host = (await nova.providers())[-1]
    services = (await nova.send("GET", "/v2.1/os-services?binary=nova-compute")).ok()["services"]
    id = next(item["id"] for item in services if item["host"] == host["name"])
    (await nova.send("PUT", f"/v2.1/os-services/{id}", {"status": "disabled"})).ok()
    traits = f"/resource_providers/{host['uuid']}/traits"
    assert "COMPUTE_STATUS_DISABLED" in (await placement.get(traits)).ok()["traits"]
    assert (await nova.boot(await nova.flavor(1), host=host["name"]))["fault"]["message"] == NOWHERE
    (await nova.send("PUT", f"/v2.1/os-services/{id}", {"status": "enabled"})).ok()
    assert "COMPUTE_STATUS_DISABLED" not in (await placement.get(traits)).ok()["traits"]
    (await nova.send("DELETE", f"/v2.1/os-services/{id}")).ok(204)
    assert host["name"] not in await nova.used()
    assert host["uuid"] not in [item["uuid"] for item in await nova.providers()]
