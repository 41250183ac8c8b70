"""Domains: projections of the projects that act as domains (keystone.api.domains, keystone.resource.core)."""

from __future__ import annotations

import re
from typing import Any

from mopenstack.contract.faults import Forbidden
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer, copy_fields
from mopenstack.core.identity import errors
from mopenstack.core.identity.assignment.roles import Roles
from mopenstack.core.identity.base import may_read_all, page_of
from mopenstack.core.identity.identity.groups import Groups
from mopenstack.core.identity.identity.users import Users
from mopenstack.core.identity.resource.projects import Projects
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.assignment import roles_pb2
from mopenstack.identity.v3.identity import groups_pb2, users_pb2
from mopenstack.identity.v3.resource import domains_pb2 as pb2
from mopenstack.identity.v3.resource import projects_pb2

_UUID_HEX = re.compile(r"[a-fA-F0-9]{32}")
_SHARED = ("id", "name", "description", "enabled", "tags", "options", "extras")


def domain_view(project: projects_pb2.Project) -> pb2.Domain:
    """A project that acts as a domain, as a domain."""
    domain = pb2.Domain()
    copy_fields(project, domain, _SHARED)
    return domain


class Domains(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["Domains"]

    async def before(self, call: Call, request: Any) -> None:
        """An update looks for the domain before it asks whether it may."""
        if call.operation is not None and call.operation.method == "UpdateDomain":
            await call.service(Projects).domain(call, request.domain_id)

    async def list_domains(self, call: Call, request: pb2.ListDomainsRequest) -> Result:
        found = [domain_view(project) for project in await call.tx.query(projects_pb2.Project, is_domain=True)]
        if call.caller.domain_id or not may_read_all(call):
            found = [domain for domain in found if domain.id == call.caller.domain_id]
        return page_of(found, request.query)

    async def get_domain(self, call: Call, request: pb2.GetDomainRequest) -> Result:
        return domain_view(await call.service(Projects).domain(call, request.domain_id))

    async def create_domain(self, call: Call, request: pb2.CreateDomainRequest) -> Result:
        project = projects_pb2.Project(is_domain=True)
        given = set(request.mask.paths) or {field.name for field, _ in request.domain.ListFields()}
        copy_fields(request.domain, project, (given | {"extras"}) & set(_SHARED) - {"id"})
        project.id = request.domain.explicit_domain_id
        # Only the seed, which has no token, makes the domain `default`.
        if project.id and call.caller.token and not _UUID_HEX.fullmatch(project.id):
            raise refusals.DomainIdInvalid
        projects = call.service(Projects)
        if project.id and await projects.find(call, project.id) is not None:
            raise errors.duplicate("domain", f"Duplicate ID, {project.id}.")
        return domain_view(await projects.insert(call, project, None, given))

    async def update_domain(self, call: Call, request: pb2.UpdateDomainRequest) -> Result:
        projects = call.service(Projects)
        old = await projects.domain(call, request.domain_id)
        new = await call.tx.edit(projects_pb2.Project, old.id)
        given = set(request.mask.paths) or {field.name for field, _ in request.domain.ListFields()}
        copy_fields(request.domain, new, given & set(_SHARED) - {"id", "extras"})
        await projects.change(call, old, new, request, given)
        await projects.save(call, new)
        return domain_view(new)

    async def delete_domain(self, call: Call, request: pb2.DeleteDomainRequest) -> Result:
        projects = call.service(Projects)
        await projects.discard(call, await projects.domain(call, request.domain_id))
        return EMPTY

    async def empty(self, call: Call, domain: projects_pb2.Project) -> None:
        """Delete all that a disabled domain holds."""
        if domain.enabled:
            raise Forbidden("Cannot delete a domain that is enabled, please disable it first.")
        for user in await call.tx.query(users_pb2.User, domain_id=domain.id):
            await call.service(Users).discard(call, user)
        for group in await call.tx.query(groups_pb2.Group, domain_id=domain.id):
            await call.service(Groups).discard(call, group)
        for role in await call.tx.query(roles_pb2.Role, domain_id=domain.id):
            await call.service(Roles).discard(call, role)
        projects = call.service(Projects)
        for project in reversed(await projects.subtree(call, domain.id)):
            await projects.discard(call, project)
