"""What goes when something that it hangs on goes. Each function only deletes what depends on the object."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.identity.v3.application_credential import access_rules_pb2, application_credentials_pb2
from mopenstack.identity.v3.assignment import grants_pb2, roles_pb2
from mopenstack.identity.v3.catalog import endpoint_filters_pb2, endpoint_policies_pb2
from mopenstack.identity.v3.credential import credentials_pb2
from mopenstack.identity.v3.federation import federation_pb2
from mopenstack.identity.v3.identity import groups_pb2
from mopenstack.identity.v3.limit import limits_pb2
from mopenstack.identity.v3.oauth1 import oauth1_pb2
from mopenstack.identity.v3.resource import domain_configs_pb2
from mopenstack.identity.v3.trust import trusts_pb2

ApplicationCredential = application_credentials_pb2.ApplicationCredential


async def forget_project(call: Call, id: str) -> None:
    """keystone.resource.core.Manager._post_delete_cleanup_project; the same for a domain."""
    await _delete(call, grants_pb2.Grant, target_id=id)
    await _delete(call, credentials_pb2.Credential, owner_project_id=id)
    await _delete(call, limits_pb2.Limit, owner_project_id=id)
    await _delete(call, limits_pb2.Limit, domain_id=id)
    await forget_application_credentials(call, project_id=id)
    await _delete(call, trusts_pb2.Trust, trust_project_id=id)
    await _delete(call, endpoint_filters_pb2.CatalogEntry, of_project=id)
    await _delete(call, domain_configs_pb2.DomainConfig, id=id)
    await _delete(call, oauth1_pb2.RequestToken, requested_project_id=id)
    await _delete(call, oauth1_pb2.AccessToken, token_project_id=id)
    for provider in await call.tx.query(federation_pb2.IdentityProvider, domain_id=id):
        await _delete(call, federation_pb2.Protocol, idp_id=provider.id)
        await call.tx.delete(federation_pb2.IdentityProvider, provider.id)


async def forget_endpoint(call: Call, id: str) -> None:
    """keystone.catalog.core.Manager.delete_endpoint."""
    await _delete(call, endpoint_filters_pb2.CatalogEntry, endpoint_id=id)
    await _delete(call, endpoint_policies_pb2.PolicyAssociation, endpoint_id=id)


async def forget_associations(call: Call, **equal: str) -> None:
    """Those of a policy, a service or a region."""
    await _delete(call, endpoint_policies_pb2.PolicyAssociation, **equal)


async def _delete(call: Call, message: type[Any], **equal: str) -> None:
    """All objects that have this in an indexed field, or this id."""
    if "id" in equal:
        if await call.tx.get(message, equal["id"]) is not None:
            await call.tx.delete(message, equal["id"])
        return
    for found in await call.tx.query(message, **equal):
        await call.tx.delete(message, found.id)


async def forget_user(call: Call, id: str) -> None:
    """keystone.identity.core.Manager.delete_user and the listeners of its event."""
    await _delete(call, grants_pb2.Grant, user_id=id)
    await _delete(call, groups_pb2.Membership, user_id=id)
    await _delete(call, credentials_pb2.Credential, user_id=id)
    await forget_application_credentials(call, user_id=id)
    await _delete(call, access_rules_pb2.AccessRule, user_id=id)
    await _delete(call, trusts_pb2.Trust, trustor_user_id=id)
    await _delete(call, trusts_pb2.Trust, trustee_user_id=id)
    await _delete(call, oauth1_pb2.RequestToken, authorizing_user_id=id)
    await _delete(call, oauth1_pb2.AccessToken, authorizing_user_id=id)


async def forget_group(call: Call, id: str) -> None:
    """keystone.identity.core.Manager.delete_group."""
    await _delete(call, grants_pb2.Grant, group_id=id)
    await _delete(call, groups_pb2.Membership, group_id=id)


async def forget_role(call: Call, id: str) -> None:
    """keystone.assignment.core.RoleManager.delete_role: the credentials of those who had the role go too."""
    for grant in await call.tx.query(grants_pb2.Grant, role_id=id):
        await forget_grant(call, grant)
    await _delete(call, roles_pb2.ImpliedRole, prior_role_id=id)
    await _delete(call, roles_pb2.ImpliedRole, implied_role_id=id)


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
