"""Which projects may use a private flavor. Source: nova/api/openstack/compute/flavor_access.py."""

from __future__ import annotations

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.flavors import flavor_access_pb2 as pb
from mopenstack.compute.v2.flavors.flavors_pb2 import Flavor
from mopenstack.core.compute.projects import verify_project
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection

_Request = pb.ListFlavorAccessRequest | pb.AddTenantAccessRequest | pb.RemoveTenantAccessRequest


async def _check(call: Call, request: _Request) -> None:
    """The project that gets access must exist; one that is gone may still be taken off the list."""
    if isinstance(request, pb.AddTenantAccessRequest):
        await verify_project(call, request.access.tenant)


async def _change(call: Call, flavor: Flavor, before: list[str], request: _Request) -> None:
    if not isinstance(request, pb.AddTenantAccessRequest):
        return
    if flavor.is_public and call.at_least(7):
        raise refusals.PublicFlavorAccess()
    if request.access.tenant in before:
        raise refusals.FlavorAccessExists(flavor=flavor.number, project_id=request.access.tenant)


def _missing(call: Call, flavor: Flavor, project_id: str) -> refusals.FlavorAccessNotFound:
    return refusals.FlavorAccessNotFound(flavor=flavor.number, project_id=project_id)


def _listed(call: Call, flavor: Flavor) -> None:
    if flavor.is_public:
        raise refusals.FlavorIsPublic()


def _view(flavor: Flavor, project_id: str) -> pb.FlavorAccessEntry:
    return pb.FlavorAccessEntry(flavor_id=flavor.id, tenant_id=project_id)


ACCESS = Collection(
    "flavor", "projects", check=_check, change=_change, missing=_missing, listed=_listed, view=_view, touches=False
)
