"""A network, subnets and a router that a project is given when it first asks (neutron.services.auto_allocate.db)."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import BadRequest, PolicyRefused
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.network.base import sees_all
from mopenstack.core.network.core.networks import Networks
from mopenstack.core.network.core.subnetpools import default_pool
from mopenstack.core.network.core.subnets import Subnets
from mopenstack.core.network.l3.routers import Routers
from mopenstack.network.v2.core import auto_allocated_topologies_pb2 as pb
from mopenstack.network.v2.core.auto_allocated_topologies_pb2 import AutoAllocatedTopology, AutoAllocation
from mopenstack.network.v2.core.networks_pb2 import CreateNetworkRequest, Network
from mopenstack.network.v2.core.subnets_pb2 import CreateSubnetRequest, Subnet
from mopenstack.network.v2.l3.routers_pb2 import CreateRouterRequest, Router, RouterInterfaceRequest
from mopenstack.network.v2.refusals import (
    AutoAllocationFailure,
    BadResourceRequest,
    NotAuthorized,
    SubnetAllocationError,
)

DRY_RUN = "dry-run"
"""In `fields`: only say whether a topology could be made."""


class AutoAllocatedTopologies(Servicer):
    service = pb.DESCRIPTOR.services_by_name["AutoAllocatedTopologies"]

    async def get_auto_allocated_topology(self, call: Call, request: Any) -> Result:
        project = _project(call, request.project)
        if DRY_RUN in request.fields:
            await _external(call)
            if not await _pools(call):
                raise AutoAllocationFailure(why="No default subnetpools defined")
            return _answer("dry-run=pass", project)
        if request.fields:
            raise BadResourceRequest(resource="auto_allocate", msg="Unrecognized field")
        known = await _allocation(call, project)
        if known is None:
            known = await _build(call, project)
        return _answer(known.network_id, project)

    async def delete_auto_allocated_topology(self, call: Call, request: Any) -> Result:
        project = _project(call, request.project)
        if not sees_all(call.caller) and "member" not in call.caller.roles:
            raise PolicyRefused(["delete_auto_allocated_topology"])
        known = await _allocation(call, project)
        if known is None:
            return EMPTY
        router = await call.tx.get(Router, known.router_id)
        if router is not None:
            routers = call.service(Routers)
            for subnet in await call.tx.query(Subnet, network_id=known.network_id):
                inner = RouterInterfaceRequest(router_id=router.id, subnet_id=subnet.id)
                await routers.remove_router_interface(_on(call, router), inner)
            await routers.discard(_on(call, router), router)
        network = await call.tx.get(Network, known.network_id)
        if network is not None:
            await call.service(Networks).discard(_on(call, network), network)
        await call.tx.delete(AutoAllocation, project)
        return EMPTY


def _project(call: Call, named: str) -> str:
    """The project of the topology; the word `None` is the caller's own."""
    project = call.caller.project_id if named == "None" else named
    if not sees_all(call.caller) and project != call.caller.project_id:
        raise NotAuthorized()
    return project


def _answer(network_id: str, project_id: str) -> pb.AutoAllocatedTopologyResponse:
    topology = AutoAllocatedTopology(id=network_id, project_id=project_id)
    return pb.AutoAllocatedTopologyResponse(auto_allocated_topology=topology)


def _on(call: Call, target: Any) -> Call:
    """The same call in the cloud's own name, about another object."""
    inner = call.elevated()
    inner.target = target
    return inner


async def _allocation(call: Call, project: str) -> AutoAllocation | None:
    """What the project was given, if its network is still there."""
    known = await call.tx.get(AutoAllocation, project)
    return known if known is not None and await call.tx.get(Network, known.network_id) is not None else None


async def _external(call: Call) -> Network:
    for network in await call.tx.query(Network, external=True):
        if network.is_default:
            return network
    raise AutoAllocationFailure(why="No default router:external network")


async def _pools(call: Call) -> list[Any]:
    return [pool for version in (4, 6) if (pool := await default_pool(call, version)) is not None]


async def _build(call: Call, project: str) -> AutoAllocation:
    external = await _external(call)
    inner = call.elevated()
    networks = call.service(Networks)
    made = await networks.insert(
        inner,
        Network(name="auto_allocated_network", project_id=project, admin_state_up=True),
        CreateNetworkRequest(),
        {"name", "project_id", "admin_state_up"},
    )
    subnets = await _subnets(inner, made, project)
    router = await _router(inner, external, project)
    for subnet in subnets:
        request = RouterInterfaceRequest(router_id=router.id, subnet_id=subnet.id)
        await call.service(Routers).add_router_interface(_on(call, router), request)
    known = AutoAllocation(id=project, network_id=made.id, router_id=router.id)
    await call.tx.put(known)
    return known


async def _subnets(call: Call, network: Network, project: str) -> list[Subnet]:
    """One of each default pool's family (_provision_project_private_network)."""
    found = []
    try:
        for pool in await _pools(call):
            subnet = Subnet(
                name=f"auto_allocated_subnet_v{pool.ip_version}",
                network_id=network.id,
                project_id=project,
                ip_version=pool.ip_version,
                subnetpool_id=pool.id,
            )
            given = {"name", "network_id", "project_id", "ip_version", "subnetpool_id"}
            request = CreateSubnetRequest(subnet=subnet)
            found.append(await call.service(Subnets).insert(call, subnet, request, given))
    except (BadRequest, SubnetAllocationError):
        found = []
    if not found:
        raise AutoAllocationFailure(why="Unable to provide project private network")
    return found


async def _router(call: Call, external: Network, project: str) -> Router:
    router = Router(name="auto_allocated_router", project_id=project, admin_state_up=True)
    router.external_gateway_info.network_id = external.id
    given = {"name", "project_id", "admin_state_up", "external_gateway_info"}
    return await call.service(Routers).insert(call, router, CreateRouterRequest(router=router), given)
