"""Migrations over HTTP: what is asked, what is refused, who sees it, and how it ends."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import pytest
import yaml

from tests.client import Reply, User
from tests.conftest import Cloud
from tests.processes import detached
from tests.tenant_replication.conftest import SDK_WARNINGS, Tenant

pytestmark = SDK_WARNINGS
FIELDS = [
    "uuid", "created", "modified", "mappings", "created_by_uuid", "created_by_full_name",
    "src_offering_uuid", "src_offering_name", "dst_offering_uuid", "dst_offering_name",
    "src_resource_uuid", "src_resource_name", "dst_resource_uuid", "dst_resource_name", "dst_resource_state",
    "state", "error_message", "error_traceback",
]  # fmt: skip
NOWHERE = "11111111111111111111111111111111"


@dataclasses.dataclass(slots=True)
class Api:
    user: User

    async def offering(self, name: str) -> dict[str, str]:
        """`dst_offering` and `dst_plan` of an offering by its name."""
        found = (await self.user.get("api", "/marketplace-public-offerings/")).ok()
        one = next(one for one in found if one["name"] == name)
        return {"dst_offering": one["uuid"], "dst_plan": one["plans"][0]["uuid"]}

    async def post(self, body: dict[str, Any]) -> Reply:
        return await self.user.post("api", "/openstack-migrations/", body)

    async def run(self, uuid: str) -> dict[str, Any]:
        """Run a migration and wait for its end."""
        (await self.user.post("api", f"/openstack-migrations/{uuid}/run/")).ok(200)
        for _ in range(600):
            found: dict[str, Any] = (await self.user.get("api", f"/openstack-migrations/{uuid}/")).ok()
            if found["state"] in ("OK", "Erred"):
                return found
            assert found["state"] == "Creating"
            await asyncio.sleep(0.05)
        raise AssertionError(found)

    async def order(self, migration: dict[str, Any]) -> dict[str, Any]:
        params = {"resource_uuid": migration["dst_resource_uuid"]}
        (found,) = (await self.user.get("api", "/marketplace-orders/", params=params)).ok()
        assert isinstance(found, dict)
        return found


@pytest.fixture
def api(tenant: Tenant) -> Api:
    """Of a member of the tenant."""
    return Api(tenant.user)


async def test_a_migration(cloud: Cloud, admin: User, tenant: Tenant, api: Api) -> None:
    """Project to project: scheduled, run once, OK, with an order that has the new user."""
    src = tenant.user.project_id
    mappings = {"subnets": [{"src_cidr": "10.2.0.0/24", "dst_cidr": "10.88.0.0/24"}]}
    body = {"src_resource": src, **await api.offering(cloud.name), "name": "shop-new", "mappings": mappings}
    made = (await api.post(body)).ok(201)
    assert list(made) == FIELDS
    assert (made["state"], made["dst_resource_state"]) == ("Creation Scheduled", "Creating")
    assert (made["src_resource_uuid"], made["src_resource_name"]) == (src, "shop")
    assert (made["created_by_uuid"], made["created_by_full_name"]) == (tenant.user.user_id, "demo")
    assert made["mappings"]["subnets"] == mappings["subnets"]
    assert (await admin.get("identity", "/v3/projects?name=shop-new")).ok()["projects"] == []
    done = await api.run(made["uuid"])
    assert (done["state"], done["dst_resource_state"], done["error_message"]) == ("OK", "OK", "")
    again = await tenant.user.post("api", f"/openstack-migrations/{made['uuid']}/run/")
    assert again.refused(409) == {"detail": "Valid states for operation: Creation Scheduled."}
    order = await api.order(done)
    assert (order["state"], order["resource_name"]) == ("done", "shop-new")
    assert "2 networks, 3 subnets, 3 security groups, 1 routers" in order["output"]
    user = await cloud.user(order["user_username"], "shop-new", order["user_password"])
    assert user.project_id == order["backend_id"]
    cidrs = {one["cidr"] for one in (await user.get("network", "/v2.0/subnets")).ok()["subnets"]}
    assert "10.88.0.0/24" in cidrs
    users = (await admin.get("identity", "/v3/users")).ok()["users"]
    assert not [one for one in users if one["name"].startswith("tenant-replication-")]


async def test_only_its_creator_sees_a_migration(cloud: Cloud, admin: User, tenant: Tenant, api: Api) -> None:
    where = await api.offering(cloud.name)
    first = (await api.post({"src_resource": tenant.user.project_id, **where})).ok(201)
    second = (await Api(admin).post({"src_resource": admin.project_id, **where})).ok(201)
    other = await cloud.user("alt_demo")

    async def seen(user: User, query: str = "") -> list[str]:
        return [one["uuid"] for one in (await user.get("api", f"/openstack-migrations/{query}")).ok()]

    assert await seen(tenant.user) == [first["uuid"]]
    assert await seen(admin) == [first["uuid"], second["uuid"]]
    assert await seen(other) == []
    assert await seen(admin, f"?src_resource_uuid={admin.project_id}") == [second["uuid"]]
    assert await seen(admin, f"?dst_resource_uuid={first['dst_resource_uuid']}") == [first["uuid"]]
    assert await seen(admin, f"?dst_resource_uuid={NOWHERE}") == []
    for verb, path in (("GET", ""), ("POST", "run/")):
        reply = await other.send(verb, "api", f"/openstack-migrations/{first['uuid']}/{path}")
        assert reply.refused(404) == {"detail": "Not found."}
    (await tenant.user.get("api", f"/openstack-migrations/{second['uuid']}/")).refused(404)
    (await cloud.anonymous.get("api", "/openstack-migrations/")).refused(401)


async def test_what_is_refused(cloud: Cloud, admin: User, tenant: Tenant, api: Api) -> None:
    """Each with its text."""
    await cloud.set_options(tenant_replication__offerings="elsewhere")
    here, far = await api.offering(cloud.name), await api.offering("elsewhere")
    good = {"src_resource": tenant.user.project_id, **here}
    types = (await admin.get("volume", "/v3/types")).ok()["volume_types"]
    kind = types[0]["id"]

    async def refused(change: dict[str, Any], user: User | None = None) -> Any:
        return (await Api(user or tenant.user).post({**good, **change})).refused(400)

    def missing(uuid: str) -> list[str]:
        return [f"Object with uuid={uuid} does not exist."]

    assert await refused({"dst_plan": far["dst_plan"]}) == {
        "dst_plan": ["This plan is not available for selected offering."]
    }
    assert await refused({"dst_plan": NOWHERE}) == {"dst_plan": missing(NOWHERE)}
    assert await refused({"dst_offering": NOWHERE}) == {"dst_offering": missing(NOWHERE)}
    assert await refused({"src_resource": NOWHERE}) == {"src_resource": missing(NOWHERE)}
    assert await refused({"src_resource": admin.project_id}) == {"src_resource": missing(admin.project_id)}
    assert await refused({"src_resource": None}) == {"src_resource": ["None is not of type 'string'."]}
    subnet = {"src_cidr": "10.1.0.0/24", "dst_cidr": "10.2.0.0/24"}
    assert await refused({"mappings": {"sync_instance_ports": True, "subnets": [subnet]}}) == {
        "non_field_errors": ["sync_instance_ports cannot be used together with subnets mappings."]
    }
    for field, cidr, text in (
        ("src_cidr", "8.8.8.0/24", "A private network CIDR is expected."),
        ("dst_cidr", "8.8.8.0/24", "A private network CIDR is expected."),
        ("dst_cidr", "10.0.0.1/24", "Enter a valid IPv4 address."),
    ):
        found = await refused({"mappings": {"subnets": [{**subnet, field: cidr}]}})
        assert found == {"mappings": {"subnets": {field: [text]}}}
    item = {"src_type_uuid": kind, "dst_type_uuid": kind}
    assert await refused({"mappings": {"volume_types": [{**item, "src_type_uuid": NOWHERE}]}}) == {
        "non_field_errors": [f"Invalid src_type_uuid {NOWHERE} as it is not available in tenant."]
    }
    assert await refused({"mappings": {"volume_types": [{**item, "dst_type_uuid": NOWHERE}]}}) == {
        "non_field_errors": [f"Invalid dst_type_uuid {NOWHERE} as it is not available in service settings."]
    }
    assert await refused({"mappings": {"networks": [NOWHERE]}}) == {"mappings": {"networks": missing(NOWHERE)}}
    assert await refused({"mappings": {"networks": "all"}})
    assert (await tenant.user.send("POST", "api", "/openstack-migrations/", data=b"{")).status == 400
    assert (await tenant.user.get("api", "/openstack-migrations/")).ok() == []


async def test_who_may_copy(cloud: Cloud, admin: User, tenant: Tenant, api: Api) -> None:
    """A reader of the project may not; and a project without any limit cannot be copied."""
    body = {"src_resource": tenant.user.project_id, **await api.offering(cloud.name)}
    user = {"user": {"name": "looker", "password": "secret", "domain_id": "default"}}
    id = (await admin.post("identity", "/v3/users", user)).ok()["user"]["id"]
    role = (await admin.get("identity", "/v3/roles?name=reader")).ok()["roles"][0]["id"]
    (await admin.put("identity", f"/v3/projects/{tenant.user.project_id}/users/{id}/roles/{role}")).ok()
    reply = await Api(await cloud.user("looker", "shop")).post(body)
    assert reply.refused(400) == {"non_field_errors": ["User does not have enough permissions to migrate resource."]}
    unlimited = dict.fromkeys(("instances", "cores", "ram"), -1)
    (await admin.put("compute", f"/v2.1/os-quota-sets/{tenant.user.project_id}", {"quota_set": unlimited})).ok()
    unlimited = dict.fromkeys(("volumes", "snapshots", "gigabytes"), -1)
    (await admin.put("volume", f"/v3/os-quota-sets/{tenant.user.project_id}", {"quota_set": unlimited})).ok()
    reply = await api.post(body)
    assert reply.refused(400) == {"non_field_errors": ["Source resource does not have limits set."]}


async def test_to_another_cloud_and_back(cloud: Cloud, admin: User, tenant: Tenant, api: Api) -> None:
    """Clouds of one process that the operator named: administrators copy from them too."""
    name = f"{cloud.name}-twin"
    await cloud.serving.administration.create_cloud(name)
    await cloud.set_options(tenant_replication__offerings=name)
    body = {"src_resource": tenant.user.project_id, **await api.offering(name)}
    done = await api.run((await api.post(body)).ok(201)["uuid"])
    assert (done["state"], done["dst_offering_name"]) == ("OK", name)
    there = (await api.order(done))["backend_id"]
    assert (await admin.get("identity", f"/v3/projects/{there}")).status == 404
    back = {"src_resource": there, **await api.offering(cloud.name), "name": "returned"}
    assert (await api.post(back)).refused(400)["src_resource"]
    made = (await Api(admin).post(back)).ok(201)
    assert made["src_offering_name"] == name
    done = await Api(admin).run(made["uuid"])
    assert (done["state"], done["dst_resource_name"]) == ("OK", "returned")


async def test_a_migration_that_fails(cloud: Cloud, tenant: Tenant, api: Api) -> None:
    """To a cloud that no file names: Erred, with what failed, and an order that says so."""
    await cloud.set_options(tenant_replication__offerings="no-such-cloud")
    made = (await api.post({"src_resource": tenant.user.project_id, **await api.offering("no-such-cloud")})).ok(201)
    done = await api.run(made["uuid"])
    assert (done["state"], done["dst_resource_state"]) == ("Erred", "Erred")
    assert "no-such-cloud" in done["error_message"]
    assert "Traceback" in done["error_traceback"]
    order = await api.order(done)
    assert (order["state"], order["user_password"]) == ("erred", "")


async def test_from_a_cloud_of_clouds_yaml(
    cloud: Cloud, admin: User, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second mopenstack, named in clouds.yaml, as source and as destination."""
    with detached(tmp_path / "far") as far:
        auth = {
            "auth_url": f"{far['url']}/identity/v3",
            "username": "admin",
            "password": "secret",
            "project_name": "admin",
            "user_domain_id": "default",
            "project_domain_id": "default",
        }
        file = tmp_path / "clouds.yaml"
        file.write_text(yaml.safe_dump({"clouds": {"prod": {"auth": auth, "region_name": "RegionOne"}}}))
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
        await cloud.set_options(tenant_replication__offerings="prod")
        api = Api(admin)
        to = {"src_resource": admin.project_id, **await api.offering("prod"), "name": "visitor"}
        done = await api.run((await api.post(to)).ok(201)["uuid"])
        assert done["state"] == "OK", done
        back = {"src_resource": (await api.order(done))["backend_id"], **await api.offering(cloud.name)}
        done = await api.run((await api.post(back)).ok(201)["uuid"])
        assert (done["state"], done["src_offering_name"], done["dst_resource_name"]) == ("OK", "prod", "visitor")
