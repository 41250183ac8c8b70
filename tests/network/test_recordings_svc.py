"""What the real service extensions refused (FWaaS, VPNaaS, BGP, BGPVPN, TaaS), asked again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Cloud, User
from tests.network.conftest import Neutron
from tests.network.test_recordings_core import GONE, person
from tests.recordings import replay


@pytest.fixture
async def users(cloud: Cloud, admin: User) -> dict[str, User]:
    """Who the recordings speak of."""
    return {
        "admin": admin,
        "member": await person(cloud, admin, "pbm", "pb-one"),
        "other": await person(cloud, admin, "pb2", "pb-two"),
    }


async def stage(users: dict[str, User]) -> dict[str, str]:
    """A router with a firewall and a VPN, and what an admin has beside it."""
    one, admin = Neutron(users["member"]), Neutron(users["admin"])
    public = (await one.list("networks", "name=public"))[0]
    net, sub = await one.network("10.60.0.0/24")
    router = await one.create("routers", external_gateway_info={"network_id": public["id"]})
    path = f"/v2.0/routers/{router['id']}/add_router_interface"
    interface = (await one.user.put("network", path, {"subnet_id": sub["id"]})).ok(200)
    made: dict[str, Any] = {"router": router, "port": await one.create("ports", network_id=net["id"])}
    made |= await firewall(one, interface["port_id"])
    made |= await vpn(one, router, sub)
    made["speaker"] = await admin.create("bgp-speakers", ip_version=4, local_as=1)
    made["bgpvpn"] = await admin.create("bgpvpn/bgpvpns", project_id=one.user.project_id)
    return {
        **{name: made_one["id"] for name, made_one in made.items()},
        "router_port": interface["port_id"],
        "project": one.user.project_id,
        "gone": GONE,
    }


async def firewall(one: Neutron, port_id: str) -> dict[str, Any]:
    rule = await one.create("fwaas/firewall_rules", protocol="tcp", action="allow")
    policy = await one.create("fwaas/firewall_policies", firewall_rules=[rule["id"]])
    ports = {"ingress_firewall_policy_id": policy["id"], "ports": [port_id]}
    group = await one.create("fwaas/firewall_groups", **ports)
    default = (await one.list("fwaas/firewall_groups", "name=default"))[0]
    return {"rule": rule, "policy": policy, "group": group, "default_group": default}


async def vpn(one: Neutron, router: Any, subnet: Any) -> dict[str, Any]:
    made = {
        "ike": await one.create("vpn/ikepolicies"),
        "ipsec": await one.create("vpn/ipsecpolicies"),
        "local": await one.create("vpn/endpoint-groups", type="subnet", endpoints=[subnet["id"]]),
        "peer": await one.create("vpn/endpoint-groups", type="cidr", endpoints=["10.55.0.0/24"]),
        "service": await one.create("vpn/vpnservices", router_id=router["id"]),
        "service_with_subnet": await one.create("vpn/vpnservices", router_id=router["id"], subnet_id=subnet["id"]),
    }
    await one.create(
        "vpn/ipsec-site-connections",
        psk="secret",
        peer_address="9.9.9.9",
        peer_id="9.9.9.9",
        vpnservice_id=made["service"]["id"],
        ikepolicy_id=made["ike"]["id"],
        ipsecpolicy_id=made["ipsec"]["id"],
        local_ep_group_id=made["local"]["id"],
        peer_ep_group_id=made["peer"]["id"],
    )
    return made


async def test_what_the_service_extensions_refused(users: dict[str, User]) -> None:
    (await replay("network-svc", "network", users, await stage(users))).judge()
