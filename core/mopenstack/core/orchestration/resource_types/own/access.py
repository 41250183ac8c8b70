"""AWS::IAM: users whom stacks make for their servers, and the keys that they sign with."""

from __future__ import annotations

from typing import Any

from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.described import Described
from mopenstack.core.orchestration.resource_types.own import stack_users

_POLICY, _USER = "OS::Heat::AccessPolicy", "AWS::IAM::User"


class User(stack_users.StackUser):
    """AWS::IAM::User: a stack user. Its reference is its name."""

    async def create(self, context: Context, resource: Resource) -> str | None:
        for policy in resource.properties.get("Policies") or ():
            if not isinstance(policy, str):
                continue
            found = await context.peer(policy)
            if found is None or found.type != _POLICY:
                text = f"The Referenced Attribute ({resource.name} Policies) is incorrect."
                raise ResourceFailure(text, "InvalidTemplateAttribute")
        login = resource.properties.get("LoginProfile") or {}
        if login.get("Password"):
            resource.data["password"] = login["Password"]
        return await stack_users.make(context, resource, password=bool(login.get("Password")))

    async def reference(self, context: Context, resource: Resource) -> Any:
        return context.physical_name(resource, self.limit) if resource.physical_id else resource.name


class AccessKey(Described):
    """AWS::IAM::AccessKey: a key of such a user."""

    async def create(self, context: Context, resource: Resource) -> str | None:
        name = resource.properties["UserName"]
        user = await self._user(context, resource)
        if user is None:
            raise ResourceFailure(f"could not find user {name}", "NotFound")
        await stack_users.make_keys(context, user)
        await context.save(user)
        resource.data.update(secret_key=user.data["secret_key"], credential_id=user.data["credential_id"])
        return user.data["access_key"]

    async def delete(self, context: Context, resource: Resource) -> None:
        user = await self._user(context, resource)
        if user is not None:
            await stack_users.drop_keys(context, user)
            await context.save(user)

    @staticmethod
    async def _user(context: Context, resource: Resource) -> Resource | None:
        """The user of the stack whose key it is."""
        name = resource.properties["UserName"]
        users = [one for one in await context.peers() if one.type == _USER]
        return next((one for one in users if name in (one.name, context.physical_name(one))), None)

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        if name == "UserName":
            return resource.properties["UserName"]
        return resource.data.get("secret_key") or "000-000-000"
