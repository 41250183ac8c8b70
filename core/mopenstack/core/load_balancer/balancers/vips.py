"""The VIP of a load balancer: which address of which port, and the port itself.

Sources: LoadBalancersController._validate_vip_request_object; allocate_vip and deallocate_vip of
octavia/network/drivers/neutron/allowed_address_pairs.py.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask

from mopenstack.contract.faults import Conflict, Fault, NotFound
from mopenstack.core.engine.call import Call
from mopenstack.core.load_balancer import networking
from mopenstack.core.load_balancer.providers.driver import Driver
from mopenstack.load_balancer.v2.load_balancers_pb2 import LoadBalancer, LoadBalancerCreate
from mopenstack.load_balancer.v2.refusals import (
    InvalidSubresource,
    ValidationFailure,
    VipAddressConflict,
    VipValidation,
)
from mopenstack.network.v2.core.network_ip_availabilities_pb2 import GetNetworkIpAvailabilityRequest
from mopenstack.network.v2.core.networks_pb2 import Network
from mopenstack.network.v2.core.ports_pb2 import CreatePortRequest, DeletePortRequest, FixedIp, Port, UpdatePortRequest
from mopenstack.network.v2.core.subnets_pb2 import Subnet

PORTS = "mopenstack.network.v2.Ports"
AVAILABILITY = "mopenstack.network.v2.NetworkIpAvailabilities.GetNetworkIpAvailability"
OWNER = "Octavia"
"""The device owner of ports that Octavia makes, and deletes."""
NEEDED_ADDRESSES = 2
"""Of a subnet that is chosen for a VIP: its own, and that of the amphora."""


async def choose(call: Call, asked: LoadBalancerCreate) -> None:
    """Complete network, subnet and address of a VIP by what the request says of them; raises Octavia's refusals."""
    if asked.vip_port_id:
        await _by_port(call, asked)
    elif asked.vip_network_id:
        await _by_network(call, asked)
    elif asked.vip_subnet_id:
        asked.vip_network_id = (await networking.check_subnet(call, asked.vip_subnet_id)).network_id
    else:
        raise VipValidation()
    if asked.vip_qos_policy_id:
        await networking.check_qos_policy(call, asked.vip_qos_policy_id)
    await _check_subnets(call, asked)
    for id in asked.vip_sg_ids:
        await networking.check_security_group(call, id)


async def _by_port(call: Call, asked: LoadBalancerCreate) -> None:
    port = await networking.check_port(call, asked.vip_port_id)
    if port.device_id:
        raise ValidationFailure(detail=f"Port {port.id} is already used by device {port.device_id} ")
    asked.vip_network_id = port.network_id
    if port.qos_policy_id and not asked.HasField("vip_qos_policy_id"):
        asked.vip_qos_policy_id = port.qos_policy_id
    if asked.vip_subnet_id:
        await networking.check_subnet(call, asked.vip_subnet_id)
        found = [fixed for fixed in port.fixed_ips if fixed.subnet_id == asked.vip_subnet_id]
        missing = "No VIP address found on the specified VIP port within the specified subnet."
        if found or not asked.vip_address:
            asked.vip_address = _only(found, missing).ip_address
    elif asked.vip_address:
        wanted = ip_address(asked.vip_address)
        found = [fixed for fixed in port.fixed_ips if ip_address(fixed.ip_address) == wanted]
        asked.vip_subnet_id = _only(found, "Specified VIP address not found on the specified VIP port.").subnet_id
    elif len(port.fixed_ips) == 1:
        asked.vip_subnet_id, asked.vip_address = port.fixed_ips[0].subnet_id, port.fixed_ips[0].ip_address
    else:
        raise ValidationFailure(
            detail="VIP port's subnet could not be determined. Please specify either a VIP subnet or address."
        )


def _only(found: list[FixedIp], missing: str) -> FixedIp:
    if not found:
        raise ValidationFailure(detail=missing)
    return found[0]


async def _by_network(call: Call, asked: LoadBalancerCreate) -> None:
    network = await networking.check_network(call, asked.vip_network_id)
    subnets = await call.tx.query(Subnet, network_id=network.id)
    if asked.vip_subnet_id:
        if asked.vip_subnet_id not in [subnet.id for subnet in subnets]:
            raise InvalidSubresource(resource="Subnet", id=asked.vip_subnet_id)
        return
    if asked.vip_address:
        address = ip_address(asked.vip_address)
        found = [subnet for subnet in subnets if address in ip_network(subnet.cidr)]
        if not found:
            raise ValidationFailure(detail="Supplied network does not contain a subnet for VIP address specified.")
    else:
        if not subnets:
            raise ValidationFailure(detail="Supplied network does not contain a subnet.")
        found = await _with_room(call, network, list(subnets))
        if not found:
            raise ValidationFailure(detail="Subnet(s) in the supplied network do not contain enough available IPs.")
        found.sort(key=lambda subnet: (subnet.ip_version, subnet.created_at.seconds, subnet.created_at.nanos))
    asked.vip_subnet_id = found[0].id


