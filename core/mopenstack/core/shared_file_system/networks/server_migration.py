"""Moving share servers between back ends, with all that is on them.

Source: `_migration_initial_checks`, `share_server_migration_*` of manila/share/api.py; the dummy driver.
"""

from __future__ import annotations

from typing import Any

from mopenstack.contract.values import to_value
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.shared_file_system import backends
from mopenstack.core.shared_file_system.base import AVAILABLE, ERROR, boolean, given
from mopenstack.core.shared_file_system.networks.states import ACTIVE, SERVERS, check_active
from mopenstack.core.shared_file_system.shares.states import BUSY, PHASE_ONE_DONE
from mopenstack.core.store.transaction import copy_of
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.groups.share_groups_pb2 import ShareGroup
from mopenstack.shared_file_system.v2.networks import share_servers_pb2 as pb2
from mopenstack.shared_file_system.v2.networks.share_networks_pb2 import ShareNetwork
from mopenstack.shared_file_system.v2.networks.share_servers_pb2 import ShareServer
from mopenstack.shared_file_system.v2.shares.share_instances_pb2 import ShareInstance
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share
from mopenstack.shared_file_system.v2.snapshots.snapshots_pb2 import Snapshot

MIGRATING, TARGET = "server_migrating", "server_migrating_to"
FLAGS = ("writable", "nondisruptive", "preserve_snapshots")


