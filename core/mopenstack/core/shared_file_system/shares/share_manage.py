"""Shares that exist already come under management, and go. Source: manila/api/v2/shares.py, the dummy driver."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.shared_file_system import backends
from mopenstack.core.shared_file_system.base import TRANSITIONAL, ZONE, assign, boolean, check_text, given, text
from mopenstack.core.shared_file_system.networks.states import check_active
from mopenstack.core.shared_file_system.services.messages import Messages
from mopenstack.core.shared_file_system.shares import create, export_locations, removal
from mopenstack.core.shared_file_system.shares.shares import Shares
from mopenstack.core.shared_file_system.shares.states import SHARES
from mopenstack.core.shared_file_system.types.share_types import SERVERS, ShareTypes, truth
from mopenstack.core.store.transaction import copy_of
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.networks.share_networks_pb2 import ShareNetwork
from mopenstack.shared_file_system.v2.networks.share_servers_pb2 import ShareServer
from mopenstack.shared_file_system.v2.shares import share_manage_pb2 as pb2
from mopenstack.shared_file_system.v2.shares.export_locations_pb2 import ExportLocation
from mopenstack.shared_file_system.v2.shares.share_backups_pb2 import ShareBackup
from mopenstack.shared_file_system.v2.shares.share_instances_pb2 import ShareInstance
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share
from mopenstack.shared_file_system.v2.snapshots.snapshots_pb2 import Snapshot
from mopenstack.shared_file_system.v2.types.share_types_pb2 import StoredShareType

SERVERS_SINCE = 49
REQUIRED = ("export_path", "service_host", "protocol")


class ShareManagement(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["ShareManagement"]

    async def manage_share(self, call: Call, request: pb2.ManageShareRequest) -> Result:
        if not request.HasField("share"):
            raise refusals.Unprocessable("Share entity not found in request body")
        body = request.share
        path, _, kind = await self._checked(call, body)
        public = given(body.is_public)
        is_public = public is not None and boolean(public)
        name, description = text(body, "display_name", "name"), text(body, "display_description", "description")
        check_text(name, "name")
        await self._refuse_managed(call, path, body.service_host)
        server = await self._server(call, body, kind)
        share = Share(status="manage_starting", share_proto=body.protocol.upper(), is_public=is_public)
        create.describe(share, kind)
        if body.HasField("mount_point_name"):
            share.mount_point_name = create.mount_point(call, body.mount_point_name, kind)
        assign(share, "name", name)
        assign(share, "description", description)
        share.host, share.user_id, share.pending_id = body.service_host, call.caller.user_id, path
        share.project_id = call.caller.project_id
        if server is not None:
            share.share_server_id, share.share_network_id = server.id, server.share_network_id
        share = await call.service(Shares).insert(call, share)
        instance = ShareInstance(id=call.ids.uuid(), share_id=share.id, main=True, project_id=share.project_id)
        call.stamp(instance.created_at)
        if share.replication_type:
            instance.replica_state = "active"
        await call.tx.put(instance, fresh=True)
        edited = await call.tx.edit(Share, share.id)
        edited.instance_id = instance.id
        await call.tx.put(edited)
        await SHARES.enter(call, edited, "manage")
        return await call.service(Shares).view(call, edited)

    async def unmanage_share(self, call: Call, request: Any) -> Result:
        share = call.target
        if share.is_soft_deleted:
            raise refusals.ForbiddenNow(f"Share '{share.id} cannot be unmanaged, since it has been soft deleted.")
        if share.has_replicas:
            raise refusals.Conflicting(
                f"Share {share.id} has replicas. It cannot be unmanaged until all replicas are removed."
            )
        if share.share_server_id and not call.at_least(SERVERS_SINCE):
            raise refusals.ForbiddenNow(
                "Operation 'unmanage' is not supported for shares that are created on top of share servers (created "
                "with share-networks)."
            )
        if share.status in TRANSITIONAL:
            raise refusals.ForbiddenNow(
                f"Share with transitional state can not be unmanaged. Share '{share.id}' is in '{share.status}' state."
            )
        for message, word in ((Snapshot, "snapshot"), (ShareBackup, "backup")):
            count = await call.tx.count(message, share_id=share.id)
            if count:
                raise refusals.ForbiddenNow(
                    f"Share '{share.id}' can not be unmanaged because it has '{count}' dependent {word}(s)."
                )
        await removal.check_locks(call, share)
        removal.check_busy(share, refusals.ShareIsBusyForChange)
        await SHARES.begin(call, copy_of(share), "unmanage")
        return EMPTY

    async def unmanage_share_by_path(self, call: Call, request: Any) -> Result:
        return await self.unmanage_share(call, request)

    # -- the checks of a manage

    @staticmethod
    async def _checked(call: Call, body: Any) -> tuple[str, backends.Backend, StoredShareType]:
        """Path, back end and type; raises what is wrong with them."""
        values = {"export_path": given(body.export_path)}
        values |= {name: getattr(body, name) if body.HasField(name) else None for name in REQUIRED[1:]}
        for name in REQUIRED:
            if values[name] is None:
                raise refusals.Unprocessable(f"Required parameter {name} not found")
            if not values[name]:
                raise refusals.Unprocessable(f"Required parameter {name} is empty")
        path = values["export_path"]
        if isinstance(path, dict):
            if "path" not in path:
                raise refusals.Unprocessable("Export path must be a string, or a dictionary with a 'path' item")
            path = path["path"]
        if "#" not in body.service_host:
            raise refusals.Refused("service_host parameter should contain pool.")
        backend = backends.backend_of(body.service_host)
        if backend is None:
            raise refusals.ServiceNotFound(id=body.service_host.partition("#")[0])
        types = call.service(ShareTypes)
        kind = await types.by_name_or_id(call, body.share_type) if body.share_type else await types.default(call)
        if kind is None:
            raise refusals.ShareTypeNotFoundByName(id=body.share_type)
        return str(path), backend, kind

    @staticmethod
    async def _refuse_managed(call: Call, path: str, host: str) -> None:
        for one in await call.tx.query(ExportLocation, path=path):
            share = await call.tx.get(Share, one.share_id)
            if share is not None and share.host == host:
                raise refusals.InvalidShareConflict(why="A share already exists with the export path specified")

    @staticmethod
    async def _server(call: Call, body: Any, kind: StoredShareType) -> ShareServer | None:
        serves, id = truth(kind.extra_specs.get(SERVERS, "")) is True, body.share_server_id
        if serves and not id:
            raise refusals.InvalidInput(
                why="Share Server ID parameter is required when managing a share using a share type with "
                "driver_handles_share_servers extra-spec set to True"
            )
        if not serves and id:
            raise refusals.InvalidInput(
                why="Share Server ID parameter is not expected when managing a share using a share type with "
                "driver_handles_share_servers extra-spec set to False"
            )
        if not id:
            return None
        server = await call.tx.get(ShareServer, id)
        if server is None:
            raise refusals.InvalidInput(why="Share Server specified was not found")
        if server.status != "active":
            raise refusals.InvalidShareServerConflict(why="The provided share server is not active.")
        network = await call.tx.get(ShareNetwork, server.share_network_id)
        if network is not None:
            check_active(network)
        return server


@SHARES.on("manage")
async def _managed(call: Call, share: Share) -> None:
    """A share whose path the driver does not know is in error: its paths name the instance that they were made for."""
    path, share.pending_id = share.pending_id, ""
    kind = await call.tx.get(StoredShareType, share.share_type_id)
    backend = backends.backend_of(share.host)
    serves = kind is not None and truth(kind.extra_specs.get(SERVERS, "")) is True
    known = "/path/to/fake/share/share_" in path or path.rpartition("/")[2].startswith("share_")
    if backend is None or backend.serves != serves or not backends.exports(call, share.share_proto) or not known:
        share.status = "manage_error"
        await call.service(Messages).tell(call, "SHARE", share, "create", "driver")
        return
    share.status, share.size, share.availability_zone = "available", 1, ZONE
    share.metadata["__managed_at"] = f"{call.now:%Y-%m-%d %H:%M:%S.%f}"
    await create.take_quota(call, share)
    await export_locations.make(call, share, share.instance_id, share.share_server_id)


@SHARES.on("unmanage")
async def _unmanaged(call: Call, share: Share) -> None:
    if share.share_server_id and await call.tx.get(ShareServer, share.share_server_id) is not None:
        server = await call.tx.edit(ShareServer, share.share_server_id)
        server.is_auto_deletable = False
        await call.tx.put(server)
    await removal.discard(call, share)
