"""Volumes attached to servers. Source: nova/api/openstack/compute/volume_attachments.py."""

from __future__ import annotations

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import server_volumes_pb2 as pb
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.faults import BadRequest, PolicyRefused
from mopenstack.core.compute.servers import block_devices
from mopenstack.core.compute.servers.instance_actions import record
from mopenstack.core.compute.servers.server_states import LIFECYCLE
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.volume.volumes import server_attachments
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

UPDATE_SINCE = 85
SWAP_POLICY = "os_compute_api:os-volumes-attachments:swap"


class ServerVolumes(Servicer):
    service = pb.DESCRIPTOR.services_by_name["ServerVolumes"]

    async def list_server_volumes(self, call: Call, request: pb.ListServerVolumesRequest) -> Result:
        start, limit = request.query.offset, request.query.limit
        found = list(call.target.volumes_attached)[start : start + limit if limit else None]
        return pb.ListServerVolumesResponse(volume_attachments=[_shown(call.target, item) for item in found])

    async def get_server_volume(self, call: Call, request: pb.ServerVolumeRequest) -> Result:
        return pb.ServerVolumeResponse(volume_attachment=_shown(call.target, _held(call.target, request.volume_id)))

    async def attach_server_volume(self, call: Call, request: pb.AttachServerVolumeRequest) -> Result:
        body = request.volume_attachment
        volume = await block_devices.find_volume(call, body.volume_id)
        if volume is None:
            raise refusals.VolumeNotFound(id=body.volume_id)
        block_devices.check_attachable(call, volume)
        if any(item.id == volume.id for item in call.target.volumes_attached):
            reason = f"volume {volume.id} is already attached to instances: {call.target.id}"
            raise refusals.InvalidVolume(reason=reason)
        server = await call.tx.edit(Server, call.target.id)
        used = {item.device for item in server.volumes_attached} | {server.root_device_name}
        if body.device and body.device in used:
            raise refusals.DevicePathInUse(path=body.device)
        try:
            item = await block_devices.attach(
                call, server, volume.id, server.host, device=body.device, tag=body.tag,
                delete_on_termination=body.delete_on_termination, reserve=call.takes_time,
            )  # fmt: skip
        except BadRequest as fault:
            raise block_devices.quoted(call, fault) from None
        await call.tx.put(server)
        slow = call.takes_time and await server_attachments.begin(
            call, server_attachments.ATTACH, volume.id, item.attachment_id
        )
        await record(call, server, "attach_volume", under_way=slow)
        return pb.AttachServerVolumeResponse(volume_attachment=_shown(server, item))

    async def update_server_volume(self, call: Call, request: pb.UpdateServerVolumeRequest) -> Result:
        body, given = request.volume_attachment, set(request.mask.paths)
        if not call.at_least(UPDATE_SINCE) or request.volume_id != body.volume_id:
            await self._swap(call, request.volume_id, body.volume_id)
            return EMPTY
        item = _held(call.target, request.volume_id)
        mine = {"id": item.id, "server_id": call.target.id, "device": item.device, "tag": item.tag}
        for name, word in (("id", "id"), ("server_id", "serverId"), ("device", "device"), ("tag", "tag")):
            if name in given and getattr(body, name) != mine[name]:
                raise refusals.NotMutable(name=word)
        if "delete_on_termination" in given:
            server = await call.tx.edit(Server, call.target.id)
            _held(server, request.volume_id).delete_on_termination = body.delete_on_termination
            await call.tx.put(server)
        return EMPTY

    async def _swap(self, call: Call, old_id: str, new_id: str) -> None:
        """Replace the volume of an attachment: an operation for Cinder, while it migrates the old volume."""
        if "service" not in call.caller.roles and not call.caller.is_admin:
            raise PolicyRefused([SWAP_POLICY])
        old = await block_devices.find_volume(call, old_id)
        if old is None:
            raise refusals.VolumeNotFound(id=old_id)
        if old.migration_status in ("", "none", "error"):
            raise refusals.NotMigrating(id=old_id)
        new = await block_devices.find_volume(call, new_id)
        if new is None:
            raise refusals.SwapTargetNotFound(id=new_id)
        _held(call.target, old_id)
        LIFECYCLE.check(call, call.target, "swap_volume")
        server = await call.tx.edit(Server, call.target.id)
        await block_devices.swap(call, server, old_id, new_id)
        await call.tx.put(server)
        await record(call, server, "swap_volume")

    async def detach_server_volume(self, call: Call, request: pb.ServerVolumeRequest) -> Result:
        volume = await block_devices.find_volume(call, request.volume_id)
        if volume is None:
            raise refusals.VolumeNotFound(id=request.volume_id)
        if _held(call.target, request.volume_id).is_root:
            raise refusals.RootVolume()
        LIFECYCLE.check(call, call.target, "detach_volume")
        if volume.status != Volume.IN_USE or volume.attach_status != "attached":
            raise refusals.NotDetachable(request_id=f"req-{call.ids.uuid()}")
        server = await call.tx.edit(Server, call.target.id)
        if call.takes_time:
            attachment_id = _held(server, volume.id).attachment_id
            slow = await server_attachments.begin(call, server_attachments.DETACH, volume.id, attachment_id)
            await record(call, server, "detach_volume", under_way=slow)
            return EMPTY
        await block_devices.detach(call, server, request.volume_id)
        await call.tx.put(server)
        await record(call, server, "detach_volume")
        return EMPTY


def _held(server: Server, volume_id: str) -> Server.BlockDevice:
    for item in server.volumes_attached:
        if item.id == volume_id:
            return item
    raise refusals.NotAttached(server=server.id, id=volume_id)


def _shown(server: Server, item: Server.BlockDevice) -> pb.VolumeAttachment:
    shown = pb.VolumeAttachment(
        id=item.id,
        volume_id=item.id,
        server_id=server.id,
        device=item.device,
        delete_on_termination=item.delete_on_termination,
        attachment_id=item.attachment_id,
        bdm_uuid=item.bdm_uuid,
    )
    if item.tag:
        shown.tag = item.tag
    return shown
