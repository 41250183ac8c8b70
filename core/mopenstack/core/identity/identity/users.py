"""Users and their passwords. After keystone.identity.core and keystone.api.users."""

from __future__ import annotations

from typing import Any, cast

from mopenstack.contract.faults import BadRequest, Fault, Unauthorized
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.fields import copy_fields
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.identity import errors
from mopenstack.core.identity.assignment.effective import groups_of, projects_of
from mopenstack.core.identity.auth.revocations import record
from mopenstack.core.identity.base import (
    IdentityServicer,
    check_domain_unchanged,
    domain_of,
)
from mopenstack.core.identity.identity.groups import Groups
from mopenstack.core.identity.identity.passwords import hash_secret, matches
from mopenstack.core.identity.resource.projects import Projects
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.identity import groups_pb2
from mopenstack.identity.v3.identity import users_pb2 as pb2
from mopenstack.identity.v3.resource import projects_pb2

USER_OPTIONS = {
    "ignore_change_password_upon_first_use": (bool,),
    "ignore_password_expiry": (bool,),
    "ignore_lockout_failure_attempts": (bool,),
    "lock_password": (bool,),
    "ignore_user_inactivity": (bool,),
    "multi_factor_auth_rules": (list,),
    "multi_factor_auth_enabled": (bool,),
}
"""keystone.identity.backends.resource_options."""

_CHANGE = {
    "type": "object",
    "properties": {"original_password": {"type": "string"}, "password": {"type": "string"}},
    "required": ["original_password", "password"],
    "additionalProperties": False,
}
_LOCKED = (
    "You cannot change your password at this time due to password policy disallowing password changes. "
    "Please contact your administrator to reset your password."
)


class Users(IdentityServicer[pb2.User]):
    service = pb2.DESCRIPTOR.services_by_name["Users"]
    message = pb2.User
    pages = "markers"
    not_found = refusals.UserNotFound
    unique = "domain_id"
    resource_options = USER_OPTIONS
    repeats_extras = True
    not_extras = IdentityServicer.not_extras | {"password_expires_at"}

    def name_taken(self, obj: Any, *, renamed: bool) -> Fault:
        where = "" if renamed else f" at domain ID {obj.domain_id}"
        return errors.duplicate("user", f"Duplicate entry found with name {obj.name}{where}")

    async def complete(self, call: Call, obj: pb2.User, request: Any, given: set[str]) -> None:
        obj.name = obj.name.strip()
        if not call.caller.is_admin and (not obj.domain_id or call.caller.domain_id != obj.domain_id):
            raise errors.refused("identity:create_user")  # managers of a domain must name it
        obj.domain_id = domain_of(call, obj.domain_id)
        await call.service(Projects).domain(call, obj.domain_id)
        await self._check_default_project(call, obj)
        self._take_password(obj)

    def check_id(self, old: Any, body: Any, given: Any) -> None:
        super().check_id(old, body, given)
        if given is None:
            raise refusals.ValidationError("Cannot change user ID")

    async def revise(self, call: Call, old: pb2.User, new: pb2.User, request: Any, given: set[str]) -> None:
        check_domain_unchanged(old, new)
        new.name = new.name.strip()
        if "default_project_id" in given:
            await self._check_default_project(call, new)
        if "password" in given:
            self._take_password(new)
        if "password" in given or (old.enabled and not new.enabled):
            new.token_generation += 1
            await record(call, user_id=old.id)

    @staticmethod
    def _take_password(user: pb2.User) -> None:
        """Keep the hash, never the word; null takes the password away."""
        user.password_hash = hash_secret(user.password) if user.HasField("password") else ""
        user.ClearField("password")

    @staticmethod
    async def _check_default_project(call: Call, user: pb2.User) -> None:
        if not user.default_project_id:
            return
        project = await call.tx.get(projects_pb2.Project, user.default_project_id)
        if project is not None and project.is_domain:
            raise BadRequest(f"User's default project ID cannot be a domain ID: {user.default_project_id}")

    async def remove(self, call: Call, obj: pb2.User) -> None:
        await record(call, user_id=obj.id)

    async def refine(self, call: Call, found: list[pb2.User], query: common.Query) -> list[pb2.User]:
        if call.caller.domain_id and not call.caller.system:
            return [user for user in found if user.domain_id == call.caller.domain_id]
        return found

    async def change_user_password(self, call: Call, request: pb2.ChangeUserPasswordRequest) -> Result:
        """The user's own change: the old password is what authorises it."""
        for name in ("original_password", "password"):
            if not request.user.HasField(name):
                given = {field.name: value for field, value in request.user.ListFields()}
                raise errors.schema_error(f"{name!r} is a required property", "required", _CHANGE, given)
        found = await self.find(call, request.user_id)
        if found is None or not found.enabled or not matches(request.user.original_password, found.password_hash):
            raise Unauthorized()
        if found.options.fields["lock_password"].bool_value if "lock_password" in found.options.fields else False:
            raise BadRequest(_LOCKED)
        user = await call.tx.edit(pb2.User, found.id)
        user.password_hash = hash_secret(request.user.password)
        user.token_generation += 1
        await call.tx.put(user)
        await record(call, user_id=user.id)
        return EMPTY

    async def list_user_projects(self, call: Call, request: pb2.ListUserProjectsRequest) -> Result:
        projects, query = call.service(Projects), request.query
        return projects.cut(await projects.filtered(call, await projects_of(call, request.user_id), query), query)

    async def list_user_groups(self, call: Call, request: pb2.ListUserGroupsRequest) -> Result:
        found = [await call.tx.get(groups_pb2.Group, id) for id in await groups_of(call, request.user_id)]
        seen = [group for group in found if group is not None and call.caller.domain_id in ("", group.domain_id)]
        groups = call.service(Groups)
        page = groups.cut(await groups.filtered(call, seen, request.query), request.query)
        page.items = [_of_user(cast("groups_pb2.Group", group)) for group in page.items]
        return page


@subscribes("before_delete", "domain")
async def delete_users(call: Call, domain: projects_pb2.Project) -> None:
    for user in await call.tx.query(pb2.User, domain_id=domain.id):
        await call.service(Users).discard(call, user)


def _of_user(group: groups_pb2.Group) -> pb2.UserGroup:
    shown = pb2.UserGroup()
    copy_fields(group, shown, ("id", "name", "domain_id", "description", "extras"))
    return shown
