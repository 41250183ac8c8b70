"""Where a server may move to. Source: nova/conductor/tasks, nova/compute/api.py (resize, live_migrate, evacuate)."""

from __future__ import annotations

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers.server_groups_pb2 import ServerGroup
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.compute.servers import claims, scheduling
from mopenstack.core.engine.call import Call
from mopenstack.core.store.transaction import copy_of

ASYNC_SINCE = 34
"""From this microversion nobody waits for the scheduler to answer a live migration."""
STOPPED_SINCE = 95
"""From this microversion an evacuated server does not run until somebody starts it."""


async def check_destination(call: Call, server: Server, host: str) -> None:
    """Raise the refusal of a host that a cold migration names and cannot go to; no host is fine."""
    if not host:
        return
    if host == server.host:
        raise refusals.MigrateToSameHost()
    await scheduling.check_host(call, host)


async def destination(call: Call, server: Server, host: str = "") -> str:
    """Another host that the server's zone, group and hints allow; empty: there is none."""
    wish = scheduling.Wish(
        zone=server.pinned_availability_zone,
        host=host,
        hints={"different_host": server.id},
        group=await group_of(call, server),
    )
    found = await scheduling.find(call, wish, claims.needs_of_server(server), but=server.host)
    return found.host


async def place_of_resize(call: Call, server: Server, flavor: Server.FlavorEmbedded) -> str:
    """Where the server's new flavor has room, rather where it is; empty: nowhere."""
    needs = claims.needs_of(flavor, on_volume=not server.HasField("image"))
    for host in (server.host, ""):
        wish = scheduling.Wish(zone=server.pinned_availability_zone, host=host, group=await group_of(call, server))
        found = await scheduling.find(call, wish, needs)
        if found.host:
            return found.host
    return ""


async def group_of(call: Call, server: Server) -> ServerGroup | None:
    """The server's group without the server itself: whom it must be near to, or far from."""
    for group_id in server.server_groups:
        group = await call.tx.get(ServerGroup, group_id)
        if group is not None:
            others = copy_of(group)
            if server.id in others.members:
                others.members.remove(server.id)
            return others
    return None
