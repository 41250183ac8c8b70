"""Actions on servers that change what they run. Source: nova/api/openstack/compute/servers.py and the
controllers of pause, suspend, shelve, rescue, migrate; what each leads to is the table in server_states.
"""

from __future__ import annotations

from typing import Any

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import server_actions_pb2 as pb
from mopenstack.compute.v2.servers.deleted_servers_pb2 import DeletedServer
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.compute.quotas.quotas import SERVICE, take
from mopenstack.core.compute.servers import (
    block_devices,
    claims,
    images,
    migrations,
    networking,
    scheduling,
    server_create,
    server_ports,
)
from mopenstack.core.compute.servers import destinations as moves
from mopenstack.core.compute.servers.instance_actions import record, record_failure
from mopenstack.core.compute.servers.server_images import ImageActions, drop_shelved, queue_shelved
from mopenstack.core.compute.servers.server_minor_actions import MinorActions
from mopenstack.core.compute.servers.server_states import ACTIONS, LIFECYCLE, POWER_OFF, POWER_ON, STOPPED
from mopenstack.core.compute.servers.servers import Servers
from mopenstack.core.engine.call import Call, names_of
from mopenstack.core.engine.lifecycle import Finish
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer


class ServerActions(MinorActions, ImageActions, Servicer):
    service = pb.DESCRIPTOR.services_by_name["ServerActions"]

    async def before(self, call: Call, request: Any) -> None:
        """Start and stop alone tell a server that there never was from one that is gone."""
        if isinstance(request, (pb.StartServerRequest, pb.StopServerRequest)):
            id = request.server_id
            if await call.tx.get(Server, id) is None and await call.tx.get(DeletedServer, id) is None:
                raise refusals.InstanceMappingNotFound(id=id)

    # -- the state alone

    async def reboot_server(self, call: Call, request: pb.RebootServerRequest) -> Result:
        return await _begin(call, "hard_reboot" if request.reboot.type.upper() == "HARD" else "reboot", "reboot")

    async def shelve_server(self, call: Call, request: pb.ShelveServerRequest) -> Result:
        LIFECYCLE.check(call, call.target, "shelve")
        server = await call.tx.edit(Server, call.target.id)
        await queue_shelved(call, server)
        await record(call, server, "shelve")
        await LIFECYCLE.begin(call, server, "shelve")
        return EMPTY

    async def force_delete_server(self, call: Call, request: pb.ForceDeleteServerRequest) -> Result:
        await call.service(Servers).begin_delete(call, call.target.id, "forceDelete")
        return EMPTY

    # -- where it runs

    async def unshelve_server(self, call: Call, request: pb.UnshelveServerRequest) -> Result:
        LIFECYCLE.check(call, call.target, "unshelve")
        wish = scheduling.Wish(zone=request.unshelve.availability_zone, host=request.unshelve.host)
        if wish.host and not call.caller.is_admin:
            raise refusals.PolicyDenied(rule="os_compute_api:os-shelve:unshelve_to_host")
        if wish.zone and wish.zone not in await scheduling.zones(call):
            raise refusals.ZoneNotAvailable()
        server = await call.tx.edit(Server, call.target.id)
        wish.group = await moves.group_of(call, server)
        server.next_host = (await scheduling.place(call, server, wish)).host
        await record(call, server, "unshelve")
        await LIFECYCLE.begin(call, server, "unshelve")
        return EMPTY

    async def resize_server(self, call: Call, request: pb.ResizeServerRequest) -> Result:
        LIFECYCLE.check(call, call.target, "resize")
        flavor_id, flavor = await server_create.flavor_of(call, request.resize.flavor_id)
        server = await call.tx.edit(Server, call.target.id)
        if flavor_id == server.flavor_ref.id:
            raise refusals.SameFlavor()
        more = {
            "cores": max(0, flavor.vcpus - server.flavor.vcpus),
            "ram": max(0, flavor.ram - server.flavor.ram),
        }
        more = {name: units for name, units in more.items() if units}
        await take(call, server.project_id, server.user_id, more)
        host = await moves.place_of_resize(call, server, flavor)
        if not host:  # it stays what it was
            await call.quota.give(SERVICE, server.project_id, more)
            await migrations.begin(call, server, migrations.RESIZE, "")
            await record(call, server, "resize")
            await LIFECYCLE.begin(call, server, "migrate_nowhere")
            return EMPTY
        if request.resize.disk_config:
            server.disk_config = request.resize.disk_config
        _remember(server)
        server.flavor_ref.id = flavor_id
        server.flavor.CopyFrom(flavor)
        server.next_host = host
        await migrations.begin(call, server, migrations.RESIZE, host, server.old_flavor_ref.id)
        await record(call, server, "resize")
        await LIFECYCLE.begin(call, server, "resize")
        return EMPTY

    async def migrate_server(self, call: Call, request: pb.MigrateServerRequest) -> Result:
        LIFECYCLE.check(call, call.target, "migrate")
        await moves.check_destination(call, call.target, request.migrate.host)
        server = await call.tx.edit(Server, call.target.id)
        await record(call, server, "migrate")
        server.next_host = await moves.destination(call, server, request.migrate.host)
        await migrations.begin(call, server, migrations.COLD, server.next_host)
        if not server.next_host:
            await LIFECYCLE.begin(call, server, "migrate_nowhere")
            return EMPTY
        _remember(server)
        await LIFECYCLE.begin(call, server, "migrate")
        return EMPTY

    async def live_migrate_server(self, call: Call, request: pb.LiveMigrateServerRequest) -> Result:
        LIFECYCLE.check(call, call.target, "os-migrateLive")
        asked = networking.plain(request.live_migrate.host) if request.live_migrate.HasField("host") else None
        host = str(asked or "")
        await scheduling.check_host(call, host)
        server = await call.tx.edit(Server, call.target.id)
        server.next_host = await moves.destination(call, server, host)
        if not server.next_host and not call.at_least(moves.ASYNC_SINCE):
            raise refusals.NoValidHost()
        await migrations.begin(call, server, migrations.LIVE, server.next_host)
        await record(call, server, "live-migration")
        await LIFECYCLE.begin(call, server, "os-migrateLive")
        return EMPTY

    async def evacuate_server(self, call: Call, request: pb.EvacuateServerRequest) -> Result:
        await self._evacuate(call, request)
        return EMPTY

    async def evacuate_server_before214(self, call: Call, request: pb.EvacuateServerRequest) -> Result:
        return pb.EvacuateServerResponse(admin_pass=await self._evacuate(call, request))

    @staticmethod
    async def _evacuate(call: Call, request: pb.EvacuateServerRequest) -> str:
        """Evacuation is from a host that is down: the forced_down of its service says so."""
        if request.evacuate.host == call.target.host:
            raise refusals.SameHost()  # nowhere to nowhere too
        await scheduling.check_host(call, request.evacuate.host)
        LIFECYCLE.check(call, call.target, "evacuate")
        if await scheduling.is_up(call, call.target.host):
            raise refusals.HostStillInUse(host=call.target.host)
        server = await call.tx.edit(Server, call.target.id)
        server.next_host = await moves.destination(call, server, request.evacuate.host)
        server.old_vm_state = STOPPED if call.at_least(moves.STOPPED_SINCE) else server.vm_state
        server.admin_pass = request.evacuate.admin_pass or call.ids.word(server_create.PASSWORD_LENGTH)
        await migrations.begin(call, server, migrations.EVACUATION, server.next_host)
        await record(call, server, "evacuate")
        await LIFECYCLE.begin(call, server, "rebuild")
        return server.admin_pass

    # -- what it runs

    async def rebuild_server(self, call: Call, request: pb.RebuildServerRequest) -> Result:
        body, given = request.rebuild, set(request.mask.paths) or names_of(request.rebuild)
        server_create.check_metadata(body.metadata)
        LIFECYCLE.check(call, call.target, "rebuild")
        image = await images.find(call, body.image_id, refusals.RebuildImageNotFound())
        images.check_fits(image, call.target.flavor, on_volume=not call.target.HasField("image"))
        await images.check_rebuild(call, call.target, image)
        await server_create.check_metadata_quota(call, body.metadata)
        await server_create.check_files(call, body.personality)
        server = await call.tx.edit(Server, call.target.id)
        if server.HasField("image"):
            server.image.Clear()
            server.image.id = image.id
            server.image.properties.update(images.properties_of(image))
        elif call.at_least(images.REIMAGE_SINCE):
            await block_devices.reimage(call, server, image)
        await _apply(call, server, body, given)
        server.admin_pass = body.admin_pass or call.ids.word(server_create.PASSWORD_LENGTH)
        server.old_vm_state = server.vm_state
        await record(call, server, "rebuild")
        await LIFECYCLE.begin(call, server, "rebuild")
        return await _rebuilt(call, server)

    async def rescue_server(self, call: Call, request: pb.RescueServerRequest) -> Result:
        LIFECYCLE.check(call, call.target, "rescue")
        await images.check_rescue(call, call.target, request.rescue.rescue_image_ref)
        server = await call.tx.edit(Server, call.target.id)
        server.admin_pass = request.rescue.admin_pass or call.ids.word(server_create.PASSWORD_LENGTH)
        await record(call, server, "rescue")
        await LIFECYCLE.begin(call, server, "rescue")
        return pb.RescueServerResponse(admin_pass=server.admin_pass)


