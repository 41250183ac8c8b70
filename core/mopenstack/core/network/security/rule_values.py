"""Values of security group rules, and when two rules mean the same (neutron.db.securitygroups_db).

One set of rules holds for the rules of groups and for the templates that new groups begin with, so
everything here takes any message with the fields of a rule.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from mopenstack.contract.values import whole_number
from mopenstack.core.network.base import invalid
from mopenstack.network.v2.refusals import (
    InvalidCidr,
    SecurityGroupEthertypeConflictWithProtocol,
    SecurityGroupInvalidIcmpValue,
    SecurityGroupInvalidPortRange,
    SecurityGroupInvalidPortValue,
    SecurityGroupInvalidProtocolForPort,
    SecurityGroupMissingIcmpType,
    SecurityGroupMultipleRemoteEntites,
    SecurityGroupProtocolRequiredWithPorts,
    SecurityGroupRuleInvalidEtherType,
    SecurityGroupRuleInvalidProtocol,
    SecurityGroupRuleParameterConflict,
)

ETHERTYPES = ("IPv4", "IPv6")
DIRECTIONS = ("ingress", "egress")
ANY = ("", "any")
"""Protocols that mean every protocol."""

PROTOCOLS = {
    "ah": 51,
    "dccp": 33,
    "egp": 8,
    "esp": 50,
    "gre": 47,
    "hopopt": 0,
    "icmp": 1,
    "igmp": 2,
    "ip": 0,
    "ipip": 4,
    "ipv6-encap": 41,
    "ipv6-frag": 44,
    "ipv6-icmp": 58,
    "icmpv6": 58,
    "ipv6-nonxt": 59,
    "ipv6-opts": 60,
    "ipv6-route": 43,
    "ospf": 89,
    "pgm": 113,
    "rsvp": 46,
    "sctp": 132,
    "tcp": 6,
    "udp": 17,
    "udplite": 136,
    "vrrp": 112,
}
"""Name -> number, in the order in which a refusal lists them (neutron_lib.constants.IP_PROTOCOL_MAP)."""

_NAMES = {str(number): name for name, number in PROTOCOLS.items() if name not in ("ip", "icmpv6", "hopopt")}
_SUPPORTED = ", ".join(repr(word) for word in (None, "any", *PROTOCOLS))
WITH_PORTS = ("dccp", "sctp", "tcp", "udp", "udplite")
ICMP, ICMPV6 = 1, 58
LEGACY_ICMPV6 = ("icmp", "icmpv6")
IPV6_ONLY = frozenset(
    word
    for name in ("ipv6-encap", "ipv6-frag", "ipv6-icmp", "icmpv6", "ipv6-nonxt", "ipv6-opts", "ipv6-route")
    for word in (name, str(PROTOCOLS[name]))
)
PORT_MAX = 65535


def convert(rule: Any) -> None:
    """Bring the values into the spelling that is stored, or refuse them (the converters of the attribute map)."""
    if rule.direction not in DIRECTIONS:
        raise invalid("direction", f"{rule.direction or None} is not in valid_values")
    rule.ethertype = _ethertype(rule.ethertype)
    _convert_protocol(rule)
    for port in (rule.port_range_min, rule.port_range_max):
        if not 0 <= port <= PORT_MAX:
            raise SecurityGroupInvalidPortValue(port=port)
    if rule.remote_ip_prefix:
        rule.remote_ip_prefix = _prefix(rule.remote_ip_prefix)
    for name in ("remote_ip_prefix", "remote_group_id", "remote_address_group_id"):
        if not getattr(rule, name):
            rule.ClearField(name)


def check(rule: Any) -> None:
    """Refuse values that do not go together; a range of all ports becomes no range."""
    if rule.ethertype == "IPv6":
        if rule.protocol in LEGACY_ICMPV6:
            rule.protocol = "ipv6-icmp"
        elif rule.protocol == str(ICMP):
            rule.protocol = str(ICMPV6)
    if _low(rule) == 1 and _high(rule) == PORT_MAX:
        rule.ClearField("port_range_min")
        rule.ClearField("port_range_max")
    _check_ports(rule)
    if rule.remote_ip_prefix:
        version = ipaddress.ip_interface(rule.remote_ip_prefix).version
        if rule.ethertype != f"IPv{version}":
            raise SecurityGroupRuleParameterConflict(ethertype=rule.ethertype, cidr=rule.remote_ip_prefix)
    if rule.protocol in IPV6_ONLY and rule.ethertype == "IPv4":
        raise SecurityGroupEthertypeConflictWithProtocol(ethertype=rule.ethertype, protocol=rule.protocol)
    if sum(map(bool, (rule.remote_ip_prefix, rule.remote_group_id, rule.remote_address_group_id))) > 1:
        raise SecurityGroupMultipleRemoteEntites()


def key_of(rule: Any) -> str:
    """Equal for rules that mean the same: tcp is 6, no prefix is the whole world, no range is all ports."""
    prefix = "" if rule.remote_ip_prefix in ("0.0.0.0/0", "::/0") else rule.remote_ip_prefix
    low = str(rule.port_range_min) if rule.HasField("port_range_min") else "1"
    high = str(rule.port_range_max) if rule.HasField("port_range_max") else str(PORT_MAX)
    remote = f"{rule.remote_group_id}|{rule.remote_address_group_id}|{prefix}"
    return f"{rule.direction}|{rule.ethertype}|{_canonical(rule)}|{low}|{high}|{remote}"


def normalized(prefix: str) -> str:
    """A prefix without its host bits."""
    return str(ipaddress.ip_network(prefix, strict=False))


def _ethertype(value: str) -> str:
    for known in ETHERTYPES:
        if known.lower() == value.lower():
            return known
    raise SecurityGroupRuleInvalidEtherType(ethertype=value, values=list(ETHERTYPES))


def _convert_protocol(rule: Any) -> None:
    word = rule.protocol
    if word in ANY:
        rule.ClearField("protocol")
    elif word.isdecimal() and whole_number(word) <= 255:
        rule.protocol = word
    elif word.lower() in PROTOCOLS:
        rule.protocol = word.lower()
    else:
        raise SecurityGroupRuleInvalidProtocol(protocol=word, values=f"({_SUPPORTED})")


def _prefix(value: str) -> str:
    try:
        return str(ipaddress.ip_interface(value))
    except ValueError:
        raise InvalidCidr(input=value) from None


def _low(rule: Any) -> int | None:
    return rule.port_range_min if rule.HasField("port_range_min") else None


def _high(rule: Any) -> int | None:
    return rule.port_range_max if rule.HasField("port_range_max") else None


def _number(rule: Any) -> int:
    return PROTOCOLS[rule.protocol] if rule.protocol in PROTOCOLS else int(rule.protocol)


def _canonical(rule: Any) -> str:
    return str(_number(rule)) if rule.protocol else ""


def _check_ports(rule: Any) -> None:
    low, high = _low(rule), _high(rule)
    if low is None and high is None:
        return
    if not rule.protocol:
        raise SecurityGroupProtocolRequiredWithPorts()
    number = _number(rule)
    if number in {PROTOCOLS[name] for name in WITH_PORTS}:
        if 0 in (low, high):
            raise SecurityGroupInvalidPortValue(port=0)
        if low is None or high is None or low > high:
            raise SecurityGroupInvalidPortRange()
    elif number in (ICMP, ICMPV6):
        for attr, field, value in (("port_range_min", "type", low), ("port_range_max", "code", high)):
            if value is not None and value > 255:
                raise SecurityGroupInvalidIcmpValue(field=field, attr=attr, value=value)
        if low is None:
            raise SecurityGroupMissingIcmpType(value=high)
    else:
        words = ", ".join(name.upper() for name in WITH_PORTS)
        raise SecurityGroupInvalidProtocolForPort(protocol=number, valid_port_protocols=words)