class ServerMigration(Servicer):
    """The part of the share servers' API that moves them."""

    async def check_share_server_migration(self, call: Call, request: pb2.CheckShareServerMigrationRequest) -> Result:
        server, network, flags = await self._asked(call, request, "migration_check")
        body = request.migration_check
        network_id = await _check(call, server, body.host, network)
        answer = pb2.ShareServerMigrationCheck(compatible=not flags["nondisruptive"])
        wanted, found = answer.requested_capabilities, answer.supported_capabilities
        for name in FLAGS:
            getattr(wanted, name).CopyFrom(to_value(given(getattr(body, name))))
        wanted.host = body.host
        if body.new_share_network_id:
            wanted.share_network_id = body.new_share_network_id
        found.writable = found.preserve_snapshots = found.migration_cancel = found.migration_get_progress = True
        found.share_network_id = network_id
        return answer

    async def start_share_server_migration(self, call: Call, request: pb2.StartShareServerMigrationRequest) -> Result:
        server, network, _ = await self._asked(call, request, "migration_start")
        host = request.migration_start.host
        network_id = await _check(call, server, host, network)
        backend = backends.backend_of(host)
        assert backend is not None  # _check has looked for it
        target = ShareServer(id=call.ids.uuid(), status=TARGET, host=backend.host, is_auto_deletable=True)
        target.share_network_id, target.identifier, target.source_share_server_id = network_id, server.id, server.id
        target.project_id, target.network_allocation_update_support = server.project_id, True
        target.share_network_subnet_ids.extend(server.share_network_subnet_ids)
        target.backend_details.update(server.backend_details)
        target.backend_details["server_id"] = target.id
        target.task_state = "migration_in_progress"
        call.stamp(target.created_at)
        call.stamp(target.updated_at)
        await call.tx.put(target, fresh=True)
        new = copy_of(server)
        new.target_server_id, new.target_network_id = target.id, network_id
        await SERVERS.begin(call, new, "migrate")
        await _set_shares(call, server.id, MIGRATING)
        return EMPTY

    async def complete_share_server_migration(self, call: Call, request: Any) -> Result:
        server = call.target
        if server.status != MIGRATING:
            raise refusals.InvalidShareServer(why=f"Share server {server.id} is not migrating")
        if server.task_state != PHASE_ONE_DONE:
            raise refusals.InvalidShareServer(
                why=f"The first phase of migration has to finish to request the completion of server {server.id}'s "
                "migration."
            )
        target = await _target(call, server.id, TARGET)
        new = copy_of(server)
        new.task_state = "migration_completing"
        await SERVERS.begin(call, new, "complete_migration")
        return pb2.ShareServerMigrationDestination(destination_share_server_id=target.id)

    async def cancel_share_server_migration(self, call: Call, request: Any) -> Result:
        server = call.target
        if server.status != MIGRATING:
            raise refusals.InvalidShareServer(
                why=f"Migration of share server {server.id} cannot be cancelled because the provided share server is "
                "not being migrated."
            )
        if server.task_state not in (PHASE_ONE_DONE, "migration_driver_in_progress"):
            raise refusals.InvalidShareServer(
                why=f"Migration of share server {server.id} can be cancelled only after the driver already started the "
                "migration, or when the first phase of the migration gets completed."
            )
        await _target(call, server.id, TARGET)
        await SERVERS.begin(call, copy_of(server), "cancel_migration")
        return EMPTY

    async def get_share_server_migration_progress(self, call: Call, request: Any) -> Result:
        server = await call.tx.get(ShareServer, request.share_server_id)
        answer = pb2.ShareServerMigrationProgress()
        if server is None:
            target = await _target(call, request.share_server_id, ACTIVE)
            answer.total_progress, answer.destination_share_server_id = 100, target.id
            answer.task_state = target.task_state
            return answer
        if server.status != MIGRATING:
            raise refusals.InvalidShareServer(
                why=f"Migration progress of share server {server.id} cannot be obtained. The provided share server "
                "is not being migrated."
            )
        target = await _target(call, server.id, TARGET)
        answer.destination_share_server_id, answer.task_state = target.id, server.task_state
        answer.total_progress = 100 if server.task_state in (PHASE_ONE_DONE, "migration_completing") else 50
        if server.task_state in ("migration_starting", "migration_in_progress"):
            answer.total_progress = 0
        return answer

    @staticmethod
    async def _asked(call: Call, request: Any, name: str) -> tuple[ShareServer, ShareNetwork | None, dict[str, bool]]:
        """(the share server, its new network, the flags) of a request; raises what they must not be."""
        server: ShareServer = call.target
        if not request.HasField(name) or not getattr(request, name).ListFields():
            raise refusals.Refused("Request is missing body.")
        body = getattr(request, name)
        if server.encryption_key_ref:
            raise refusals.Refused("Cannot migrate the share server containing encryption key reference")
        for one in (*FLAGS, "host"):
            if given(getattr(body, one)) is None if one != "host" else not body.HasField("host"):
                raise refusals.Refused(f"Must specify all mandatory parameters: {[*FLAGS, 'host']}")
        flags = {
            one: boolean(
                given(getattr(body, one)), f"Invalid value {given(getattr(body, one))} for {one}. Expecting a boolean."
            )
            for one in FLAGS
        }
        if "#" in body.host:
            raise refusals.Refused("The destination host can not contain pool information.")
        network = None
        if body.new_share_network_id:
            network = await call.tx.get(ShareNetwork, body.new_share_network_id)
            if network is None:
                raise refusals.ShareNetworkToUseNotFound(id=body.new_share_network_id)
        current = network or await call.tx.get(ShareNetwork, server.share_network_id)
        if current is not None:
            check_active(current)
        return server, network, flags


