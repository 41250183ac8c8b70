"""Who provides what (neutron.services.provider_configuration): what DevStack's configuration says."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.calls import Page
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import listing
from mopenstack.core.engine.servicer import Servicer
from mopenstack.network.v2.common import service_providers_pb2 as pb
from mopenstack.network.v2.common.service_providers_pb2 import ServiceProvider

PROVIDERS = (
    ("L3_ROUTER_NAT", "dvrha", False),
    ("L3_ROUTER_NAT", "dvr", False),
    ("L3_ROUTER_NAT", "ha", False),
    ("L3_ROUTER_NAT", "single_node", False),
    ("FIREWALL_V2", "fwaas_db", True),
    ("VPN", "openswan", True),
    ("BGPVPN", "dummy", True),
    ("TAAS", "taas", True),
)
"""(service type, name, default)."""


class ServiceProviders(Servicer):
    service = pb.DESCRIPTOR.services_by_name["ServiceProviders"]

    async def list_service_providers(self, call: Call, request: Any) -> Page:
        found = [ServiceProvider(service_type=kind, name=name, default=default) for kind, name, default in PROVIDERS]
        for item in request.query.filters:
            test = listing(ServiceProvider).filter(item.key, item.values)
            found = [one for one in found if test is None or test(one)]
        return Page(found)
