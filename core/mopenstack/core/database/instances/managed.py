"""Instances as administrators see them (trove/extensions/mgmt/instances)."""

from __future__ import annotations

from typing import Any

from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.values import to_value
from mopenstack.core.database.instances.nested import ports_of
from mopenstack.core.database.instances.status import DESCRIPTIONS, SERVICE, check_loaded
from mopenstack.core.database.instances.views import USED, newest_first, server_of, view
from mopenstack.core.database.pages import asked, page
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.database.v1 import refusals
from mopenstack.database.v1.instances import managed_instances_pb2 as pb
from mopenstack.database.v1.instances.instances_pb2 import DeletedInstance, Instance
from mopenstack.volume.v3.volumes.attachments_pb2 import Attachment
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume


class ManagedInstances(Servicer):
    service = pb.DESCRIPTOR.services_by_name["ManagedInstances"]

    async def list_managed_instances(self, call: Call, request: pb.ListManagedInstancesRequest) -> Result:
        deleted = asked(request.query, "deleted").lower()
        clustered = asked(request.query, "include_clustered").lower() == "true"
        project_id = asked(request.query, "project_id")
        found: list[tuple[Instance, DeletedInstance | None]] = []
        if deleted != "true":
            found += [(one, None) for one in await call.tx.scan(Instance)]
        if deleted != "false":
            found += [(one.instance, one) for one in await call.tx.scan(DeletedInstance)]
        left = [
            pair for pair in found if (clustered or not pair[0].cluster_id) and project_id in ("", pair[0].project_id)
        ]
        gone = {instance.id: record for instance, record in left}
        ordered = newest_first([instance for instance, _ in left])
        return page([await self._view(call, one, gone[one.id]) for one in ordered])

    async def get_managed_instance(self, call: Call, request: pb.GetManagedInstanceRequest) -> Result:
        instance = await call.tx.get(Instance, request.instance_id)
        record = None
        if instance is None and request.deleted.lower() == "true":
            record = await call.tx.get(DeletedInstance, request.instance_id)
            instance = record.instance if record is not None else None
        if instance is None:
            raise refusals.ResourceNotFound(id=request.instance_id)
        shown = await self._view(call, instance, record)
        await _more(call, instance, shown)
        return shown

    async def _view(self, call: Call, instance: Instance, record: DeletedInstance | None) -> pb.ManagedInstance:
        shown = pb.ManagedInstance(instance=await view(call, instance), deleted=record is not None)
        if record is not None:
            shown.instance.status = "SHUTDOWN"
            shown.deleted_at.CopyFrom(record.deleted_at)
        server = await server_of(call, instance)
        if server is not None:
            shown.server.id, shown.server.name = server.id, server.name
            shown.server.status = Server.Status.Name(server.status)
            shown.server.tenant_id, shown.server.host = server.project_id, server.host
        shown.service_status = SERVICE[instance.service][0]
        shown.task_description = DESCRIPTIONS[instance.task]
        if instance.HasField("root_history"):
            shown.root_enabled.CopyFrom(instance.root_history.created_at)
            shown.root_enabled_by = instance.root_history.user_id
        return shown

    async def get_root_history(self, call: Call, request: pb.GetRootHistoryRequest) -> Result:
        instance: Instance = call.target
        if not instance.HasField("root_history"):
            return pb.RootHistoryResponse(root_history={"id": instance.id, "enabled": "Never", "user": "Nobody"})
        history = instance.root_history
        enabled = history.created_at.ToDatetime().isoformat(timespec="seconds")
        return pb.RootHistoryResponse(root_history={"id": instance.id, "enabled": enabled, "user": history.user_id})

    async def get_hardware_info(self, call: Call, request: pb.GetHardwareInfoRequest) -> Result:
        """The flavor's memory, in KB, and processors."""
        server = await self._guest(call)
        return pb.HardwareInfoResponse(hwinfo={"mem_total": call.target.ram * 1024, "num_cpus": server.flavor.vcpus})

    async def get_diagnostics(self, call: Call, request: pb.GetDiagnosticsRequest) -> Result:
        """What a guest agent takes; the numbers of Trove's own fake one."""
        await self._guest(call)
        return pb.DiagnosticsResponse(
            diagnostics={
                "version": "1", "threads": 2, "fd_size": 64, "vm_size": 29096, "vm_peak": 29160, "vm_rss": 2872,
                "vm_hwm": 2872,
            }
        )  # fmt: skip

    async def ping_guest(self, call: Call, request: pb.PingGuestRequest) -> Result:
        await self._guest(call)
        return EMPTY

    async def _guest(self, call: Call) -> Any:
        """The server that a guest agent runs on; refuses an instance without one."""
        await check_loaded(call, call.target)
        return await server_of(call, call.target)


async def _more(call: Call, instance: Instance, shown: pb.ManagedInstance) -> None:
    """What only one instance shows: addresses of its server, its volume, the guest's state."""
    if shown.HasField("server"):
        found = [
            {"address": fixed.ip_address, "type": "private", "network": port.network_id}
            for port in await ports_of(call, instance)
            for fixed in port.fixed_ips
        ]
        shown.server.addresses.CopyFrom(to_value(found))
    elif instance.server_id:
        shown.server.id = instance.server_id
    shown.guest_status.state_description = SERVICE[instance.service][1]
    volume = await call.tx.get(Volume, instance.volume_id) if instance.volume_id else None
    if volume is None:
        return
    attached = await call.tx.query(Attachment, volume_id=volume.id)
    listed = [{"server_id": one.instance, "device": one.mountpoint} for one in attached if one.mountpoint]
    shown.volume.attachments.CopyFrom(to_value(listed))
    shown.volume.availability_zone = volume.availability_zone
    shown.volume.created_at = volume.created_at.ToDatetime().isoformat()
    shown.volume.id, shown.volume.size = volume.id, volume.size
    shown.volume.status = Volume.Status.Name(volume.status).lower().replace("_", "-")
    shown.volume.used, shown.volume.total = USED, float(instance.volume_size)
