"""Moving shares between back ends. Source: manila/api/v2/shares.py, manila/share/api.py."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.calls import Outcome
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.shared_file_system import backends
from mopenstack.core.shared_file_system.base import ALWAYS, AVAILABLE, ZONE, ManilaServicer, assign, boolean, given
from mopenstack.core.shared_file_system.networks.servers import serve
from mopenstack.core.shared_file_system.networks.states import check_active
from mopenstack.core.shared_file_system.shares import export_locations, removal
from mopenstack.core.shared_file_system.shares.create import check_provisioning
from mopenstack.core.shared_file_system.shares.states import PHASE_ONE_DONE, SHARES
from mopenstack.core.shared_file_system.types.share_types import SERVERS, truth
from mopenstack.core.store.transaction import copy_of
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.networks.share_networks_pb2 import ShareNetwork
from mopenstack.shared_file_system.v2.shares import share_migration_pb2 as pb2
from mopenstack.shared_file_system.v2.shares.share_instances_pb2 import ShareInstance
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share
from mopenstack.shared_file_system.v2.snapshots.snapshots_pb2 import Snapshot
from mopenstack.shared_file_system.v2.types.share_types_pb2 import StoredShareType

FLAGS = ("preserve_metadata", "writable", "nondisruptive", "preserve_snapshots", "force_host_assisted_migration")
DONE = ("migration_success", "data_copying_error", "migration_cancelled", "migration_cancel_in_progress",
        "migration_completing", PHASE_ONE_DONE, "data_copying_completed", "data_copying_completing",
        "data_copying_cancelled", "migration_error")  # fmt: skip
BEGUN = ("migration_starting", "migration_driver_starting", "data_copying_starting", "migration_in_progress")


class ShareMigration(ManilaServicer):
    service = pb2.DESCRIPTOR.services_by_name["ShareMigration"]
    experimental = ALWAYS

    async def start_share_migration(self, call: Call, request: pb2.StartShareMigrationRequest) -> Result | Outcome:
        share, body = call.target, request.migration_start
        if share.is_soft_deleted:
            raise refusals.InvalidShare(
                why=f"Migration cannot start for share '{share.id}' since it has been soft deleted"
            )
        flags = {name: _flag(name, given(getattr(body, name))) for name in FLAGS}
        network = await self._network(call, share, body.new_share_network_id)
        kind = await self._type(call, body.new_share_type_id)
        await _check(call, share, flags)
        backend = backends.backend_of(body.host)
        if backend is None:
            raise refusals.ServiceNotFound(id=body.host.partition("#")[0])
        old = await call.tx.get(StoredShareType, share.share_type_id) if share.share_type_id else None
        check_provisioning(kind, share.size, "create")
        chosen = kind or old
        zones = chosen.extra_specs.get("availability_zones", "") if chosen is not None else ""
        if chosen is not None and zones and ZONE not in zones.split(","):
            raise refusals.InvalidShare(
                why=f"Share {share.id} cannot be migrated to host {body.host} because share type {chosen.name}(ID: "
                f"{chosen.id}) is not supported within the availability zone ({ZONE}) that the host is in"
            )
        serves = chosen is not None and truth(chosen.extra_specs.get(SERVERS, "")) is True
        network_id = (network.id if network is not None else share.share_network_id) if serves else ""
        if serves and not network_id:
            raise refusals.InvalidInput(
                why=f"New share network must be provided when share type of given share {share.id} has extra_spec "
                "'driver_handles_share_servers' as True"
            )
        if network is not None and not serves:
            raise refusals.InvalidInput(
                why=f"New share network must not be provided when share type of given share {share.id} has extra_spec "
                "'driver_handles_share_servers' as False"
            )
        type_id = chosen.id if chosen is not None else ""
        if (network_id, type_id, body.host) == (share.share_network_id, share.share_type_id, share.host):
            edited = await call.tx.edit(Share, share.id)
            edited.task_state = "migration_success"
            await call.tx.put(edited)
            return Outcome("nothing_to_do", EMPTY)
        await self._begin(call, share, body.host, network_id, type_id)
        return EMPTY

    async def complete_share_migration(self, call: Call, request: Any) -> Result:
        share = call.target
        if share.task_state not in (PHASE_ONE_DONE, "data_copying_completed"):
            why = _said(share) or f"First migration phase of share {share.id} not completed yet."
            raise refusals.InvalidShare(why=why.rstrip("."))
        await SHARES.begin(call, copy_of(share), "complete_migration")
        return EMPTY

    async def cancel_share_migration(self, call: Call, request: Any) -> Result:
        share = call.target
        if share.task_state not in (PHASE_ONE_DONE, "migration_driver_in_progress", "data_copying_completed"):
            why = _said(share) or f"Migration of share {share.id} cannot be cancelled at this moment."
            raise refusals.InvalidShare(why=why.rstrip("."))
        await SHARES.begin(call, copy_of(share), "cancel_migration")
        return EMPTY

    async def get_share_migration_progress(self, call: Call, request: Any) -> Result:
        share = call.target
        progress = 100 if share.task_state in DONE else 0 if share.task_state in BEGUN else None
        if share.task_state == "migration_driver_in_progress":
            progress = 50
        if progress is None:
            why = _said(share) or f"Migration progress of share {share.id} cannot be obtained at this moment."
            raise refusals.InvalidShare(why=why.rstrip("."))
        answer = pb2.ShareMigrationProgress(total_progress=progress, task_state=share.task_state)
        answer.details.SetInParent()
        return answer

    @staticmethod
    async def _network(call: Call, share: Share, id: str) -> ShareNetwork | None:
        found = await call.tx.get(ShareNetwork, id or share.share_network_id) if id or share.share_network_id else None
        if id and found is None:
            raise refusals.ShareNetworkToUseNotFound(id=id)
        if found is not None:
            check_active(found)
        return found if id else None

    @staticmethod
    async def _type(call: Call, id: str) -> StoredShareType | None:
        found = await call.tx.get(StoredShareType, id) if id else None
        if id and found is None:
            raise refusals.Refused(f"Share type {id} not found.")
        return found

    @staticmethod
    async def _begin(call: Call, share: Share, host: str, network_id: str, type_id: str) -> None:
        """The instance that the share moves to."""
        other = ShareInstance(id=call.ids.uuid(), share_id=share.id, project_id=share.project_id)
        call.stamp(other.created_at)
        other.host, other.status, other.availability_zone = host, "migrating_to", share.availability_zone
        assign(other, "share_network_id", network_id or None)
        assign(other, "share_type_id", type_id or None)
        await call.tx.put(other, fresh=True)
        new = copy_of(share)
        new.pending_id = other.id
        await SHARES.begin(call, new, "migrate")


def _flag(name: str, value: Any) -> bool:
    return value is not None and boolean(value, f"Invalid value {value} for {name}. Expecting a boolean.")


async def _check(call: Call, share: Share, flags: dict[str, bool]) -> None:
    """What a migration must not meet."""
    hosted = flags.pop("force_host_assisted_migration")
    if hosted and any(flags.values()):
        raise refusals.InvalidInput(
            why='Invalid parameter combination. Cannot set parameters "nondisruptive", "writable", '
            '"preserve_snapshots" or "preserve_metadata" to True when enabling the "force_host_assisted_migration" '
            "option"
        )
    if share.has_replicas:
        raise refusals.Conflicting(
            f"Share {share.id} has replicas. Remove the replicas before attempting to migrate the share."
        )
    if share.share_group_id:
        raise refusals.InvalidShare(
            why=f"Share {share.id} is a member of a group. This operation is not currently supported for shares that "
            "are members of groups"
        )
    if share.status != AVAILABLE:
        raise refusals.InvalidShare(
            why=f"Share instance {share.instance_id} status must be available, but current status is: {share.status}"
        )
    if share.access_rules_status == "error":
        raise refusals.InvalidShare(
            why=f"Share instance {share.instance_id} access rules status must not be in error when attempting to "
            "start a migration"
        )
    removal.check_busy(share, refusals.ShareIsBusy)
    if hosted and await call.tx.count(Snapshot, share_id=share.id):
        raise refusals.Conflicting(f"Share {share.id} must not have snapshots when using host-assisted migration.")


def _said(share: Share) -> str:
    """Why a migration can be neither completed nor cancelled."""
    if share.task_state == "migration_success":
        return f"Migration of share {share.id} has already completed."
    if share.task_state in ("", "migration_error"):
        return f"There is no migration being performed for share {share.id} at this moment."
    if share.task_state == "migration_cancelled":
        return f"Migration of share {share.id} was already cancelled."
    if share.task_state in (PHASE_ONE_DONE, "data_copying_completed"):
        return f"Migration of share {share.id} has already completed first phase."
    return ""


@SHARES.on("complete_migration")
async def _moved(call: Call, share: Share) -> None:
    """The share is where the other instance was, under that instance's id."""
    other = await call.tx.get(ShareInstance, share.pending_id)
    share.pending_id = ""
    if other is None:
        return
    await export_locations.forget(call, share.instance_id)
    await call.tx.delete(ShareInstance, share.instance_id)
    main = await call.tx.edit(ShareInstance, other.id)
    main.main = True
    await call.tx.put(main)
    share.instance_id, share.host = other.id, other.host
    assign(share, "share_network_id", other.share_network_id or None)
    kind = await call.tx.get(StoredShareType, other.share_type_id) if other.share_type_id else None
    if kind is not None:
        share.share_type_id = kind.id
        share.volume_type = share.share_type_name = share.share_type_name_before = kind.name
    backend = backends.backend_of(share.host)
    share.ClearField("share_server_id")
    if backend is not None and backend.serves and share.share_network_id:
        share.share_server_id = (await serve(call, share.share_network_id, backend)).id
    await export_locations.make(call, share, other.id, share.share_server_id)


@SHARES.on("cancel_migration")
async def _stayed(call: Call, share: Share) -> None:
    if share.pending_id and await call.tx.get(ShareInstance, share.pending_id) is not None:
        await export_locations.forget(call, share.pending_id)
        await call.tx.delete(ShareInstance, share.pending_id)
    share.pending_id = ""
