"""Security groups through Nova: of a server, and, up to 2.35, of a project.

Source: nova/api/openstack/compute/security_groups.py, nova/network/security_group_api.py.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from google.protobuf.struct_pb2 import Value

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.proxies import security_groups_pb2 as pb
from mopenstack.contract.faults import BadRequest, Conflict, Fault, NotFound
from mopenstack.core.compute.proxies import limited
from mopenstack.core.compute.servers import networking
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.engine.validation import is_format
from mopenstack.core.network.security import security_group_rules, security_groups
from mopenstack.network.v2.security.security_group_rules_pb2 import SecurityGroupRule
from mopenstack.network.v2.security.security_groups_pb2 import SecurityGroup

ANY = -1
PORTS = (1, 65535)
ALL_IPV4 = "0.0.0.0/0"


class SecurityGroups(Servicer):
    service = pb.DESCRIPTOR.services_by_name["SecurityGroups"]

    async def list_server_security_groups(self, call: Call, request: pb.ListServerSecurityGroupsRequest) -> Result:
        ids = {id: None for port in await networking.ports_of(call, call.target) for id in port.security_groups}
        found = [group for id in ids if (group := await call.tx.get(SecurityGroup, id)) is not None]
        return pb.ListSecurityGroupsResponse(security_groups=await _in_order(call, found))

    async def list_security_groups(self, call: Call, request: pb.ListSecurityGroupsRequest) -> Result:
        groups = call.service(security_groups.SecurityGroups)
        if call.caller.project_id:
            await groups.default_group(call, call.caller.project_id)
        everybodys = call.caller.is_admin and any(item.key == "all_tenants" for item in request.query.filters)
        if everybodys:
            found = list(await call.tx.scan(SecurityGroup))
        else:
            found = await call.tx.query(SecurityGroup, project_id=call.caller.project_id)
        shown = limited(sorted(found, key=lambda group: group.id), request.query)
        return pb.ListSecurityGroupsResponse(security_groups=await _in_order(call, shown))

    async def get_security_group(self, call: Call, request: pb.SecurityGroupRequest) -> Result:
        return await _shown(call, await _find(call, _uuid(request.security_group_id)))

    async def create_security_group(self, call: Call, request: pb.CreateSecurityGroupRequest) -> Result:
        body = request.security_group
        group = SecurityGroup(name=body.name, description=body.description, project_id=call.caller.project_id)
        try:
            made = await call.service(security_groups.SecurityGroups).insert(
                call, group, request, {"name", "description"}
            )
        except BadRequest as fault:
            raise refusals.SecurityGroupRefused(why=fault.text) from None
        except Fault as fault:
            raise refusals.SecurityGroupLimit(why=fault.text) from None
        return await _shown(call, made)

    async def update_security_group(self, call: Call, request: pb.UpdateSecurityGroupRequest) -> Result:
        old = await _find(call, _uuid(request.security_group_id))
        new = await call.tx.edit(SecurityGroup, old.id)
        new.name, new.description = request.security_group.name, request.security_group.description
        given = {"name", "description"}
        try:
            made = await call.service(security_groups.SecurityGroups).modify(call, old, new, request, given)
        except (BadRequest, Conflict) as fault:
            raise refusals.SecurityGroupRefused(why=fault.text) from None
        return await _shown(call, made)

    async def delete_security_group(self, call: Call, request: pb.SecurityGroupRequest) -> Result:
        group = await _find(call, _uuid(request.security_group_id))
        try:
            await call.service(security_groups.SecurityGroups).discard(call, group)
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
        rule.security_group_id, rule.project_id = group.id, group.project_id
        if source is not None:
            rule.remote_group_id = source.id
        if cidr:
            network = ipaddress.ip_network(cidr, strict=False)
            if network.prefixlen == 0 and str(network.network_address) not in ("0.0.0.0", "::"):  # noqa: S104
                raise refusals.BadPrefix(cidr=cidr)
            rule.remote_ip_prefix = cidr
            rule.ethertype = f"IPv{network.version}"
        names = {field.name for field, _ in rule.ListFields()}
        try:
            made = await call.service(security_group_rules.SecurityGroupRules).insert(call, rule, request, names)
        except BadRequest as fault:
            raise refusals.SecurityGroupRefused(why=fault.text) from None
        except Conflict as fault:
            if fault.reason == "SecurityGroupRuleExists":
                raise refusals.SecurityGroupRefused(why=f"This rule already exists in group {group.id}") from None
            raise refusals.SecurityGroupLimit(why=fault.text) from None
        return await _rule(call, made)

    async def delete_security_group_rule(self, call: Call, request: pb.SecurityGroupRuleRequest) -> Result:
        id = _uuid(request.security_group_rule_id)
        service = call.service(security_group_rules.SecurityGroupRules)
        try:
            await service.discard(call, await service.fetch(call, id))
        except NotFound as fault:
            raise refusals.SecurityGroupProxyNotFound(why=fault.text) from None
        return EMPTY


def _uuid(id: str) -> str:
    if not is_format("uuid", id):
        raise refusals.NotASecurityGroupId()
    return id


async def _find(call: Call, id: str) -> SecurityGroup:
    try:
        return await call.service(security_groups.SecurityGroups).fetch(call, id)
    except NotFound as fault:
        raise refusals.SecurityGroupProxyNotFound(why=fault.text) from None


# -- how groups and rules are shown


async def _in_order(call: Call, groups: Any) -> list[pb.SecurityGroup]:
    shown = [await _shown(call, group) for group in groups]
    return sorted(shown, key=lambda group: (group.tenant_id, group.name))


async def _shown(call: Call, group: SecurityGroup) -> pb.SecurityGroup:
    """Nova knows of ingress rules only."""
    rules = await call.tx.query(SecurityGroupRule, security_group_id=group.id)
    return pb.SecurityGroup(
        id=group.id,
        name=group.name,
        description=group.description,
        tenant_id=group.project_id,
        rules=[
            await _rule(call, rule) for rule in sorted(rules, key=lambda item: item.id) if rule.direction == "ingress"
        ],
    )


async def _rule(call: Call, rule: SecurityGroupRule) -> pb.SecurityGroupRule:
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
    source = await call.tx.get(SecurityGroup, rule.remote_group_id) if rule.remote_group_id else None
    if source is not None:
        shown.group.name, shown.group.tenant_id = source.name, source.project_id
    else:
        shown.ip_range.cidr = rule.remote_ip_prefix or ALL_IPV4
    return shown


# -- what a new rule says


def _plain(body: pb.SecurityGroupRuleCreate, name: str) -> Any:
    value: Value = getattr(body, name)
    return networking.plain(value) if body.HasField(name) else None


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
