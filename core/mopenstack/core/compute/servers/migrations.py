"""Migrations: every move of a server between hosts, resizes too.

Source: nova/api/openstack/compute/migrations.py, server_migrations.py, nova/objects/migration.py. The action that moves
a server begins one, the end of the move closes it; `Server.migration_id` is the one that is not closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.flavors.flavors_pb2 import Flavor
from mopenstack.compute.v2.hosts.hypervisors_pb2 import Hypervisor
from mopenstack.compute.v2.servers import migrations_pb2 as pb
from mopenstack.compute.v2.servers.migrations_pb2 import Migration
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.faults import PolicyRefused
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.compute.servers import claims
from mopenstack.core.compute.servers.changes_since import change_filter
from mopenstack.core.compute.servers.instance_actions import record, record_end
from mopenstack.core.compute.servers.server_states import LIFECYCLE, ServerAction
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.children import ChildServicer
from mopenstack.core.engine.listing import TRUE_WORDS, fold_of, folded
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result
from mopenstack.core.store.transaction import copy_of

LIVE, COLD, RESIZE, EVACUATION = "live-migration", "migration", "resize", "evacuation"
IN_PROGRESS = ("queued", "preparing", "running", "post-migrating")
RUNNING = "running"
MIGRATE_LIVE = "os-migrateLive"
PAGES_SINCE, OWNERS_SINCE = 59, 80
PAGE_MAX = 1000
ALL_PROJECTS = "os_compute_api:os-migrations:index:all_projects"
_MOVED = frozenset({"confirmed", "completed", "done"})
"""The statuses of a closed migration whose server stays on its new host."""
HOST_FIELDS = ("source_compute", "source_node", "dest_compute", "dest_node", "dest_host")

_FILTERS = {
    "instance_uuid": "server_id",
    "source_compute": "source_compute",
    "status": "status",
    "migration_type": "migration_type",
}
"""Filter -> field, at all microversions."""
_OWNERS = ("user_id", "project_id")
"""The filters since 2.80."""


class Migrations(ResourceServicer[Migration]):
    service = pb.DESCRIPTOR.services_by_name["Migrations"]
    message = Migration
    stamps_update = False
    page_max = None

    def visible(self, call: Call, obj: Migration) -> bool:
        return True

    async def candidates(self, call: Call, query: common.Query) -> Iterable[Migration]:
        given = {item.key: item.values[-1] for item in query.filters}
        project = given.get("project_id", "") if call.at_least(OWNERS_SINCE) else ""
        if project != call.caller.project_id and not call.caller.is_admin:
            raise PolicyRefused([ALL_PROJECTS])
        return [] if given.get("hidden", "").lower() in TRUE_WORDS else await call.tx.scan(Migration)

    async def matches(self, call: Call, obj: Migration, key: str, values: Sequence[str]) -> bool:
        fold = fold_of(call.cloud)
        if key == "host":
            return fold(values[-1]) in folded((obj.source_compute, obj.dest_compute), fold)
        name = key if key in _OWNERS and call.at_least(OWNERS_SINCE) else _FILTERS.get(key, "")
        return not name or fold(getattr(obj, name)) == fold(values[-1])

    async def refine(self, call: Call, found: list[Migration], query: common.Query) -> list[Migration]:
        if not call.at_least(PAGES_SINCE):
            return found
        fits = change_filter(call, {item.key: item.values[-1] for item in query.filters})
        return [item for item in found if fits(_changed(item))]

    def missing_marker(self, marker: str) -> Exception:
        return refusals.MigrationMarkerNotFound(marker=marker)

    async def view(self, call: Call, obj: Migration) -> Migration:
        return _shown(call, obj)

    async def list(self, call: Call, request: pb.ListMigrationsRequest) -> Result:
        """All of them, oldest first; since 2.59 in pages, newest first."""
        query = common.Query(filters=request.query.filters)
        if call.at_least(PAGES_SINCE):
            query.limit = min(request.query.limit or PAGE_MAX, PAGE_MAX)
            query.marker, query.nothing = request.query.marker, request.query.nothing
        else:
            query.sort.add(key="number")
        return await super().list(call, pb.ListMigrationsRequest(query=query))


def _changed(item: Migration) -> float:
    stamp = item.updated_at if item.HasField("updated_at") else item.created_at
    return float(stamp.seconds) + stamp.nanos / 1e9


def _is_live(item: Migration) -> bool:
    """Whether a migration is a live one in progress."""
    return item.migration_type == LIVE and item.status in IN_PROGRESS


def _shown(call: Call, item: Migration) -> Migration:
    """A copy without the hosts, except for administrators."""
    shown = copy_of(item)
    if not call.caller.is_admin:
        for name in HOST_FIELDS:
            shown.ClearField(name)
    if _is_live(item):
        shown.live_number = item.number
    return shown


class ServerMigrations(ChildServicer[Migration]):
    service = pb.DESCRIPTOR.services_by_name["ServerMigrations"]
    message = Migration
    noun = "ServerMigration"

    async def children(self, call: Call, parent_id: str) -> list[Migration]:
        return [item for item in await super().children(call, parent_id) if _is_live(item)]

    async def child(self, call: Call, parent_id: str, id: str) -> Migration:
        facts = {"id": id, "server": parent_id}
        item = await _of(call, parent_id, id)
        if item is None:
            raise refusals.LiveMigrationNotFound(**facts)
        if item.migration_type != LIVE:
            raise refusals.NotLiveMigration(**facts)
        if item.status not in IN_PROGRESS:
            raise refusals.LiveMigrationNotRunning(**facts)
        return item

    async def view(self, call: Call, obj: Migration) -> Migration:
        shown = _shown(call, obj)
        shown.server_uuid = obj.server_id
        if not obj.HasField("updated_at"):
            shown.updated_at.CopyFrom(obj.created_at)
        return shown

    async def force_complete_server_migration(self, call: Call, request: pb.ServerMigrationRequest) -> Result:
        server: Server = call.target
        item = await _of(call, server.id, request.migration_id)
        if item is None:
            raise refusals.BadMigration(id=request.migration_id, server=server.id)
        _check_running(item, "force complete")
        await record(call, server, "live_migration_force_complete")
        at = await LIFECYCLE.under_way(call, server)
        await LIFECYCLE.complete(call, server.id, at.text() if at is not None else MIGRATE_LIVE)
        return EMPTY

    async def delete_server_migration(self, call: Call, request: pb.ServerMigrationRequest) -> Result:
        """Abort: the server stays on its host."""
        item = await _of(call, call.target.id, request.migration_id)
        if item is None:
            raise refusals.MigrationNotFoundForInstance(id=request.migration_id, server=call.target.id)
        _check_running(item, "abort live migration")
        server = await call.tx.edit(Server, call.target.id)
        await close(call, server, "cancelled")
        server.next_host = ""
        await record(call, server, "live_migration_cancel")
        await LIFECYCLE.force(call, server, server.vm_state)
        await record_end(call, server.id, cast("ServerAction", LIFECYCLE.actions[MIGRATE_LIVE]), "")
        return EMPTY


def _check_running(item: Migration, action: str) -> None:
    if item.status != RUNNING:
        raise refusals.InvalidMigrationState(id=item.number, server=item.server_id, state=item.status, action=action)


async def _of(call: Call, server_id: str, number: str) -> Migration | None:
    """A migration of the server by its number."""
    found = await call.tx.query(Migration, server_id=server_id)
    return next((item for item in found if str(item.number) == number), None)


# -- what the actions of servers call


async def begin(call: Call, server: Server, kind: str, destination: str, old_flavor_id: str = "") -> None:
    """Begin the migration of a server (a private copy) to a host; `old_flavor_id` where a resize changes it."""
    number = await call.tx.add("compute/migration/number", 1)
    item = Migration(
        id=call.ids.uuid(),
        number=number,
        server_id=server.id,
        migration_type=kind,
        status={LIVE: RUNNING, EVACUATION: "accepted"}.get(kind, "migrating"),
        source_compute=server.host,
        source_node=server.node,
        user_id=call.caller.user_id,
        project_id=call.caller.project_id,
    )
    if destination:
        item.dest_compute = item.dest_node = destination
        address = await _address(call, destination)
        if address and kind != LIVE:
            item.dest_host = address
    if kind != EVACUATION:
        for name, flavor_id in (("old_flavor", old_flavor_id), ("new_flavor", server.flavor_ref.id)):
            flavor = await call.tx.get(Flavor, flavor_id or server.flavor_ref.id)
            if flavor is not None:
                setattr(item, name, flavor.number)
    call.stamp(item.created_at)
    await call.tx.put(item, fresh=True)
    server.migration_id = item.id
    if destination:
        needs = claims.request_of_server(server)
        await claims.move(call, server, item.id, destination, needs, keep=kind != EVACUATION)


async def close(call: Call, server: Server, status: str, *, last: bool = True) -> None:
    """Give a status to the migration of a server (a private copy) under way; `last`: it is over."""
    if not server.migration_id:
        return
    if await call.tx.get(Migration, server.migration_id) is not None:
        item = await call.tx.edit(Migration, server.migration_id)
        item.status = status
        call.stamp(item.updated_at)
        await call.tx.put(item)
        if last:
            await claims.settle(call, server, item.id, moved=status in _MOVED)
    if last:
        server.migration_id = ""


async def release_claims(call: Call, server: Server) -> None:
    """Remove the allocations of a server that is deleted, and of its migration under way."""
    item = await call.tx.get(Migration, server.migration_id) if server.migration_id else None
    await claims.release(call, server.id, item.id if item is not None else "")


async def _address(call: Call, host: str) -> str:
    for hypervisor in await call.tx.scan(Hypervisor):
        if hypervisor.service.host == host:
            return hypervisor.host_ip
    return ""