async def _with_room(call: Call, network: Network, subnets: list[Subnet]) -> list[Subnet]:
    """The subnets that have addresses for a VIP and its amphora."""
    request = GetNetworkIpAvailabilityRequest(network_id=network.id)
    shown: Any = await call.invoke(AVAILABILITY, request, elevated=True)
    free = {one.subnet_id: int(one.total_ips) - one.used_ips for one in shown.subnet_ip_availability}
    return [subnet for subnet in subnets if free.get(subnet.id, 0) >= NEEDED_ADDRESSES]


async def _check_subnets(call: Call, asked: LoadBalancerCreate) -> None:
    """One address a subnet, all on one network. Source: _validate_subnets_share_network_but_no_duplicates."""
    ids = [asked.vip_subnet_id, *(vip.subnet_id for vip in asked.additional_vips)]
    if len(set(ids)) != len(ids):
        raise ValidationFailure(detail="Duplicate VIP subnet(s) specified. Only one IP can be bound per subnet.")
    if len({(await networking.check_subnet(call, id)).network_id for id in ids}) > 1:
        raise ValidationFailure(detail="All VIP subnets must belong to the same network.")


async def allocate(call: Call, balancer: LoadBalancer, provider: Driver) -> None:
    """Give a new load balancer its port: the one that it names, or one that is made."""
    network = await call.tx.get(Network, balancer.vip_network_id)
    if network is not None and not network.port_security_enabled:
        raise provider.failed("Port security must be enabled on the VIP network.")
    port = await call.tx.get(Port, balancer.vip_port_id) if balancer.vip_port_id else None
    if port is None:
        port = await _make(call, balancer, provider)
        balancer.vip_port_id, balancer.octavia_owned = port.id, True
    addresses = {fixed.subnet_id: fixed.ip_address for fixed in port.fixed_ips}
    balancer.vip_address = addresses.get(balancer.vip_subnet_id, balancer.vip_address)
    for vip in balancer.additional_vips:
        vip.port_id = port.id
        vip.ip_address = addresses.get(vip.subnet_id, vip.ip_address)
    if balancer.vip_qos_policy_id and port.qos_policy_id != balancer.vip_qos_policy_id:
        await set_qos_policy(call, balancer)


async def _make(call: Call, balancer: LoadBalancer, provider: Driver) -> Port:
    fixed = [FixedIp(subnet_id=balancer.vip_subnet_id, ip_address=balancer.vip_address)]
    fixed += [FixedIp(subnet_id=vip.subnet_id, ip_address=vip.ip_address) for vip in balancer.additional_vips]
    values: dict[str, Any] = {
        "name": f"octavia-lb-{balancer.id}",
        "network_id": balancer.vip_network_id,
        "admin_state_up": False,
        "device_id": f"lb-{balancer.id}",
        "device_owner": OWNER,
        "project_id": balancer.project_id,
        "fixed_ips": fixed,
    }
    if balancer.vip_sg_ids:
        values["security_groups"] = list(balancer.vip_sg_ids)
    request = CreatePortRequest(port=Port(**values), mask=FieldMask(paths=values))
    try:
        made: Port = await call.invoke(f"{PORTS}.CreatePort", request, elevated=True)
    except Conflict as refused:
        raise VipAddressConflict(msg=refused.text) from None
    except NotFound as refused:
        raise provider.failed(f"NotFoundException: 404: {refused.text}") from None
    except Fault:
        raise provider.failed("BadRequestException: 400") from None
    return made


async def release(call: Call, balancer: LoadBalancer) -> None:
    """Delete the port of a load balancer that goes, if Octavia made it; it may be gone already."""
    port = await call.tx.get(Port, balancer.vip_port_id)
    if port is not None and port.device_owner == OWNER:
        await call.invoke(f"{PORTS}.DeletePort", DeletePortRequest(port_id=port.id), elevated=True)


async def set_qos_policy(call: Call, balancer: LoadBalancer) -> None:
    """Let the VIP port have the QoS policy of its load balancer."""
    await _update(call, balancer, Port(qos_policy_id=balancer.vip_qos_policy_id or None), "qos_policy_id")


async def set_security_groups(call: Call, balancer: LoadBalancer) -> None:
    """Let the VIP port have the security groups of its load balancer."""
    await _update(call, balancer, Port(security_groups=balancer.vip_sg_ids), "security_groups")


async def _update(call: Call, balancer: LoadBalancer, port: Port, field: str) -> None:
    if await call.tx.get(Port, balancer.vip_port_id) is None:
        return
    request = UpdatePortRequest(port_id=balancer.vip_port_id, port=port, mask=FieldMask(paths=[field]))
    await call.invoke(f"{PORTS}.UpdatePort", request, elevated=True)
