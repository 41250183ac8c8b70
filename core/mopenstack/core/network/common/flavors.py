"""Flavors of network services and service profiles (neutron.db.flavors_db)."""

from __future__ import annotations

from typing import Any, NamedTuple

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.network.base import NeutronResource
from mopenstack.network.v2.common import flavors_pb2 as pb
from mopenstack.network.v2.common.flavors_pb2 import NetworkFlavor, ServiceProfile
from mopenstack.network.v2.l3.routers_pb2 import Router
from mopenstack.network.v2.refusals import (
    FlavorDisabled,
    FlavorInUse,
    FlavorNotFound,
    FlavorServiceProfileBindingExists,
    FlavorServiceProfileBindingNotFound,
    InvalidServiceType,
    ServiceProfileDisabled,
    ServiceProfileDriverNotFound,
    ServiceProfileEmpty,
    ServiceProfileInUse,
    ServiceProfileNotFound,
)


class RouterDriver(NamedTuple):
    """A service provider of routers, and what all of its routers are."""

    provider: str
    distributed: bool
    ha: bool


_PROVIDERS = "neutron.services.l3_router.service_providers"
DRIVERS = {
    f"{_PROVIDERS}.dvrha.DvrHaDriver": RouterDriver("dvrha", distributed=True, ha=True),
    f"{_PROVIDERS}.dvr.DvrDriver": RouterDriver("dvr", distributed=True, ha=False),
    f"{_PROVIDERS}.ha.HaDriver": RouterDriver("ha", distributed=False, ha=True),
    f"{_PROVIDERS}.single_node.SingleNodeDriver": RouterDriver("single_node", distributed=False, ha=False),
}
"""The drivers that serve routers (neutron.services.l3_router.service_providers.driver_controller)."""

SERVICE_TYPES = frozenset((
    "CONNTRACKHELPER", "CORE", "FIREWALL_V2", "FLAVORS", "L3_ROUTER_NAT", "LOCAL_IP", "LOGGING", "METERING",
    "NDPPROXY", "NETWORK_SEGMENT_RANGE", "PORTFORWARDING", "QOS", "TAG", "VPN", "auto-allocated-topology", "bgp",
    "bgpvpn", "flow_classifier", "network-ip-availability", "placement_report", "revision_plugin", "segments", "sfc",
    "taas", "tap-mirror", "timestamp", "trunk",
))  # fmt: skip
"""The types of the plugins that serve this cloud's extensions (get_plugin_type of each)."""


class NetworkFlavors(NeutronResource[NetworkFlavor]):
    service = pb.DESCRIPTOR.services_by_name["NetworkFlavors"]
    message = NetworkFlavor
    not_found = FlavorNotFound

    async def prepare(self, call: Call, obj: NetworkFlavor, request: Any, given: set[str]) -> None:
        # neutron_lib.api.validators.validate_service_plugin_type
        if obj.service_type not in SERVICE_TYPES:
            raise InvalidServiceType(service_type=obj.service_type)

    async def change(self, call: Call, old: NetworkFlavor, new: NetworkFlavor, request: Any, given: set[str]) -> None:
        await self._check_unused(call, old)

    async def remove(self, call: Call, obj: NetworkFlavor) -> None:
        await self._check_unused(call, obj)

    @staticmethod
    async def _check_unused(call: Call, obj: NetworkFlavor) -> None:
        if await call.tx.count(Router, flavor_id=obj.id):
            raise FlavorInUse(flavor_id=obj.id)

    async def driver_of(self, call: Call, flavor_id: str) -> RouterDriver:
        """The driver of a flavor's routers; refuses one that no driver serves (get_flavor_next_provider)."""
        flavor = await self.fetch(call, flavor_id)
        if not flavor.enabled:
            raise FlavorDisabled()
        if not flavor.service_profiles:
            raise FlavorServiceProfileBindingNotFound(sp_id="", fl_id=flavor_id)
        # A user of the flavor need not see its profiles.
        profile = await call.tx.get(ServiceProfile, flavor.service_profiles[0])
        if profile is None:
            raise ServiceProfileNotFound(id=flavor.service_profiles[0])
        if not profile.enabled:
            raise ServiceProfileDisabled()
        if profile.driver not in DRIVERS:
            raise ServiceProfileDriverNotFound(driver=profile.driver)
        return DRIVERS[profile.driver]


class ServiceProfiles(NeutronResource[ServiceProfile]):
    service = pb.DESCRIPTOR.services_by_name["ServiceProfiles"]
    message = ServiceProfile
    not_found = ServiceProfileNotFound

    async def prepare(self, call: Call, obj: ServiceProfile, request: Any, given: set[str]) -> None:
        if not obj.driver and not obj.metainfo:
            raise ServiceProfileEmpty()
        _check_driver(obj.driver)

    async def change(self, call: Call, old: ServiceProfile, new: ServiceProfile, request: Any, given: set[str]) -> None:
        _check_driver(new.driver)
        await self._check_unused(call, old)

    async def remove(self, call: Call, obj: ServiceProfile) -> None:
        await self._check_unused(call, obj)

    @staticmethod
    async def _check_unused(call: Call, obj: ServiceProfile) -> None:
        if await call.tx.count(NetworkFlavor, service_profiles=obj.id):
            raise ServiceProfileInUse(sp_id=obj.id)


async def _bind(call: Call, flavor: NetworkFlavor, before: list[str], request: Any) -> None:
    profile_id = request.service_profile.id
    if profile_id in before:
        raise FlavorServiceProfileBindingExists(sp_id=profile_id, fl_id=flavor.id)
    await call.service(ServiceProfiles).fetch(call, profile_id)


def _unbound(call: Call, flavor: NetworkFlavor, profile_id: str) -> Exception:
    return FlavorServiceProfileBindingNotFound(sp_id=profile_id, fl_id=flavor.id)


SERVICE_PROFILES = Collection("network_flavor", "service_profiles", added=_bind, missing=_unbound)


def _check_driver(driver: str) -> None:
    if driver and driver not in DRIVERS:
        raise ServiceProfileDriverNotFound(driver=driver)
