"""Where a server goes: availability zones, hosts, scheduler hints, server groups.

After nova.compute.api (parse_availability_zone, _validate_host_or_node) and the filters of
nova.scheduler that mopenstack's hosts can tell apart: zone, affinity, anti-affinity, same and
different host. Capacity is without limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct

from mopenstack.compute.v2.server_groups_pb2 import ServerGroup
from mopenstack.compute.v2.servers_pb2 import CreateServerRequest, Server
from mopenstack.core.compute import server_errors as errors
from mopenstack.core.compute.availability_zones import AvailabilityZones
from mopenstack.core.compute.networking import schema_refusal
from mopenstack.core.compute.services import DEFAULT_ZONE, Services
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.validation import is_format

NO_HOST = "No valid host was found. "
FORCED_HOST = "os_compute_api:servers:create:forced_host"
REQUESTED_HOST = "compute:servers:create:requested_destination"


@dataclass(slots=True)
class Wish:
    """What a create says of the place. `hints` are the scheduler hints as sent."""

    zone: str = ""
    host: str = ""
    hints: dict[str, Any] = field(default_factory=dict)
    group: ServerGroup | None = None


async def wish_of(call: Call, request: CreateServerRequest) -> Wish:
    """The request's wishes, checked; raises Nova's refusals."""
    body = request.server
    wish = Wish(hints=_hints(request))
    zone, _, rest = body.availability_zone.partition(":")
    host, _, node = rest.partition(":")
    if (host or node) and not call.caller.is_admin:
        raise errors.PolicyDenied(rule=FORCED_HOST)
    wish.zone, wish.host = zone, host or node
    asked = [name for name in (body.host, body.hypervisor_hostname) if name]
    if asked and not call.caller.is_admin:
        raise errors.PolicyDenied(rule=REQUESTED_HOST)
    for name in [*asked, wish.host]:
        await check_host(call, name)
    wish.host = asked[0] if asked else wish.host
    if wish.zone and wish.zone not in await call.service(AvailabilityZones).available(call):
        raise errors.ZoneNotAvailable()
    wish.group = await _group(call, wish.hints)
    return wish


async def choose(call: Call, wish: Wish, taken: Sequence[str] = ()) -> str | None:
    """A host that fits, the emptiest first; None: no valid host. `taken`: hosts of the request's earlier servers."""
    services = call.service(Services)
    hosts = [
        service.host
        for service in await services.computes(call)
        if service.status == "enabled" and service.state != "down"
    ]
    if wish.host:
        return wish.host if wish.host in hosts else None
    if wish.zone:
        hosts = [host for host in hosts if await services.zone_of_host(call, host) == wish.zone]
    hosts = await _apart_or_together(call, wish, hosts, taken)
    if len(hosts) < 2:
        return hosts[0] if hosts else None
    loads = {host: await call.tx.count(Server, host=host) + list(taken).count(host) for host in hosts}
    return min(hosts, key=lambda host: loads[host])


async def zone_of(call: Call, host: str) -> str:
    """The zone that a server on the host shows."""
    return await call.service(Services).zone_of_host(call, host) if host else DEFAULT_ZONE


async def _apart_or_together(call: Call, wish: Wish, hosts: list[str], taken: Sequence[str]) -> list[str]:
    different = await _hosts_of(call, _listed(wish.hints.get("different_host")))
    same = _listed(wish.hints.get("same_host"))
    hosts = [host for host in hosts if host not in different]
    if same:
        together = await _hosts_of(call, same)
        hosts = [host for host in hosts if host in together]
    if wish.group is None:
        return hosts
    used = [*await _hosts_of(call, wish.group.members), *taken]
    most = wish.group.rules.max_server_per_host or 1
    policy = wish.group.policy
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
    hints: dict[str, Any] = json_format.MessageToDict(chosen) if chosen is not None else {}
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
        raise errors.GroupNotFound(id=wanted[0])
    return group


async def zones(call: Call) -> set[str]:
    """The zones that a server may be asked into."""
    return await call.service(AvailabilityZones).available(call)


async def check_host(call: Call, host: str) -> None:
    """Raise the refusal of a host that does not exist; no host is fine."""
    if host and await call.service(Services).compute_of(call, host) is None:
        raise errors.ComputeHostNotFound(host=host)


async def is_up(call: Call, host: str) -> bool:
    """Whether the host's compute service reports."""
    service = await call.service(Services).compute_of(call, host)
    return service is not None and service.state != "down"
