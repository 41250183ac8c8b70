"""What is deleted with an object that it depends on: each subscriber only deletes what names the object."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.identity.v3.application_credential.access_rules_pb2 import AccessRule
from mopenstack.identity.v3.application_credential.application_credentials_pb2 import ApplicationCredential
from mopenstack.identity.v3.assignment.grants_pb2 import Grant
from mopenstack.identity.v3.assignment.roles_pb2 import ImpliedRole, Role
from mopenstack.identity.v3.catalog.endpoint_filters_pb2 import EndpointGroup, EndpointGroupProject, ProjectEndpoint
from mopenstack.identity.v3.catalog.endpoint_policies_pb2 import PolicyAssociation
from mopenstack.identity.v3.catalog.endpoints_pb2 import Endpoint
from mopenstack.identity.v3.catalog.policies_pb2 import Policy
from mopenstack.identity.v3.catalog.regions_pb2 import Region
from mopenstack.identity.v3.catalog.services_pb2 import Service
from mopenstack.identity.v3.credential.credentials_pb2 import Credential
from mopenstack.identity.v3.federation.federation_pb2 import IdentityProvider, Protocol
from mopenstack.identity.v3.identity.groups_pb2 import Group, Membership
from mopenstack.identity.v3.identity.users_pb2 import User
from mopenstack.identity.v3.limit.limits_pb2 import Limit
from mopenstack.identity.v3.oauth1.oauth1_pb2 import AccessToken, Consumer, RequestToken
from mopenstack.identity.v3.resource.domain_configs_pb2 import DomainConfig
from mopenstack.identity.v3.resource.projects_pb2 import Project
from mopenstack.identity.v3.trust.trusts_pb2 import Trust


@subscribes("before_delete", "project")
async def of_project(call: Call, project: Project) -> None:
    """keystone.resource.core.Manager._post_delete_cleanup_project; the same for a domain."""
    id = project.id
    await _delete(call, Grant, target_id=id)
    await _delete(call, Credential, owner_project_id=id)
    await _delete(call, Limit, owner_project_id=id)
    await _delete(call, Limit, domain_id=id)
    await _delete(call, ApplicationCredential, project_id=id)
    await _delete(call, Trust, trust_project_id=id)
    await _delete(call, EndpointGroupProject, project_id=id)
    await _delete(call, ProjectEndpoint, project_id=id)
    if await call.tx.get(DomainConfig, id) is not None:
        await call.tx.delete(DomainConfig, id)
    await _delete(call, RequestToken, requested_project_id=id)
    await _delete(call, AccessToken, token_project_id=id)
    for provider in await call.tx.query(IdentityProvider, domain_id=id):
        await of_identity_provider(call, provider)
        await call.tx.delete(IdentityProvider, provider.id)


@subscribes("before_delete", "identity_provider")
async def of_identity_provider(call: Call, provider: IdentityProvider) -> None:
    await _delete(call, Protocol, idp_id=provider.id)


@subscribes("before_delete", "endpoint")
async def of_endpoint(call: Call, endpoint: Endpoint) -> None:
    """keystone.catalog.core.Manager.delete_endpoint."""
    await _delete(call, ProjectEndpoint, endpoint_id=endpoint.id)
    await _delete(call, PolicyAssociation, endpoint_id=endpoint.id)


@subscribes("before_delete", "identity_endpoint_group")
async def of_endpoint_group(call: Call, group: EndpointGroup) -> None:
    await _delete(call, EndpointGroupProject, endpoint_group_id=group.id)


@subscribes("before_delete", "policy")
async def of_policy(call: Call, policy: Policy) -> None:
    await _delete(call, PolicyAssociation, policy_id=policy.id)


@subscribes("before_delete", "service")
async def of_service(call: Call, service: Service) -> None:
    await _delete(call, PolicyAssociation, service_id=service.id)


@subscribes("before_delete", "region")
async def of_region(call: Call, region: Region) -> None:
    await _delete(call, PolicyAssociation, region_id=region.id)


@subscribes("before_delete", "user")
async def of_user(call: Call, user: User) -> None:
    """keystone.identity.core.Manager.delete_user and the listeners of its event."""
    id = user.id
    await _delete(call, Grant, user_id=id)
    await _delete(call, Membership, user_id=id)
    await _delete(call, Credential, user_id=id)
    await _delete(call, ApplicationCredential, user_id=id)
    await _delete(call, AccessRule, user_id=id)
    await _delete(call, Trust, trustor_user_id=id)
    await _delete(call, Trust, trustee_user_id=id)
    await _delete(call, RequestToken, authorizing_user_id=id)
    await _delete(call, AccessToken, authorizing_user_id=id)


@subscribes("before_delete", "group")
async def of_group(call: Call, group: Group) -> None:
    """keystone.identity.core.Manager.delete_group."""
    await _delete(call, Grant, group_id=group.id)
    await _delete(call, Membership, group_id=group.id)


@subscribes("before_delete", "consumer")
async def of_consumer(call: Call, consumer: Consumer) -> None:
    await _delete(call, RequestToken, consumer_id=consumer.id)
    await _delete(call, AccessToken, consumer_id=consumer.id)


@subscribes("before_delete", "role")
async def of_role(call: Call, role: Role) -> None:
    """keystone.assignment.core.RoleManager.delete_role."""
    for grant in await call.tx.query(Grant, role_id=role.id):
        await of_role_assignment(call, grant)
        await call.tx.delete(Grant, grant.id)
    await _delete(call, ImpliedRole, prior_role_id=role.id)
    await _delete(call, ImpliedRole, implied_role_id=role.id)


@subscribes("before_delete", "role_assignment")
async def of_role_assignment(call: Call, grant: Grant) -> None:
    """The application credentials that the user, or the members of the group, made for the project.

    Their access rules stay. Source: keystone.application_credential.core.
    """
    users = [grant.user_id] if grant.user_id else []
    if grant.group_id:
        users = [item.user_id for item in await call.tx.query(Membership, group_id=grant.group_id)]
    if grant.target_id == "system" or grant.on_domain:
        return
    for user in users:
        await _delete(call, ApplicationCredential, user_id=user, project_id=grant.target_id)


async def _delete(call: Call, message: type[Any], **equal: str) -> None:
    """All objects that have this in an indexed field."""
    for found in await call.tx.query(message, **equal):
        await call.tx.delete(message, found.id)
