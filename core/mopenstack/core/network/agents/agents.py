"""Agents (neutron.db.agents_db). No agent runs: listed are those of RegisterAgent, always alive."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.network.agents.agent_counters import counters
from mopenstack.core.network.base import NeutronResource
from mopenstack.core.store.transaction import copy_of
from mopenstack.network.v2.agents import agents_pb2 as pb
from mopenstack.network.v2.agents.agent_schedulers_pb2 import AgentBinding
from mopenstack.network.v2.agents.agents_pb2 import Agent
from mopenstack.network.v2.refusals import AgentNotFound


class Agents(NeutronResource[Agent]):
    service = pb.DESCRIPTOR.services_by_name["Agents"]
    message = Agent
    not_found = AgentNotFound

    async def register_agent(self, call: Call, request: Any) -> Result:
        agent = copy_of(request.agent)
        agent.admin_state_up, agent.alive = True, True
        call.stamp(agent.started_at)
        return await self.view(call, await self.insert(call, agent, request, {"admin_state_up"}))

    async def remove(self, call: Call, obj: Agent) -> None:
        for binding in await call.tx.query(AgentBinding, agent_id=obj.id):
            await call.tx.delete(AgentBinding, binding.id)

    async def view(self, call: Call, obj: Agent) -> Message:
        seen = copy_of(obj)
        call.stamp(seen.heartbeat_timestamp)
        seen.configurations.update(await counters(call, obj))
        return seen
