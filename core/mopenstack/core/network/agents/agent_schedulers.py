"""Which agents host what (neutron.db.agentschedulers_db, l3_agentschedulers_db, neutron_dynamic_routing).

A router is hosted by the first L3 agent and a network with DHCP by the first DHCP agent, as Neutron schedules them
when they are made: nothing is written for that. What an admin moves is kept in bindings, which say whether an agent
hosts or no longer hosts a thing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.message import Message

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result, Servicer
from mopenstack.core.network.agents.agents import Agents
from mopenstack.core.network.bgp.bgp import BgpSpeakers
from mopenstack.core.network.core.networks import Networks
from mopenstack.core.network.l3.routers import Routers
from mopenstack.network.v2.agents import agent_schedulers_pb2 as pb
from mopenstack.network.v2.agents.agent_schedulers_pb2 import AgentBinding
from mopenstack.network.v2.agents.agents_pb2 import Agent
from mopenstack.network.v2.bgp.bgp_pb2 import BgpSpeaker
from mopenstack.network.v2.core.networks_pb2 import Network
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.l3.routers_pb2 import Router
from mopenstack.network.v2.refusals import (
    DrAgentAssociationError,
    DrAgentInvalid,
    DrAgentNotHostingBgpSpeaker,
    InvalidDhcpAgent,
    InvalidL3Agent,
    NetworkHostedByDhcpAgent,
    NetworkNotHostedByDhcpAgent,
    RequestFailed,
    RouterHostedByL3Agent,
)

DHCP, L3, BGP = "DHCP agent", "L3 agent", "BGP dynamic routing agent"


class AgentSchedulers(Servicer):
    service = pb.DESCRIPTOR.services_by_name["AgentSchedulers"]

    @staticmethod
    async def _agent(call: Call, request: Any) -> Agent:
        return await call.service(Agents).fetch(call, request.agent_id)

    async def _hosted(self, call: Call, request: Any, servicer: type[ResourceServicer[Any]]) -> list[Any]:
        """What an agent hosts of a kind."""
        agent = await self._agent(call, request)
        found = await call.tx.scan(servicer.message)
        return await _shown(call, servicer, [one for one in found if await _hosts(call, agent, one)])

    # -- networks on DHCP agents

    async def list_dhcp_networks(self, call: Call, request: Any) -> Result:
        return pb.ListDhcpNetworksResponse(networks=await self._hosted(call, request, Networks))

    async def add_dhcp_network(self, call: Call, request: Any) -> Result:
        network = await call.service(Networks).fetch(call, _named(request.network_id))
        agent = await self._agent(call, request)
        if agent.agent_type != DHCP or not agent.admin_state_up:
            raise InvalidDhcpAgent(id=agent.id)
        if await _hosts(call, agent, network):
            raise NetworkHostedByDhcpAgent(network_id=network.id, agent_id=agent.id)
        await _bind(call, agent, network.id, True)
        return pb.ScheduledResponse()

    async def remove_dhcp_network(self, call: Call, request: Any) -> Result:
        agent = await self._agent(call, request)
        network = await call.tx.get(Network, request.network_id)
        if network is None or not await _hosts(call, agent, network):
            raise NetworkNotHostedByDhcpAgent(network_id=request.network_id, agent_id=agent.id)
        await _bind(call, agent, network.id, False)
        return EMPTY

    async def list_dhcp_agents(self, call: Call, request: Any) -> Result:
        return await _hosting(call, await call.tx.get(Network, request.network_id))

    # -- routers on L3 agents

    async def list_l3_routers(self, call: Call, request: Any) -> Result:
        return pb.ListL3RoutersResponse(routers=await self._hosted(call, request, Routers))

    async def add_l3_router(self, call: Call, request: Any) -> Result:
        router = await call.service(Routers).fetch(call, _named(request.router_id))
        agent = await self._agent(call, request)
        if agent.agent_type != L3 or not agent.admin_state_up:
            raise InvalidL3Agent(id=agent.id)
        hosts = [other.id for other in await _agents(call) if await _hosts(call, other, router)]
        if agent.id in hosts:
            return pb.ScheduledResponse()
        if hosts and not router.ha:
            raise RouterHostedByL3Agent(router_id=router.id, agent_id=hosts[0])
        await _bind(call, agent, router.id, True)
        return pb.ScheduledResponse()

    async def remove_l3_router(self, call: Call, request: Any) -> Result:
        agent = await self._agent(call, request)
        router = await call.service(Routers).fetch(call, request.router_id)
        await _bind(call, agent, router.id, False)
        return EMPTY

    async def list_l3_agents(self, call: Call, request: Any) -> Result:
        return await _hosting(call, await call.tx.get(Router, request.router_id))

    # -- BGP speakers on dynamic routing agents

    async def list_bgp_speakers_on_agent(self, call: Call, request: Any) -> Result:
        return pb.ListBgpSpeakersOnAgentResponse(bgp_speakers=await self._hosted(call, request, BgpSpeakers))

    async def add_bgp_speaker_to_agent(self, call: Call, request: Any) -> Result:
        agent = await self._agent(call, request)
        if agent.agent_type != BGP or not agent.admin_state_up:
            raise DrAgentInvalid(id=agent.id)
        speaker = await call.service(BgpSpeakers).fetch(call, _named(request.bgp_speaker_id))
        taken = [one for one in await call.tx.query(AgentBinding, agent_id=agent.id) if one.hosted]
        if any([await call.tx.get(BgpSpeaker, one.hosted_id) for one in taken]):
            raise DrAgentAssociationError(agent_id=agent.id)
        await _bind(call, agent, speaker.id, True)
        return pb.ScheduledResponse()

    async def remove_bgp_speaker_from_agent(self, call: Call, request: Any) -> Result:
        agent = await self._agent(call, request)
        if agent.agent_type != BGP:
            raise DrAgentInvalid(id=agent.id)
        speaker = await call.tx.get(BgpSpeaker, request.bgp_speaker_id)
        if speaker is None or not await _hosts(call, agent, speaker):
            raise DrAgentNotHostingBgpSpeaker(bgp_speaker_id=request.bgp_speaker_id, agent_id=agent.id)
        await _bind(call, agent, speaker.id, False)
        return EMPTY

    async def list_bgp_agents(self, call: Call, request: Any) -> Result:
        return await _hosting(call, await call.tx.get(BgpSpeaker, request.bgp_speaker_id))


def _named(value: Any) -> str:
    """The id in the body: Neutron looks for the key without asking whether it is there."""
    if value.WhichOneof("kind") != "string_value":
        raise RequestFailed()
    return str(value.string_value)


async def _shown(call: Call, servicer: type[ResourceServicer[Any]], found: Iterable[Any]) -> list[Any]:
    ordered = sorted(found, key=lambda one: str(one.id))
    return [await call.service(servicer).view(call, one) for one in ordered]


async def _agents(call: Call) -> list[Agent]:
    return sorted(await call.tx.scan(Agent), key=lambda one: (one.created_at.seconds, one.created_at.nanos, one.id))


async def _hosting(call: Call, thing: Message | None) -> pb.HostingAgentsResponse:
    """The agents that host a thing: of what there is not, none."""
    if thing is None:
        return pb.HostingAgentsResponse()
    agents = [agent for agent in await _agents(call) if await _hosts(call, agent, thing)]
    return pb.HostingAgentsResponse(agents=await _shown(call, Agents, agents))


async def _hosts(call: Call, agent: Agent, thing: Any) -> bool:
    """Whether an agent hosts an object: by its binding, else as Neutron's scheduler would have decided."""
    binding = await call.tx.get(AgentBinding, f"{agent.id}/{thing.id}")
    if binding is not None:
        return binding.hosted
    if isinstance(thing, Network):
        if agent.agent_type != DHCP or not await _is_first(call, agent, thing.id):
            return False
        return any(subnet.enable_dhcp for subnet in await call.tx.query(Subnet, network_id=thing.id))
    return isinstance(thing, Router) and agent.agent_type == L3 and await _is_first(call, agent, thing.id)


async def _is_first(call: Call, agent: Agent, thing_id: str) -> bool:
    """Whether the agent is the one that was there when the thing was scheduled; what was moved is not scheduled."""
    if await call.tx.query(AgentBinding, hosted_id=thing_id):
        return False
    peers = [other for other in await _agents(call) if other.agent_type == agent.agent_type]
    return peers[0].id == agent.id


async def _bind(call: Call, agent: Agent, thing_id: str, hosted: bool) -> None:
    binding = AgentBinding(id=f"{agent.id}/{thing_id}", agent_id=agent.id, hosted_id=thing_id, hosted=hosted)
    await call.tx.put(binding)
