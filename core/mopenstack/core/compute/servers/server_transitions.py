"""What declared transitions of servers do before they begin, and when they complete.

Source: nova/compute/api.py (resize, live_migrate, evacuate, rebuild, rescue, shelve, unshelve, lock) and manager.py.
Which transition is allowed in which state is the table in server_states.
"""

from __future__ import annotations

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import server_actions_pb2 as pb
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.values import plain
from mopenstack.core.compute.quotas.quotas import SERVICE, take
from mopenstack.core.compute.servers import (
    block_devices,
    claims,
    destinations,
    images,
    migrations,
    reserved_volumes,
    scheduling,
    server_create,
    server_ports,
    server_values,
)
from mopenstack.core.compute.servers.instance_actions import record_failure
from mopenstack.core.compute.servers.server_images import drop_shelved, fill_shelved, queue_shelved
from mopenstack.core.compute.servers.server_states import LIFECYCLE, POWER_OFF, POWER_ON, STOPPED
from mopenstack.core.engine.call import Call, names_of

# -- before they begin


@LIFECYCLE.prepares("reboot", unchecked=True)
async def _reboot(call: Call, server: Server, request: pb.RebootServerRequest) -> str:
    row = "hard_reboot" if request.reboot.type.upper() == "HARD" else "reboot"
    LIFECYCLE.check(call, server, row)
    return row


@LIFECYCLE.prepares("os-resetState", unchecked=True)
async def _reset_state(call: Call, server: Server, request: pb.ResetServerStateRequest) -> str:
    return "reset_to_active" if request.reset_state.state == "active" else "os-resetState"


@LIFECYCLE.prepares("lock")
async def _lock(call: Call, server: Server, request: pb.LockServerRequest) -> None:
    server.locked = True
    server.locked_by = "admin" if call.caller.is_admin else "owner"
    server.ClearField("locked_reason")
    if request.lock.locked_reason:
        server.locked_reason = request.lock.locked_reason


@LIFECYCLE.prepares("unlock")
async def _unlock(call: Call, server: Server, request: pb.UnlockServerRequest) -> None:
    server.locked, server.locked_by = False, ""
    server.ClearField("locked_reason")


@LIFECYCLE.prepares("changePassword")
async def _change_password(call: Call, server: Server, request: pb.ChangeServerPasswordRequest) -> None:
    server.admin_pass = request.change_password.admin_pass


@LIFECYCLE.prepares("shelve")
async def _shelve(call: Call, server: Server, request: pb.ShelveServerRequest) -> str:
    await queue_shelved(call, server)
    return "shelve" if server.shelved_image_id else "shelve_volume"


@LIFECYCLE.prepares("unshelve")
async def _unshelve(call: Call, server: Server, request: pb.UnshelveServerRequest) -> None:
    wanted = scheduling.SchedulingRequest(zone=request.unshelve.availability_zone, host=request.unshelve.host)
    if wanted.host and not call.caller.is_admin:
        raise refusals.PolicyDenied(rule="os_compute_api:os-shelve:unshelve_to_host")
    await scheduling.check_zone(call, wanted.zone)
    wanted.group = await destinations.other_members(call, server)
    server.next_host = (await scheduling.select_and_claim(call, server, wanted)).host


@LIFECYCLE.prepares("resize")
async def _resize(call: Call, server: Server, request: pb.ResizeServerRequest) -> str | None:
    flavor_id, flavor = await server_values.flavor_of(call, request.resize.flavor_id)
    if flavor_id == server.flavor_ref.id:
        raise refusals.SameFlavor()
    if server.HasField("image") and 0 < flavor.disk < server.min_disk:
        raise refusals.FlavorDiskSmallerThanMinDisk(flavor=flavor.disk * images.GB, image=server.min_disk * images.GB)
    more = _growth(server.flavor, flavor)
    await take(call, server.project_id, server.user_id, more)
    host = await destinations.host_for_resize(call, server, flavor)
    if not host:  # the server keeps its flavor
        await call.quota.give(SERVICE, server.project_id, more)
        await migrations.begin(call, server, migrations.RESIZE, "")
        return "resize_nowhere"
    if request.resize.disk_config:
        server.disk_config = request.resize.disk_config
    _remember_old(server)
    server.flavor_ref.id = flavor_id
    server.flavor.CopyFrom(flavor)
    server.next_host = host
    await migrations.begin(call, server, migrations.RESIZE, host, server.old_flavor_ref.id)
    return None


