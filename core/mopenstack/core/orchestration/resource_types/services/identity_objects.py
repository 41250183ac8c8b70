"""What rows cannot say of Keystone's types: memberships and role assignments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mopenstack.contract.faults import Fault, NotFound
from mopenstack.core.orchestration.resource_types import references, rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource
from mopenstack.core.orchestration.resource_types.mapped import Mapped, refuse

_V3 = "mopenstack.identity.v3."


async def grant(
    context: Context, verb: str, party: Mapping[str, str], roles: Sequence[Mapping[str, Any]] | None
) -> None:
    """Add or revoke roles of a user or group, {"user_id": ...}."""
    for one in roles or ():
        beside = {**party, "role_id": await references.find(context, "keystone.role", one["role"])}
        if one.get("project"):
            beside["project_id"] = await references.find(context, "keystone.project", one["project"])
        elif one.get("domain"):
            beside["domain_id"] = await references.find(context, "keystone.domain", one["domain"])
        else:
            continue
        try:
            await rpcs.call(context, f"{_V3}Grants.{verb}", (), beside)
        except NotFound:
            if verb == "AddGrant":
                raise


def check_roles(resource: Resource) -> None:
    """Refuse roles for a project and a domain at once, or for neither."""
    for one in resource.properties.get("roles") or ():
        refuse(
            bool(one.get("project") and one.get("domain")),
            'Specify only either "project" or "domain".',
        )


class Assigned(Mapped):
    """A user or group, with its roles."""

    party: ClassVar[str] = ""

    async def validate(self, context: Context, resource: Resource) -> None:
        check_roles(resource)

    async def create(self, context: Context, resource: Resource) -> str | None:
        physical_id = str(await super().create(context, resource))
        await grant(context, "AddGrant", {self.party: physical_id}, resource.properties.get("roles"))
        return physical_id

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        await super().update(context, resource, new, changed - {"roles", "groups"})
        if "roles" in changed:
            await change_roles(context, {self.party: resource.physical_id}, resource.properties, new)


async def change_roles(
    context: Context, party: Mapping[str, str], old: Mapping[str, Any], new: Mapping[str, Any]
) -> None:
    """Grant what is new of the roles, revoke what is no more."""
    before, after = list(old.get("roles") or ()), list(new.get("roles") or ())
    await grant(context, "AddGrant", party, [one for one in after if one not in before])
    await grant(context, "RevokeGrant", party, [one for one in before if one not in after])


class User(Assigned):
    """OS::Keystone::User: in its groups."""

    party: ClassVar[str] = "user_id"

    async def create(self, context: Context, resource: Resource) -> str | None:
        user = str(await super().create(context, resource))
        await self._join(context, user, "AddGroupUser", resource.properties.get("groups") or [])
        return user

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        await super().update(context, resource, new, changed)
        if "groups" in changed:
            before, after = list(resource.properties.get("groups") or ()), list(new.get("groups") or ())
            user = resource.physical_id
            await self._join(context, user, "AddGroupUser", [one for one in after if one not in before])
            await self._join(context, user, "RemoveGroupUser", [one for one in before if one not in after])

    async def _join(self, context: Context, user: str, verb: str, groups: list[str]) -> None:
        values = await self.resolved(context, {"groups": groups})
        for group in values["groups"]:
            await rpcs.call(context, f"{_V3}Groups.{verb}", [group, user])


class Group(Assigned):
    """OS::Keystone::Group."""

    party: ClassVar[str] = "group_id"


class Roles(Mapped):
    """Role assignments of a user or group as a resource of their own."""

    party: ClassVar[str] = ""

    async def validate(self, context: Context, resource: Resource) -> None:
        check_roles(resource)

    async def _party(self, context: Context, resource: Resource) -> dict[str, str]:
        kind = self.party.removesuffix("_id")
        return {self.party: await references.find(context, f"keystone.{kind}", resource.properties[kind])}

    async def create(self, context: Context, resource: Resource) -> str | None:
        party = await self._party(context, resource)
        await grant(context, "AddGrant", party, resource.properties.get("roles"))
        return party[self.party]

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        await change_roles(context, await self._party(context, resource), resource.properties, new)

    async def delete(self, context: Context, resource: Resource) -> None:
        party = await self._party(context, resource)
        await grant(context, "RevokeGrant", party, resource.properties.get("roles"))


class UserRoles(Roles):
    """OS::Keystone::UserRoleAssignment."""

    party: ClassVar[str] = "user_id"


class GroupRoles(Roles):
    """OS::Keystone::GroupRoleAssignment."""

    party: ClassVar[str] = "group_id"


class Domain(Mapped):
    """OS::Keystone::Domain: disabled before it is deleted, as Keystone wants it."""

    async def delete(self, context: Context, resource: Resource) -> None:
        await rpcs.call(context, self.rpc("Update"), [resource.physical_id], {"enabled": False})
        await super().delete(context, resource)


class Project(Mapped):
    """OS::Keystone::Project: with the default security group that Neutron made for it."""

    async def delete(self, context: Context, resource: Resource) -> None:
        groups = "mopenstack.network.v2.SecurityGroups."
        filters = {"project_id": resource.physical_id, "name": "default"}
        try:
            for group in await rpcs.listed(context, f"{groups}ListSecurityGroups", filters):
                if group["project_id"] == resource.physical_id:
                    await rpcs.call(context, f"{groups}DeleteSecurityGroup", [group["id"]])
        except (Fault, KeyError):
            pass  # Neutron need not be there
        await super().delete(context, resource)
