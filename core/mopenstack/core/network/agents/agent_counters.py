"""What agents report of themselves: how much they host. Source: `configurations` of the agents in neutron/agent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from mopenstack.core.engine.call import Call
from mopenstack.core.network.agents.agent_schedulers import hosts
from mopenstack.network.v2.agents.agents_pb2 import Agent
from mopenstack.network.v2.bgp.bgp_pb2 import BgpSpeaker
from mopenstack.network.v2.core.networks_pb2 import Network
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.l3.floatingips_pb2 import Floatingip
from mopenstack.network.v2.l3.routers_pb2 import Router

T = TypeVar("T")


async def _hosted(call: Call, agent: Agent, message: type[T]) -> dict[str, T]:
    """By id."""
    found: list[Any] = await call.tx.scan(message)
    return {one.id: one for one in found if await hosts(call, agent, one)}


async def _of_open_vswitch(call: Call, agent: Agent) -> dict[str, int]:
    return {"devices": sum(port.host_id == agent.host for port in await call.tx.scan(Port))}


async def _of_dhcp(call: Call, agent: Agent) -> dict[str, int]:
    networks = await _hosted(call, agent, Network)
    subnets = await call.tx.scan(Subnet)
    return {
        "networks": len(networks),
        "subnets": sum(subnet.enable_dhcp and subnet.network_id in networks for subnet in subnets),
        "ports": sum(port.network_id in networks for port in await call.tx.scan(Port)),
    }


async def _of_l3(call: Call, agent: Agent) -> dict[str, int]:
    routers = await _hosted(call, agent, Router)
    ports = [port for port in await call.tx.scan(Port) if port.device_id in routers]
    gateways = [port for port in ports if port.device_owner == "network:router_gateway"]
    addresses = await call.tx.scan(Floatingip)
    return {
        "routers": len(routers),
        "ex_gw_ports": len(gateways),
        "interfaces": len(ports) - len(gateways),
        "floating_ips": sum(bool(address.port_id) and address.router_id in routers for address in addresses),
    }


async def _of_bgp(call: Call, agent: Agent) -> dict[str, int]:
    speakers = await _hosted(call, agent, BgpSpeaker)
    return {
        "bgp_speakers": len(speakers),
        "bgp_peers": len({peer for speaker in speakers.values() for peer in speaker.peers}),
    }


_COUNTERS: Mapping[str, Callable[[Call, Agent], Awaitable[dict[str, int]]]] = {
    "neutron-openvswitch-agent": _of_open_vswitch,
    "neutron-dhcp-agent": _of_dhcp,
    "neutron-l3-agent": _of_l3,
    "neutron-bgp-dragent": _of_bgp,
}


async def counted(call: Call, agent: Agent) -> dict[str, int]:
    """Key of `configurations` -> how much the agent hosts now; empty for an agent that reports nothing of this kind."""
    count = _COUNTERS.get(agent.binary)
    return await count(call, agent) if count is not None else {}
