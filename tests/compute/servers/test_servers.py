"""Servers: what they show, lists, networks, volumes, metadata, tags, quota; true on both sides."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

SERVERS = "/v2.1/servers"


def at(microversion: str) -> dict[str, Any]:
    return {"headers": {"OpenStack-API-Version": f"compute {microversion}"}}


@pytest_asyncio.fixture
async def image(demo: Any) -> str:
    return str((await demo.get("image", "/v2/images")).ok()["images"][0]["id"])


@pytest_asyncio.fixture
async def network(demo: Any) -> dict[str, Any]:
    """A network of the project with one subnet."""
    made = (await demo.post("network", "/v2.0/networks", {"network": {"name": "n"}})).ok()["network"]
    subnet = {"network_id": made["id"], "ip_version": 4, "cidr": "10.9.0.0/24"}
    (await demo.post("network", "/v2.0/subnets", {"subnet": subnet})).ok()
    return dict(made)


async def make(user: Any, image: str, *, version: str = "2.87", status: int = 202, **server: Any) -> Any:
    body = {"name": "s", "flavorRef": "42", "imageRef": image, "networks": "none", **server}
    body = {key: value for key, value in body.items() if value is not None}
    hints = body.pop("hints", None)
    document = {"server": body, **({"os:scheduler_hints": hints} if hints else {})}
    return (await user.post("compute", SERVERS, document, **at(version))).ok(status)["server"]


async def show(user: Any, id: str, version: str = "2.87") -> dict[str, Any]:
    return dict((await user.get("compute", f"{SERVERS}/{id}", **at(version))).ok(200)["server"])


async def test_create_answers_what_nova_answers(demo: Any, image: str) -> None:
    body = {"server": {"name": "s", "flavorRef": "42", "imageRef": image, "networks": "none"}}
    reply = await demo.post("compute", SERVERS, body, **at("2.87"))
    made = reply.ok(202)["server"]
    assert list(made) == ["id", "links", "OS-DCF:diskConfig", "security_groups", "adminPass"]
    assert reply.headers["Location"] == made["links"][0]["href"]
    assert len(made["adminPass"]) == 12


@pytest.mark.parametrize(
    ("version", "there", "gone"),
    [
        ("2.1", ["OS-EXT-SRV-ATTR:host"], ["locked", "OS-EXT-SRV-ATTR:hostname", "tags"]),
        ("2.9", ["locked", "OS-EXT-SRV-ATTR:hostname"], ["host_status"]),
        ("2.26", ["host_status", "description", "tags"], ["server_groups", "trusted_image_certificates"]),
        ("2.73", ["trusted_image_certificates", "server_groups", "locked_reason"], ["pinned_availability_zone"]),
        ("2.103", ["pinned_availability_zone", "scheduler_hints"], []),
    ],
)
async def test_fields_by_microversion(
    demo: Any, admin: Any, image: str, version: str, there: list[str], gone: list[str]
) -> None:
    id = (await make(demo, image))["id"]
    shown = await show(admin, id, version)
    assert [key for key in there if key not in shown] == []
    assert [key for key in gone if key in shown] == []
    assert ("id" in shown["flavor"]) == (int(version.split(".")[1]) < 47)
    assert "OS-EXT-SRV-ATTR:host" not in await show(demo, id, version)


async def test_a_server_is_its_ports(demo: Any, image: str, network: dict[str, Any]) -> None:
    id = (await make(demo, image, networks=[{"uuid": network["id"], "fixed_ip": "10.9.0.77"}]))["id"]
    shown = await show(demo, id)
    ports = (await demo.get("network", f"/v2.0/ports?device_id={id}")).ok()["ports"]
    (address,) = shown["addresses"]["n"]
    assert address == {
        "version": 4,
        "addr": "10.9.0.77",
        "OS-EXT-IPS:type": "fixed",
        "OS-EXT-IPS-MAC:mac_addr": ports[0]["mac_address"],
    }
    assert ports[0]["device_owner"] == "compute:nova"
    assert shown["security_groups"] == [{"name": "default"}]
    ips = (await demo.get("compute", f"{SERVERS}/{id}/ips/n")).ok()
    assert ips == {"n": [{"version": 4, "addr": "10.9.0.77"}]}
    (await demo.delete("compute", f"{SERVERS}/{id}")).ok(204)
    (await demo.get("compute", f"{SERVERS}/{id}")).refused(404, f"Instance {id} could not be found.")
    assert (await demo.get("network", f"/v2.0/ports?device_id={id}")).ok()["ports"] == []


async def test_a_port_of_the_user_outlives_the_server(demo: Any, image: str, network: dict[str, Any]) -> None:
    body = {"port": {"network_id": network["id"]}}
    port = (await demo.post("network", "/v2.0/ports", body)).ok()["port"]
    id = (await make(demo, image, networks=[{"port": port["id"]}]))["id"]
    taken = {"name": "t", "flavorRef": "42", "imageRef": image, "networks": [{"port": port["id"]}]}
    refused = await demo.post("compute", SERVERS, {"server": taken}, **at("2.87"))
    refused.refused(409, f"Port {port['id']} is still in use.")
    (await demo.delete("compute", f"{SERVERS}/{id}")).ok(204)
    await demo.get("compute", SERVERS)
    left = (await demo.get("network", f"/v2.0/ports/{port['id']}")).ok()["port"]
    assert (left["device_id"], left["device_owner"]) == ("", "")


async def test_an_address_outside_the_subnet_ends_in_error(
    demo: Any, admin: Any, image: str, network: dict[str, Any]
) -> None:
    id = (await make(demo, image, networks=[{"uuid": network["id"], "fixed_ip": "10.8.0.5"}]))["id"]
    shown = await show(demo, id)
    assert shown["status"] == "ERROR"
    assert shown["fault"]["code"] == 500
    why = f"Invalid input received: Fixed IP 10.8.0.5 is not a valid ip address for network {network['id']}."
    assert shown["fault"]["message"] == f"Build of instance {id} aborted: {why}"
    assert (await show(admin, id))["OS-EXT-SRV-ATTR:host"] is None
    assert (await demo.get("network", f"/v2.0/ports?device_id={id}")).ok()["ports"] == []


async def test_interfaces(demo: Any, image: str, network: dict[str, Any]) -> None:
    id = (await make(demo, image))["id"]
    await show(demo, id)
    path = f"{SERVERS}/{id}/os-interface"
    body = {"interfaceAttachment": {"net_id": network["id"], "fixed_ips": [{"ip_address": "10.9.0.9"}], "tag": "nic"}}
    made = (await demo.post("compute", path, body, **at("2.70"))).ok(200)["interfaceAttachment"]
    assert made["fixed_ips"][0]["ip_address"] == "10.9.0.9"
    assert (made["tag"], made["port_state"]) == ("nic", "ACTIVE")
    again = await demo.post("compute", path, body, **at("2.70"))
    again.refused(409, f"Fixed IP address 10.9.0.9 is already in use on instance {id}.")
    assert (await demo.get("compute", path)).ok()["interfaceAttachments"][0]["port_id"] == made["port_id"]
    (await demo.delete("compute", f"{path}/{made['port_id']}")).ok(202)
    (await demo.get("network", f"/v2.0/ports/{made['port_id']}")).refused(404)
    (await demo.delete("compute", f"{path}/{made['port_id']}")).ok(202)


async def test_security_groups_of_a_server(demo: Any, image: str, network: dict[str, Any]) -> None:
    body = {"security_group": {"name": "web"}}
    group = (await demo.post("network", "/v2.0/security-groups", body)).ok()["security_group"]
    id = (await make(demo, image, networks=[{"uuid": network["id"]}], security_groups=[{"name": "web"}]))["id"]
    assert (await show(demo, id))["security_groups"] == [{"name": "web"}]
    action = f"{SERVERS}/{id}/action"
    (await demo.post("compute", action, {"addSecurityGroup": {"name": "default"}})).ok(202)
    assert {"name": "default"} in (await show(demo, id))["security_groups"]
    (await demo.post("compute", action, {"removeSecurityGroup": {"name": group["id"]}})).ok(202)
    assert (await show(demo, id))["security_groups"] == [{"name": "default"}]


async def test_volumes_on_both_sides(demo: Any, image: str) -> None:
    project = demo.project_id
    volume = (await demo.post("volume", f"/v3/{project}/volumes", {"volume": {"size": 1}})).ok()["volume"]
    id = (await make(demo, image))["id"]
    await show(demo, id)
    path = f"{SERVERS}/{id}/os-volume_attachments"
    body = {"volumeAttachment": {"volumeId": volume["id"]}}
    made = (await demo.post("compute", path, body)).ok(200)["volumeAttachment"]
    assert made == {"id": volume["id"], "serverId": id, "volumeId": volume["id"], "device": "/dev/vdb"}
    seen = (await demo.get("volume", f"/v3/{project}/volumes/{volume['id']}")).ok()["volume"]
    assert (seen["status"], seen["attachments"][0]["server_id"]) == ("in-use", id)
    shown = (await demo.get("compute", f"{path}/{volume['id']}", **at("2.89"))).ok()["volumeAttachment"]
    assert shown["attachment_id"] == seen["attachments"][0]["attachment_id"]
    assert "id" not in shown
    (await demo.post("compute", path, body)).refused(400, "is already attached to instances")
    (await demo.delete("compute", f"{path}/{volume['id']}")).ok(202)
    (await demo.delete("compute", f"{path}/{volume['id']}")).refused(404, "is not attached to volume")
    seen = (await demo.get("volume", f"/v3/{project}/volumes/{volume['id']}")).ok()["volume"]
    assert (seen["status"], seen["attachments"]) == ("available", [])


@pytest.mark.parametrize("goes_too", [True, False])
async def test_boot_from_a_new_volume(demo: Any, image: str, goes_too: bool) -> None:
    device = {
        "boot_index": 0,
        "source_type": "image",
        "destination_type": "volume",
        "uuid": image,
        "volume_size": 1,
        "delete_on_termination": goes_too,
    }
    id = (await make(demo, image, imageRef="", block_device_mapping_v2=[device]))["id"]
    shown = await show(demo, id)
    assert (shown["status"], shown["image"]) == ("ACTIVE", "")
    (attached,) = shown["os-extended-volumes:volumes_attached"]
    assert attached["delete_on_termination"] is goes_too
    path = f"/v3/{demo.project_id}/volumes/{attached['id']}"
    assert (await demo.get("volume", path)).ok()["volume"]["bootable"] == "true"
    (await demo.delete("compute", f"{SERVERS}/{id}/os-volume_attachments/{attached['id']}")).refused(400, "root device")
    (await demo.delete("compute", f"{SERVERS}/{id}")).ok(204)
    await demo.get("compute", SERVERS)
    await demo.get("volume", path)
    left = await demo.get("volume", path)
    assert left.status == (404 if goes_too else 200)


async def test_lists(demo: Any, admin: Any, image: str) -> None:
    for name in ("a1", "a2", "b1"):
        await make(demo, image, name=name)
    names = [
        item["name"]
        for item in (await demo.get("compute", f"{SERVERS}?sort_key=display_name&sort_dir=asc")).ok()["servers"]
    ]
    assert names == ["a1", "a2", "b1"]
    found = (await demo.get("compute", f"{SERVERS}?name=^a")).ok()["servers"]
    assert sorted(item["name"] for item in found) == ["a1", "a2"]
    page = (await demo.get("compute", f"{SERVERS}?limit=2&sort_key=display_name&sort_dir=asc")).ok()
    marker = page["servers"][-1]["id"]
    assert f"marker={marker}" in page["servers_links"][0]["href"]
    rest = (await demo.get("compute", f"{SERVERS}?marker={marker}&sort_key=display_name&sort_dir=asc")).ok()["servers"]
    assert [item["name"] for item in rest] == ["b1"]
    assert (await admin.get("compute", SERVERS)).ok()["servers"] == []
    assert len((await admin.get("compute", f"{SERVERS}/detail?all_tenants=1&status=active")).ok()["servers"]) == 3
    assert (await demo.get("compute", f"{SERVERS}?status=SHUTOFF")).ok()["servers"] == []
    assert (await demo.get("compute", f"{SERVERS}?limit=0")).ok() == {"servers": []}


async def test_metadata_and_tags(demo: Any, image: str) -> None:
    id = (await make(demo, image, metadata={"a": "1"}, tags=["x"]))["id"]
    path = f"{SERVERS}/{id}/metadata"
    assert (await demo.post("compute", path, {"metadata": {"b": "2"}})).ok(200) == {"metadata": {"a": "1", "b": "2"}}
    assert (await demo.put("compute", f"{path}/b", {"meta": {"b": "3"}})).ok(200) == {"meta": {"b": "3"}}
    (await demo.delete("compute", f"{path}/a")).ok(204)
    assert (await demo.put("compute", path, {"metadata": {}})).ok(200) == {"metadata": {}}
    tags = f"{SERVERS}/{id}/tags"
    assert (await demo.put("compute", tags, {"tags": ["b", "a"]}, **at("2.26"))).ok(200) == {"tags": ["a", "b"]}
    added = await demo.put("compute", f"{tags}/c", **at("2.26"))
    assert (added.status, added.content) == (201, b"")
    assert added.headers["Location"].endswith(f"/v2.1/servers/{id}/tags/c")
    (await demo.put("compute", f"{tags}/c", **at("2.26"))).ok(204)
    (await demo.get("compute", f"{tags}/zz", **at("2.26"))).refused(404, f"Server {id} has no tag 'zz'")
    (await demo.delete("compute", tags, **at("2.26"))).ok(204)
    assert (await show(demo, id))["tags"] == []
    (await demo.get("compute", tags)).refused(404)


async def test_quota_of_instances_cores_and_memory(demo: Any, image: str) -> None:
    body = {"server": {"name": "s", "flavorRef": "42", "imageRef": image, "networks": "none", "min_count": 11}}
    refused = await demo.post("compute", SERVERS, body, **at("2.87"))
    refused.refused(403, "Quota exceeded for instances: Requested 11, but already used 0 of 10 instances")
    body["server"] |= {"min_count": 1, "max_count": 11}
    (await demo.post("compute", SERVERS, body, **at("2.87"))).ok(202)
    servers = (await demo.get("compute", f"{SERVERS}?sort_key=display_name&sort_dir=asc")).ok()["servers"]
    assert len(servers) == 10
    assert servers[0]["name"] == "s-1"
    for server in servers:
        (await demo.delete("compute", f"{SERVERS}/{server['id']}")).ok(204)
    used = (await demo.get("compute", "/v2.1/limits")).ok()["limits"]["absolute"]
    assert (used["totalInstancesUsed"], used["totalCoresUsed"], used["totalRAMUsed"]) == (0, 0, 0)


async def test_anti_affinity_on_three_hosts(demo: Any, image: str) -> None:
    body = {"server_group": {"name": "g", "policy": "anti-affinity"}}
    group = (await demo.post("compute", "/v2.1/os-server-groups", body, **at("2.64"))).ok()["server_group"]
    made = [(await make(demo, image, hints={"group": group["id"]}))["id"] for _ in range(4)]
    first, last = made[0], made[-1]
    assert (await show(demo, first))["server_groups"] == [group["id"]]
    assert len({(await show(demo, id))["hostId"] for id in made[:3]}) == 3
    assert (await show(demo, last))["fault"][
        "message"
    ] == "No valid host was found. There are not enough hosts available."
    path = f"/v2.1/os-server-groups/{group['id']}"
    assert first in (await demo.get("compute", path, **at("2.64"))).ok()["server_group"]["members"]
    (await demo.delete("compute", f"{SERVERS}/{first}")).ok(204)
    assert first not in (await demo.get("compute", path, **at("2.64"))).ok()["server_group"]["members"]


async def test_an_image_of_a_server(demo: Any, image: str) -> None:
    id = (await make(demo, image))["id"]
    await show(demo, id)
    body = {"createImage": {"name": "snap", "metadata": {"k": "v"}}}
    made = (await demo.post("compute", f"{SERVERS}/{id}/action", body, **at("2.45"))).ok(202)["image_id"]
    snap = (await demo.get("image", f"/v2/images/{made}")).ok()
    assert (snap["status"], snap["k"], snap["instance_uuid"]) == ("active", "v", id)
    base = (await demo.get("image", f"/v2/images/{image}")).ok()
    assert snap["checksum"] == base["checksum"]
    old = await demo.post("compute", f"{SERVERS}/{id}/action", body)
    assert old.ok(202) is None or old.content == b""
    assert "/images/" in old.headers["Location"]


async def test_another_project_sees_nothing(cloud: Any, demo: Any, image: str) -> None:
    id = (await make(demo, image))["id"]
    other = await cloud.user("admin", "admin")
    assert (await other.get("compute", f"{SERVERS}/{id}")).status == 200
    (await demo.get("compute", f"{SERVERS}?all_tenants=1")).refused(403, "get_all_tenants")


async def test_a_floating_ip_is_an_address_of_the_server(demo: Any, image: str) -> None:
    private = (await demo.get("network", "/v2.0/networks?name=private")).ok()["networks"][0]["id"]
    public = (await demo.get("network", "/v2.0/networks?name=public")).ok()["networks"][0]["id"]
    id = (await make(demo, image, networks=[{"uuid": private}]))["id"]
    await show(demo, id)
    port = (await demo.get("network", f"/v2.0/ports?device_id={id}")).ok()["ports"][0]
    body = {"floatingip": {"floating_network_id": public, "port_id": port["id"]}}
    made = (await demo.post("network", "/v2.0/floatingips", body)).ok()["floatingip"]
    address = (await show(demo, id))["addresses"]["private"][-1]
    assert address == {
        "version": 4,
        "addr": made["floating_ip_address"],
        "OS-EXT-IPS:type": "floating",
        "OS-EXT-IPS-MAC:mac_addr": port["mac_address"],
    }
    (await demo.delete("network", f"/v2.0/floatingips/{made['id']}")).ok(204)
    kinds = {item["OS-EXT-IPS:type"] for item in (await show(demo, id))["addresses"]["private"]}
    assert kinds == {"fixed"}


async def test_a_port_of_another_project_is_none_of_the_server(demo: Any, admin: Any, image: str, network: Any) -> None:
    server = (await make(demo, image, networks=[{"uuid": network["id"]}]))["id"]
    theirs = (await admin.post("network", "/v2.0/networks", {"network": {"name": "theirs"}})).ok()["network"]["id"]
    subnet = {"network_id": theirs, "ip_version": 4, "cidr": "10.8.0.0/24"}
    (await admin.post("network", "/v2.0/subnets", {"subnet": subnet})).ok()
    port = {"network_id": theirs, "device_id": server}
    made = (await admin.post("network", "/v2.0/ports", {"port": port})).ok(201)["port"]["id"]
    for user in (demo, admin):
        assert list((await show(user, server))["addresses"]) == ["n"]
        interfaces = (await user.get("compute", f"{SERVERS}/{server}/os-interface")).ok()["interfaceAttachments"]
        assert [item["net_id"] for item in interfaces] == [network["id"]]
    (await demo.delete("compute", f"{SERVERS}/{server}")).ok(204)
    assert (await admin.get("network", f"/v2.0/ports/{made}")).ok()["port"]["device_id"] == server


async def test_security_groups_on_a_network_without_port_security(demo: Any, image: str, network: Any) -> None:
    update = {"network": {"port_security_enabled": False}}
    (await demo.put("network", f"/v2.0/networks/{network['id']}", update)).ok()
    (await demo.post("network", "/v2.0/security-groups", {"security_group": {"name": "web"}})).ok()
    asked: Any = {"networks": [{"uuid": network["id"]}], "security_groups": [{"name": "web"}]}
    server = await show(demo, (await make(demo, image, **asked))["id"])
    assert server["status"] == "ERROR"
    text = "Network requires port_security_enabled and subnet associated in order to apply security groups."
    assert text in server["fault"]["message"]


async def test_a_local_disk_does_not_become_smaller(demo: Any, image: str) -> None:
    server = (await make(demo, image, flavorRef="2"))["id"]
    await show(demo, server)
    resize = {"resize": {"flavorRef": "1"}}
    refused = (await demo.post("compute", f"{SERVERS}/{server}/action", resize)).refused(400)
    assert refused["badRequest"]["message"] == (
        "Flavor's disk is smaller than the minimum size specified in image metadata. Flavor disk is 1073741824 bytes, "
        "minimum size is 21474836480 bytes."
    )
    limits = (await demo.get("compute", "/v2.1/limits")).ok()["limits"]["absolute"]
    assert limits["totalCoresUsed"] == 1
    disk = {"boot_index": 0, "uuid": image, "source_type": "image", "destination_type": "volume", "volume_size": 20}
    booted = await make(demo, image, flavorRef="2", imageRef=None, block_device_mapping_v2=[disk])
    await show(demo, booted["id"])
    (await demo.post("compute", f"{SERVERS}/{booted['id']}/action", resize)).ok(202)


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("creating", "status must be available or downloading to reserve, but the current status is creating."),
        ("error", "currently has a status of: error "),
    ],
)
async def test_a_volume_that_cannot_be_reserved(demo: Any, admin: Any, image: str, status: str, why: str) -> None:
    server, path = (await make(demo, image))["id"], f"/v3/{demo.project_id}/volumes"
    await show(demo, server)
    id = (await demo.post("volume", path, {"volume": {"size": 1}})).ok()["volume"]["id"]
    reset = {"os-reset_status": {"status": status}}
    (await admin.post("volume", f"/v3/{admin.project_id}/volumes/{id}/action", reset)).ok(202)
    attach = {"volumeAttachment": {"volumeId": id}}
    refused = await demo.post("compute", f"{SERVERS}/{server}/os-volume_attachments", attach)
    in_error = "Volume attachments can not be created if the volume is in an error state. The "
    cause = f"{in_error if status == 'error' else ''}Volume {id} {why}"
    text = f"Invalid input received: Invalid volume: {cause} (HTTP 400) (Request-ID: req-"
    assert refused.refused(400)["badRequest"]["message"].startswith(text)
    disk = {"boot_index": 0, "uuid": id, "source_type": "volume", "destination_type": "volume"}
    body: Any = {"server": {"name": "s", "flavorRef": "42", "networks": "none", "block_device_mapping_v2": [disk]}}
    refused = await demo.post("compute", SERVERS, body, **at("2.87"))
    assert refused.refused(400)["badRequest"]["message"].startswith(f"Invalid volume: {text}")


@pytest.mark.parametrize(
    ("network", "why"),
    [
        ("private", "Bad networks format: network uuid is not in proper format (private)"),
        (None, "Invalid input for field/attribute uuid. Value: None. None is not of type 'string'"),
    ],
)
async def test_networks_that_are_no_uuids(demo: Any, image: str, network: Any, why: str) -> None:
    body = {"server": {"name": "s", "flavorRef": "42", "imageRef": image, "networks": [{"uuid": network}]}}
    assert (await demo.post("compute", SERVERS, body)).refused(400)["badRequest"]["message"] == why
