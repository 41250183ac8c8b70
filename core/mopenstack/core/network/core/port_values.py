"""What a port's attributes must be (neutron_lib.api.validators, neutron.db.extradhcpopt_db)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from google.protobuf import struct_pb2

from mopenstack.core.engine.validation import is_format
from mopenstack.core.network.base import bad_input, invalid
from mopenstack.core.network.core import dns
from mopenstack.core.network.core.addresses import parse_ip, parse_net
from mopenstack.network.v2.core.ports_pb2 import AddressPair, ExtraDhcpOpt, FixedIp, Port
from mopenstack.network.v2.refusals import (
    AllowedAddressPairExhausted,
    AllowedAddressPairsMissingIp,
    DuplicateAddressPairInRequest,
    HttpBadRequest,
)

PAIRS_MAX = 10
BLANK_OPTIONS = ("router", "classless-static-route")
"""DHCP options that may be empty."""


def check_values(port: Port, given: set[str]) -> None:
    """The shapes of what a request gave."""
    if "fixed_ips" in given:
        _check_fixed_ips(port.fixed_ips)
    if "allowed_address_pairs" in given:
        _check_pairs(port.allowed_address_pairs)
    if "extra_dhcp_opts" in given:
        _check_options(port.extra_dhcp_opts)
    if "dns_name" in given:
        dns.check_name(port.dns_name)
    if "dns_domain" in given:
        dns.check_domain(port.dns_domain)


def _check_fixed_ips(fixed_ips: Iterable[FixedIp]) -> None:
    seen: set[str] = set()
    for fixed in fixed_ips:
        if fixed.ip_address:
            if fixed.ip_address in seen:
                raise invalid("fixed_ips", f"Duplicate IP address '{fixed.ip_address}'")
            if parse_ip(fixed.ip_address) is None:
                raise invalid("fixed_ips", f"'{fixed.ip_address}' is not a valid IP address")
            seen.add(fixed.ip_address)
        if fixed.subnet_id and not is_format("uuid", fixed.subnet_id):
            raise invalid("fixed_ips", f"'{fixed.subnet_id}' is not a valid UUID")


def _check_pairs(pairs: Sequence[AddressPair]) -> None:
    if len(pairs) > PAIRS_MAX:
        raise AllowedAddressPairExhausted(quota=PAIRS_MAX)
    seen: set[tuple[str | None, str]] = set()
    for pair in pairs:
        mac = pair.mac_address or None
        if mac is not None and not is_format("mac", mac):
            raise HttpBadRequest(f"'{mac}' is not a valid MAC address")
        if not pair.ip_address:
            raise AllowedAddressPairsMissingIp()
        if (mac, pair.ip_address) in seen:
            raise DuplicateAddressPairInRequest(mac_address=mac, ip_address=pair.ip_address)
        seen.add((mac, pair.ip_address))
        if "/" in pair.ip_address:
            if parse_net(pair.ip_address) is None:
                raise HttpBadRequest(f"'{pair.ip_address}' is not a valid IP subnet")
        elif parse_ip(pair.ip_address) is None:
            raise HttpBadRequest(f"'{pair.ip_address}' is not a valid IP address")


def _check_options(options: Iterable[ExtraDhcpOpt]) -> None:
    for option in options:
        value = option.opt_value if option.HasField("opt_value") else None
        blank = option.opt_name in BLANK_OPTIONS
        bad_name = not option.opt_name.strip() or "\n" in option.opt_name or len(option.opt_name) > 64
        bad_value = value is not None and ((not blank and not value.strip()) or "\n" in value or len(value) > 255)
        bad_version = option.HasField("ip_version") and option.ip_version not in (4, 6)
        if bad_name or bad_value or bad_version:
            shown: dict[str, str | int | None] = {"opt_name": option.opt_name, "opt_value": value}
            if option.HasField("ip_version"):
                shown["ip_version"] = option.ip_version
            raise bad_input(f"No valid key specs matched for: {shown}")


def merged_options(kept: Iterable[ExtraDhcpOpt], asked: Iterable[ExtraDhcpOpt]) -> list[ExtraDhcpOpt]:
    """The options after a request: named ones are set, those with a null value removed, others stay."""
    found = {(option.opt_name, option.ip_version): option for option in kept}
    for option in asked:
        version = option.ip_version if option.HasField("ip_version") else 4
        key = (option.opt_name, version)
        if not option.HasField("opt_value"):
            found.pop(key, None)
        elif option.opt_value or option.opt_name in BLANK_OPTIONS:
            found[key] = ExtraDhcpOpt(opt_name=option.opt_name, opt_value=option.opt_value, ip_version=version)
    return list(found.values())


def complete_pairs(port: Port) -> None:
    """Pairs without a MAC have the port's; they are in the order of their keys, as the database gives them back."""
    for pair in port.allowed_address_pairs:
        pair.mac_address = pair.mac_address or port.mac_address
    port.allowed_address_pairs.sort(key=lambda pair: (pair.mac_address, pair.ip_address))


def bind(port: Port) -> None:
    """What the mechanism driver says of a port with, or without, a host.

    There are no agents to wait for: a port is ACTIVE as soon as it has a host.
    """
    port.vif_type = "ovs" if port.host_id else "unbound"
    port.vif_details.CopyFrom(vif_details(port.host_id))
    if not port.HasField("profile"):
        port.profile.SetInParent()
    port.status = "ACTIVE" if port.host_id and port.admin_state_up else "DOWN"


def vif_details(host: str) -> struct_pb2.Struct:
    """How an interface on a host is plugged; nothing is without one."""
    details = struct_pb2.Struct()
    if host:
        details.update({"port_filter": True, "ovs_hybrid_plug": False, "bound_drivers": {"0": "openvswitch"}})
    return details