async def _begin(call: Call, action: str, name: str = "") -> Result:
    LIFECYCLE.check(call, call.target, action)
    server = await call.tx.edit(Server, call.target.id)
    await record(call, server, name or action)
    await LIFECYCLE.begin(call, server, action)
    return EMPTY


def _remember(server: Server) -> None:
    """What revertResize goes back to."""
    server.old_flavor_ref.CopyFrom(server.flavor_ref)
    server.old_flavor.CopyFrom(server.flavor)
    server.old_host = server.host
    server.old_vm_state = server.vm_state


async def _apply(call: Call, server: Server, body: pb.Rebuild, given: set[str]) -> None:
    """The fields that a rebuild may change."""
    if "name" in given:
        server.name = body.name.strip()
    server_create.set_plain(server, body, given)
    if "metadata" in given:
        server.metadata.clear()
        server.metadata.update(body.metadata)
    for name in ("description", "key_name", "user_data"):
        if name in given:
            server.ClearField(name)
            if body.HasField(name):
                setattr(server, name, getattr(body, name))
    if "key_name" in given and body.HasField("key_name"):
        await server_create.check_key(call, server.user_id, body.key_name)
    if body.user_data:
        server_create.check_user_data(body.user_data)
    if "trusted_image_certificates" in given:
        server.ClearField("trusted_image_certificates")
        if body.trusted_image_certificates:
            server.trusted_image_certificates.CopyFrom(server_create.list_value(body.trusted_image_certificates))
    if given & {"hostname", "fqdn"}:
        server.hostname = server.hostname_to_admin = body.hostname or body.fqdn


