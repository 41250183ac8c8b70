"""Endpoint groups and the endpoints of a project. After keystone.catalog.core and keystone.api.os_ep_filter."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import BadRequest, InvalidField, NotFound
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.identity import errors
from mopenstack.core.identity.base import IdentityServicer, from_value, page_of
from mopenstack.core.identity.catalog.endpoints import Endpoints
from mopenstack.core.identity.resource.projects import Projects
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.catalog import endpoint_filters_pb2 as pb2
from mopenstack.identity.v3.catalog.endpoints_pb2 import Endpoint
from mopenstack.identity.v3.resource.projects_pb2 import Project

FILTERS = ("service_id", "region_id", "interface")


class EndpointGroups(IdentityServicer[pb2.EndpointGroup]):
    service = pb2.DESCRIPTOR.services_by_name["EndpointGroups"]
    message = pb2.EndpointGroup
    not_found = refusals.EndpointGroupNotFound

    async def complete(self, call: Call, obj: pb2.EndpointGroup, request: Any, given: set[str]) -> None:
        if "filters" not in given:
            raise InvalidField(("endpoint_group", "filters"), {}, "required", "filters")
        if not obj.filters.fields:
            raise BadRequest("filters field is required and cannot be empty")
        _check_filters(obj)

    async def revise(
        self, call: Call, old: pb2.EndpointGroup, new: pb2.EndpointGroup, request: Any, given: set[str]
    ) -> None:
        _check_filters(new)

    async def remove(self, call: Call, obj: pb2.EndpointGroup) -> None:
        for entry in await call.tx.query(pb2.CatalogEntry, group_id=obj.id):
            await call.tx.delete(pb2.CatalogEntry, entry.id)

    async def list_endpoint_group_endpoints(self, call: Call, request: pb2.ListEndpointGroupEndpointsRequest) -> Result:
        group = await self.lookup(call, request.endpoint_group_id)
        found = [endpoint for endpoint in await call.tx.scan(Endpoint) if _in_group(endpoint, group)]
        return await _endpoints_page(call, found, request.query)

    async def list_endpoint_group_projects(self, call: Call, request: pb2.ListEndpointGroupEndpointsRequest) -> Result:
        await self.lookup(call, request.endpoint_group_id)
        entries = await call.tx.query(pb2.CatalogEntry, group_id=request.endpoint_group_id)
        return await _projects_page(call, entries, request.query)

    async def get_endpoint_group_project(self, call: Call, request: pb2.EndpointGroupProjectRequest) -> Result:
        entry = await self._entry(call, request)
        shown = pb2.EndpointGroupProject(endpoint_group_id=entry.group_id, project_id=entry.of_project)
        shown.links.self = f"/OS-EP-FILTER/endpoint_groups/{entry.group_id}/projects/{entry.of_project}"
        return shown

    async def add_endpoint_group_project(self, call: Call, request: pb2.EndpointGroupProjectRequest) -> Result:
        project = await call.service(Projects).lookup(call, request.project_id)
        group = await self.lookup(call, request.endpoint_group_id)
        entry = pb2.CatalogEntry(id=f"{project.id}:{group.id}", of_project=project.id, group_id=group.id)
        await _add(call, entry, "project_endpoint_group")
        return EMPTY

    async def remove_endpoint_group_project(self, call: Call, request: pb2.EndpointGroupProjectRequest) -> Result:
        await call.tx.delete(pb2.CatalogEntry, (await self._entry(call, request)).id)
        return EMPTY

    async def _entry(self, call: Call, request: pb2.EndpointGroupProjectRequest) -> pb2.CatalogEntry:
        await call.service(Projects).lookup(call, request.project_id)
        await self.lookup(call, request.endpoint_group_id)
        found = await call.tx.get(pb2.CatalogEntry, f"{request.project_id}:{request.endpoint_group_id}")
        if found is None:
            raise NotFound("Endpoint Group Project Association not found")
        return found


class ProjectEndpoints(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["ProjectEndpoints"]

    async def list_project_endpoints(self, call: Call, request: pb2.ListProjectEndpointsRequest) -> Result:
        await call.service(Projects).lookup(call, request.project_id)
        ids = await endpoints_of(call, request.project_id)
        found = [await call.tx.get(Endpoint, id) for id in sorted(ids)]
        return await _endpoints_page(call, [item for item in found if item is not None], request.query)

    async def list_project_endpoint_groups(self, call: Call, request: pb2.ListProjectEndpointsRequest) -> Result:
        entries = await call.tx.query(pb2.CatalogEntry, of_project=request.project_id)
        found = [await call.tx.get(pb2.EndpointGroup, entry.group_id) for entry in entries if entry.group_id]
        return page_of([group for group in found if group is not None], request.query)

    async def check_project_endpoint(self, call: Call, request: pb2.ProjectEndpointRequest) -> Result:
        await self._both(call, request)
        await self._entry(call, request)
        return EMPTY

    async def add_project_endpoint(self, call: Call, request: pb2.ProjectEndpointRequest) -> Result:
        await self._both(call, request)
        entry = pb2.CatalogEntry(
            id=f"{request.project_id}:{request.endpoint_id}", of_project=request.project_id,
            endpoint_id=request.endpoint_id,
        )  # fmt: skip
        await _add(call, entry, "project_endpoint")
        return EMPTY

    async def remove_project_endpoint(self, call: Call, request: pb2.ProjectEndpointRequest) -> Result:
        await call.tx.delete(pb2.CatalogEntry, (await self._entry(call, request)).id)
        return EMPTY

    async def list_endpoint_projects(self, call: Call, request: pb2.ListEndpointProjectsRequest) -> Result:
        await call.service(Endpoints).lookup(call, request.endpoint_id)
        entries = await call.tx.query(pb2.CatalogEntry, endpoint_id=request.endpoint_id)
        return await _projects_page(call, entries, request.query)

    @staticmethod
    async def _both(call: Call, request: pb2.ProjectEndpointRequest) -> None:
        await call.service(Endpoints).lookup(call, request.endpoint_id)
        await call.service(Projects).lookup(call, request.project_id)

    @staticmethod
    async def _entry(call: Call, request: pb2.ProjectEndpointRequest) -> pb2.CatalogEntry:
        found = await call.tx.get(pb2.CatalogEntry, f"{request.project_id}:{request.endpoint_id}")
        if found is None:
            raise NotFound(f"Endpoint {request.endpoint_id} not found in project {request.project_id}")
        return found


async def endpoints_of(call: Call, project_id: str) -> set[str]:
    """The endpoints that the project's catalog is confined to; none: it is not."""
    found: set[str] = set()
    for entry in await call.tx.query(pb2.CatalogEntry, of_project=project_id):
        if entry.endpoint_id:
            found.add(entry.endpoint_id)
            continue
        group = await call.tx.get(pb2.EndpointGroup, entry.group_id)
        if group is not None:
            found.update(item.id for item in await call.tx.scan(Endpoint) if _in_group(item, group))
    return found


def _in_group(endpoint: Endpoint, group: pb2.EndpointGroup) -> bool:
    return all(getattr(endpoint, key) == from_value(value) for key, value in group.filters.fields.items())


def _check_filters(group: pb2.EndpointGroup) -> None:
    if not set(group.filters.fields) <= set(FILTERS):
        raise errors.missing(" or ".join(FILTERS), "endpoint_group")


async def _add(call: Call, entry: pb2.CatalogEntry, kind: str) -> None:
    if await call.tx.get(pb2.CatalogEntry, entry.id) is not None:
        raise errors.duplicate(kind, "Duplicate entry")
    await call.tx.put(entry, fresh=True)


async def _endpoints_page(call: Call, found: list[Endpoint], query: Any) -> Result:
    endpoints = call.service(Endpoints)
    return page_of([await endpoints.view(call, endpoint) for endpoint in found], query)


async def _projects_page(call: Call, entries: list[pb2.CatalogEntry], query: Any) -> Result:
    found = [await call.tx.get(Project, entry.of_project) for entry in entries]
    return page_of([project for project in found if project is not None], query)
