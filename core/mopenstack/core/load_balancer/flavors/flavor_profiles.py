"""Flavor profiles. After octavia.api.v2.controllers.flavor_profiles."""

from __future__ import annotations

from typing import Any

from mopenstack.core.load_balancer.profiles import Profiles
from mopenstack.core.load_balancer.providers.driver import Driver
from mopenstack.load_balancer.v2 import refusals
from mopenstack.load_balancer.v2.flavors import flavor_profiles_pb2 as pb
from mopenstack.load_balancer.v2.flavors import flavors_pb2


class FlavorProfiles(Profiles[pb.FlavorProfile]):
    service = pb.DESCRIPTOR.services_by_name["FlavorProfiles"]
    message = pb.FlavorProfile
    not_found = refusals.FlavorProfileNotFound
    titled = "Flavor profile"
    data = "flavor_data"
    choices = flavors_pb2.Flavor
    choice_field = "flavor_profile_id"

    def validate(self, provider: Driver, data: Any) -> None:
        provider.validate_flavor(data)
