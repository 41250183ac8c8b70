"""What Nova 2026.1 refused, in its words (tests/golden/recordings/compute.jsonl), on a stage like the recorded one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.conftest import Cloud, User
from tests.recordings import replay

AT = {"headers": {"OpenStack-API-Version": "compute 2.87"}}
SERVERS = "/v2.1/servers"
PASSWORD = "secret"
KEY = (
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQCx8nkQv/zgGgB4rMYmIf+6A4l6Rr+o/6lHBQdW5aYd44bd8JttDCE/F/pNRr0lRE+PiqSPO8nD"
    "PHw0010JeMH9gYgnnFlyY3/OcJ02RhIPyyxYpv9FhY+2YiUkpwFOcLImyrxEsYXpD/0d3ac30bNH6Sw9JD9UZHYcpSxsIbECHw== x"
)


@dataclass(slots=True)
class Stage:
    """The recorded cloud, as far as its refusals tell of it; `known` are its placeholders."""

    cloud: Cloud
    admin: User
    demo: User
    known: dict[str, str]

    async def post(self, user: User, api: str, path: str, body: dict[str, Any]) -> Any:
        return (await user.post(api, path, body, **(AT if api == "compute" else {}))).ok()

    async def people(self) -> dict[str, User]:
        """A reader of the project, and a caller of another one."""
        roles = (await self.admin.get("identity", "/v3/roles")).ok()["roles"]
        role = {item["name"]: item["id"] for item in roles}
        project = (await self.post(self.admin, "identity", "/v3/projects", {"project": {"name": "pb-two"}}))["project"]
        for name, where, what in (("pb-reader", self.demo.project_id, "reader"), ("pb-other", project["id"], "member")):
            user = (await self.post(self.admin, "identity", "/v3/users", _user(name)))["user"]
            path = f"/v3/projects/{where}/users/{user['id']}/roles/{role[what]}"
            (await self.admin.put("identity", path)).ok()
            self.known[f"user_{name}"] = user["id"]
        self.known |= {"other_project": project["id"], "other_user": self.known["user_pb-other"]}
        by_name = {"name": "admin", "domain": {"id": "default"}, "password": PASSWORD}
        return {
            "anonymous": self.cloud.anonymous,
            "admin": self.admin,
            "member": self.demo,
            "reader": await self.cloud.user("pb-reader", "demo"),
            "other": await self.cloud.user("pb-other", "pb-two"),
            "unscoped": await self.cloud.login(by_name, "unscoped"),
            "domain": await self.cloud.login(by_name, {"domain": {"id": "default"}}),
            "system": await self.cloud.login(by_name, {"system": {"all": True}}),
        }

    async def hosts(self) -> None:
        """An aggregate that makes a zone of one host."""
        body = {"aggregate": {"name": "pb-agg", "availability_zone": "pb-az"}}
        id = (await self.post(self.admin, "compute", "/v2.1/os-aggregates", body))["aggregate"]["id"]
        path = f"/v2.1/os-aggregates/{id}/action"
        await self.post(self.admin, "compute", path, {"add_host": {"host": "devstack"}})
        self.known |= {"aggregate": str(id), "gone_aggregate": "99998", "host": "devstack"}

    async def networks(self) -> None:
        made = await self._network("pb-net", subnet=True)
        port = {"network_id": made, "fixed_ips": [{"ip_address": "10.77.0.196"}]}
        ids = []
        for body in (port, {"network_id": made}):
            ids.append((await self.post(self.demo, "network", "/v2.0/ports", {"port": body}))["port"]["id"])
        self.known |= {"network": made, "bare_network": await self._network("pb-bare", subnet=False)}
        self.known |= {"port": ids[0], "other_port": ids[1], "address": "10.77.0.196", "free_address": "10.77.0.9"}

    async def _network(self, name: str, *, subnet: bool) -> str:
        made = (await self.post(self.demo, "network", "/v2.0/networks", {"network": {"name": name}}))["network"]
        if subnet:
            body = {"network_id": made["id"], "cidr": "10.77.0.0/24", "ip_version": 4}
            await self.post(self.demo, "network", "/v2.0/subnets", {"subnet": body})
        return str(made["id"])

    async def images(self) -> None:
        found = (await self.demo.get("image", "/v2/images")).ok()["images"]
        self.known["image"] = found[0]["id"]
        for name, more in (
            ("queued", {}), ("off", {}), ("ram", {"min_ram": 100_000}), ("disk", {"min_disk": 20}),
        ):  # fmt: skip
            body = {"name": name, "disk_format": "raw", "container_format": "bare", **more}
            id = (await self.post(self.demo, "image", "/v2/images", body))["id"]
            self.known[f"{name}_image"] = id
            if name != "queued":
                headers = {"Content-Type": "application/octet-stream"}
                (await self.demo.send("PUT", "image", f"/v2/images/{id}/file", data=b"x" * 64, headers=headers)).ok()
        path = f"/v2/images/{self.known['off_image']}/actions/deactivate"
        (await self.admin.post("image", path)).ok()

    async def flavors(self) -> None:
        private, huge = {"private": True}, {"ram": 9_000_000}
        more: dict[str, Any]
        for name, more in (("pb-fl", {}), ("pb-priv", private), ("pb-shared", private), ("pb-huge", huge)):
            flavor = {"name": name, "id": name, "ram": more.get("ram", 64), "disk": 1, "vcpus": 1}
            flavor["os-flavor-access:is_public"] = "private" not in more
            await self.post(self.admin, "compute", "/v2.1/flavors", {"flavor": flavor})
        access = {"addTenantAccess": {"tenant": self.demo.project_id}}
        await self.post(self.admin, "compute", "/v2.1/flavors/pb-shared/action", access)
        self.known |= {"private_number": "11", "shared_number": "12"}  # the flavors are numbered as they come

    async def servers(self) -> None:
        self.known["server"] = await self._server(networks=[{"port": self.known["port"]}], availability_zone="pb-az")
        await self._act("server", {"os-stop": None})
        for name in ("volume", "free_volume"):
            made = (await self.post(self.demo, "volume", "/v3/volumes", {"volume": {"size": 1}}))["volume"]["id"]
            self.known[name] = made
        attach = {"volumeAttachment": {"volumeId": self.known["volume"]}}
        await self.post(self.demo, "compute", f"{SERVERS}/{self.known['server']}/os-volume_attachments", attach)
        self.known["deleted"] = await self._server()
        (await self.demo.delete("compute", f"{SERVERS}/{self.known['deleted']}")).ok()
        nowhere = {"same_host": "00000000-0000-0000-0000-00000000dead"}
        self.known["failed"] = await self._server(hints=nowhere)
        self.known["stopping"] = await self._server()
        await self.demo.get("compute", SERVERS)  # what was begun is done
        self.cloud.serving.engine.clouds[self.cloud.name].profile = "manual"  # and from here on nothing is
        await self._act("stopping", {"os-stop": None})
        self.known["building"] = await self._server()

    async def _server(self, hints: dict[str, str] | None = None, **more: Any) -> str:
        server = {"name": "pb-e", "imageRef": self.known["image"], "flavorRef": "42", "networks": "none", **more}
        body: dict[str, Any] = {"server": server}
        if hints:
            body["os:scheduler_hints"] = hints
        made = await self.post(self.demo, "compute", SERVERS, body)
        return str(made["server"]["id"])

    async def _act(self, name: str, action: dict[str, Any]) -> None:
        await self.post(self.demo, "compute", f"{SERVERS}/{self.known[name]}/action", action)

    async def rest(self) -> None:
        await self.post(self.demo, "compute", "/v2.1/os-keypairs", {"keypair": {"name": "pb-k", "public_key": KEY}})
        body = {"server_group": {"name": "pb-g", "policy": "affinity"}}
        group = (await self.post(self.demo, "compute", "/v2.1/os-server-groups", body))["server_group"]
        used = (await self.demo.get("compute", "/v2.1/limits")).ok()["limits"]["absolute"]
        hosted = (await self.admin.get("compute", f"{SERVERS}?all_tenants=1&host=devstack")).ok()["servers"]
        path = f"/v2.0/quotas/{self.demo.project_id}/details"
        ports = (await self.admin.get("network", path)).ok()["quota"]["port"]
        self.known |= {
            "group": group["id"],
            "project": self.demo.project_id,
            "user": self.demo.user_id,
            "used": str(used["totalInstancesUsed"]),
            "cores": str(used["totalCoresUsed"]),
            "ram": str(used["totalRAMUsed"]),
            "count": str(len(hosted)),
            "ports": str(ports["used"]),
            "user_data": "YWFh" * 20_000,
        }


def _user(name: str) -> dict[str, Any]:
    return {"user": {"name": name, "password": PASSWORD}}


async def test_recorded_refusals(cloud: Cloud, admin: User, demo: User) -> None:
    stage = Stage(cloud, admin, demo, {})
    users = await stage.people()
    await stage.hosts()
    await stage.networks()
    await stage.images()
    await stage.flavors()
    await stage.servers()
    await stage.rest()
    (await replay("compute", "compute", users, stage.known)).judge()
