"""Firewall rules (neutron_fwaas.db.firewall.v2.firewall_db_v2)."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.values import whole_number
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.network.base import NeutronResource, bad_input, invalid
from mopenstack.core.network.core.addresses import parse_ip, parse_net
from mopenstack.core.store.transaction import copy_of
from mopenstack.network.v2.fwaas import firewall_rules_pb2 as pb
from mopenstack.network.v2.fwaas.firewall_policies_pb2 import FirewallPolicy
from mopenstack.network.v2.fwaas.firewall_rules_pb2 import FirewallRule
from mopenstack.network.v2.refusals import (
    FirewallIpAddressConflict,
    FirewallRuleInUse,
    FirewallRuleInvalidIcmpParameter,
    FirewallRuleNotFound,
    FirewallRuleWithPortWithoutProtocolInvalid,
)

ACTIONS = ("allow", "deny", "reject")
PROTOCOLS = ("dccp", "icmp", "ipv6-icmp", "sctp", "tcp", "udp")
WITH_PORTS = ("tcp", "udp")
PORT_MAX = 65535
ADDRESSES = ("source_ip_address", "destination_ip_address")
PORTS = ("source_port", "destination_port")


class FirewallRules(NeutronResource[FirewallRule]):
    service = pb.DESCRIPTOR.services_by_name["FirewallRules"]
    message = FirewallRule
    not_found = FirewallRuleNotFound

    async def get(self, call: Call, request: Any) -> Result:
        return await self._with_policies(call, call.target)

    async def list(self, call: Call, request: Any) -> Result:
        for item in request.query.filters:
            if item.key in ("protocol", "action"):
                # The database compares words without regard to case.
                item.values[:] = [value.lower() for value in item.values]
        return await super().list(call, request)

    @staticmethod
    async def _with_policies(call: Call, rule: FirewallRule) -> Message:
        async def build() -> FirewallRule:
            found = await call.tx.get(FirewallRule, rule.id)
            seen = copy_of(rule if found is None else found)
            policies = await call.tx.query(FirewallPolicy, firewall_rules=rule.id)
            if policies:
                seen.firewall_policy_id.list_value.extend(sorted(policy.id for policy in policies))
            return seen

        return await call.tx.view(("firewall_rule", rule.id), build)

    async def prepare(self, call: Call, obj: FirewallRule, request: Any, given: set[str]) -> None:
        _check(obj)

    async def change(self, call: Call, old: FirewallRule, new: FirewallRule, request: Any, given: set[str]) -> None:
        _check(new)
        for policy in await call.tx.query(FirewallPolicy, firewall_rules=new.id):
            if policy.audited:
                changed = copy_of(policy)
                changed.audited = False
                await call.owner_of("firewall_policy").save(call, changed)

    async def remove(self, call: Call, obj: FirewallRule) -> None:
        if await call.tx.count(FirewallPolicy, firewall_rules=obj.id):
            raise FirewallRuleInUse(firewall_rule_id=obj.id)


def _check(rule: FirewallRule) -> None:
    rule.action = rule.action.lower()
    _check_protocol(rule)
    for name in ADDRESSES:
        _check_address(rule, name)
    for name in PORTS:
        if rule.HasField(name):
            why = _port_fault(getattr(rule, name))
            if why:
                raise invalid(name, why)
            low, _, high = getattr(rule, name).partition(":")
            if not int(low):
                rule.ClearField(name)  # the service shows a range from port 0 on as none
            elif low == high:
                setattr(rule, name, low)
    if rule.action not in ACTIONS:
        raise invalid("action", f"{rule.action} is not in valid_values")
    has_ports = any(rule.HasField(name) for name in PORTS)
    if has_ports and not rule.protocol:
        raise FirewallRuleWithPortWithoutProtocolInvalid()
    if has_ports and rule.protocol not in WITH_PORTS:
        raise FirewallRuleInvalidIcmpParameter(param="Source, destination port")
    for name in ADDRESSES:
        if rule.HasField(name) and (6 if ":" in getattr(rule, name) else 4) != rule.ip_version:
            raise FirewallIpAddressConflict()


def _check_protocol(rule: FirewallRule) -> None:
    """Names only: a number passes the converter and fails the validator."""
    if not rule.HasField("protocol"):
        return
    number = whole_number(rule.protocol) if rule.protocol.isdecimal() else -1
    if rule.protocol.lower() not in PROTOCOLS and not 0 <= number <= 255:
        raise bad_input(
            f"IP protocol '{rule.protocol}' is not supported. Only protocol names and their integer representation "
            "(0 to 255) are supported"
        )
    if rule.protocol not in PROTOCOLS:
        raise invalid("protocol", f"{rule.protocol} is not in valid_values")


def _check_address(rule: FirewallRule, name: str) -> None:
    text = getattr(rule, name)
    if rule.HasField(name) and parse_ip(text) is None and parse_net(text) is None:
        raise invalid(name, f"'{text}' is neither a valid IP address, nor is it a valid IP subnet")


def _port_fault(text: str) -> str:
    """What neutron_lib's validate_port_range_or_none says; empty if nothing is wrong."""
    parts = text.split(":")
    if len(parts) > 2 or not all(parts):
        return "Port range must be two integers separated by a colon"
    for part in parts:
        if not part.isdecimal() or whole_number(part) > PORT_MAX:
            return f"Invalid port: {part}"
    if len(parts) > 1 and whole_number(parts[0]) > whole_number(parts[1]):
        return "First port in a port range must be lower than the second port"
    return ""