async def _rebuilt(call: Call, server: Server) -> pb.RebuildServerResponse:
    """The answer has the password beside what the server shows."""
    shown = await call.service(Servers).view(call, server)
    assert isinstance(shown, Server)
    answer = pb.RebuildServerResponse()
    answer.server.MergeFromString(shown.SerializeToString())
    answer.server.admin_pass = server.admin_pass
    return answer


# -- what completes


@LIFECYCLE.on("build")
async def _built(call: Call, server: Server) -> None:
    if server.build_failure:
        server.vm_state = Server.VM_STATE_ERROR
        server.fault.code, server.fault.message = 500, server.build_failure
        call.stamp(server.fault.created_at)
        server.next_host = ""
        await record_failure(call, server, "create")
        return
    server.vm_state, server.power_state = Server.VM_STATE_ACTIVE, POWER_ON
    call.stamp(server.launched_at, float(int(call.time)))
    await _settle(call, server)
    server.instance_name = f"instance-{await call.tx.add('instance_number', 1):08x}"


async def _settle(call: Call, server: Server) -> None:
    """The server is on the host that was chosen for it."""
    if server.next_host:
        if server.host and server.host != server.next_host:
            await server_ports.move_ports(call, server, server.next_host)
        server.host = server.node = server.next_host
        server.availability_zone = await scheduling.zone_of(call, server.host)
        server.next_host = ""


