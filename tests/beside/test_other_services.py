"""What Nova asks of Glance, Neutron and Cinder is asked at those of the catalog, and taken back where it fails."""

from __future__ import annotations

from typing import Any

from mopenstack.cli.serve import Serving
from tests.beside.conftest import Start, at
from tests.client import User
from tests.conftest import Cloud

SERVERS = "/v2.1/servers"


async def image_id(user: User) -> str:
    """The image of a fresh cloud."""
    found = (await user.get("image", "/v2/images")).ok()["images"]
    return str(found[0]["id"])


async def network_id(user: User, name: str = "private") -> str:
    """A network by its name."""
    found = (await user.get("network", f"/v2.0/networks?name={name}")).ok()["networks"]
    return str(found[0]["id"])


async def ports_of(user: User, server_id: str) -> list[dict[str, Any]]:
    """The ports of a server, at the cloud's Neutron."""
    found: list[dict[str, Any]] = (await user.get("network", f"/v2.0/ports?device_id={server_id}")).ok()["ports"]
    return found


async def boot(nova: Serving, user: User, **more: Any) -> dict[str, Any]:
    """A server that was asked for beside the cloud."""
    body = {"name": "one", "imageRef": await image_id(user), "flavorRef": "1", **more}
    body.setdefault("networks", [{"uuid": await network_id(user)}])
    reply = await at(nova, user).post(
        "compute", SERVERS, {"server": body}, headers={"OpenStack-API-Version": "compute 2.90"}
    )
    made: dict[str, Any] = reply.ok(202)["server"]
    return made


async def test_a_server_has_a_port_at_the_other_neutron(demo: User, nova: Serving) -> None:
    made = await boot(nova, demo)
    beside = at(nova, demo)
    shown = (await beside.get("compute", f"{SERVERS}/{made['id']}")).ok()["server"]
    assert shown["status"] == "ACTIVE"
    (port,) = await ports_of(demo, made["id"])
    assert (port["device_owner"], port["project_id"], port["status"]) == ("compute:nova", demo.project_id, "ACTIVE")
    addresses = {one["addr"] for one in shown["addresses"]["private"]}
    assert addresses == {one["ip_address"] for one in port["fixed_ips"]}
    (await beside.delete("compute", f"{SERVERS}/{made['id']}")).ok(204)
    assert (await beside.get("compute", f"{SERVERS}/{made['id']}")).status == 404
    assert await ports_of(demo, made["id"]) == []


async def test_an_image_that_the_other_glance_lacks(demo: User, nova: Serving) -> None:
    body = {"name": "one", "imageRef": "6f7f2c1e-0000-4000-8000-000000000000", "flavorRef": "1", "networks": "none"}
    reply = await at(nova, demo).post(
        "compute", SERVERS, {"server": body}, headers={"OpenStack-API-Version": "compute 2.90"}
    )
    reply.refused(400, "Can not find requested image")


async def test_a_port_of_the_user_is_bound_and_let_go(demo: User, nova: Serving) -> None:
    body = {"port": {"network_id": await network_id(demo), "name": "mine"}}
    port = (await demo.post("network", "/v2.0/ports", body)).ok(201)["port"]
    made = await boot(nova, demo, networks=[{"port": port["id"]}])
    (bound,) = await ports_of(demo, made["id"])
    assert bound["id"] == port["id"]
    (await at(nova, demo).delete("compute", f"{SERVERS}/{made['id']}")).ok(204)
    assert (await at(nova, demo).get("compute", f"{SERVERS}/{made['id']}")).status == 404
    free = (await demo.get("network", f"/v2.0/ports/{port['id']}")).ok()["port"]
    assert (free["device_id"], free["device_owner"]) == ("", "")