@LIFECYCLE.prepares("migrate")
async def _migrate(call: Call, server: Server, request: pb.MigrateServerRequest) -> str | None:
    await destinations.check_destination(call, server, request.migrate.host)
    server.next_host = await destinations.other_host(call, server, request.migrate.host)
    await migrations.begin(call, server, migrations.COLD, server.next_host)
    if not server.next_host:
        return "migrate_nowhere"
    _remember_old(server)
    return None


@LIFECYCLE.prepares("os-migrateLive")
async def _live_migrate(call: Call, server: Server, request: pb.LiveMigrateServerRequest) -> None:
    given = plain(request.live_migrate.host)
    host = str(given or "")
    await scheduling.check_host(call, host)
    server.next_host = await destinations.other_host(call, server, host)
    if not server.next_host and not call.at_least(destinations.ASYNC_SINCE):
        raise refusals.NoValidHost()
    await migrations.begin(call, server, migrations.LIVE, server.next_host)


@LIFECYCLE.prepares("evacuate", unchecked=True)
async def _evacuate(call: Call, server: Server, request: pb.EvacuateServerRequest) -> pb.EvacuateServerResponse:
    """Only from a host that is down: its compute service is `forced_down`."""
    if request.evacuate.host == server.host:
        raise refusals.SameHost()  # also where neither names a host
    await scheduling.check_host(call, request.evacuate.host)
    LIFECYCLE.check(call, server, "evacuate")
    if await scheduling.is_up(call, server.host):
        raise refusals.HostStillInUse(host=server.host)
    server.next_host = await destinations.other_host(call, server, request.evacuate.host)
    server.old_vm_state = STOPPED if call.at_least(destinations.STOPPED_SINCE) else server.vm_state
    server.admin_pass = request.evacuate.admin_pass or call.ids.word(server_create.PASSWORD_LENGTH)
    await migrations.begin(call, server, migrations.EVACUATION, server.next_host)
    return pb.EvacuateServerResponse(admin_pass=server.admin_pass)


@LIFECYCLE.prepares("rescue")
async def _rescue(call: Call, server: Server, request: pb.RescueServerRequest) -> pb.RescueServerResponse:
    await images.check_rescue(call, server, request.rescue.rescue_image_ref)
    server.admin_pass = request.rescue.admin_pass or call.ids.word(server_create.PASSWORD_LENGTH)
    return pb.RescueServerResponse(admin_pass=server.admin_pass)


@LIFECYCLE.prepares("rebuild", unchecked=True)
async def _rebuild(call: Call, server: Server, request: pb.RebuildServerRequest) -> None:
    body, given = request.rebuild, set(request.mask.paths) or names_of(request.rebuild)
    server_create.check_metadata(body.metadata)
    LIFECYCLE.check(call, server, "rebuild")
    image = await images.find(call, body.image_id, refusals.RebuildImageNotFound())
    images.check_fits(image, server.flavor, on_volume=not server.HasField("image"))
    await images.check_rebuild(call, server, image)
    await server_create.check_metadata_quota(call, body.metadata)
    await server_create.check_files(call, body.personality)
    if server.HasField("image"):
        server.image.Clear()
        server.image.id = image.id
        server.image.properties.update(images.properties_of(image))
        server.min_disk = images.min_disk(image, server.flavor)
    elif call.at_least(images.REIMAGE_SINCE):
        await block_devices.reimage(call, server, image)
    await _apply(call, server, body, given)
    server.admin_pass = body.admin_pass or call.ids.word(server_create.PASSWORD_LENGTH)
    server.old_vm_state = server.vm_state


async def _apply(call: Call, server: Server, body: pb.Rebuild, given: set[str]) -> None:
    """Set the fields that a rebuild may change."""
    server_values.set_given(server, body, given)
    if "metadata" in given:
        server.metadata.clear()
        server.metadata.update(body.metadata)
    for name in ("key_name", "user_data"):
        if name in given:
            server.ClearField(name)
            if body.HasField(name):
                setattr(server, name, getattr(body, name))
    if "key_name" in given and body.HasField("key_name"):
        server_create.set_key(server, await server_create.key_of(call, server.user_id, body.key_name))
    if body.user_data:
        server_create.check_user_data(body.user_data)
    if "trusted_image_certificates" in given:
        server.ClearField("trusted_image_certificates")
        if body.trusted_image_certificates:
            server.trusted_image_certificates.CopyFrom(server_values.list_value(body.trusted_image_certificates))


# -- when they complete


