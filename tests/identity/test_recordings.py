"""What the real Keystone refused, asked again."""

from __future__ import annotations

from typing import Any

from tests.conftest import Cloud, User
from tests.recordings import replay


class Stage:
    """What the situations speak of, by name."""

    def __init__(self, cloud: Cloud, admin: User) -> None:
        self.cloud, self.admin = cloud, admin
        self.names: dict[str, str] = {}

    async def make(self, place: str, kind: str, path: str | None = None, who: User | None = None, **body: Any) -> str:
        """Create an object; its id becomes a name of the stage."""
        reply = await (who or self.admin).post("identity", path or f"/v3/{kind}s", {kind: body})
        self.names[place] = reply.ok(201)[kind]["id"]
        return self.names[place]

    async def put(self, path: str) -> None:
        (await self.admin.put("identity", path)).ok()

    async def role(self, name: str) -> str:
        return str((await self.admin.get("identity", f"/v3/roles?name={name}")).ok(200)["roles"][0]["id"])

    async def build(self) -> dict[str, User]:
        """Make everything; returns the users."""
        member, reader = await self.role("member"), await self.role("reader")
        domain = f"/v3/domains/default/users/{self.admin.user_id}/roles/{await self.role('admin')}"
        (await self.admin.delete("identity", domain)).ok(204)
        self.names |= {"prior": member, "implied": reader, "big": "y" * 120_000, "admin_token": self.admin.token}
        project = await self.make("project", "project", name="pb-one", tags=["a", "b", "c"])
        await self.make("other_project", "project", name="pb-two")
        for name, role in (("pbm", member), ("pbr", reader)):
            id = await self.make("member" if name == "pbm" else name, "user", name=name, password="secret")
            await self.put(f"/v3/projects/{project}/users/{id}/roles/{role}")
        await self.make("user", "user", name="pb-user", password="secret")
        await self.make("trustee", "user", name="pb-trustee", password="secret")
        await self.make("disabled_user", "user", name="pb-off", password="secret", enabled=False)
        await self.make("disabled_project", "project", name="pb-off", enabled=False)
        await self.put(f"/v3/projects/{self.names['disabled_project']}/users/{self.names['member']}/roles/{member}")
        await self.make("domain", "domain", name="pb-d")
        await self.make("role", "role", name="pb-role")
        await self.make("group", "group", name="pb-g")
        gone = await self.make("gone_group", "group", name="pb-gone")
        (await self.admin.delete("identity", f"/v3/groups/{gone}")).ok(204)
        await self.make("service", "service", name="pb-s", type="pb")
        await self._limits()
        return await self._users()

    async def _limits(self) -> None:
        services = (await self.admin.get("identity", "/v3/services?type=image")).ok(200)["services"]
        service = self.names["image_service"] = services[0]["id"]
        thing = {"service_id": service, "resource_name": "pb_thing"}
        reply = await self.admin.post(
            "identity", "/v3/registered_limits", {"registered_limits": [{**thing, "default_limit": 10}]}
        )
        self.names["registered_limit"] = reply.ok(201)["registered_limits"][0]["id"]
        limit = {**thing, "resource_limit": 5, "project_id": self.names["project"]}
        (await self.admin.post("identity", "/v3/limits", {"limits": [limit]})).ok(201)

    async def _users(self) -> dict[str, User]:
        member = await self.cloud.user("pbm", "pb-one")
        path = f"/v3/users/{self.names['member']}/application_credentials"
        rule = {"path": "/v2.1/servers", "method": "GET", "service": "compute"}
        await self.make("app_cred", "application_credential", path, member, name="pb-ac", secret="secret")
        ruled = {"name": "pb-ruled", "secret": "secret", "access_rules": [rule]}
        made = (await member.post("identity", path, {"application_credential": ruled})).ok(201)
        self.names["access_rule"] = made["application_credential"]["access_rules"][0]["id"]
        revoked = await self.cloud.user("pbm", "pb-one")
        (await member.delete("identity", "/v3/auth/tokens", headers={"X-Subject-Token": revoked.token})).ok(204)
        self.names |= {"member_token": member.token, "revoked_token": revoked.token}
        identity = {
            "methods": ["application_credential"],
            "application_credential": {"id": self.names["app_cred"], "secret": "secret"},
        }
        login = await self.cloud.anonymous.post("identity", "/v3/auth/tokens", {"auth": {"identity": identity}})
        login.ok(201)
        restricted = User(member.session, member.url, login.headers["X-Subject-Token"])
        return {
            "admin": self.admin, "member": member, "reader": await self.cloud.user("pbr", "pb-one"),
            "anonymous": self.cloud.anonymous, "revoked": revoked, "restricted": restricted,
            "invalid": User(member.session, member.url, "zz"),
        }  # fmt: skip


async def test_refusals(cloud: Cloud, admin: User) -> None:
    stage = Stage(cloud, admin)
    users = await stage.build()
    (await replay("identity", "identity", users, stage.names)).judge()
