"""Migrations: a row for every move of a server between hosts, resizes too.

Source: nova/api/openstack/compute/migrations.py, server_migrations.py, nova/objects/migration.py. A row is
opened by the action that moves and closed by what ends the move; `Server.migration_id` is the open one.
"""

from __future__ import annotations

from collections.abc import Callable

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.flavors.flavors_pb2 import Flavor
from mopenstack.compute.v2.hosts.hypervisors_pb2 import Hypervisor
from mopenstack.compute.v2.servers import migrations_pb2 as pb
from mopenstack.compute.v2.servers.migrations_pb2 import Migration, ServerMigration
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.calls import Page
from mopenstack.contract.faults import PolicyRefused
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.compute.servers import claims
from mopenstack.core.compute.servers.changes_since import moment_in
from mopenstack.core.compute.servers.instance_actions import record
from mopenstack.core.compute.servers.server_states import ACTIVE, LIFECYCLE, WORDS
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import TRUE_WORDS, listing
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result, Servicer, copy_fields
from mopenstack.core.store.transaction import copy_of

LIVE, COLD, RESIZE, EVACUATION = "live-migration", "migration", "resize", "evacuation"
IN_PROGRESS = ("queued", "preparing", "running", "post-migrating")
RUNNING = "running"
PAGES_SINCE, BEFORE_SINCE, OWNERS_SINCE = 59, 66, 80
PAGE_MAX = 1000
ALL_PROJECTS = "os_compute_api:os-migrations:index:all_projects"
_MOVED = frozenset({"confirmed", "completed", "done"})
"""How a migration ends whose server stays at its new place."""
HOST_FIELDS = ("source_compute", "source_node", "dest_compute", "dest_node", "dest_host")

_PLAIN: dict[str, Callable[[Migration], str]] = {
    "host": lambda item: "",  # either end: see _fits
    "instance_uuid": lambda item: item.server_id,
    "source_compute": lambda item: item.source_compute,
    "status": lambda item: item.status,
    "migration_type": lambda item: item.migration_type,
}


class Migrations(ResourceServicer[Migration]):
    service = pb.DESCRIPTOR.services_by_name["Migrations"]
    message = Migration
    stamps_update = False

    async def list_migrations(self, call: Call, request: pb.ListMigrationsRequest) -> Result:
        given = {item.key: item.values[-1] for item in request.query.filters}
        project = given.get("project_id", "") if call.at_least(OWNERS_SINCE) else ""
        if project != call.caller.project_id and not call.caller.is_admin:
            raise PolicyRefused([ALL_PROJECTS])
        if given.get("hidden", "").lower() in TRUE_WORDS:
            return Page([])
        tests = _tests(call, given)
        found = [item for item in await call.tx.scan(Migration) if all(test(item) for test in tests)]
        page = self._page(call, found, request.query)
        page.items = [_shown(call, item) for item in page.items if isinstance(item, Migration)]
        return page

    @staticmethod
    def _page(call: Call, found: list[Migration], query: common.Query) -> Page:
        """Pages since 2.59, by UUID."""
        if not call.at_least(PAGES_SINCE):
            found.sort(key=lambda item: item.number)
            return Page(found)
        asked = common.Query(limit=query.limit, nothing=query.nothing)
        if query.marker:
            by_uuid = {item.uuid: item.id for item in found}
            if query.marker not in by_uuid:
                raise refusals.MigrationMarkerNotFound(marker=query.marker)
            asked.marker = by_uuid[query.marker]

        def missing(marker: str) -> Exception:
            return refusals.MigrationMarkerNotFound(marker=marker)

        page = listing(Migration).page(found, asked, PAGE_MAX, missing)
        if page.next_marker:
            last = page.items[-1]
            assert isinstance(last, Migration)
            page.next_marker = last.uuid
        return page


def _tests(call: Call, given: dict[str, str]) -> list[Callable[[Migration], bool]]:
    tests: list[Callable[[Migration], bool]] = []
    keys = {"user_id", "project_id"} if call.at_least(OWNERS_SINCE) else set()
    for key, value in given.items():
        if key == "host":
            tests.append(lambda item, value=value: value in (item.source_compute, item.dest_compute))  # type: ignore[misc]
        elif key in _PLAIN:
            tests.append(lambda item, key=key, value=value: _PLAIN[key](item) == value)  # type: ignore[misc]
        elif key in keys:
            tests.append(lambda item, key=key, value=value: getattr(item, key) == value)  # type: ignore[misc]
    since = moment_in(given, "changes-since") if call.at_least(PAGES_SINCE) else None
    before = moment_in(given, "changes-before") if call.at_least(BEFORE_SINCE) else None
    if since is not None and before is not None and before < since:
        raise refusals.ChangesInWrongOrder()
    if since is not None:
        tests.append(lambda item: _changed(item) >= since)
    if before is not None:
        tests.append(lambda item: _changed(item) <= before)
    return tests


def _changed(item: Migration) -> float:
    stamp = item.updated_at if item.HasField("updated_at") else item.created_at
    return float(stamp.seconds) + stamp.nanos / 1e9


