"""Flavors, as Nova has them (trove/flavor)."""

from __future__ import annotations

from typing import Any

from mopenstack.compute.v2.flavors.flavors_pb2 import GetFlavorRequest, ListFlavorsRequest
from mopenstack.contract.faults import Fault, NotFound
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.database.service_user import ask
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.database.v1 import flavors_pb2 as pb
from mopenstack.database.v1 import refusals

NOVA = "mopenstack.compute.v2.Flavors"


class DatabaseFlavors(Servicer):
    service = pb.DESCRIPTOR.services_by_name["DatabaseFlavors"]

    async def list_flavors(self, call: Call, request: pb.ListFlavorsRequest) -> Result:
        return pb.ListFlavorsResponse(flavors=await flavors_of(call))

    async def get_flavor(self, call: Call, request: pb.GetFlavorRequest) -> Result:
        flavor = await flavor_of(call, request.flavor_id, refusals.FlavorOfPathNotFound)
        return pb.FlavorResponse(flavor=_view(call, flavor))


async def flavors_of(call: Call) -> list[pb.FlavorView]:
    """All public flavors, as the caller sees them."""
    request = ListFlavorsRequest(query=common.Query())
    page = await ask(call, f"{NOVA}.ListFlavorsDetail", request)
    return [_view(call, one) for one in page.items]


async def flavor_of(call: Call, id: str, refusal: type[Fault] = refusals.FlavorNotFound) -> Any:
    """A flavor of Nova; raises the refusal of one that is not there."""
    try:
        return await ask(call, f"{NOVA}.GetFlavor", GetFlavorRequest(flavor_id=id))
    except NotFound:
        raise refusal(id=id) from None


def _view(call: Call, flavor: Any) -> pb.FlavorView:
    shown = pb.FlavorView(
        name=flavor.name,
        ram=flavor.ram,
        vcpus=flavor.vcpus,
        disk=flavor.disk,
        ephemeral=flavor.ephemeral,
        str_id=flavor.id,
        viewer=call.caller.project_id,
    )
    if flavor.id.isdecimal() and len(flavor.id) <= 18 and not flavor.id.startswith("0"):
        shown.id = int(flavor.id)
    return shown
