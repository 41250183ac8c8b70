"""Which projects may use a private flavor. Source: nova/api/openstack/compute/flavor_access.py."""

from __future__ import annotations

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.flavors import flavor_access_pb2 as pb
from mopenstack.compute.v2.flavors import flavors_pb2
from mopenstack.core.compute.flavors.flavors import Flavors
from mopenstack.core.compute.projects import verify_project
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer


class FlavorAccess(Servicer):
    service = pb.DESCRIPTOR.services_by_name["FlavorAccess"]

    async def list_flavor_access(self, call: Call, request: pb.ListFlavorAccessRequest) -> Result:
        flavor = await call.service(Flavors).fetch(call, request.flavor_id)
        if flavor.is_public:
            raise refusals.FlavorIsPublic()
        return _answer(flavor)

    async def add_tenant_access(self, call: Call, request: pb.AddTenantAccessRequest) -> Result:
        project_id = request.access.tenant
        await verify_project(call, project_id)
        flavor = await call.service(Flavors).fetch(call, request.flavor_id)
        if flavor.is_public and call.at_least(7):
            raise refusals.PublicFlavorAccess()
        if project_id in flavor.projects:
            raise refusals.FlavorAccessExists(flavor=flavor.number, project_id=project_id)
        changed = await call.tx.edit(flavors_pb2.Flavor, flavor.id)
        changed.projects.append(project_id)
        await call.tx.put(changed)
        return _answer(changed)

    async def remove_tenant_access(self, call: Call, request: pb.RemoveTenantAccessRequest) -> Result:
        # A project that is gone may still be on the list: it need not exist to be taken off.
        project_id = request.access.tenant
        flavor = await call.service(Flavors).fetch(call, request.flavor_id)
        if project_id not in flavor.projects:
            raise refusals.FlavorAccessNotFound(flavor=flavor.number, project_id=project_id)
        changed = await call.tx.edit(flavors_pb2.Flavor, flavor.id)
        changed.projects.remove(project_id)
        await call.tx.put(changed)
        return _answer(changed)


def _answer(flavor: flavors_pb2.Flavor) -> pb.FlavorAccessResponse:
    entries = [pb.FlavorAccessEntry(flavor_id=flavor.id, tenant_id=project) for project in flavor.projects]
    return pb.FlavorAccessResponse(flavor_access=entries)
