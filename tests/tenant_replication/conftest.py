"""A tenant with something of everything, and copies of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio

from mopenstack.core.tenant_replication.copying.accounts import Account
from mopenstack.core.tenant_replication.copying.reading import Contents, read
from mopenstack.core.tenant_replication.copying.rules import Mappings
from mopenstack.core.tenant_replication.copying.tenants import Copy, replicate
from tests.client import User
from tests.conftest import Cloud

SDK_WARNINGS = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")


def account(url: str, name: str = "here") -> Account:
    """The admin of a fresh cloud."""
    auth = {
        "auth_url": f"{url}/identity/v3",
        "username": "admin",
        "password": "secret",
        "project_name": "admin",
        "user_domain_id": "default",
        "project_domain_id": "default",
    }
    return Account(name, auth)


@dataclass(slots=True)
class Tenant:
    """A project of a cloud with a member; `made` has what is in it by name."""

    user: User
    name: str
    made: dict[str, Any] = field(default_factory=dict)

    async def make(self, path: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = (await self.user.post("network", f"/v2.0/{path}", {key: body})).ok(201)[key]
        self.made[found["name"]] = found
        return found

    async def items(self, path: str, key: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.user.get("network", f"/v2.0/{path}")).ok()[key]
        return found


@pytest_asyncio.fixture
async def tenant(cloud: Cloud, admin: User) -> Tenant:
    """A tenant: two networks with three subnets, a router with interfaces and routes, groups, ports, a volume type."""
    body = {"project": {"name": "shop", "description": "The shop", "domain_id": "default"}}
    project = (await admin.post("identity", "/v3/projects", body)).ok(201)["project"]
    demo = (await admin.get("identity", "/v3/users?name=demo")).ok()["users"][0]["id"]
    member = (await admin.get("identity", "/v3/roles?name=member")).ok()["roles"][0]["id"]
    (await admin.put("identity", f"/v3/projects/{project['id']}/users/{demo}/roles/{member}")).ok(204)
    quota = {"instances": 3, "cores": 7, "ram": 4096}
    (await admin.put("compute", f"/v2.1/os-quota-sets/{project['id']}", {"quota_set": quota})).ok()
    quota = {"security_group": 33, "security_group_rule": 333}
    (await admin.put("network", f"/v2.0/quotas/{project['id']}", {"quota": quota})).ok()
    one = Tenant(await cloud.user("demo", "shop"), "shop")
    front = await one.make("networks", "network", {"name": "front", "description": "to the world", "mtu": 1400})
    back = await one.make("networks", "network", {"name": "back"})
    subnets: list[dict[str, Any]] = [
        {
            "name": "front-4",
            "network_id": front["id"],
            "cidr": "10.1.0.0/24",
            "dns_nameservers": ["9.9.9.9"],
            "host_routes": [{"destination": "10.9.0.0/24", "nexthop": "10.1.0.5"}],
            "allocation_pools": [{"start": "10.1.0.50", "end": "10.1.0.90"}],
        },
        {"name": "back-4", "network_id": back["id"], "cidr": "10.2.0.0/24", "gateway_ip": None},
        {"name": "back-b", "network_id": back["id"], "cidr": "10.3.0.0/24", "gateway_ip": "10.3.0.254"},
    ]
    for subnet in subnets:
        await one.make("subnets", "subnet", {"ip_version": 4, **subnet})
    router = await one.make("routers", "router", {"name": "way", "description": "out"})
    for name in ("front-4", "back-b"):
        path = f"/v2.0/routers/{router['id']}/add_router_interface"
        (await one.user.put("network", path, {"subnet_id": one.made[name]["id"]})).ok()
    routes = [
        {"destination": "10.2.0.128/25", "nexthop": "10.3.0.7"},
        {"destination": "172.30.0.0/16", "nexthop": "10.3.0.8"},
    ]
    (await one.user.put("network", f"/v2.0/routers/{router['id']}", {"router": {"routes": routes}})).ok()
    web = await one.make("security-groups", "security_group", {"name": "web", "description": "the web"})
    db = await one.make("security-groups", "security_group", {"name": "db"})
    wanted: list[dict[str, Any]] = [
        {"security_group_id": web["id"], "protocol": "tcp", "port_range_min": 80, "port_range_max": 80},
        {"security_group_id": web["id"], "protocol": "tcp", "port_range_min": 22, "port_range_max": 22,
         "remote_ip_prefix": "10.2.0.0/24"},
        {"security_group_id": db["id"], "protocol": "tcp", "port_range_min": 5432, "port_range_max": 5432,
         "remote_group_id": web["id"]},
        {"security_group_id": web["id"], "protocol": "icmp", "remote_group_id": db["id"]},
    ]  # fmt: skip
    for rule in wanted:
        body = {"security_group_rule": {"direction": "ingress", "ethertype": "IPv4", **rule}}
        (await one.user.post("network", "/v2.0/security-group-rules", body)).ok(201)
    fixed = [{"subnet_id": one.made["front-4"]["id"], "ip_address": "10.1.0.60"}]
    groups = [web["id"], db["id"]]
    port = {"name": "web-1", "network_id": front["id"], "fixed_ips": fixed, "security_groups": groups}
    await one.make("ports", "port", port)
    return one


@pytest.fixture
def copy(cloud: Cloud) -> Callable[..., Any]:
    """`await copy("shop", mappings)`: copy a project; `to` is the URL of another cloud. Returns the copy."""

    async def run(project: str, mappings: Mappings | None = None, *, to: str = "", **options: str) -> Copy:
        def work() -> Copy:
            contents: Contents = read(account(cloud.url).look_into(project))
            return replicate(contents, account(to or cloud.url, "there"), mappings or Mappings(), **options)

        return await asyncio.to_thread(work)

    return run
