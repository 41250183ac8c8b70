"""What Neutron has of what a request names: asked for in the caller's name (octavia/common/validate.py)."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.faults import NotFound
from mopenstack.core.engine.call import Call
from mopenstack.load_balancer.v2.refusals import InvalidSubresource
from mopenstack.network.v2.core.networks_pb2 import GetNetworkRequest, Network
from mopenstack.network.v2.core.ports_pb2 import GetPortRequest, Port
from mopenstack.network.v2.core.subnets_pb2 import GetSubnetRequest, Subnet
from mopenstack.network.v2.qos.qos_policies_pb2 import GetQosPolicyRequest
from mopenstack.network.v2.security.security_groups_pb2 import GetSecurityGroupRequest

NETWORK = "mopenstack.network.v2"


async def check_subnet(call: Call, id: str) -> Subnet:
    """A subnet that the caller may see; raises InvalidSubresource."""
    return await _find(call, "Subnet", id, f"{NETWORK}.Subnets.GetSubnet", GetSubnetRequest(subnet_id=id))  # type: ignore[no-any-return]


async def check_network(call: Call, id: str) -> Network:
    """A network that the caller may see; raises InvalidSubresource."""
    return await _find(call, "Network", id, f"{NETWORK}.Networks.GetNetwork", GetNetworkRequest(network_id=id))  # type: ignore[no-any-return]


async def check_port(call: Call, id: str) -> Port:
    """A port that the caller may see; raises InvalidSubresource."""
    return await _find(call, "Port", id, f"{NETWORK}.Ports.GetPort", GetPortRequest(port_id=id))  # type: ignore[no-any-return]


async def check_qos_policy(call: Call, id: str) -> None:
    """Refuse a QoS policy that the caller may not see."""
    await _find(call, "qos_policy", id, f"{NETWORK}.QosPolicies.GetQosPolicy", GetQosPolicyRequest(policy_id=id))


async def check_security_group(call: Call, id: str) -> None:
    """Refuse a security group that the caller may not see."""
    request = GetSecurityGroupRequest(security_group_id=id)
    await _find(call, "Security Group", id, f"{NETWORK}.SecurityGroups.GetSecurityGroup", request)


async def subnet_of(call: Call, id: str) -> Subnet | None:
    """A subnet, whoever may see it; None for one that is gone."""
    return await call.tx.get(Subnet, id) if id else None


async def _find(call: Call, kind: str, id: str, operation: str, request: Message) -> Any:
    try:
        return await call.invoke(operation, request)
    except NotFound:
        raise InvalidSubresource(resource=kind, id=id) from None
