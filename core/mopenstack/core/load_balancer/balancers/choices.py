"""What a load balancer is made with: its provider, flavor, availability zone and kind of VIP port.

Source: _get_provider, _validate_flavor, _validate_availability_zone and _validate_vnic_type of
octavia/api/v2/controllers/load_balancer.py.
"""

from __future__ import annotations

import json
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.load_balancer.flavors.flavors import flavor_data
from mopenstack.core.load_balancer.providers.enabled import chosen
from mopenstack.load_balancer.v2.flavors.flavor_profiles_pb2 import FlavorProfile
from mopenstack.load_balancer.v2.flavors.flavors_pb2 import Flavor
from mopenstack.load_balancer.v2.load_balancers_pb2 import LoadBalancer, LoadBalancerCreate
from mopenstack.load_balancer.v2.refusals import (
    DisabledOption,
    ProviderFlavorMismatch,
    ProviderNotImplemented,
    ValidationFailure,
)
from mopenstack.load_balancer.v2.zones.availability_zone_profiles_pb2 import AvailabilityZoneProfile
from mopenstack.load_balancer.v2.zones.availability_zones_pb2 import AvailabilityZone


async def check(call: Call, asked: LoadBalancerCreate) -> str:
    """The name of the provider; raises the refusals of flavors, zones and providers that do not go together."""
    of_flavor = await _of_flavor(call, asked)
    zone = await _zone(call, asked)
    name = asked.provider if asked.HasField("provider") else ""
    if name and of_flavor and name != of_flavor:
        raise ProviderFlavorMismatch(flav=asked.flavor_id, prov=name)
    provider = chosen(call, name or of_flavor)
    data = await flavor_data(call, asked.flavor_id) if asked.flavor_id else {}
    if data:
        provider.validate_flavor(data)
    if zone:
        if provider.zone_schema is None:
            raise ProviderNotImplemented(
                prov=provider.name, user_msg="This provider does not support availability zones."
            )
        provider.validate_zone(zone)
        networks = [str(id).lower() for id in zone.get("valid_vip_networks", ())]
        if networks and asked.vip_network_id.lower() not in networks:
            raise ValidationFailure(
                detail="Supplied VIP network_id is not allowed by the configuration of this deployment."
            )
    return provider.name


async def _of_flavor(call: Call, asked: LoadBalancerCreate) -> str:
    """The provider of the flavor that a request names; empty where it names none."""
    if not asked.HasField("flavor_id"):
        return ""
    flavor = await call.tx.get(Flavor, asked.flavor_id)
    if flavor is None:
        raise ValidationFailure(detail="Invalid flavor_id.")
    if not flavor.enabled:
        raise DisabledOption(option="flavor", value=asked.flavor_id)
    profile = await call.tx.get(FlavorProfile, flavor.flavor_profile_id)
    return profile.provider_name if profile is not None else ""


async def _zone(call: Call, asked: LoadBalancerCreate) -> dict[str, Any]:
    """The data of the availability zone that a request names; empty where it names none."""
    if not asked.HasField("availability_zone"):
        return {}
    found = await call.tx.query(AvailabilityZone, name=asked.availability_zone)
    if not found:
        raise ValidationFailure(detail="Invalid availability zone.")
    if not found[0].enabled:
        raise DisabledOption(option="availability_zone", value=asked.availability_zone)
    profile = await call.tx.get(AvailabilityZoneProfile, found[0].availability_zone_profile_id)
    return dict(json.loads(profile.availability_zone_data)) if profile is not None else {}


async def vnic_type(call: Call, balancer: LoadBalancer) -> str:
    """The kind of a new load balancer's VIP port."""
    flavor = await flavor_data(call, balancer.flavor_id) if balancer.flavor_id else {}
    kind = "direct" if flavor.get("sriov_vip") else "normal"
    if balancer.vip_sg_ids:
        check_vnic_type(kind)
    return kind


def check_vnic_type(kind: str) -> None:
    """Refuse security groups on a VIP port without them."""
    if kind == "direct":
        raise ValidationFailure(detail="VIP Security Groups are not allowed with VNIC direct type")
