"""What is deleted with an object beside that which its `deleted_with` says."""

from __future__ import annotations

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.identity.v3.application_credential.application_credentials_pb2 import ApplicationCredential
from mopenstack.identity.v3.assignment.grants_pb2 import Grant
from mopenstack.identity.v3.assignment.roles_pb2 import Role
from mopenstack.identity.v3.resource.domain_configs_pb2 import DomainConfig
from mopenstack.identity.v3.resource.projects_pb2 import Project


@subscribes("before_delete", "domain")
async def delete_domain_config(call: Call, domain: Project) -> None:
    """The configuration has the id of its domain."""
    if await call.tx.get(DomainConfig, domain.id) is not None:
        await call.tx.delete(DomainConfig, domain.id)


@subscribes("before_delete", "role")
async def delete_application_credentials(call: Call, role: Role) -> None:
    """Those of the users who hold the role on the project themselves, whatever roles they have; access rules stay.

    A grant taken away, or a group, deletes none: the credential has fewer roles then, or none. Source:
    keystone.assignment.core.Manager._send_app_cred_notification_for_role_removal, which delete_grant does not call.
    """
    for grant in await call.tx.query(Grant, role_id=role.id):
        if not grant.user_id or grant.on_domain:
            continue
        found = await call.tx.query(ApplicationCredential, user_id=grant.user_id, project_id=grant.target_id)
        for credential in found:
            await call.tx.delete(ApplicationCredential, credential.id)