@LIFECYCLE.on("build", "build_nowhere")
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
    await reserved_volumes.complete_all(call, server)
    await _arrive(call, server)
    server.instance_name = f"instance-{await call.tx.add('instance_number', 1):08x}"
    await call.publish("built", "server", server)


async def _arrive(call: Call, server: Server) -> None:
    """Put the server on the host that was selected for it."""
    if server.next_host:
        if server.host and server.host != server.next_host:
            await server_ports.move_ports(call, server, server.next_host)
        server.host = server.node = server.next_host
        server.availability_zone = await scheduling.zone_of(call, server.host)
        server.next_host = ""


@LIFECYCLE.on("shelve")
async def _shelved(call: Call, server: Server) -> None:
    await fill_shelved(call, server)
    await _offloaded(call, server)


@LIFECYCLE.on("shelve_volume", "shelveOffload")
async def _offloaded(call: Call, server: Server) -> None:
    await claims.release(call, server.id)
    server.ClearField("host")
    server.ClearField("node")
    server.availability_zone = ""


@LIFECYCLE.on("unshelve")
async def _unshelved(call: Call, server: Server) -> None:
    if server.next_host or server.host:  # without a host it stays shelved
        server.vm_state, server.power_state = Server.VM_STATE_ACTIVE, POWER_ON
        await _arrive(call, server)
        await drop_shelved(call, server)


@LIFECYCLE.on("resize", "migrate")
async def _moved(call: Call, server: Server) -> None:
    await migrations.close(call, server, "finished", last=False)
    await _arrive(call, server)


@LIFECYCLE.on("resize_nowhere")
async def _not_resized(call: Call, server: Server) -> None:
    await migrations.close(call, server, "error")
    await record_failure(call, server, "resize")


@LIFECYCLE.on("migrate_nowhere")
async def _not_migrated(call: Call, server: Server) -> None:
    await migrations.close(call, server, "error")
    await record_failure(call, server, "migrate")


@LIFECYCLE.on("os-migrateLive")
async def _moved_alive(call: Call, server: Server) -> None:
    await migrations.close(call, server, "completed" if server.next_host else "error")
    await _arrive(call, server)


@LIFECYCLE.on("rebuild", "evacuate")
async def _rebuilt_server(call: Call, server: Server) -> None:
    stopped = server.old_vm_state == STOPPED
    server.vm_state = STOPPED if stopped else Server.VM_STATE_ACTIVE
    server.power_state = POWER_OFF if stopped else POWER_ON
    server.ClearField("old_vm_state")
    await migrations.close(call, server, "done" if server.next_host else "failed")
    await _arrive(call, server)
    call.stamp(server.launched_at, float(int(call.time)))


@LIFECYCLE.on("confirmResize")
async def _confirmed(call: Call, server: Server) -> None:
    await call.quota.give(SERVICE, server.project_id, _growth(server.flavor, server.old_flavor))
    await migrations.close(call, server, "confirmed")
    _forget_old(server)


@LIFECYCLE.on("revertResize")
async def _reverted(call: Call, server: Server) -> None:
    server.next_host = server.old_host
    await _arrive(call, server)
    await migrations.close(call, server, "reverted")
    await restore_flavor(call, server)


async def restore_flavor(call: Call, server: Server) -> None:
    """Give a server (a private copy) back the flavor that it had before a resize or cold migration, which is over."""
    await call.quota.give(SERVICE, server.project_id, _growth(server.old_flavor, server.flavor))
    server.flavor_ref.CopyFrom(server.old_flavor_ref)
    server.flavor.CopyFrom(server.old_flavor)
    _forget_old(server)


def _forget_old(server: Server) -> None:
    """The resize or cold migration is over."""
    server.vm_state = STOPPED if server.old_vm_state == STOPPED else Server.VM_STATE_ACTIVE
    for name in ("old_flavor_ref", "old_flavor", "old_host", "old_vm_state"):
        server.ClearField(name)


def _growth(old: Server.FlavorEmbedded, new: Server.FlavorEmbedded) -> dict[str, int]:
    """The units of quota by which a flavor is larger than another one."""
    more = {"cores": new.vcpus - old.vcpus, "ram": new.ram - old.ram}
    return {name: units for name, units in more.items() if units > 0}


def _remember_old(server: Server) -> None:
    """Keep what revertResize goes back to."""
    server.old_flavor_ref.CopyFrom(server.flavor_ref)
    server.old_flavor.CopyFrom(server.flavor)
    server.old_host = server.host
    server.old_vm_state = server.vm_state
