"""Scheduling of networks, routers and BGP speakers to agents.

A router is hosted by the first L3 agent and a network with DHCP by the first DHCP agent, as Neutron schedules them
when they are created: no binding is stored for that. What an admin schedules is kept in bindings, which tell whether an
agent hosts or no longer hosts an object.

Source: neutron.db.agentschedulers_db, l3_agentschedulers_db, neutron_dynamic_routing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Value

from mopenstack.contract.values import plain
from mopenstack.core.engine.associations import Association, Ends
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Servicer
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

M = TypeVar("M", bound=Message)
DHCP, L3, BGP = "DHCP agent", "L3 agent", "BGP dynamic routing agent"


class AgentSchedulers(Servicer):
    service = pb.DESCRIPTOR.services_by_name["AgentSchedulers"]


@dataclass(frozen=True, slots=True)
class Hosting(Association):
    """The hosting of one kind of objects by agents.

    name      of the association
    hosted    message of the objects
    field     field of requests with an object's id
    """

    name: str = ""
    hosted: type[Any] = Message
    field: str = ""

    @property
    def kind(self) -> str:
        return self.name

    def of(self, call: Call, request: Any) -> AgentBinding:
        agent_id, hosted_id = request.agent_id, self.id_of(getattr(request, self.field))
        return AgentBinding(id=f"{agent_id}/{hosted_id}", agent_id=agent_id, hosted_id=hosted_id)

    async def find(self, call: Call, relation: AgentBinding) -> AgentBinding | None:
        agent = await call.tx.get(Agent, relation.agent_id)
        obj = await call.tx.get(self.hosted, relation.hosted_id)
        there = agent is not None and obj is not None and await _hosts(call, agent, obj)
        return relation if there else None

    async def put(self, call: Call, relation: AgentBinding) -> None:
        relation.hosted = True
        await call.tx.put(relation)

    async def discard(self, call: Call, relation: AgentBinding) -> None:
        relation.hosted = False
        await call.tx.put(relation)

    async def on_agent(self, call: Call, ends: Ends) -> Iterable[Any]:
        """The objects that an agent hosts."""
        return await hosted_by(call, ends["agent_id"], self.hosted)

    async def agents_of(self, call: Call, ends: Ends) -> Iterable[Agent]:
        """The agents that host an object."""
        return [agent for agent in await _agents(call) if await _hosts(call, agent, ends[self.field])]


def _id(value: Any) -> str:
    """The id in a path or body; Neutron looks for the body's key without asking whether it is there."""
    if not isinstance(value, Value):
        return str(value)
    found = plain(value)
    if not isinstance(found, str):
        raise RequestFailed()
    return found


async def _scheduled(call: Call, relation: AgentBinding, ends: Ends) -> Message:
    return pb.ScheduledResponse()


# -- networks on DHCP agents


async def _check_dhcp(call: Call, relation: AgentBinding, ends: Ends) -> None:
    agent = ends["agent_id"]
    if agent.agent_type != DHCP or not agent.admin_state_up:
        raise InvalidDhcpAgent(id=agent.id)


def _network_hosted(relation: AgentBinding) -> Exception:
    return NetworkHostedByDhcpAgent(network_id=relation.hosted_id, agent_id=relation.agent_id)


def _network_not_hosted(call: Call, relation: AgentBinding) -> Exception:
    return NetworkNotHostedByDhcpAgent(network_id=relation.hosted_id, agent_id=relation.agent_id)


# -- routers on L3 agents


async def _check_l3(call: Call, relation: AgentBinding, ends: Ends) -> None:
    agent, router = ends["agent_id"], ends["router_id"]
    if agent.agent_type != L3 or not agent.admin_state_up:
        raise InvalidL3Agent(id=agent.id)
    hosts = [other.id for other in await _agents(call) if await _hosts(call, other, router)]
    if hosts and agent.id not in hosts and not router.ha:
        raise RouterHostedByL3Agent(router_id=router.id, agent_id=hosts[0])


# -- BGP speakers on dynamic routing agents


async def _check_dr_agent(call: Call, request: Any, ends: Ends) -> None:
    agent = ends.get("agent_id")
    adding = isinstance(request, pb.AddBgpSpeakerToAgentRequest)
    if not adding and not isinstance(request, pb.RemoveBgpSpeakerFromAgentRequest):
        return
    assert agent is not None  # its id is in the path
    if agent.agent_type != BGP or (adding and not agent.admin_state_up):
        raise DrAgentInvalid(id=agent.id)


async def _check_speaker(call: Call, relation: AgentBinding, ends: Ends) -> None:
    await call.owner_of("bgp_speaker").fetch(call, relation.hosted_id)
    taken = [one for one in await call.tx.query(AgentBinding, agent_id=relation.agent_id) if one.hosted]
    if any([await call.tx.get(BgpSpeaker, one.hosted_id) for one in taken]):
        raise DrAgentAssociationError(agent_id=relation.agent_id)


def _speaker_not_hosted(call: Call, relation: AgentBinding) -> Exception:
    return DrAgentNotHostingBgpSpeaker(bgp_speaker_id=relation.hosted_id, agent_id=relation.agent_id)


def _hosting(name: str, hosted: type[Any], kind: str, **rules: Any) -> Hosting:
    field = f"{kind}_id"
    lists = Hosting(AgentBinding, {}, hosted=hosted, field=field)
    return Hosting(
        AgentBinding,
        {field: kind, "agent_id": "agent"},
        name=name,
        hosted=hosted,
        field=field,
        id_of=_id,
        show=_scheduled,
        partners={field: lists.on_agent, "agent_id": lists.agents_of},
        **rules,
    )


NETWORKS = _hosting(
    "dhcp_network", Network, "network", add=_check_dhcp, taken=_network_hosted, missing=_network_not_hosted
)
ROUTERS = _hosting("l3_router", Router, "router", add=_check_l3, lenient=True)
SPEAKERS = _hosting(
    "bgp_speaker_on_agent",
    BgpSpeaker,
    "bgp_speaker",
    permit=_check_dr_agent,
    add=_check_speaker,
    missing=_speaker_not_hosted,
)


async def hosted_by(call: Call, agent: Agent, message: type[M]) -> list[M]:
    """The objects of a message that an agent hosts."""
    return [one for one in await call.tx.scan(message) if await _hosts(call, agent, one)]


async def _agents(call: Call) -> list[Agent]:
    return sorted(await call.tx.scan(Agent), key=lambda one: (one.created_at.seconds, one.created_at.nanos, one.id))


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
