"""The provider amphora: machines with HAProxy and keepalived, as Octavia itself ships it.

Source: octavia/api/drivers/amphora_driver (v2/driver.py, flavor_schema.py, availability_zone_schema.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any, ClassVar

from mopenstack.core.load_balancer.providers.driver import Driver, Place, Schema

ALGORITHMS = ("ROUND_ROBIN", "SOURCE_IP", "LEAST_CONNECTIONS")
ALPN = ("h2", "http/1.1", "http/1.0")
L7_PROTOCOLS = ("HTTP", "TERMINATED_HTTPS")
LVS_PROTOCOLS = ("UDP", "SCTP")
SINGLE, ACTIVE_STANDBY = "SINGLE", "ACTIVE_STANDBY"


class AmphoraDriver(Driver):
    needs_port_security = True
    flavor_schema: ClassVar[Schema | None] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "loadbalancer_topology": {
                "type": "string",
                "description": "The load balancer topology. One of: SINGLE - One amphora per load balancer. "
                "ACTIVE_STANDBY - Two amphora per load balancer.",
                "enum": [ACTIVE_STANDBY, SINGLE],
            },
            "compute_flavor": {"type": "string", "description": "The compute driver flavor ID."},
            "amp_image_tag": {"type": "string", "description": "The amphora image tag."},
            "sriov_vip": {
                "type": "boolean",
                "description": "When true, the VIP port will be created using an SR-IOV VF port.",
            },
            "allow_member_sriov": {
                "type": "boolean",
                "description": "When true, users can request a member port be SR-IOV enabled at member creation time.",
            },
        },
    }
    zone_schema: ClassVar[Schema | None] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "compute_zone": {"type": "string", "description": "The compute availability zone."},
            "volume_zone": {"type": "string", "description": "The volume availability zone."},
            "management_network": {
                "type": "string",
                "description": "The management network ID for the amphora.",
            },
            "valid_vip_networks": {
                "type": "array",
                "description": "List of network IDs that are allowed for VIP use. This overrides/replaces the list of "
                "allowed networks configured in `octavia.conf`.",
            },
        },
    }

    def check_listener(self, listener: Any) -> None:
        self._check_alpn(listener)

    def change_listener(self, listener: Any, given: set[str]) -> None:
        if "alpn_protocols" in given:
            self._check_alpn(listener)

    def check_pool(self, pool: Any) -> None:
        self._check_algorithm(pool)
        self._check_alpn(pool)

    def change_pool(self, pool: Any, given: set[str]) -> None:
        if "alpn_protocols" in given:
            self._check_alpn(pool)
        if "lb_algorithm" in given:
            self._check_algorithm(pool)

    def check_members(self, members: Sequence[Any], place: Place, *, protocol: str = "", batch: bool = False) -> None:
        """keepalived balances UDP and SCTP to members of a version of IP that a VIP has."""
        if protocol not in LVS_PROTOCOLS or not place.listeners:
            return
        versions = {ip_address(vip).version for vip in place.vips}
        if any(ip_address(member.address).version not in versions for member in members):
            raise self.unsupported(
                f"This provider doesn't support mixing IPv4 and IPv6 addresses for its VIP and members in {protocol} "
                "load balancers."
            )

    def check_policy(self, policy: Any, listener: Any) -> None:
        if listener.protocol not in L7_PROTOCOLS:
            raise self.unsupported(f"{listener.protocol} protocol listeners do not support L7 policies")

    def _check_algorithm(self, pool: Any) -> None:
        if pool.lb_algorithm not in ALGORITHMS:
            raise self.unsupported(f"Amphora provider does not support {pool.lb_algorithm} algorithm.")

    def _check_alpn(self, obj: Any) -> None:
        unknown = [protocol for protocol in obj.alpn_protocols if protocol not in ALPN]
        if unknown:
            raise self.unsupported(
                f"Amphora provider does not support {', '.join(unknown)} ALPN protocol(s). Supported: {', '.join(ALPN)}"
            )
