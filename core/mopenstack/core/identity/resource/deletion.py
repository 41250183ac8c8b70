"""What is deleted with an object beside that which its `deleted_with` says."""

from __future__ import annotations

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.identity.v3.application_credential.application_credentials_pb2 import ApplicationCredential
from mopenstack.identity.v3.assignment.grants_pb2 import Grant
from mopenstack.identity.v3.assignment.roles_pb2 import Role
from mopenstack.identity.v3.identity.groups_pb2 import Membership
from mopenstack.identity.v3.resource.domain_configs_pb2 import DomainConfig
from mopenstack.identity.v3.resource.projects_pb2 import Project


@subscribes("before_delete", "domain")
async def delete_domain_config(call: Call, domain: Project) -> None:
    """The configuration has the id of its domain."""
    if await call.tx.get(DomainConfig, domain.id) is not None:
        await call.tx.delete(DomainConfig, domain.id)


@subscribes("before_delete", "role")
async def delete_credentials_with_role(call: Call, role: Role) -> None:
    """keystone.assignment.core.RoleManager.delete_role."""
    for grant in await call.tx.query(Grant, role_id=role.id):
        await delete_credentials(call, grant)


@subscribes("before_delete", "role_assignment")
async def delete_credentials(call: Call, grant: Grant) -> None:
    """The application credentials that the user, or the members of the group, made for the project.

    Their access rules stay. Source: keystone.application_credential.core.
    """
    users = [grant.user_id] if grant.user_id else []
    if grant.group_id:
        users = [item.user_id for item in await call.tx.query(Membership, group_id=grant.group_id)]
    if grant.target_id == "system" or grant.on_domain:
        return
    for user in users:
        for credential in await call.tx.query(ApplicationCredential, user_id=user, project_id=grant.target_id):
            await call.tx.delete(ApplicationCredential, credential.id)