def _shown(call: Call, item: Migration) -> Migration:
    """Hosts are an administrator's to know; what is under way leads to itself."""
    shown = copy_of(item)
    if not call.caller.is_admin:
        for name in HOST_FIELDS:
            shown.ClearField(name)
    if item.migration_type == LIVE and item.status in IN_PROGRESS:
        path = f"servers/{item.server_id}/migrations/{item.number}"
        shown.links.add(rel="self", href=f"{call.context.cloud_url}/compute/v2.1/{path}")
        shown.links.add(rel="bookmark", href=f"{call.context.cloud_url}/compute/{path}")
    return shown


class ServerMigrations(Servicer):
    service = pb.DESCRIPTOR.services_by_name["ServerMigrations"]

    async def list_server_migrations(self, call: Call, request: pb.ServerMigrationsRequest) -> Result:
        found = [
            item
            for item in await call.tx.query(Migration, server_id=call.target.id)
            if item.migration_type == LIVE and item.status in IN_PROGRESS
        ]
        return pb.ListServerMigrationsResponse(migrations=[_of_server(_shown(call, item)) for item in found])

    async def get_server_migration(self, call: Call, request: pb.ServerMigrationRequest) -> Result:
        facts = {"id": request.migration_id, "server": call.target.id}
        item = await _of(call, request)
        if item is None:
            raise refusals.LiveMigrationNotFound(**facts)
        if item.migration_type != LIVE:
            raise refusals.NotLiveMigration(**facts)
        if item.status not in IN_PROGRESS:
            raise refusals.LiveMigrationNotRunning(**facts)
        return _of_server(item)

    async def force_complete_server_migration(self, call: Call, request: pb.ServerMigrationRequest) -> Result:
        server: Server = call.target
        _check_migrating(call, server, "force_complete", (ACTIVE,))
        item = await _of(call, request)
        if item is None:
            raise refusals.BadMigration(id=request.migration_id, server=server.id)
        _check_running(item, "force complete")
        await record(call, server, "live_migration_force_complete")
        await LIFECYCLE.complete(call, server.id, "os-migrateLive")
        return EMPTY

    async def delete_server_migration(self, call: Call, request: pb.ServerMigrationRequest) -> Result:
        """Abort: the server stays where it is."""
        server: Server = call.target
        _check_migrating(call, server, "abort live migration", None)
        item = await _of(call, request)
        if item is None:
            raise refusals.MigrationNotFoundForInstance(id=request.migration_id, server=server.id)
        _check_running(item, "abort live migration")
        stays = await call.tx.edit(Server, server.id)
        await close(call, stays, "cancelled")
        stays.next_host = ""
        await record(call, server, "live_migration_cancel")
        await LIFECYCLE.force(call, stays, stays.vm_state)
        return EMPTY


def _check_migrating(call: Call, server: Server, action: str, states: tuple[int, ...] | None) -> None:
    if server.locked and not call.caller.is_admin:
        raise refusals.InstanceIsLocked(id=server.id)
    facts = {"id": server.id, "action": action}
    if states is not None and server.vm_state not in states:
        raise refusals.InstanceInvalidState(attr="vm_state", state=WORDS[server.vm_state], **facts)
    if server.task_state != "migrating":
        raise refusals.InstanceInvalidState(attr="task_state", state=server.task_state or None, **facts)


def _check_running(item: Migration, action: str) -> None:
    if item.status != RUNNING:
        raise refusals.InvalidMigrationState(id=item.number, server=item.server_id, state=item.status, action=action)


async def _of(call: Call, request: pb.ServerMigrationRequest) -> Migration | None:
    item = await call.tx.get(Migration, request.migration_id)
    return item if item is not None and item.server_id == call.target.id else None


def _of_server(item: Migration) -> ServerMigration:
    shown = ServerMigration()
    copy_fields(item, shown, set(shown.DESCRIPTOR.fields_by_name) & set(item.DESCRIPTOR.fields_by_name))
    if not item.HasField("updated_at"):
        shown.updated_at.CopyFrom(item.created_at)
    return shown


# -- what the actions of servers call


async def begin(call: Call, server: Server, kind: str, destination: str, old_flavor_id: str = "") -> None:
    """Open a migration of a private copy, to a host; `old_flavor_id` where a resize changes it."""
    number = await call.tx.add("compute/migration/number", 1)
    item = Migration(
        id=str(number),
        number=number,
        uuid=call.ids.uuid(),
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
    await call.tx.put(item)
    server.migration_id = item.id
    if destination:
        needs = claims.needs_of_server(server)
        await claims.move(call, server, item.uuid, destination, needs, keep=kind != EVACUATION)


async def close(call: Call, server: Server, status: str, *, last: bool = True) -> None:
    """Give a private copy's open migration a status; `last`: nothing more will happen to it."""
    if not server.migration_id:
        return
    if await call.tx.get(Migration, server.migration_id) is not None:
        item = await call.tx.edit(Migration, server.migration_id)
        item.status = status
        call.stamp(item.updated_at)
        await call.tx.put(item)
        if last:
            await claims.settle(call, server, item.uuid, moved=status in _MOVED)
    if last:
        server.migration_id = ""


async def release_claims(call: Call, server: Server) -> None:
    """A server that goes holds nothing any more, nor does its open migration."""
    item = await call.tx.get(Migration, server.migration_id) if server.migration_id else None
    await claims.release(call, server.id, item.uuid if item is not None else "")


async def _address(call: Call, host: str) -> str:
    for hypervisor in await call.tx.scan(Hypervisor):
        if hypervisor.service.host == host:
            return hypervisor.host_ip
    return ""
