"""What goes when something that it hangs on goes. Each function only deletes what depends on the object."""

from __future__ import annotations

from mopenstack.core.engine.call import Call
from mopenstack.identity.v3 import (
    access_rules_pb2,
    application_credentials_pb2,
    credentials_pb2,
    grants_pb2,
    groups_pb2,
    limits_pb2,
    roles_pb2,
)

ApplicationCredential = application_credentials_pb2.ApplicationCredential


async def forget_project(call: Call, id: str) -> None:
    """keystone.resource.core.Manager._post_delete_cleanup_project; the same for a domain."""
    for grant in await call.tx.query(grants_pb2.Grant, target_id=id):
        await call.tx.delete(grants_pb2.Grant, grant.id)
    for credential in await call.tx.query(credentials_pb2.Credential, owner_project_id=id):
        await call.tx.delete(credentials_pb2.Credential, credential.id)
    for limit in await call.tx.query(limits_pb2.Limit, owner_project_id=id):
        await call.tx.delete(limits_pb2.Limit, limit.id)
    for limit in await call.tx.query(limits_pb2.Limit, domain_id=id):
        await call.tx.delete(limits_pb2.Limit, limit.id)
    await forget_application_credentials(call, project_id=id)


async def forget_user(call: Call, id: str) -> None:
    """keystone.identity.core.Manager.delete_user and the listeners of its event."""
    for grant in await call.tx.query(grants_pb2.Grant, user_id=id):
        await call.tx.delete(grants_pb2.Grant, grant.id)
    for membership in await call.tx.query(groups_pb2.Membership, user_id=id):
        await call.tx.delete(groups_pb2.Membership, membership.id)
    for credential in await call.tx.query(credentials_pb2.Credential, user_id=id):
        await call.tx.delete(credentials_pb2.Credential, credential.id)
    await forget_application_credentials(call, user_id=id)
    for rule in await call.tx.query(access_rules_pb2.AccessRule, user_id=id):
        await call.tx.delete(access_rules_pb2.AccessRule, rule.id)


async def forget_group(call: Call, id: str) -> None:
    """keystone.identity.core.Manager.delete_group."""
    for grant in await call.tx.query(grants_pb2.Grant, group_id=id):
        await call.tx.delete(grants_pb2.Grant, grant.id)
    for membership in await call.tx.query(groups_pb2.Membership, group_id=id):
        await call.tx.delete(groups_pb2.Membership, membership.id)


async def forget_role(call: Call, id: str) -> None:
    """keystone.assignment.core.RoleManager.delete_role: the credentials of those who had the role go too."""
    for grant in await call.tx.query(grants_pb2.Grant, role_id=id):
        await forget_grant(call, grant)
    for rule in await call.tx.query(roles_pb2.ImpliedRole, prior_role_id=id):
        await call.tx.delete(roles_pb2.ImpliedRole, rule.id)
    for rule in await call.tx.query(roles_pb2.ImpliedRole, implied_role_id=id):
        await call.tx.delete(roles_pb2.ImpliedRole, rule.id)


async def forget_grant(call: Call, grant: grants_pb2.Grant) -> None:
    """Take a role away: the application credentials that the user made for the project go with it."""
    await call.tx.delete(grants_pb2.Grant, grant.id)
    users = [grant.user_id] if grant.user_id else []
    if grant.group_id:
        users = [item.user_id for item in await call.tx.query(groups_pb2.Membership, group_id=grant.group_id)]
    if grant.target_id == "system" or grant.on_domain:
        return
    for user in users:
        await forget_application_credentials(call, user_id=user, project_id=grant.target_id)


async def forget_application_credentials(call: Call, **equal: str) -> None:
    """Their access rules stay (keystone.application_credential.core)."""
    for credential in await call.tx.query(ApplicationCredential, **equal):
        await call.tx.delete(ApplicationCredential, credential.id)