async def _check(call: Call, server: ShareServer, host: str, network: ShareNetwork | None) -> str:
    """The share network that a server moves to; raises what forbids the migration."""
    refuse = refusals.InvalidShareServerConflict
    shares = list(await call.tx.query(Share, share_server_id=server.id))
    if not shares:
        raise refuse(why=f"Share server {server.id} does not have shares.")
    if any(one.is_soft_deleted for one in shares):
        raise refuse(why=f"Share server {server.id} has at least one share that has been soft deleted.")
    if server.status != ACTIVE:
        raise refuse(why=f"Share server {server.id} status must be active, but current status is: {server.status}.")
    if await call.tx.count(ShareGroup, share_server_id=server.id):
        raise refuse(why=f"The share server {server.id} can not be migrated because it is related to a share group.")
    if server.host == host and (network is None or network.id == server.share_network_id):
        raise refuse(
            why="There is no difference between source and destination backends and between source and destination "
            "share networks. Share server migration will not proceed."
        )
    others = await call.tx.query(ShareServer, source_share_server_id=server.id)
    if any(one.status == TARGET for one in others):
        raise refuse(
            why="There is at least one destination share server pointing to this source share server. Clean up your "
            "environment before starting a new migration."
        )
    if backends.backend_of(host) is None:
        raise refusals.ServiceNotFound(id=host)
    for share in shares:
        await _check_share(call, share)
    return network.id if network is not None else server.share_network_id


async def _check_share(call: Call, share: Share) -> None:
    refuse = refusals.InvalidShareServerConflict
    if share.status != AVAILABLE:
        raise refuse(why=f"Share {share.id} status must be available, but current status is: {share.status}.")
    if any(one.status != AVAILABLE for one in await call.tx.query(Snapshot, share_id=share.id)):
        raise refuse(
            why=f"All snapshots must have 'available' status to be migrated by the driver along with share {share.id}."
        )
    if share.share_group_id:
        raise refuse(
            why=f"Share {share.id} is a member of a group. This operation is not currently supported for share "
            "servers that contain shares members of  groups."
        )
    if share.access_rules_status == ERROR:
        raise refuse(
            why=f"Share instance {share.instance_id} access rules status must not be in error when attempting to "
            "start a share server migration."
        )
    if share.task_state in BUSY:
        raise refuse(
            why=f"Share is busy with an active task: Share {share.id} is busy as part of an active task: "
            f"{share.task_state}."
        )


async def _target(call: Call, source_id: str, status: str) -> ShareServer:
    """The share server that another one moves to."""
    found = [one for one in await call.tx.query(ShareServer, source_share_server_id=source_id) if one.status == status]
    if not found:
        raise refusals.InvalidShareServer(
            why=f"A destination share server wasn't found for source share server {source_id}."
        )
    return found[0]


async def _set_shares(call: Call, server_id: str, status: str) -> None:
    """The shares and snapshots of a share server take its status."""
    for share in await call.tx.query(Share, share_server_id=server_id):
        edited = await call.tx.edit(Share, share.id)
        edited.status = status
        await call.tx.put(edited)
        for snapshot in await call.tx.query(Snapshot, share_id=share.id):
            kept = await call.tx.edit(Snapshot, snapshot.id)
            kept.status = status
            await call.tx.put(kept)


@SERVERS.on("complete_migration")
async def _completed(call: Call, server: ShareServer) -> None:
    """The shares are on the other server; the first one is gone."""
    target = await call.tx.edit(ShareServer, server.target_server_id)
    target.status, target.task_state = ACTIVE, "migration_success"
    await call.tx.put(target)
    backend = backends.backend_of(target.host)
    await _set_shares(call, server.id, AVAILABLE)
    for share in await call.tx.query(Share, share_server_id=server.id):
        edited = await call.tx.edit(Share, share.id)
        edited.share_server_id, edited.share_network_id = target.id, target.share_network_id
        edited.host = backend.pool if backend is not None else edited.host
        await call.tx.put(edited)
    for instance in await call.tx.query(ShareInstance, share_server_id=server.id):
        moved = await call.tx.edit(ShareInstance, instance.id)
        moved.share_server_id = target.id
        await call.tx.put(moved)
    await call.tx.delete(ShareServer, server.id)


@SERVERS.on("cancel_migration")
async def _cancelled(call: Call, server: ShareServer) -> None:
    target = await call.tx.get(ShareServer, server.target_server_id)
    if target is not None:
        await call.tx.delete(ShareServer, target.id)
    server.target_server_id = server.target_network_id = ""
    await _set_shares(call, server.id, AVAILABLE)
