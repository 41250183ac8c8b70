"""What becomes of a tenant in another project, in another cloud of the process, in another process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mopenstack.core.tenant_replication.copying.rules import Mappings
from mopenstack.core.tenant_replication.copying.tenants import Copy
from tests.client import User
from tests.conftest import Cloud
from tests.tenant_replication.conftest import SDK_WARNINGS, Tenant

pytestmark = SDK_WARNINGS


async def seen(cloud: Cloud, copy: Copy, url: str = "") -> Tenant:
    """The copy, as its own user sees it."""
    there = Cloud(cloud.name, cloud.serving, cloud.session)
    user = await there.user(copy.user_name, copy.project_name, copy.password) if not url else None
    if user is None:
        scope = {"project": {"name": copy.project_name, "domain": {"id": "default"}}}
        who = {"name": copy.user_name, "domain": {"id": "default"}, "password": copy.password}
        auth = {"auth": {"identity": {"methods": ["password"], "password": {"user": who}}, "scope": scope}}
        reply = await User(cloud.session, url).post("identity", "/v3/auth/tokens", auth)
        token = reply.ok(201)["token"]
        user = User(cloud.session, url, reply.headers["X-Subject-Token"], token["project"]["id"], token["user"]["id"])
    return Tenant(user, copy.project_name)


def by_name(items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in items}


async def own(tenant: Tenant, path: str, key: str) -> dict[str, dict[str, Any]]:
    found = await tenant.items(path, key)
    return by_name([one for one in found if one.get("project_id", tenant.user.project_id) == tenant.user.project_id])


async def other_cloud(cloud: Cloud) -> str:
    """The URL of a second, fresh cloud."""
    name = f"{cloud.name}-there"
    await cloud.serving.administration.create_cloud(name)
    return cloud.serving.url + f"/cloud/{name}"


@pytest.mark.parametrize("far", [False, True], ids=["project", "cloud"])
async def test_a_copy(cloud: Cloud, tenant: Tenant, copy: Callable[..., Any], far: bool) -> None:
    url = await other_cloud(cloud) if far else ""
    made = await copy("shop", Mappings(), to=url)
    assert made.notes == []
    assert made.project_name == ("shop" if far else "shop-2")
    there = await seen(cloud, made, url)
    networks = await own(there, "networks", "networks")
    assert networks.keys() == {"front", "back"}
    assert (networks["front"]["mtu"], networks["front"]["description"]) == (1400, "to the world")
    subnets = await own(there, "subnets", "subnets")
    for name in ("front-4", "back-4", "back-b"):
        for key in ("cidr", "gateway_ip", "dns_nameservers", "host_routes", "allocation_pools", "enable_dhcp"):
            assert subnets[name][key] == tenant.made[name][key], (name, key)
    router = (await own(there, "routers", "routers"))["way"]
    assert (router["description"], router["external_gateway_info"] is not None) == ("out", True)
    assert router["routes"] == [{"destination": "10.2.0.128/25", "nexthop": "10.3.0.7"}]
    ports = await there.items(f"ports?device_id={router['id']}", "ports")
    addresses = {one["fixed_ips"][0]["ip_address"] for one in ports if "interface" in one["device_owner"]}
    assert addresses == {"10.1.0.1", "10.3.0.254"}
    assert "web-1" not in await own(there, "ports", "ports")


async def test_groups_have_exactly_their_rules(cloud: Cloud, tenant: Tenant, copy: Callable[..., Any]) -> None:
    """Remote groups are those of the copy, each in both directions; the default group is as it was."""
    default = next(one for one in await tenant.items("security-groups", "security_groups") if one["name"] == "default")
    for rule in default["security_group_rules"]:
        if rule["direction"] == "ingress":
            (await tenant.user.delete("network", f"/v2.0/security-group-rules/{rule['id']}")).ok(204)
    there = await seen(cloud, await copy("shop"))

    def plain(groups: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
        names = {one["id"]: one["name"] for one in groups}
        return {
            (
                group["name"], group["description"], rule["direction"], rule["ethertype"], rule["protocol"],
                rule["port_range_min"], rule["remote_ip_prefix"], names.get(rule["remote_group_id"]),
            )
            for group in groups
            for rule in group["security_group_rules"]
        }  # fmt: skip

    copied = plain(await there.items("security-groups", "security_groups"))
    assert copied == plain(await tenant.items("security-groups", "security_groups"))
    assert ("db", "", "ingress", "IPv4", "tcp", 5432, None, "web") in copied


async def test_remapped_subnets(cloud: Cloud, tenant: Tenant, copy: Callable[..., Any]) -> None:
    """Pools are x.10 to x.200, rules and routes follow, the gateway is the first address."""
    made = await copy("shop", Mappings(subnets={"10.2.0.0/24": "10.22.0.0/24", "10.1.0.0/24": "192.168.7.0/24"}))
    there = await seen(cloud, made)
    subnets = await own(there, "subnets", "subnets")
    assert subnets["front-4"]["cidr"] == "192.168.7.0/24"
    assert subnets["front-4"]["gateway_ip"] == "192.168.7.1"
    assert subnets["front-4"]["allocation_pools"] == [{"start": "192.168.7.10", "end": "192.168.7.200"}]
    assert subnets["front-4"]["dns_nameservers"] == ["9.9.9.9"]
    assert (subnets["back-4"]["cidr"], subnets["back-4"]["gateway_ip"]) == ("10.22.0.0/24", None)
    assert subnets["back-b"]["cidr"] == "10.3.0.0/24"
    prefixes = {one["remote_ip_prefix"] for one in await there.items("security-group-rules", "security_group_rules")}
    assert prefixes == {None, "10.22.0.0/24"}
    assert (await own(there, "routers", "routers"))["way"]["routes"] == []


async def test_some_networks_and_no_way_out(cloud: Cloud, tenant: Tenant, copy: Callable[..., Any]) -> None:
    made = await copy("shop", Mappings(networks=(tenant.made["back"]["id"],), skip_connection_extnet=True))
    there = await seen(cloud, made)
    assert (await own(there, "networks", "networks")).keys() == {"back"}
    assert (await own(there, "routers", "routers"))["way"]["external_gateway_info"] is None


async def test_ports_of_instances(cloud: Cloud, tenant: Tenant, copy: Callable[..., Any]) -> None:
    """Those of servers and free ones are there with MAC, addresses and groups, free, for an instance to take."""
    image = (await tenant.user.get("image", "/v2/images")).ok()["images"][0]["id"]
    networks = [{"uuid": tenant.made["back"]["id"]}]
    server = {"name": "s", "flavorRef": "42", "imageRef": image, "networks": networks}
    (await tenant.user.post("compute", "/v2.1/servers", {"server": server})).ok(202)
    (await tenant.user.get("compute", "/v2.1/servers")).ok()
    before = [one for one in await tenant.items("ports", "ports") if not one["device_owner"].startswith("network:")]
    there = await seen(cloud, await copy("shop", Mappings(sync_instance_ports=True)))
    after = [one for one in await there.items("ports", "ports") if not one["device_owner"].startswith("network:")]
    groups = {one["id"]: one["name"] for one in await there.items("security-groups", "security_groups")}
    assert len(before) == len(after) == 2
    assert {one["mac_address"] for one in after} == {one["mac_address"] for one in before}
    assert {one["fixed_ips"][0]["ip_address"] for one in after} == {one["fixed_ips"][0]["ip_address"] for one in before}
    assert {(one["device_owner"], one["device_id"], one["status"]) for one in after} == {("compute:nova", "", "DOWN")}
    web = next(one for one in after if one["name"] == "web-1")
    assert {groups[id] for id in web["security_groups"]} == {"web", "db"}


async def test_quotas(cloud: Cloud, admin: User, tenant: Tenant, copy: Callable[..., Any]) -> None:
    """Of instances, volumes, snapshots, groups and rules; those of volume types are summed for what they become."""
    for name in ("gold", "silver", "bronze"):
        (await admin.post("volume", "/v3/types", {"volume_type": {"name": name}})).ok()
    volume = {"volumes": 4, "snapshots": 5, "gigabytes": 600}
    typed = {"gigabytes_gold": 100, "gigabytes_silver": 20, "volumes_gold": 2, "volumes_silver": -1}
    path = f"/v3/os-quota-sets/{tenant.user.project_id}"
    (await admin.put("volume", path, {"quota_set": {**volume, **typed}})).ok()
    made = await copy("shop", Mappings(volume_types={"gold": "bronze", "silver": "bronze"}))
    compute = (await admin.get("compute", f"/v2.1/os-quota-sets/{made.project_id}")).ok()["quota_set"]
    assert (compute["instances"], compute["cores"], compute["ram"]) == (3, 7, 4096)
    network = (await admin.get("network", f"/v2.0/quotas/{made.project_id}")).ok()["quota"]
    assert (network["security_group"], network["security_group_rule"]) == (33, 333)
    quota = (await admin.get("volume", f"/v3/os-quota-sets/{made.project_id}")).ok()["quota_set"]
    assert {key: quota[key] for key in volume} == volume
    assert (quota["gigabytes_bronze"], quota["volumes_bronze"], quota["gigabytes_gold"]) == (-1, -1, -1)


async def test_a_part_that_fails_is_told(cloud: Cloud, admin: User, tenant: Tenant, copy: Callable[..., Any]) -> None:
    """A remote group of another project, and more networks than the quota of the destination: the rest is there."""
    foreign = (await admin.post("network", "/v2.0/security-groups", {"security_group": {"name": "far"}})).ok(201)
    rule = {
        "security_group_id": tenant.made["web"]["id"],
        "direction": "ingress",
        "remote_group_id": foreign["security_group"]["id"],
    }
    (await admin.post("network", "/v2.0/security-group-rules", {"security_group_rule": rule})).ok(201)
    made = await copy("shop")
    assert made.notes == ["rule of security group web: its remote group is gone"]
    there = await seen(cloud, made)
    assert (await own(there, "networks", "networks")).keys() == {"front", "back"}
    other = await cloud.user("alt_demo")
    (await admin.put("network", f"/v2.0/quotas/{other.project_id}", {"quota": {"network": 1, "subnet": 1}})).ok()
    small = await copy("shop", into="alt_demo")
    assert (small.user_name, small.project_name, small.counts["networks"]) == ("", "alt_demo", 1)
    assert any("Quota exceeded" in note for note in small.notes)
    assert small.counts["security groups"] == 3