@LIFECYCLE.on("shelve", "shelveOffload")
async def _offloaded(call: Call, server: Server) -> None:  # a completion has these two
    server.power_state = POWER_OFF
    await claims.release(call, server.id)
    server.ClearField("host")
    server.ClearField("node")
    server.availability_zone = ""


@LIFECYCLE.on("unshelve")
async def _unshelved(call: Call, server: Server) -> None:
    if server.next_host or server.host:  # without a host it stays where it was
        server.vm_state, server.power_state = Server.VM_STATE_ACTIVE, POWER_ON
        await _settle(call, server)
        await drop_shelved(call, server)


@LIFECYCLE.on("resize", "migrate")
async def _moved(call: Call, server: Server) -> None:
    await migrations.close(call, server, "finished", last=False)
    await _settle(call, server)


@LIFECYCLE.on("migrate_nowhere")
async def _stayed(call: Call, server: Server) -> None:
    await migrations.close(call, server, "error")
    await record_failure(call, server, "migrate")


@LIFECYCLE.on("os-migrateLive")
async def _moved_alive(call: Call, server: Server) -> None:
    await migrations.close(call, server, "completed" if server.next_host else "error")
    await _settle(call, server)


@LIFECYCLE.on("rebuild")
async def _rebuilt_server(call: Call, server: Server) -> None:
    stopped = server.old_vm_state == STOPPED
    server.vm_state = STOPPED if stopped else Server.VM_STATE_ACTIVE
    server.power_state = POWER_OFF if stopped else POWER_ON
    server.ClearField("old_vm_state")
    await migrations.close(call, server, "done" if server.next_host else "failed")
    await _settle(call, server)
    call.stamp(server.launched_at, float(int(call.time)))


@LIFECYCLE.on("confirmResize")
async def _confirmed(call: Call, server: Server) -> None:
    less = {
        "cores": max(0, server.old_flavor.vcpus - server.flavor.vcpus),
        "ram": max(0, server.old_flavor.ram - server.flavor.ram),
    }
    await call.quota.give(SERVICE, server.project_id, {name: units for name, units in less.items() if units})
    await migrations.close(call, server, "confirmed")
    _forget(server)


@LIFECYCLE.on("revertResize")
async def _reverted(call: Call, server: Server) -> None:
    more = {
        "cores": max(0, server.flavor.vcpus - server.old_flavor.vcpus),
        "ram": max(0, server.flavor.ram - server.old_flavor.ram),
    }
    await call.quota.give(SERVICE, server.project_id, {name: units for name, units in more.items() if units})
    server.flavor_ref.CopyFrom(server.old_flavor_ref)
    server.flavor.CopyFrom(server.old_flavor)
    server.next_host = server.old_host
    await _settle(call, server)
    await migrations.close(call, server, "reverted")
    _forget(server)


def _forget(server: Server) -> None:
    server.vm_state = STOPPED if server.old_vm_state == STOPPED else Server.VM_STATE_ACTIVE
    for name in ("old_flavor_ref", "old_flavor", "old_host", "old_vm_state"):
        server.ClearField(name)


def _powered(power: int) -> Finish:
    async def finish(call: Call, server: Server) -> None:  # a completion has these two
        server.power_state = power

    return finish


for _action in ACTIONS:
    if _action.power is not None and not LIFECYCLE.completes(_action.name):
        LIFECYCLE.on(_action.name)(_powered(_action.power))
