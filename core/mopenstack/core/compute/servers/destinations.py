"""Which host a server moves to. Source: nova/conductor/tasks, nova/compute/api.py (resize, live_migrate, evacuate)."""

from __future__ import annotations

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers.server_groups_pb2 import ServerGroup
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.compute.servers import claims, scheduling
from mopenstack.core.engine.call import Call
from mopenstack.core.store.transaction import copy_of

ASYNC_SINCE = 34
"""From this microversion a live migration is answered before its host is selected."""
STOPPED_SINCE = 95
"""From this microversion an evacuated server is SHUTOFF afterwards."""


async def check_destination(call: Call, server: Server, host: str) -> None:
    """Check the host that a cold migration names, if it does; raises Nova's refusals."""
    if not host:
        return
    if host == server.host:
        raise refusals.MigrateToSameHost()
    await scheduling.check_host(call, host)


async def other_host(call: Call, server: Server, host: str = "") -> str:
    """Another host that the server's zone, group and hints allow; empty: there is none."""
    wanted = scheduling.SchedulingRequest(
        zone=server.pinned_availability_zone,
        host=host,
        hints={"different_host": server.id},
        group=await other_members(call, server),
    )
    found = await scheduling.select_host(call, wanted, claims.request_of_server(server), other_than=server.host)
    return found.host


async def host_for_resize(call: Call, server: Server, flavor: Server.FlavorEmbedded) -> str:
    """A host with room for the server's new flavor, its own one first; empty: there is none."""
    needs = claims.request_of(flavor, on_volume=not server.HasField("image"))
    for host in (server.host, ""):
        wanted = scheduling.SchedulingRequest(
            zone=server.pinned_availability_zone, host=host, group=await other_members(call, server)
        )
        found = await scheduling.select_host(call, wanted, needs)
        if found.host:
            return found.host
    return ""


async def other_members(call: Call, server: Server) -> ServerGroup | None:
    """The server's group without the server itself."""
    for group_id in server.server_groups:
        group = await call.tx.get(ServerGroup, group_id)
        if group is not None:
            others = copy_of(group)
            if server.id in others.members:
                others.members.remove(server.id)
            return others
    return None
