"""Availability zones. After octavia.api.v2.controllers.availability_zones."""

from __future__ import annotations

from mopenstack.core.load_balancer.profiles import Choices
from mopenstack.load_balancer.v2 import refusals
from mopenstack.load_balancer.v2.zones import availability_zone_profiles_pb2
from mopenstack.load_balancer.v2.zones import availability_zones_pb2 as pb


class AvailabilityZones(Choices[pb.AvailabilityZone]):
    service = pb.DESCRIPTOR.services_by_name["AvailabilityZones"]
    message = pb.AvailabilityZone
    not_found = refusals.AvailabilityZoneNotFound
    called = "availability zone"
    titled = "Availability Zone"
    profile = availability_zone_profiles_pb2.AvailabilityZoneProfile
    profile_field = "availability_zone_profile_id"
    chosen_by = "availability_zone"
