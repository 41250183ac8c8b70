"""The provider ovn: load balancers in Open vSwitch itself, which knows connections and no protocols above them.

Source: ovn_octavia_provider/driver.py and common/constants.py of ovn-octavia-provider 10.0.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from mopenstack.core.load_balancer.providers.driver import Driver, Place

PROTOCOLS = ("TCP", "UDP", "SCTP")
ALGORITHMS = ("SOURCE_IP_PORT", "SOURCE_IP")
MONITORS = ("UDP-CONNECT", "TCP")
PERSISTENCE = ("SOURCE_IP",)

_NO_SUBNET = (
    "Subnet is required, or Loadbalancer associated with Pool must have a subnet, for Member {of} with OVN Provider "
    "Driver if it is not the same as LB VIP subnet"
)


class OvnDriver(Driver):
    def check_failover(self) -> None:
        raise self.unsupported("OVN provider does not support loadbalancer failover")

    def check_listener(self, listener: Any) -> None:
        self._check_protocol(listener.protocol)
        self._check_cidrs(listener)

    def change_listener(self, listener: Any, given: set[str]) -> None:
        if "allowed_cidrs" in given:
            self._check_cidrs(listener)

    def check_pool(self, pool: Any) -> None:
        self._check_protocol(pool.protocol)
        self._check_algorithm(pool.lb_algorithm)
        self._check_persistence(pool)

    def change_pool(self, pool: Any, given: set[str]) -> None:
        if "lb_algorithm" in given:
            self._check_algorithm(pool.lb_algorithm)
        if "session_persistence" in given:
            self._check_persistence(pool)

    def check_members(self, members: Sequence[Any], place: Place, *, protocol: str = "", batch: bool = False) -> None:
        for member in members:
            self._check_monitor_options(member, batch=batch)
            self._check_versions(member, place)
            if not member.subnet_id and not _inside(member.address, place.subnet_cidr):
                raise self.unsupported(_NO_SUBNET.format(of="batch update" if batch else "creation"))

    def change_member(self, member: Any) -> None:
        self._check_monitor_options(member, batch=False)

    def check_monitor(self, monitor: Any) -> None:
        if monitor.type not in MONITORS:
            raise self.unsupported(
                f"OVN provider does not support {monitor.type} health monitor type. "
                f"Supported types: {', '.join(MONITORS)}"
            )

    def check_policy(self, policy: Any, listener: Any) -> None:
        raise self.not_implemented("creating l7policies")

    # -- inside

    def _check_protocol(self, protocol: str) -> None:
        if protocol not in PROTOCOLS:
            raise self.unsupported(f"OVN provider does not support {protocol} protocol")

    def _check_algorithm(self, algorithm: str) -> None:
        if algorithm not in ALGORITHMS:
            raise self.unsupported(f"OVN provider does not support {algorithm} algorithm")

    def _check_persistence(self, pool: Any) -> None:
        """The driver's own sentence about it breaks on the way: it takes the persistence for an object."""
        if pool.HasField("session_persistence") and pool.session_persistence.type not in PERSISTENCE:
            raise self.failed("'dict' object has no attribute 'type'")

    def _check_cidrs(self, listener: Any) -> None:
        if listener.allowed_cidrs:
            raise self.unsupported("OVN provider does not support allowed_cidrs option")

    def _check_monitor_options(self, member: Any, *, batch: bool) -> None:
        if not (member.monitor_address or member.monitor_port):
            return
        if batch:
            raise self.unsupported("OVN provider does not support monitor options")
        raise self.unsupported("OVN Load Balancer does not support different member monitor address or port.")

    def _check_versions(self, member: Any, place: Place) -> None:
        """One version of IP for the VIP and its members, unless the VIPs themselves are of both."""
        versions = {ip_address(vip).version for vip in place.vips}
        if len(versions) == 1 and ip_address(member.address).version not in versions:
            raise self.unsupported(
                "OVN provider does not support mixing IPv4/IPv6 configuration within the same Load Balancer."
            )


def _inside(address: str, cidr: str) -> bool:
    return bool(cidr) and ip_address(address) in ip_network(cidr)
