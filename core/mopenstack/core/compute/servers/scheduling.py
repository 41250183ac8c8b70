"""The host of a server: availability zones, hosts, scheduler hints, server groups.

After nova.compute.api (parse_availability_zone, _validate_host_or_node) and the filters of
nova.scheduler by which the hosts differ: zone, affinity, anti-affinity, same and different host.
What a host has room for is in claims.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.struct_pb2 import Struct

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers.server_groups_pb2 import ServerGroup
from mopenstack.compute.v2.servers.servers_pb2 import CreateServerRequest, Server
from mopenstack.contract.values import plain_struct
from mopenstack.core.compute.hosts.availability_zones import AvailabilityZones
from mopenstack.core.compute.hosts.services import DEFAULT_ZONE, Services
from mopenstack.core.compute.servers import claims
from mopenstack.core.compute.servers.networking import schema_refusal
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.validation import is_format

NO_CANDIDATE = "No valid host was found. "
"""No host has the room, the traits and the zone."""
NO_HOST = "No valid host was found. There are not enough hosts available."
"""The hosts with room are all filtered out."""
FORCED_HOST = "os_compute_api:servers:create:forced_host"
REQUESTED_HOST = "compute:servers:create:requested_destination"


@dataclass(slots=True)
class SchedulingRequest:
    """What a request says of the host: zone, host, scheduler hints as sent, server group."""

    zone: str = ""
    host: str = ""
    hints: dict[str, Any] = field(default_factory=dict)
    group: ServerGroup | None = None


async def scheduling_request(call: Call, request: CreateServerRequest) -> SchedulingRequest:
    """What a create says of the host, checked; raises Nova's refusals."""
    body = request.server
    wanted = SchedulingRequest(hints=_hints(request))
    zone, _, rest = body.availability_zone.partition(":")
    host, _, node = rest.partition(":")
    if (host or node) and not call.caller.is_admin:
        raise refusals.PolicyDenied(rule=FORCED_HOST)
    wanted.zone, wanted.host = zone, host or node
    asked = [name for name in (body.host, body.hypervisor_hostname) if name]
    if asked and not call.caller.is_admin:
        raise refusals.PolicyDenied(rule=REQUESTED_HOST)
    for name in [*asked, wanted.host]:
        await check_host(call, name)
    wanted.host = asked[0] if asked else wanted.host
    await check_zone(call, wanted.zone)
    wanted.group = await _group(call, wanted.hints)
    return wanted


@dataclass(slots=True)
class Selection:
    """A host and the resources that a server would take there; without a host, why there is none."""

    host: str = ""
    amounts: dict[str, dict[str, int]] = field(default_factory=dict)
    why: str = ""


async def select_and_claim(
    call: Call, server: Server, wanted: SchedulingRequest, taken: Sequence[str] = ()
) -> Selection:
    """Select a host for a server without one and claim its resources; `taken`: hosts of the request's other servers."""
    found = await select_host(call, wanted, claims.request_of_server(server), taken)
    if found.host:
        await claims.claim(call, server, found.amounts)
    return found


async def select_host(
    call: Call,
    wanted: SchedulingRequest,
    needs: claims.ResourceRequest,
    taken: Sequence[str] = (),
    other_than: str = "",
) -> Selection:
    """A host with room that the request allows, of several the one with most free memory. Nothing is claimed."""
    services = call.service(Services)
    computes = [service for service in await services.computes(call) if service.status == "enabled"]
    if wanted.host:
        computes = [service for service in computes if service.host == wanted.host]
    elif wanted.zone:
        zones = await services.zones_of_hosts(call)
        computes = [item for item in computes if zones.get(item.host, DEFAULT_ZONE) == wanted.zone]
    providers = await claims.host_providers(call)
    room: dict[str, dict[str, dict[str, int]]] = {}
    for service in computes:
        provider = providers.get(service.host)
        amounts = await claims.amounts_on(call, provider, needs) if provider is not None else None
        if amounts is not None:
            room[service.host] = amounts
    if not room:
        return Selection(why=NO_CANDIDATE)
    hosts = [item.host for item in computes if item.host in room and item.host != other_than and item.state != "down"]
    if not wanted.host:
        hosts = await _by_affinity(call, wanted, hosts, taken)
    if not hosts:
        return Selection(why=NO_HOST)
    # nova.scheduler.weights.ram; the request's earlier servers have their allocations already.
    best = max(hosts, key=lambda host: claims.free_memory(providers[host]))
    return Selection(best, room[best])


async def zone_of(call: Call, host: str) -> str:
    """The availability zone of a server on the host."""
    return await call.service(Services).zone_of_host(call, host) if host else DEFAULT_ZONE


async def _by_affinity(call: Call, wanted: SchedulingRequest, hosts: list[str], taken: Sequence[str]) -> list[str]:
    different = await _hosts_of(call, _listed(wanted.hints.get("different_host")))
    same = _listed(wanted.hints.get("same_host"))
    hosts = [host for host in hosts if host not in different]
    if same:
        together = await _hosts_of(call, same)
        hosts = [host for host in hosts if host in together]
    if wanted.group is None:
        return hosts
    used = [*await _hosts_of(call, wanted.group.members), *taken]
    most = wanted.group.rules.max_server_per_host or 1
    policy = wanted.group.policy
    if policy == "affinity" and used:
        return [host for host in hosts if host in used]
    if policy == "anti-affinity":
        return [host for host in hosts if used.count(host) < most]
    if policy == "soft-affinity" and set(used) & set(hosts):
        return [host for host in hosts if host in used]
    if policy == "soft-anti-affinity":
        fewest = min((used.count(host) for host in hosts), default=0)
        return [host for host in hosts if used.count(host) == fewest]
    return hosts


async def _hosts_of(call: Call, server_ids: Iterable[str]) -> list[str]:
    found = []
    for id in server_ids:
        server = await call.tx.get(Server, id)
        if server is not None and (server.host or server.next_host):
            found.append(server.host or server.next_host)
    return found


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _hints(request: CreateServerRequest) -> dict[str, Any]:
    chosen: Struct | None = None
    if request.HasField("os_scheduler_hints"):
        chosen = request.os_scheduler_hints
    elif request.HasField("scheduler_hints"):
        chosen = request.scheduler_hints
    hints: dict[str, Any] = plain_struct(chosen) if chosen is not None else {}
    for name in ("group", "different_host"):
        value = hints.get(name)
        if value is not None and not all(is_format("uuid", item) for item in _listed(value)):
            raise schema_refusal(name, value, f"{value!r} is not valid under any of the given schemas")
    return hints


async def _group(call: Call, hints: dict[str, Any]) -> ServerGroup | None:
    wanted = _listed(hints.get("group"))
    if not wanted:
        return None
    group = await call.tx.get(ServerGroup, wanted[0])
    if group is None or not call.owner_of("server_group").visible(call, group):
        raise refusals.GroupNotFound(id=wanted[0])
    return group


async def check_zone(call: Call, zone: str) -> None:
    """Check that an availability zone has hosts, if one is named; raises ZoneNotAvailable."""
    if zone and zone not in await call.service(AvailabilityZones).available(call):
        raise refusals.ZoneNotAvailable()


async def check_host(call: Call, host: str) -> None:
    """Check that a host exists, if one is named; raises HostOfServerNotFound."""
    if host and await call.service(Services).compute_of(call, host) is None:
        raise refusals.HostOfServerNotFound(host=host)


async def is_up(call: Call, host: str) -> bool:
    """Whether the host's compute service is up."""
    service = await call.service(Services).compute_of(call, host)
    return service is not None and service.state != "down"
