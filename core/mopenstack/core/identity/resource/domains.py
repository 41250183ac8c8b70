"""Domains: projections of the projects that act as domains. Source: keystone.api.domains, keystone.resource.core."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.fields import copy_fields
from mopenstack.core.identity import errors
from mopenstack.core.identity.base import IdentityServicer, may_read_all
from mopenstack.core.identity.resource.projects import Projects
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.resource import domains_pb2 as pb2
from mopenstack.identity.v3.resource.projects_pb2 import Project

_UUID_HEX = re.compile(r"[a-fA-F0-9]{32}")
_SHARED = ("id", "name", "description", "enabled", "tags", "options", "extras")


def domain_view(project: Project) -> pb2.Domain:
    """A project that acts as a domain, as a domain."""
    domain = pb2.Domain()
    copy_fields(project, domain, _SHARED)
    return domain


class Domains(IdentityServicer[Project]):
    """Reads are its own; what is written are projects, with the rules of `Projects`."""

    service = pb2.DESCRIPTOR.services_by_name["Domains"]
    message = Project
    pages = "markers"
    presents = pb2.Domain
    not_found = refusals.DomainNotFound
    not_found_before_policy = frozenset({"UpdateDomain"})
    not_extras = Projects.not_extras

    async def find(self, call: Call, id: str) -> Project | None:
        found = await call.tx.get(Project, id)
        return found if found is not None and found.is_domain else None

    async def view(self, call: Call, obj: Project) -> Message:
        return domain_view(obj)

    async def candidates(self, call: Call, query: common.Query) -> Iterable[Project]:
        return await call.tx.query(Project, is_domain=True)

    async def refine(self, call: Call, found: list[Project], query: common.Query) -> list[Project]:
        if call.caller.domain_id or not may_read_all(call):
            return [domain for domain in found if domain.id == call.caller.domain_id]
        return found

    async def insert(self, call: Call, obj: Project, request: Any = None, given: set[str] | None = None) -> Project:
        obj.is_domain = True
        obj.id = request.domain.explicit_domain_id
        # Only the seed, which has no token, makes the domain `default`.
        if obj.id and call.caller.token and not _UUID_HEX.fullmatch(obj.id):
            raise refusals.DomainIdInvalid
        projects = call.service(Projects)
        if obj.id and await projects.find(call, obj.id) is not None:
            raise errors.duplicate("domain", f"Duplicate ID, {obj.id}.")
        return await projects.insert(call, obj, request, given)

    async def modify(
        self, call: Call, old: Project, new: Project, request: Any = None, given: set[str] | None = None
    ) -> Project:
        return await call.service(Projects).modify(call, old, new, request, given)

    async def discard(self, call: Call, obj: Project) -> None:
        await call.service(Projects).discard(call, obj)
