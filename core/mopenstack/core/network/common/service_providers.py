"""Service providers (neutron.services.provider_configuration), as DevStack configures them."""

from __future__ import annotations

from collections.abc import Iterable

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.computed import ComputedServicer
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


class ServiceProviders(ComputedServicer[ServiceProvider]):
    service = pb.DESCRIPTOR.services_by_name["ServiceProviders"]
    message = ServiceProvider

    async def candidates(self, call: Call, query: common.Query) -> Iterable[ServiceProvider]:
        return [ServiceProvider(service_type=kind, name=name, default=default) for kind, name, default in PROVIDERS]
