"""What the real Neutron refused of networks, subnets, ports, routers, floating IPs and quotas, asked again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Cloud, User
from tests.network.conftest import Neutron
from tests.recordings import replay

GONE = "00000000-0000-4000-8000-00000000beef"


async def person(cloud: Cloud, admin: User, name: str, project: str, role: str = "member") -> User:
    """A user of a project of that name, made where there is none."""
    found = (await admin.get("identity", f"/v3/projects?name={project}")).ok(200)["projects"]
    if not found:
        made = await admin.post("identity", "/v3/projects", {"project": {"name": project}})
        found = [made.ok(201)["project"]]
    user = await admin.post("identity", "/v3/users", {"user": {"name": name, "password": "secret"}})
    roles = (await admin.get("identity", f"/v3/roles?name={role}")).ok(200)["roles"]
    path = f"/v3/projects/{found[0]['id']}/users/{user.ok(201)['user']['id']}/roles/{roles[0]['id']}"
    (await admin.put("identity", path)).ok(204)
    return await cloud.user(name, project)


@pytest.fixture
async def users(cloud: Cloud, admin: User) -> dict[str, User]:
    """Who the recordings speak of."""
    member = await person(cloud, admin, "pbm", "pb-one")
    for resource in ("network", "subnet", "port", "router", "floatingip"):
        await admin.put("network", f"/v2.0/quotas/{member.project_id}", {"quota": {resource: 1000}})
    return {
        "admin": admin,
        "member": member,
        "reader": await person(cloud, admin, "pbr", "pb-one", "reader"),
        "other": await person(cloud, admin, "pb2", "pb-two"),
        "poor": await person(cloud, admin, "pb3", "pb-three"),
        "anonymous": cloud.anonymous,
        "service-or-invalid": User(admin.session, admin.url, "invalid"),
    }


async def stage(users: dict[str, User]) -> dict[str, str]:
    """What most situations need; the others say themselves what comes before them."""
    one, admin = Neutron(users["member"]), Neutron(users["admin"])
    public = (await admin.list("networks", "name=public"))[0]
    outside = await admin.list("subnets", f"network_id={public['id']}")
    net, sub = await one.network("10.60.0.0/24", name="pb-net")
    sub6 = await one.create(
        "subnets",
        network_id=net["id"],
        ip_version=6,
        cidr="fd00:8::/64",
        ipv6_address_mode="slaac",
        ipv6_ra_mode="slaac",
    )
    net2, overlap = await one.network("10.60.0.0/25", name="pb-net2")
    nogw = await one.create("subnets", network_id=net2["id"], ip_version=4, cidr="10.64.0.0/24", gateway_ip=None)
    port = await one.create("ports", network_id=net["id"], fixed_ips=[{"ip_address": "10.60.0.20"}])
    router = await one.create("routers", name="pb-r", external_gateway_info={"network_id": public["id"]})
    path = f"/v2.0/routers/{router['id']}/add_router_interface"
    interface = (await one.user.put("network", path, {"subnet_id": sub["id"]})).ok(200)
    made: dict[str, Any] = {"net": net, "sub": sub, "sub6": sub6, "net2": net2, "sub_overlap": overlap}
    made |= {"sub_nogw": nogw, "port": port, "router": router, "public": public}
    made["router_bare"] = await one.create("routers", name="bare")
    made["admin_net"] = await admin.create("networks", name="admins")
    return {
        **{name: one["id"] for name, one in made.items()},
        "public_v6": next(one["id"] for one in outside if one["ip_version"] == 6),
        "router_port": interface["port_id"],
        "mac": port["mac_address"],
        "project": users["member"].project_id,
        "other_project": users["other"].project_id,
        "poor_project": users["poor"].project_id,
        "quota2": "5" * 32,
        "quota6": "6" * 32,
        "gone": GONE,
    }


async def test_what_neutron_refused(users: dict[str, User]) -> None:
    (await replay("network-core", "network", users, await stage(users))).judge()
