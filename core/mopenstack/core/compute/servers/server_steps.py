"""What the steps of a server's transitions mean beside its states, and how its transitions fail.

Source: nova/compute/manager.py (resize_instance, finish_resize, _error_out_instance_on_exception,
delete_image_on_error, _rollback_live_migration), virt/libvirt/driver.py snapshot.
"""

from __future__ import annotations

from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.compute.servers import migrations, reserved_volumes
from mopenstack.core.compute.servers.instance_actions import record_step
from mopenstack.core.compute.servers.server_images import drop_pending, save_begins
from mopenstack.core.compute.servers.server_states import LIFECYCLE, ServerAction, ServerStep
from mopenstack.core.compute.servers.server_transitions import restore_flavor
from mopenstack.core.engine.call import Call


@LIFECYCLE.on_step
async def _entered(call: Call, server: Server, action: ServerAction, step: ServerStep) -> None:
    await record_step(call, server, action, step)
    if step.migration:
        await migrations.close(call, server, step.migration, last=False)
    if step.saves:
        await save_begins(call, server)
    if action.name == "build" and step.task == "block_device_mapping":
        await reserved_volumes.connect_all(call, server)
    if action.name == "build" and step.task == "spawning":
        await reserved_volumes.complete_all(call, server)


@LIFECYCLE.fails()
async def _failed(call: Call, server: Server, why: str) -> None:
    """The server shows the fault."""
    server.fault.code, server.fault.message = 500, why
    call.stamp(server.fault.created_at)
    server.next_host = ""
    await migrations.close(call, server, "error")


@LIFECYCLE.fails("resize", "migrate")
async def _not_moved(call: Call, server: Server, why: str) -> None:
    """The server keeps its host and its flavor."""
    await restore_flavor(call, server)
    await _failed(call, server, why)


@LIFECYCLE.fails("os-migrateLive")
async def _not_moved_alive(call: Call, server: Server, why: str) -> None:
    """A live migration that fails is rolled back: the server runs on."""
    server.next_host = ""
    await migrations.close(call, server, "error")


@LIFECYCLE.fails("createImage", "createBackup")
async def _not_snapped(call: Call, server: Server, why: str) -> None:
    """The image is deleted, the server stays what it was."""
    await drop_pending(call, server)
