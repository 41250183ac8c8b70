"""Amphorae: made with the load balancers of the provider amphora, replaced when one fails over.

Their machines, management network and certificates are those of Octavia's no-op drivers: addresses of the networks for
documentation, and no servers of Nova.

Source: octavia/api/v2/controllers/amphora.py, octavia/controller/worker/v2/tasks/database_tasks.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.fields import copy_fields
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.load_balancer.amphorae.lifecycle import AMPHORAE
from mopenstack.core.load_balancer.base import OctaviaResource, asked_project, below
from mopenstack.core.load_balancer.flavors.flavors import flavor_data
from mopenstack.core.load_balancer.providers.amphora import ACTIVE_STANDBY, AmphoraDriver
from mopenstack.core.load_balancer.providers.enabled import driver
from mopenstack.load_balancer.v2 import load_balancers_pb2, refusals
from mopenstack.load_balancer.v2.amphorae import amphorae_pb2 as pb
from mopenstack.load_balancer.v2.listeners_pb2 import Listener
from mopenstack.load_balancer.v2.statuses_pb2 import Statistics

CERTIFICATE_SECONDS = 30 * 24 * 3600
"""octavia.conf's cert_validity_time."""
ROLES: dict[str, int | None] = {"STANDALONE": None, "MASTER": 100, "BACKUP": 90}
"""Role -> its priority in keepalived."""
MANAGEMENT, FRONT = "192.0.2", "198.51.100"
"""Networks of the management and VIP addresses of amphorae (RFC 5737)."""


class Amphorae(OctaviaResource[pb.Amphora]):
    service = pb.DESCRIPTOR.services_by_name["Amphorae"]
    message = pb.Amphora
    not_found = refusals.AmphoraNotFound
    lifecycle = AMPHORAE

    async def filtered(self, call: Call, found: Sequence[pb.Amphora], query: common.Query) -> list[pb.Amphora]:
        """Amphorae have no project: that of their load balancers is meant."""
        project_id = asked_project(query)
        own = common.Query(filters=[item for item in query.filters if item.key != "project_id"])
        left = await super().filtered(call, found, own)
        if not project_id:
            return left
        balancers = await call.tx.query(load_balancers_pb2.LoadBalancer, project_id=project_id)
        ids = {balancer.id for balancer in balancers}
        return [amphora for amphora in left if amphora.loadbalancer_id in ids]

    async def failover_amphora(self, call: Call, request: pb.FailoverAmphoraRequest) -> Result:
        id = call.target.loadbalancer_id
        if await call.tx.get(load_balancers_pb2.LoadBalancer, id) is None:
            raise refusals.LoadBalancerNotFound(id=id)
        balancer = await call.tx.edit(load_balancers_pb2.LoadBalancer, id)
        await call.publish("failover_begins", "load_balancer", balancer)
        await self.replace(call, call.target)
        return EMPTY

    async def configure_amphora(self, call: Call, request: pb.ConfigureAmphoraRequest) -> Result:
        return EMPTY

    async def list_amphora_stats(self, call: Call, request: pb.ListAmphoraStatsRequest) -> Result:
        """The counters of listeners are those of the amphora that has the VIP."""
        amphora = await call.tx.get(pb.Amphora, request.amphora_id)
        found = []
        if amphora is not None and amphora.role != "BACKUP":
            for listener in await below(call, Listener, loadbalancer_id=amphora.loadbalancer_id):
                if listener.HasField("statistics"):
                    stats = pb.AmphoraStats(id=amphora.id, listener_id=listener.id)
                    stats.loadbalancer_id = amphora.loadbalancer_id
                    copy_fields(listener.statistics, stats, names=set(Statistics.DESCRIPTOR.fields_by_name))
                    found.append(stats)
        if not found:
            raise refusals.AmphoraStatsNotFound(id=request.amphora_id)
        return pb.ListAmphoraStatsResponse(amphora_stats=found)

    async def boot(self, call: Call, balancer: Any, role: str) -> None:
        """Make an amphora of a load balancer."""
        number = await call.tx.add("load_balancer/amphora", 1) % 254 + 1
        amphora = pb.Amphora(
            loadbalancer_id=balancer.id,
            compute_id=call.ids.uuid(),
            lb_network_ip=f"{MANAGEMENT}.{number}",
            vrrp_ip=f"{FRONT}.{number}",
            ha_ip=balancer.vip_address,
            vrrp_port_id=call.ids.uuid(),
            ha_port_id=balancer.vip_port_id,
            role=role,
            status=pb.Amphora.PENDING_CREATE,
            vrrp_id=1,
            vrrp_priority=ROLES[role],
        )
        call.stamp(amphora.cert_expiration, call.time + CERTIFICATE_SECONDS)
        made = await self.insert(call, amphora)
        await AMPHORAE.begin(call, await call.tx.edit(pb.Amphora, made.id), "boot")

    async def replace(self, call: Call, amphora: pb.Amphora) -> None:
        """Let an amphora go, and make another one in its role."""
        balancer = await call.tx.get(load_balancers_pb2.LoadBalancer, amphora.loadbalancer_id)
        role = amphora.role
        await AMPHORAE.begin(call, await call.tx.edit(pb.Amphora, amphora.id), "replace")
        await self.boot(call, balancer, role)


@subscribes("after_create", "load_balancer")
async def boot_amphorae(call: Call, balancer: load_balancers_pb2.LoadBalancer) -> None:
    if not isinstance(driver(balancer.provider), AmphoraDriver):
        return
    flavor = await flavor_data(call, balancer.flavor_id) if balancer.flavor_id else {}
    pair = flavor.get("loadbalancer_topology") == ACTIVE_STANDBY
    for role in ("MASTER", "BACKUP") if pair else ("STANDALONE",):
        await call.service(Amphorae).boot(call, balancer, role)


@subscribes("failover", "load_balancer")
async def replace_amphorae(call: Call, balancer: load_balancers_pb2.LoadBalancer) -> None:
    for amphora in await call.tx.query(pb.Amphora, loadbalancer_id=balancer.id):
        await call.service(Amphorae).replace(call, amphora)
