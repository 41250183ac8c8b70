"""Endpoint groups and the endpoints of a project. After keystone.catalog.core and keystone.api.os_ep_filter."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import BadRequest, InvalidField
from mopenstack.contract.values import plain_struct
from mopenstack.core.engine.associations import Association, Ends
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.identity import errors
from mopenstack.core.identity.base import IdentityServicer, whole
from mopenstack.core.identity.catalog.endpoints import Endpoints
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.catalog import endpoint_filters_pb2 as pb2
from mopenstack.identity.v3.catalog.endpoints_pb2 import Endpoint

INTERFACES = ("admin", "internal", "public")
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

    async def list_endpoint_group_endpoints(self, call: Call, request: pb2.ListEndpointGroupEndpointsRequest) -> Result:
        group = await self.lookup(call, request.endpoint_group_id)
        found = [endpoint for endpoint in await call.tx.scan(Endpoint) if _in_group(endpoint, group)]
        endpoints = call.service(Endpoints)
        return whole([await endpoints.view(call, endpoint) for endpoint in found])


class ProjectEndpoints(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["ProjectEndpoints"]

    async def list_project_endpoint_groups(self, call: Call, request: pb2.ListProjectEndpointsRequest) -> Result:
        return whole(await _groups_of(call, request.project_id))


async def endpoints_of(call: Call, project_id: str) -> set[str]:
    """The ids of the endpoints that the project's catalog is confined to; none: it is not."""
    found = {entry.endpoint_id for entry in await call.tx.query(pb2.ProjectEndpoint, project_id=project_id)}
    for group in await _groups_of(call, project_id):
        found.update(item.id for item in await call.tx.scan(Endpoint) if _in_group(item, group))
    return found


async def _groups_of(call: Call, project_id: str) -> list[pb2.EndpointGroup]:
    entries = await call.tx.query(pb2.EndpointGroupProject, project_id=project_id)
    found = [await call.tx.get(pb2.EndpointGroup, entry.endpoint_group_id) for entry in entries]
    return [group for group in found if group is not None]


def _in_group(endpoint: Endpoint, group: pb2.EndpointGroup) -> bool:
    return all(getattr(endpoint, key) == value for key, value in plain_struct(group.filters).items())


def _check_filters(group: pb2.EndpointGroup) -> None:
    if not set(group.filters.fields) <= set(FILTERS):
        raise errors.missing(" or ".join(FILTERS), "endpoint_group")
    for name, value in plain_struct(group.filters).items():
        if not isinstance(value, str):
            raise InvalidField(("endpoint_group", "filters", name), value, "type", "string")
        if name == "interface" and value not in INTERFACES:
            raise InvalidField(("endpoint_group", "filters", name), value, "one_of", list(INTERFACES))


async def _endpoints(call: Call, ends: Ends) -> list[Endpoint]:
    """The endpoints of a project, by themselves or by groups."""
    found = [await call.tx.get(Endpoint, id) for id in await endpoints_of(call, ends["project_id"].id)]
    return [endpoint for endpoint in found if endpoint is not None]


def _group_taken(entry: pb2.EndpointGroupProject) -> Exception:
    return errors.duplicate("project_endpoint_group", "Duplicate entry")


def _group_missing(call: Call, entry: pb2.EndpointGroupProject) -> Exception:
    return refusals.EndpointGroupProjectNotFound()


def _endpoint_taken(entry: pb2.ProjectEndpoint) -> Exception:
    return errors.duplicate("project_endpoint", "Duplicate entry")


def _endpoint_missing(call: Call, entry: pb2.ProjectEndpoint) -> Exception:
    return refusals.ProjectEndpointNotFound(endpoint_id=entry.endpoint_id, project_id=entry.project_id)


GROUPS = Association(
    pb2.EndpointGroupProject,
    {"project_id": "project", "endpoint_group_id": "identity_endpoint_group"},
    taken=_group_taken,
    missing=_group_missing,
)
ENDPOINTS = Association(
    pb2.ProjectEndpoint,
    {"endpoint_id": "endpoint", "project_id": "project"},
    taken=_endpoint_taken,
    missing=_endpoint_missing,
    partners={"endpoint_id": _endpoints},
)
