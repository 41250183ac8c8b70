"""Security groups through Nova: of a server, and, up to 2.35, of a project.

Source: nova/api/openstack/compute/security_groups.py, nova/network/security_group_api.py.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.proxies import security_groups_pb2 as pb
from mopenstack.contract.faults import BadRequest, Conflict, Fault, NotFound
from mopenstack.contract.values import plain
from mopenstack.core.compute.proxies import limited, listed
from mopenstack.core.compute.servers import networking
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.engine.validation import is_format
from mopenstack.network.v2.security import security_group_rules_pb2 as neutron_rules
from mopenstack.network.v2.security import security_groups_pb2 as neutron
from mopenstack.network.v2.security.security_group_rules_pb2 import SecurityGroupRule
from mopenstack.network.v2.security.security_groups_pb2 import SecurityGroup

GROUPS = "mopenstack.network.v2.SecurityGroups"
RULES = "mopenstack.network.v2.SecurityGroupRules"

ANY = -1
PORTS = (1, 65535)
ALL_IPV4 = "0.0.0.0/0"


class SecurityGroups(Servicer):
    service = pb.DESCRIPTOR.services_by_name["SecurityGroups"]

    async def list_server_security_groups(self, call: Call, request: pb.ListServerSecurityGroupsRequest) -> Result:
        ids = {id: None for port in await networking.ports_of(call, call.target) for id in port.security_groups}
        found = [group for id in ids if (group := await _group(call, id)) is not None]
        return pb.ListSecurityGroupsResponse(security_groups=await _in_order(call, found))

    async def list_security_groups(self, call: Call, request: pb.ListSecurityGroupsRequest) -> Result:
        every = call.caller.is_admin and any(item.key == "all_tenants" for item in request.query.filters)
        filters = {} if every else {"project_id": call.caller.project_id}
        found = await listed(call, f"{GROUPS}.ListSecurityGroups", neutron.ListSecurityGroupsRequest(), filters)
        shown = limited(sorted(found, key=lambda group: str(group.id)), request.query)
        return pb.ListSecurityGroupsResponse(security_groups=await _in_order(call, shown))

    async def get_security_group(self, call: Call, request: pb.SecurityGroupRequest) -> Result:
        return await _shown(call, await _find(call, _uuid(request.security_group_id)))

    async def create_security_group(self, call: Call, request: pb.CreateSecurityGroupRequest) -> Result:
        body = request.security_group
        create = neutron.CreateSecurityGroupRequest()
        create.security_group.name, create.security_group.description = body.name, body.description
        create.security_group.project_id = call.caller.project_id
        try:
            made = await call.invoke(f"{GROUPS}.CreateSecurityGroup", create)
        except BadRequest as fault:
            raise refusals.SecurityGroupRefused(why=fault.text) from None
        except Fault as fault:
            raise refusals.SecurityGroupLimit(why=fault.text) from None
        return await _shown(call, made)

    async def update_security_group(self, call: Call, request: pb.UpdateSecurityGroupRequest) -> Result:
        body = request.security_group
        old = await _find(call, _uuid(request.security_group_id))
        update = neutron.UpdateSecurityGroupRequest(security_group_id=old.id, mask={"paths": ["name", "description"]})
        update.security_group.name, update.security_group.description = body.name, body.description
        try:
            made = await call.invoke(f"{GROUPS}.UpdateSecurityGroup", update)
        except (BadRequest, Conflict) as fault:
            raise refusals.SecurityGroupRefused(why=fault.text) from None
        return await _shown(call, made)

    async def delete_security_group(self, call: Call, request: pb.SecurityGroupRequest) -> Result:
        group = await _find(call, _uuid(request.security_group_id))
        delete = neutron.DeleteSecurityGroupRequest(security_group_id=group.id)
        try:
            await call.invoke(f"{GROUPS}.DeleteSecurityGroup", delete)
        except Conflict as fault:
            raise refusals.SecurityGroupRefused(why=fault.text) from None
        return EMPTY

    # -- rules

    async def create_security_group_rule(self, call: Call, request: pb.CreateSecurityGroupRuleRequest) -> Result:
        body = request.security_group_rule
        group = await _find(call, body.parent_group_id)
        source = await _find(call, body.group_id) if body.HasField("group_id") else None
        cidr = "" if source is not None else _cidr(_plain(body, "cidr"))
        rule = _ingress(
            _plain(body, "ip_protocol"), _plain(body, "from_port"), _plain(body, "to_port"), from_group=bool(source)
        )
        if rule is None:
            raise refusals.NotEnoughForARule()
        rule.security_group_id = group.id
        if call.caller.is_admin:
            rule.project_id = group.project_id
        if source is not None:
            rule.remote_group_id = source.id
        if cidr:
            network = ipaddress.ip_network(cidr, strict=False)
            if network.prefixlen == 0 and str(network.network_address) not in ("0.0.0.0", "::"):  # noqa: S104
                raise refusals.BadPrefix(cidr=cidr)
            rule.remote_ip_prefix = cidr
            rule.ethertype = f"IPv{network.version}"
        create = neutron_rules.CreateSecurityGroupRuleRequest(security_group_rule=rule)
        try:
            made = await call.invoke(f"{RULES}.CreateSecurityGroupRule", create)
        except BadRequest as fault:
            raise refusals.SecurityGroupRefused(why=fault.text) from None
        except Conflict as fault:
            if fault.reason == "SecurityGroupRuleExists":
                raise refusals.SecurityGroupRefused(why=f"This rule already exists in group {group.id}") from None
            raise refusals.SecurityGroupLimit(why=fault.text) from None
        return await _rule(call, made)

    async def delete_security_group_rule(self, call: Call, request: pb.SecurityGroupRuleRequest) -> Result:
        delete = neutron_rules.DeleteSecurityGroupRuleRequest(
            security_group_rule_id=_uuid(request.security_group_rule_id)
        )
        try:
            await call.invoke(f"{RULES}.DeleteSecurityGroupRule", delete)
        except NotFound as fault:
            raise refusals.SecurityGroupProxyNotFound(why=fault.text) from None
        return EMPTY


def _uuid(id: str) -> str:
    if not is_format("uuid", id):
        raise refusals.NotASecurityGroupId()
    return id


async def _find(call: Call, id: str) -> SecurityGroup:
    try:
        found: SecurityGroup = await call.invoke(
            f"{GROUPS}.GetSecurityGroup", neutron.GetSecurityGroupRequest(security_group_id=id)
        )
    except NotFound as fault:
        raise refusals.SecurityGroupProxyNotFound(why=fault.text) from None
    return found


async def _group(call: Call, id: str) -> SecurityGroup | None:
    """A group of any project; None: it is gone."""
    request = neutron.GetSecurityGroupRequest(security_group_id=id)
    try:
        found: SecurityGroup = await call.invoke(f"{GROUPS}.GetSecurityGroup", request, elevated=True)
    except NotFound:
        return None
    return found


# -- how groups and rules are shown


async def _in_order(call: Call, groups: Any) -> list[pb.SecurityGroup]:
    shown = [await _shown(call, group) for group in groups]
    return sorted(shown, key=lambda group: (group.tenant_id, group.name))


async def _shown(call: Call, group: SecurityGroup) -> pb.SecurityGroup:
    """Nova knows of ingress rules only."""
    rules = [rule for rule in group.security_group_rules if rule.direction == "ingress"]
    return pb.SecurityGroup(
        id=group.id,
        name=group.name,
        description=group.description,
        tenant_id=group.project_id,
        rules=[await _rule(call, rule) for rule in rules],
    )


async def _rule(call: Call, rule: SecurityGroupRule | SecurityGroup.MemberRule) -> pb.SecurityGroupRule:
    shown = pb.SecurityGroupRule(id=rule.id, parent_group_id=rule.security_group_id)
    shown.group.SetInParent()
    shown.ip_range.SetInParent()
    if rule.protocol:
        shown.ip_protocol = rule.protocol
    if rule.protocol and not rule.HasField("port_range_min") and not rule.HasField("port_range_max"):
        both = PORTS if rule.protocol.upper() in ("TCP", "UDP") else (ANY, ANY)
        shown.from_port, shown.to_port = both
    else:
        if rule.HasField("port_range_min"):
            shown.from_port = rule.port_range_min
        if rule.HasField("port_range_max"):
            shown.to_port = rule.port_range_max
    source = await _group(call, rule.remote_group_id) if rule.remote_group_id else None
    if source is not None:
        shown.group.name, shown.group.tenant_id = source.name, source.project_id
    else:
        shown.ip_range.cidr = rule.remote_ip_prefix or ALL_IPV4
    return shown


# -- what a new rule says


def _plain(body: pb.SecurityGroupRuleCreate, name: str) -> Any:
    return plain(getattr(body, name)) if body.HasField(name) else None


def _cidr(text: Any) -> str:
    if not text:
        return ALL_IPV4
    if not is_format("cidr", str(text)):
        raise refusals.InvalidCidr(cidr=text)
    return str(text)


def _ingress(protocol: Any, first: Any, last: Any, *, from_group: bool) -> SecurityGroupRule | None:
    """security_group_api._new_ingress_rule; None: a range of addresses without protocol and ports is no rule."""
    rule = SecurityGroupRule(direction="ingress", ethertype="IPv4")
    word = str(protocol).upper() if protocol else ""
    if from_group and first is None and last is None:
        if word == "ICMP":
            first = last = ANY
        elif word in ("TCP", "UDP"):
            first, last = PORTS
    if not word or first is None or last is None:
        return rule if from_group else None
    low, high = _ports(word, str(protocol), first, last)
    rule.protocol = str(protocol)
    if low != ANY:
        rule.port_range_min = low
    if high != ANY:
        rule.port_range_max = high
    return rule


def _ports(word: str, protocol: str, first: Any, last: Any) -> tuple[int, int]:
    try:
        low, high = int(first), int(last)
    except (TypeError, ValueError):
        what = "Type and Code must be integers for ICMP protocol type" if word == "ICMP" else None
        raise refusals.InvalidInput(why=what or "To and From ports must be integers") from None
    if word not in ("TCP", "UDP", "ICMP"):
        raise refusals.InvalidIpProtocol(protocol=protocol)
    facts: dict[str, Any] = {"low": low, "high": high}
    if word == "ICMP":
        if not (ANY <= low <= 255 and ANY <= high <= 255):
            raise refusals.InvalidPortRange(why="For ICMP, the type:code must be valid", **facts)
    elif low > high:
        raise refusals.InvalidPortRange(why="Former value cannot be greater than the later", **facts)
    elif low < PORTS[0] or high > PORTS[1]:
        raise refusals.InvalidPortRange(why=f"Valid {word} ports should be between 1-65535", **facts)
    return low, high
