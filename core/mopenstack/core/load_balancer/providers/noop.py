"""The provider noop_driver: it takes whatever Octavia itself does.

Source: octavia/api/drivers/noop_driver/driver.py.
"""

from __future__ import annotations

from typing import Any, ClassVar

from mopenstack.core.load_balancer.providers.driver import Driver, Schema


class NoopDriver(Driver):
    flavor_schema: ClassVar[Schema | None] = {
        "properties": {"amp_image_tag": {"description": "The glance image tag to use for this load balancer."}}
    }
    zone_schema: ClassVar[Schema | None] = {
        "properties": {
            "compute_zone": {"description": "The compute availability zone to use for this loadbalancer."},
            "volume_zone": {"description": "The volume availability zone to use for this loadbalancer."},
        }
    }

    def validate_flavor(self, data: Any) -> None:
        """Anything goes."""

    def validate_zone(self, data: Any) -> None:
        """Anything goes."""
