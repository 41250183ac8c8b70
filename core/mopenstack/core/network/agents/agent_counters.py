"""What agents tell in their configurations about that which they host.

Source: neutron.agent.dhcp.agent (NetworkCache.get_state), neutron.agent.l3.agent (_report_state),
ovs_neutron_agent.py (_report_state), bgp_dragent.py of neutron_dynamic_routing (BgpSpeakerCache.get_state).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from mopenstack.core.engine.call import Call
from mopenstack.core.network.agents.agent_schedulers import BGP, DHCP, L3, hosted_by
from mopenstack.core.network.bgp.bgp import advertised_routes
from mopenstack.core.network.l3.router_interfaces import interfaces
from mopenstack.network.v2.agents.agents_pb2 import Agent
from mopenstack.network.v2.bgp.bgp_pb2 import BgpSpeaker
from mopenstack.network.v2.core.networks_pb2 import Network
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.l3.floatingips_pb2 import Floatingip
from mopenstack.network.v2.l3.routers_pb2 import Router

OVS = "Open vSwitch agent"


async def counters(call: Call, agent: Agent) -> dict[str, int]:
    """Key of the configurations -> count; nothing for an agent that counts nothing."""
    count = _COUNTED.get(agent.agent_type)
    return await count(call, agent) if count else {}


async def _of_networks(call: Call, agent: Agent) -> dict[str, int]:
    networks = await hosted_by(call, agent, Network)
    return {
        "networks": len(networks),
        "subnets": sum([len(await call.tx.query(Subnet, network_id=one.id)) for one in networks]),
        "ports": sum([len(await call.tx.query(Port, network_id=one.id)) for one in networks]),
    }


async def _of_routers(call: Call, agent: Agent) -> dict[str, int]:
    routers = await hosted_by(call, agent, Router)
    return {
        "routers": len(routers),
        "ex_gw_ports": sum(bool(one.gw_port_id) for one in routers),
        "interfaces": sum([len(await interfaces(call, one.id)) for one in routers]),
        "floating_ips": sum([len(await call.tx.query(Floatingip, router_id=one.id)) for one in routers]),
    }


async def _of_speakers(call: Call, agent: Agent) -> dict[str, int]:
    speakers = await hosted_by(call, agent, BgpSpeaker)
    return {
        "bgp_speakers": len(speakers),
        "bgp_peers": sum(len(one.peers) for one in speakers),
        "advertise_routes": sum([len(await advertised_routes(call, one)) for one in speakers]),
    }


async def _of_devices(call: Call, agent: Agent) -> dict[str, int]:
    return {"devices": sum(port.host_id == agent.host for port in await call.tx.scan(Port))}


_COUNTED: dict[str, Callable[[Call, Agent], Awaitable[dict[str, int]]]] = {
    DHCP: _of_networks,
    L3: _of_routers,
    BGP: _of_speakers,
    OVS: _of_devices,
}