async def test_nothing_is_left_of_a_server_that_comes_to_nothing(cloud: Cloud, demo: User, nova: Serving) -> None:
    """The second interface cannot be had: the port of the first, and the binding of the user's own, are taken back."""
    network = await network_id(demo)
    own = (await demo.post("network", "/v2.0/ports", {"port": {"network_id": network}})).ok(201)["port"]
    before = (await demo.get("network", "/v2.0/ports")).ok()["ports"]
    wanted = [{"port": own["id"]}, {"uuid": network}, {"uuid": network, "fixed_ip": "192.0.2.7"}]
    body = {"name": "one", "imageRef": await image_id(demo), "flavorRef": "1", "networks": wanted}
    reply = await at(nova, demo).post("compute", SERVERS, {"server": body})
    assert reply.status in (400, 202), reply.body
    servers = (await at(nova, demo).get("compute", f"{SERVERS}/detail")).ok()["servers"]
    assert not [one for one in servers if one["status"] == "ACTIVE"]
    after = (await demo.get("network", "/v2.0/ports")).ok()["ports"]
    assert {one["id"] for one in after} == {one["id"] for one in before}
    assert {one["device_id"] for one in after if one["id"] == own["id"]} == {""}


async def test_a_volume_is_attached_at_the_other_cinder(demo: User, nova: Serving) -> None:
    path = f"/v3/{demo.project_id}/volumes"
    volume = (await demo.post("volume", path, {"volume": {"size": 1}})).ok(202)["volume"]
    made = await boot(nova, demo, networks="none")
    beside = at(nova, demo)
    attachments = f"{SERVERS}/{made['id']}/os-volume_attachments"
    (await beside.post("compute", attachments, {"volumeAttachment": {"volumeId": volume["id"]}})).ok()
    (await beside.get("compute", f"{SERVERS}/{made['id']}")).ok()
    shown = (await demo.get("volume", f"{path}/{volume['id']}")).ok()["volume"]
    assert (shown["status"], shown["attachments"][0]["server_id"]) == ("in-use", made["id"])
    (await beside.delete("compute", f"{SERVERS}/{made['id']}")).ok(204)
    assert (await beside.get("compute", f"{SERVERS}/{made['id']}")).status == 404
    assert (await demo.get("volume", f"{path}/{volume['id']}")).ok()["volume"]["status"] == "available"


async def test_a_project_is_looked_for_at_keystone(cloud: Cloud, admin: User, nova: Serving) -> None:
    """What Nova asks Keystone about projects."""
    beside = at(nova, admin)
    path = "/v2.1/os-quota-sets"
    (await beside.put("compute", f"{path}/{admin.project_id}", {"quota_set": {"instances": 3}})).ok()
    reply = await beside.put("compute", f"{path}/{'0' * 32}", {"quota_set": {"instances": 3}})
    reply.refused(400, "is not a valid project")


async def test_what_the_catalog_lacks_is_served_here(cloud: Cloud, admin: User, start: Start) -> None:
    services = (await admin.get("identity", "/v3/services?type=network")).ok()["services"]
    for service in services:
        (await admin.delete("identity", f"/v3/services/{service['id']}")).ok(204)
    nova = await start("compute", "placement")
    demo = await cloud.user("demo")
    beside = at(nova, demo)
    assert (await beside.get("image", "/v2/images")).status in (404, 501), "Glance is elsewhere"
    network = (await beside.post("network", "/v2.0/networks", {"network": {"name": "here"}})).ok(201)["network"]
    subnet = {"network_id": network["id"], "ip_version": 4, "cidr": "10.9.0.0/24"}
    (await beside.post("network", "/v2.0/subnets", {"subnet": subnet})).ok(201)
    made = await boot(nova, demo, networks=[{"uuid": network["id"]}])
    shown = (await beside.get("compute", f"{SERVERS}/{made['id']}")).ok()["server"]
    assert (shown["status"], list(shown["addresses"])) == ("ACTIVE", ["here"])
    ports = (await beside.get("network", f"/v2.0/ports?device_id={made['id']}")).ok()["ports"]
    assert len(ports) == 1
