"""What a resource lets go of for the one that replaces it, and takes back when the stack comes back to it."""

from __future__ import annotations

from typing import Any

from tests.conftest import Cloud
from tests.orchestration.stacks import at_rest, changed, made, outputs, template

FAILING = {"type": "OS::Heat::TestResource", "properties": {"fail": True}, "depends_on": ["port", "server", "key"]}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPMW5pGBcMXJYdZaWIxKtlxTlQuwrIcHLzjqYqxGLqVm x"


def document(mac: str, key: str, zone: str) -> dict[str, Any]:
    """A port with an address of its own, a server at another port, a key; each changes into another one."""
    net = {"type": "OS::Neutron::Net"}
    subnet = {"type": "OS::Neutron::Subnet", "properties": {"network": {"get_resource": "net"}, "cidr": "10.9.0.0/24"}}
    port = {
        "network": {"get_resource": "net"},
        "mac_address": mac,
        "fixed_ips": [{"subnet": {"get_resource": "subnet"}, "ip_address": "10.9.0.11"}],
    }
    other = {"type": "OS::Neutron::Port", "properties": {"network": {"get_resource": "net"}}, "depends_on": "subnet"}
    server = {
        "flavor": "m1.tiny",
        "image": "cirros-0.6.3-x86_64-disk",
        "networks": [{"port": {"get_resource": "other"}}],
        "availability_zone": zone,
    }
    resources = {
        "net": net,
        "subnet": subnet,
        "port": {"type": "OS::Neutron::Port", "properties": port},
        "other": other,
        "server": {"type": "OS::Nova::Server", "properties": server},
        "key": {"type": "OS::Nova::KeyPair", "properties": {"name": "k", "public_key": key}},
    }
    shown = {name: {"get_resource": name} for name in ("port", "other", "server", "key")}
    return template(resources, shown | {"mac": {"get_attr": ["port", "mac_address"]}})


async def test_room_for_the_next_one(cloud: Cloud) -> None:
    """Address, port and name go to the new port, server and key; a rollback gives them back."""
    user = await cloud.user("admin")
    first = document("fa:16:3e:00:00:01", KEY, "")
    second = document("fa:16:3e:00:00:02", KEY.replace("IPMW5", "IPMW6"), "nova")
    stack = await made(user, "room", first)
    before = outputs(stack)
    failing = {**second, "resources": {**second["resources"], "bad": FAILING}}
    path = f"/v1/{user.project_id}/stacks/room/{stack['id']}"
    (await user.put("heat-api", path, {"template": failing, "disable_rollback": False})).ok(202)
    stack = await at_rest(user, "room", stack["id"])
    assert stack["stack_status"] == "ROLLBACK_COMPLETE", stack["stack_status_reason"]
    back = outputs(stack)
    assert {**back, "key": ""} == {**before, "key": ""}
    port = (await user.get("network", f"/v2.0/ports/{back['port']}")).ok()["port"]
    assert [one["ip_address"] for one in port["fixed_ips"]] == ["10.9.0.11"]
    other = (await user.get("network", f"/v2.0/ports/{back['other']}")).ok()["port"]
    assert other["device_id"] == back["server"]
    stack = await changed(user, stack, second)
    after = outputs(stack)
    assert after["mac"] == "fa:16:3e:00:00:02"
    assert after["server"] != before["server"]
    other = (await user.get("network", f"/v2.0/ports/{after['other']}")).ok()["port"]
    assert other["device_id"] == after["server"]
    port = (await user.get("network", f"/v2.0/ports/{after['port']}")).ok()["port"]
    assert [one["ip_address"] for one in port["fixed_ips"]] == ["10.9.0.11"]
