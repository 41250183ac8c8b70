"""What Nova shows of other services up to 2.35 is what those services have."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compute.stage import SERVERS, act, at, boot, show

pytestmark = pytest.mark.usefixtures("two_hosts")


async def test_images(admin: Any, demo: Any) -> None:
    body = {"name": "mine", "disk_format": "raw", "container_format": "bare", "kind": "x"}
    id = (await demo.post("image", "/v2/images", body)).ok(201)["id"]
    listed = (await demo.get("compute", "/v2.1/images?name=mine")).ok(200)["images"]
    assert [item["id"] for item in listed] == [id]
    shown = (await demo.get("compute", f"/v2.1/images/{id}")).ok(200)["image"]
    assert (shown["status"], shown["progress"], shown["metadata"]) == ("SAVING", 25, {"kind": "x"})
    assert [link["rel"] for link in shown["links"]] == ["self", "bookmark", "alternate"]
    path = f"/v2.1/images/{id}/metadata"
    assert (await demo.post("compute", path, {"metadata": {"a": "1"}})).ok(200)["metadata"] == {"kind": "x", "a": "1"}
    assert (await demo.put("compute", f"{path}/a", {"meta": {"a": "2"}})).ok(200) == {"meta": {"a": "2"}}
    (await demo.put("compute", f"{path}/a", {"meta": {"b": "2"}})).refused(400, "Request body and URI mismatch")
    assert (await demo.get("compute", f"{path}/a")).ok(200) == {"meta": {"a": "2"}}
    assert (await demo.put("compute", path, {"metadata": {"only": "1"}})).ok(200) == {"metadata": {"only": "1"}}
    assert (await demo.get("image", f"/v2/images/{id}")).ok()["only"] == "1"
    (await demo.delete("compute", f"{path}/zz")).refused(404, "Invalid metadata key")
    (await demo.delete("compute", f"{path}/only")).ok(204)
    (await demo.delete("compute", f"/v2.1/images/{id}")).ok(204)
    (await demo.get("image", f"/v2/images/{id}")).refused(404)
    (await demo.get("compute", f"/v2.1/images/{id}")).refused(404, "Image not found.")
    public = (await demo.get("image", "/v2/images?visibility=public")).ok()["images"][0]["id"]
    (await demo.delete("compute", f"/v2.1/images/{public}")).refused(403, "You are not allowed to delete the image.")


async def test_volumes_and_snapshots(demo: Any) -> None:
    body = {"volume": {"size": 1, "display_name": "v", "metadata": {"a": "b"}}}
    made = await demo.post("compute", "/v2.1/os-volumes", body)
    id = made.ok(200)["volume"]["id"]
    assert made.headers["Location"].endswith(f"/v2.1/os-volumes/{id}")
    (shown,) = (await demo.get("compute", "/v2.1/os-volumes/detail")).ok(200)["volumes"]
    assert (shown["displayName"], shown["status"], shown["attachments"]) == ("v", "available", [{}])
    assert (await demo.get("volume", f"/v3/volumes/{id}")).ok()["volume"]["metadata"] == {"a": "b"}
    snapshot = {"snapshot": {"volume_id": id, "display_name": "s"}}
    taken = (await demo.post("compute", "/v2.1/os-snapshots", snapshot)).ok(200)["snapshot"]
    assert (taken["volumeId"], taken["size"]) == (id, 1)
    assert (await demo.get("volume", f"/v3/snapshots/{taken['id']}")).ok()["snapshot"]["name"] == "s"
    (await demo.delete("compute", f"/v2.1/os-snapshots/{taken['id']}")).ok(202)
    (await demo.delete("compute", f"/v2.1/os-volumes/{id}")).ok(202)
    (await demo.get("compute", f"/v2.1/os-volumes/{id}")).refused(404, f"Volume {id} could not be found.")


async def test_addresses_of_a_server(demo: Any) -> None:
    network = (await demo.get("network", "/v2.0/networks?name=private")).ok()["networks"][0]["id"]
    id = await boot(demo, networks=[{"uuid": network}])
    assert (await demo.get("compute", "/v2.1/os-floating-ip-pools")).ok(200) == {
        "floating_ip_pools": [{"name": "public"}]
    }
    (await demo.post("compute", "/v2.1/os-floating-ips", {"pool": "nope"})).refused(404, "Floating IP pool not found.")
    fip = (await demo.post("compute", "/v2.1/os-floating-ips", {"pool": "public"})).ok(200)["floating_ip"]
    (await act(demo, id, {"addFloatingIp": {"address": fip["ip"]}}, "2.1")).ok(202)
    known = (await demo.get("compute", f"/v2.1/os-floating-ips/{fip['id']}")).ok(200)["floating_ip"]
    assert (known["instance_id"], known["pool"]) == (id, "public")
    found = [item["addr"] for item in (await show(demo, id))["addresses"]["private"]]
    assert fip["ip"] in found
    (await act(demo, id, {"removeFloatingIp": {"address": fip["ip"]}}, "2.1")).ok(202)
    again = await act(demo, id, {"removeFloatingIp": {"address": fip["ip"]}}, "2.1")
    again.refused(409, f"Floating IP {fip['ip']} is not associated with instance {id}.")
    (await demo.delete("compute", f"/v2.1/os-floating-ips/{fip['id']}")).ok(202)
    assert (await demo.get("network", "/v2.0/floatingips")).ok()["floatingips"] == []
    (await act(demo, id, {"addFixedIp": {"networkId": network}}, "2.1")).ok(202)
    more = [item["addr"] for item in (await show(demo, id))["addresses"]["private"]]
    assert len(more) == len(found)  # one came and the floating one went
    (await act(demo, id, {"removeFixedIp": {"address": more[-1]}}, "2.1")).ok(202)
    (await act(demo, id, {"removeFixedIp": {"address": "10.9.9.9"}}, "2.1")).refused(400, "does not have fixed IP")


async def test_security_groups(demo: Any) -> None:
    path = "/v2.1/os-security-groups"
    body = {"security_group": {"name": "g", "description": "d"}}
    group = (await demo.post("compute", path, body)).ok(200)["security_group"]
    assert group["rules"] == []
    rule = {"parent_group_id": group["id"], "ip_protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "10.0.0.0/8"}
    made = (await demo.post("compute", "/v2.1/os-security-group-rules", {"security_group_rule": rule})).ok(200)
    assert made["security_group_rule"]["ip_range"] == {"cidr": "10.0.0.0/8"}
    for bad, text in (
        ({"from_port": 30}, "Former value cannot be greater than the later"),
        ({"ip_protocol": "x"}, "Invalid IP protocol x."),
        ({"cidr": "z"}, "z is not a valid IP network."),
        ({"ip_protocol": None}, "Not enough parameters to build a valid rule."),
        ({}, f"This rule already exists in group {group['id']}"),
    ):
        wrong = {"security_group_rule": {**rule, **bad}}
        (await demo.post("compute", "/v2.1/os-security-group-rules", wrong)).refused(400, text)
    id = made["security_group_rule"]["id"]
    (await demo.delete("compute", f"/v2.1/os-security-group-rules/{id}")).ok(202)
    changed = {"security_group": {"name": "h", "description": "e"}}
    assert (await demo.put("compute", f"{path}/{group['id']}", changed)).ok(200)["security_group"]["name"] == "h"
    assert [item["name"] for item in (await demo.get("compute", path)).ok(200)["security_groups"]] == ["default", "h"]
    (await demo.delete("compute", f"{path}/{group['id']}")).ok(202)
    (await demo.get("compute", f"{path}/{group['id']}")).refused(404)
    (await demo.get("compute", f"{path}/nope")).refused(400, "Security group id should be uuid")


async def test_security_groups_of_a_server(demo: Any) -> None:
    network = (await demo.get("network", "/v2.0/networks?name=private")).ok()["networks"][0]["id"]
    id = await boot(demo, networks=[{"uuid": network}])
    found = (await demo.get("compute", f"{SERVERS}/{id}/os-security-groups", **at("2.103"))).ok(200)["security_groups"]
    assert [item["name"] for item in found] == ["default"]
    assert all(rule["group"]["name"] == "default" for rule in found[0]["rules"])


async def test_networks(demo: Any) -> None:
    networks = (await demo.get("compute", "/v2.1/os-networks")).ok(200)["networks"]
    labels = {item["label"]: item for item in networks}
    assert labels["private"]["cidr"] is None
    assert "project_id" not in labels["private"]
    path = f"/v2.1/os-tenant-networks/{labels['private']['id']}"
    assert (await demo.get("compute", path)).ok(200)["network"]["cidr"] == "None"
    (await demo.delete("compute", path)).refused(410)


@pytest.mark.parametrize("path", ["images", "os-volumes", "os-snapshots", "os-networks", "os-floating-ips"])
async def test_all_that_ends_at_2_35(demo: Any, path: str) -> None:
    (await demo.get("compute", f"/v2.1/{path}", **at("2.35"))).ok(200)
    (await demo.get("compute", f"/v2.1/{path}", **at("2.36"))).refused(404, "The resource could not be found.")


async def test_hosts_end_at_2_42(admin: Any, demo: Any) -> None:
    id = await boot(demo)
    hosts = (await admin.get("compute", "/v2.1/os-hosts?zone=nova", **at("2.42"))).ok(200)["hosts"]
    assert [(item["host_name"], item["service"]) for item in hosts] == [
        ("devstack", "compute"),
        ("compute-2", "compute"),
    ]
    name = (await show(admin, id))["OS-EXT-SRV-ATTR:host"]
    resources = [item["resource"] for item in (await admin.get("compute", f"/v2.1/os-hosts/{name}")).ok(200)["host"]]
    assert [item["project"] for item in resources] == ["(total)", "(used_now)", "(used_max)", demo.project_id]
    assert resources[-1]["memory_mb"] == 192
    (await admin.get("compute", "/v2.1/os-hosts/nope")).refused(404, "Host 'nope' is not mapped to any cell")
    (await admin.get("compute", "/v2.1/os-hosts/devstack/reboot")).refused(501, "not supported")
    (await admin.get("compute", "/v2.1/os-hosts", **at("2.43"))).refused(404)


async def test_a_floating_ip_that_does_not_reach_the_server(demo: Any) -> None:
    """A refusal of Neutron's is quoted as its client words it; that of an address that is taken as it is."""
    made = (await demo.post("network", "/v2.0/networks", {"network": {"name": "apart"}})).ok(201)["network"]["id"]
    subnet = {"network_id": made, "ip_version": 4, "cidr": "10.8.0.0/24"}
    (await demo.post("network", "/v2.0/subnets", {"subnet": subnet})).ok(201)
    server = await boot(demo, networks=[{"uuid": made}])
    fixed = (await show(demo, server))["addresses"]["apart"][0]["addr"]
    external = (await demo.get("network", "/v2.0/networks?router:external=true")).ok()["networks"][0]["id"]
    body = {"floatingip": {"floating_network_id": external}}
    address = (await demo.post("network", "/v2.0/floatingips", body)).ok(201)["floatingip"]["floating_ip_address"]
    refused = await act(demo, server, {"addFloatingIp": {"address": address}}, "2.40")
    text = refused.refused(400)["badRequest"]["message"]
    assert text.startswith(
        f"Unable to associate floating IP {address} to fixed IP {fixed} for instance {server}. "
        f"Error: External network {external} is not reachable from subnet "
    )
    assert "\nNeutron server returns request_ids: ['req-" in text
