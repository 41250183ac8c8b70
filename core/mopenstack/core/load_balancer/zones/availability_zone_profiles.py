"""Availability zone profiles. After octavia.api.v2.controllers.availability_zone_profiles."""

from __future__ import annotations

from typing import Any

from mopenstack.core.load_balancer.profiles import Profiles
from mopenstack.core.load_balancer.providers.driver import Driver
from mopenstack.load_balancer.v2 import refusals
from mopenstack.load_balancer.v2.zones import availability_zone_profiles_pb2 as pb
from mopenstack.load_balancer.v2.zones import availability_zones_pb2


class AvailabilityZoneProfiles(Profiles[pb.AvailabilityZoneProfile]):
    service = pb.DESCRIPTOR.services_by_name["AvailabilityZoneProfiles"]
    message = pb.AvailabilityZoneProfile
    not_found = refusals.AvailabilityZoneProfileNotFound
    titled = "Availability Zone Profile"
    data = "availability_zone_data"
    choices = availability_zones_pb2.AvailabilityZone
    choice_field = "availability_zone_profile_id"

    def validate(self, provider: Driver, data: Any) -> None:
        provider.validate_zone(data)
