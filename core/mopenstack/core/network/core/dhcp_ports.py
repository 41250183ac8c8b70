"""The port by which a network gives addresses to its machines, which an agent or OVN adds to every network with DHCP.

Source: neutron/agent/linux/dhcp.py (DeviceManager.setup_dhcp_port); neutron/plugins/ml2/drivers/ovn/mech_driver,
ovsdb/ovn_client.py (create_metadata_port).
"""

from __future__ import annotations

import uuid

from google.protobuf.field_mask_pb2 import FieldMask

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.options import Option
from mopenstack.network.v2.agents.agents_pb2 import Agent
from mopenstack.network.v2.core.networks_pb2 import Network
from mopenstack.network.v2.core.ports_pb2 import CreatePortRequest, FixedIp, Port, UpdatePortRequest
from mopenstack.network.v2.core.subnets_pb2 import Subnet

PORTS = "mopenstack.network.v2.Ports"
DHCP_AGENT = "DHCP agent"


async def _add_to_networks(call: Call, value: str) -> None:
    """Networks that are there have their port too."""
    for subnet in sorted(await call.tx.scan(Subnet), key=lambda subnet: (subnet.network_id, subnet.id)):
        await _serve(call, subnet, value)


DHCP_PORT = Option(
    "network.dhcp_port",
    "none",
    "Whether a network with DHCP has a port of its own for it, which takes an address of each such subnet: that of a "
    "DHCP agent (`dhcp`), or of OVN (`distributed`).",
    ("none", "dhcp", "distributed"),
    apply=_add_to_networks,
)


@subscribes("after_create", "subnet")
async def _subnet_added(call: Call, subnet: Subnet) -> None:
    await _serve(call, subnet, call.cloud.option(DHCP_PORT))


@subscribes("after_update", "subnet")
async def _subnet_changed(call: Call, old: Subnet, new: Subnet) -> None:
    if new.enable_dhcp and not old.enable_dhcp:
        await _serve(call, new, call.cloud.option(DHCP_PORT))
    elif old.enable_dhcp and not new.enable_dhcp:
        port = await _port_of(call, new.network_id, call.cloud.option(DHCP_PORT))
        if port is not None:
            await _set_addresses(call, port, [one for one in port.fixed_ips if one.subnet_id != new.id])


async def _serve(call: Call, subnet: Subnet, kind: str) -> None:
    """Give the network's port an address of the subnet; the port is created with the first one."""
    if kind == "none" or not subnet.enable_dhcp:
        return
    port, address = await _port_of(call, subnet.network_id, kind), FixedIp(subnet_id=subnet.id)
    if port is None:
        await _create(call, subnet.network_id, kind, address)
    elif not any(one.subnet_id == subnet.id for one in port.fixed_ips):
        await _set_addresses(call, port, [*port.fixed_ips, address])


async def _port_of(call: Call, network_id: str, kind: str) -> Port | None:
    found = await call.tx.query(Port, network_id=network_id)
    return next((port for port in found if port.device_owner == f"network:{kind}"), None)


async def _create(call: Call, network_id: str, kind: str, address: FixedIp) -> None:
    network = await call.tx.get(Network, network_id)
    if network is None:
        return
    port = Port(
        network_id=network_id,
        project_id=network.project_id,
        device_owner=f"network:{kind}",
        device_id=f"ovnmeta-{network_id}",
        fixed_ips=[address],
    )
    if kind == "dhcp":
        agents = [agent for agent in await call.tx.scan(Agent) if agent.agent_type == DHCP_AGENT]
        port.host_id = min((agent.host for agent in agents), default="")
        host = uuid.uuid5(uuid.NAMESPACE_DNS, port.host_id.partition(".")[0])
        port.device_id = f"dhcp{host}-{network_id}"
    mask = FieldMask(paths=[field.name for field, _ in port.ListFields()])
    await call.invoke(f"{PORTS}.CreatePort", CreatePortRequest(port=port, mask=mask), elevated=True)


async def _set_addresses(call: Call, port: Port, addresses: list[FixedIp]) -> None:
    request = UpdatePortRequest(port_id=port.id, port=Port(fixed_ips=addresses), mask=FieldMask(paths=["fixed_ips"]))
    await call.invoke(f"{PORTS}.UpdatePort", request, elevated=True)
