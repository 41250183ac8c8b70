"""The API of the providers. After octavia.api.v2.controllers.provider."""

from __future__ import annotations

from collections.abc import Mapping

from mopenstack.contract.calls import Page
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.load_balancer.providers.enabled import chosen, enabled
from mopenstack.load_balancer.v2.providers import providers_pb2 as pb


class Providers(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Providers"]

    async def list_providers(self, call: Call, request: pb.ListProvidersRequest) -> Result:
        return _page(enabled(call))

    async def list_flavor_capabilities(self, call: Call, request: pb.ListFlavorCapabilitiesRequest) -> Result:
        return _page(_narrowed(chosen(call, request.provider).flavor_capabilities(), request.query))

    async def list_availability_zone_capabilities(
        self, call: Call, request: pb.ListAvailabilityZoneCapabilitiesRequest
    ) -> Result:
        return _page(_narrowed(chosen(call, request.provider).zone_capabilities(), request.query))


def _narrowed(known: Mapping[str, str], query: common.Query) -> dict[str, str]:
    """Those of a name or a description that the query gives; anything else in it is ignored."""
    asked = {item.key: item.values for item in query.filters}
    return {
        name: description
        for name, description in known.items()
        if name in asked.get("name", [name]) and description in asked.get("description", [description])
    }


def _page(known: Mapping[str, str]) -> Page:
    return Page([pb.Provider(name=name, description=description) for name, description in known.items()])
