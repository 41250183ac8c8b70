"""Flavors. After octavia.api.v2.controllers.flavors."""

from __future__ import annotations

import json
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.load_balancer.profiles import Choices
from mopenstack.load_balancer.v2 import refusals
from mopenstack.load_balancer.v2.flavors import flavors_pb2 as pb
from mopenstack.load_balancer.v2.flavors.flavor_profiles_pb2 import FlavorProfile


class Flavors(Choices[pb.Flavor]):
    service = pb.DESCRIPTOR.services_by_name["Flavors"]
    message = pb.Flavor
    not_found = refusals.FlavorNotFound
    called = "flavor"
    titled = "Flavor"
    profile = FlavorProfile
    profile_field = "flavor_profile_id"
    chosen_by = "flavor_id"


async def flavor_data(call: Call, flavor_id: str) -> dict[str, Any]:
    """What a flavor means to its provider: the data of its profile; empty for one that is not there."""
    flavor = await call.tx.get(pb.Flavor, flavor_id)
    profile = await call.tx.get(FlavorProfile, flavor.flavor_profile_id) if flavor is not None else None
    return dict(json.loads(profile.flavor_data)) if profile is not None else {}
