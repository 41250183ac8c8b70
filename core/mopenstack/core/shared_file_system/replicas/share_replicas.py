"""Replicas of shares. Source: manila/api/v2/share_replicas.py, manila/share/api.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from google.protobuf.message import Message

from mopenstack.contract.calls import Outcome
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.shared_file_system import backends, quotas
from mopenstack.core.shared_file_system.base import (
    AVAILABLE,
    CREATING,
    ERROR,
    RESETTABLE,
    ZONE,
    ManilaResource,
    asked,
    assign,
    check_given_metadata,
    check_metadata,
    given,
    new_status,
    no_such_item,
)
from mopenstack.core.shared_file_system.networks.servers import serve
from mopenstack.core.shared_file_system.networks.states import check_active
from mopenstack.core.shared_file_system.replicas.states import REPLICAS
from mopenstack.core.shared_file_system.services.messages import Messages
from mopenstack.core.shared_file_system.shares import export_locations, removal
from mopenstack.core.shared_file_system.shares.share_instances import SAME, set_status, shown_instance
from mopenstack.core.shared_file_system.snapshots.instances import add_instance, drop_instances
from mopenstack.core.store.transaction import copy_of
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.networks.share_network_subnets_pb2 import ShareNetworkSubnet
from mopenstack.shared_file_system.v2.networks.share_networks_pb2 import ShareNetwork
from mopenstack.shared_file_system.v2.replicas import share_replicas_pb2 as pb2
from mopenstack.shared_file_system.v2.replicas.share_replicas_pb2 import ShareReplica
from mopenstack.shared_file_system.v2.shares.share_instances_pb2 import ShareInstance
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share
from mopenstack.shared_file_system.v2.snapshots.snapshots_pb2 import Snapshot
from mopenstack.shared_file_system.v2.types.share_types_pb2 import StoredShareType

ACTIVE, IN_SYNC, OUT_OF_SYNC = "active", "in_sync", "out_of_sync"
STATES = (ACTIVE, IN_SYNC, OUT_OF_SYNC, ERROR)
NETWORK_SINCE, QUIESCE_SINCE = 72, 75
SHOWN = (
    "id", "share_id", "availability_zone", "created_at", "status", "share_network_id", "replica_state", "updated_at",
    "share_server_id", "host", "cast_rules_to_readonly", "metadata",
)  # fmt: skip


class ShareReplicas(ManilaResource[ShareInstance]):
    service = pb2.DESCRIPTOR.services_by_name["ShareReplicas"]
    message = ShareInstance
    presents = ShareReplica
    noun = "Replica"
    not_found = refusals.ReplicaCouldNotBeFound
    experimental: ClassVar[Mapping[str, tuple[int, int]]] = {"": (0, 55)}

    async def create_replica(self, call: Call, request: pb2.CreateReplicaRequest) -> Result:
        body = request.share_replica
        share = await self._share(call, body)
        network_id = body.share_network_id or share.share_network_id
        await self._check_network(call, share, body, network_id)
        check_metadata(body.metadata)
        if not share.replication_type:
            raise refusals.Refused(f"Replication not supported for share {share.id}.")
        if share.share_group_id:
            raise refusals.Refused("Replication not supported for shares in a group.")
        removal.check_busy(share, refusals.ShareIsBusy)
        if share.status != AVAILABLE or not any(
            one.replica_state == ACTIVE for one in await call.tx.query(ShareInstance, share_id=share.id)
        ):
            raise refusals.ReplicationRefused(
                why=f"Share {share.id} does not have any active replica in available state"
            )
        zone = body.availability_zone
        kind = await call.tx.get(StoredShareType, share.share_type_id)
        zones = kind.extra_specs.get("availability_zones", "") if kind is not None else ""
        if zone and zones and zone not in zones.split(","):
            raise refusals.Refused(
                f"Share replica cannot be created since the share type {share.share_type_name}(ID: "
                f"{share.share_type_id}) is not supported within the availability zone chosen {zone}."
            )
        if zone and zone != ZONE:
            raise refusals.ZoneOfReplicaNotFound(id=zone)
        await quotas.take(
            call, share.project_id, share.user_id, share.share_type_id, share_replicas=1, replica_gigabytes=share.size
        )
        replica = ShareInstance(share_id=share.id, project_id=share.project_id, status=CREATING)
        assign(replica, "availability_zone", zone or None)
        assign(replica, "share_network_id", network_id or None)
        replica.share_type_id = share.share_type_id
        replica.cast_rules_to_readonly = share.replication_type == "readable"
        replica.metadata.update(body.metadata)
        replica = await self.insert(call, replica)
        answer = await self.view(call, replica)
        kept = await call.tx.edit(ShareInstance, replica.id)
        kept.replica_state = OUT_OF_SYNC
        await call.tx.put(kept)
        for snapshot in await call.tx.query(Snapshot, share_id=share.id):
            await add_instance(call, snapshot, kept, main=False)
        await REPLICAS.enter(call, kept, "create")
        await count(call, share.id)
        return answer

    async def delete_replica(self, call: Call, request: Any) -> Result:
        await self._check_last(call, call.target)
        await self._drop(call, call.target, "delete")
        return EMPTY

    async def force_delete_replica(self, call: Call, request: Any) -> Result:
        await self._check_last(call, call.target)
        await self._drop(call, call.target, "force_delete")
        return EMPTY

    async def promote_replica(self, call: Call, request: pb2.PromoteReplicaRequest) -> Result | Outcome:
        replica = call.target
        network = await call.tx.get(ShareNetwork, replica.share_network_id) if replica.share_network_id else None
        if network is not None:
            check_active(network)
        if replica.replica_state == ACTIVE:
            return Outcome("active_already", EMPTY)
        wait = given(request.promote.quiesce_wait_time) if call.at_least(QUIESCE_SINCE) else None
        if wait and not (str(wait).isdecimal() and int(str(wait)[:9]) > 0):
            raise refusals.Refused("quiesce_wait_time must be an integer and greater than 0.")
        if replica.status != AVAILABLE:
            raise refusals.ReplicationRefused(why=f"Replica {replica.id} must be in {AVAILABLE} state to be promoted")
        if replica.replica_state in (OUT_OF_SYNC, ERROR) and not call.caller.is_admin:
            raise refusals.ForbiddenNow(
                f"Promoting a replica with 'replica_state': {replica.replica_state} requires administrator privileges."
            )
        new = copy_of(replica)
        await REPLICAS.begin(call, new, "promote")
        return await self.view(call, new)

    async def resync_replica(self, call: Call, request: Any) -> Result | Outcome:
        replica = call.target
        if replica.replica_state == ACTIVE:
            return Outcome("active_already", EMPTY)
        if not replica.host:
            raise refusals.InvalidHost(why="Share replica does not have a valid host.")
        await REPLICAS.begin(call, copy_of(replica), "resync")
        return EMPTY

    async def reset_replica_status(self, call: Call, request: pb2.ResetReplicaStatusRequest) -> Result:
        await set_status(call, call.target, new_status(request, RESETTABLE))
        return EMPTY

    async def reset_replica_state(self, call: Call, request: pb2.ResetReplicaStateRequest) -> Result:
        state = new_status(request, STATES, "replica_state", "reset_replica_state")
        if call.target.replica_state == ACTIVE:
            raise refusals.Refused("Cannot reset replica_state of an active replica")
        new = await call.tx.edit(ShareInstance, call.target.id)
        new.replica_state = state
        await call.tx.put(new)
        return EMPTY

    # -- hooks

    async def candidates(self, call: Call, query: common.Query) -> Iterable[ShareInstance]:
        share_id = asked(query, "share_id")
        if share_id is not None:
            return await self._of_share(call, share_id)
        if call.caller.is_admin:
            found = await call.tx.scan(ShareInstance)
        else:
            found = await call.tx.query(ShareInstance, project_id=call.caller.project_id)
        return [one for one in found if one.replica_state]

    async def view(self, call: Call, obj: ShareInstance) -> Message:
        shown = shown_instance(await call.tx.get(Share, obj.share_id), obj)
        answer = ShareReplica()
        for name in SHOWN:
            field = ShareReplica.DESCRIPTOR.fields_by_name[name]
            if name == "metadata":
                answer.metadata.update(shown.metadata)
            elif field.message_type is not None:
                if shown.HasField(name):
                    getattr(answer, name).CopyFrom(getattr(shown, name))
            elif not field.has_presence or shown.HasField(name):
                setattr(answer, name, getattr(shown, name))
        return answer

    # -- inside

    @staticmethod
    async def _of_share(call: Call, share_id: str) -> list[ShareInstance]:
        return [one for one in await call.tx.query(ShareInstance, share_id=share_id) if one.replica_state]

    @staticmethod
    async def _share(call: Call, body: Any) -> Share:
        if not body.share_id:
            raise refusals.Refused("Must provide Share ID to add replica.")
        share = await call.tx.get(Share, body.share_id)
        if share is None or not (call.caller.is_admin or share.project_id == call.caller.project_id):
            raise refusals.NoShareWithId(id=body.share_id)
        for hidden, why in (
            (share.is_soft_deleted, "it has been soft deleted"),
            (share.encryption_key_ref, "it is encrypted"),
        ):
            if hidden:
                raise refusals.ForbiddenNow(f"Replica cannot be created for share '{share.id}' since {why}.")
        return share

    @staticmethod
    async def _check_network(call: Call, share: Share, body: Any, network_id: str) -> None:
        if body.share_network_id and not call.at_least(NETWORK_SINCE):
            raise refusals.Refused(
                "'share_network_id' option is not supported by this microversion. Use 2.72 or greater microversion "
                "to be able to use 'share_network_id'."
            )
        if not network_id:
            return
        network = await call.tx.get(ShareNetwork, network_id)
        if network is None:
            raise refusals.NoShareNetworkWithId(id=network_id)
        check_active(network)
        own = await call.tx.get(ShareNetwork, share.share_network_id) if share.share_network_id else None
        if own is not None and set(own.security_service_ids) != set(network.security_service_ids):
            raise refusals.InvalidInput(why="Share and its replica can't be in different authentication domains")
        subnets = await call.tx.query(ShareNetworkSubnet, share_network_id=network_id)
        zone = body.availability_zone
        if zone and zone == ZONE and not any(one.availability_zone in ("", zone) for one in subnets):
            raise refusals.Refused(
                "Share replica cannot be created because the share network is not available within the specified "
                "availability zone."
            )

    async def _check_last(self, call: Call, replica: ShareInstance) -> None:
        others = await self._of_share(call, replica.share_id)
        if replica.replica_state == ACTIVE and sum(one.replica_state == ACTIVE for one in others) == 1:
            raise refusals.ReplicationRefused(why="Cannot delete last active replica")

    @staticmethod
    async def _drop(call: Call, replica: ShareInstance, row: str) -> None:
        if replica.host:
            await REPLICAS.begin(call, copy_of(replica), row)
        else:
            await gone(call, replica)


async def count(call: Call, share_id: str) -> None:
    """Whether a share has replicas beside its main instance."""
    share = await call.tx.edit(Share, share_id)
    found = [one for one in await call.tx.query(ShareInstance, share_id=share_id) if one.replica_state]
    share.has_replicas = len(found) > 1
    await call.tx.put(share)


async def gone(call: Call, replica: ShareInstance) -> None:
    """A replica is deleted, with what it took of the quota."""
    share = await call.tx.get(Share, replica.share_id)
    await export_locations.forget(call, replica.id)
    await drop_instances(call, replica.id)
    await call.tx.delete(ShareInstance, replica.id)
    if share is not None and replica.replica_state:
        await quotas.give(
            call, share.project_id, share.user_id, share.share_type_id, share_replicas=1, replica_gigabytes=share.size
        )
        await count(call, share.id)


@REPLICAS.on("create")
async def _created(call: Call, replica: ShareInstance) -> None:
    """A replica is on another back end of the same domain than the others; without one it is in error."""
    share = await call.tx.get(Share, replica.share_id)
    assert share is not None
    kind = await call.tx.get(StoredShareType, share.share_type_id)
    others = [one.host for one in await call.tx.query(ShareInstance, share_id=share.id) if not one.main]
    taken = [one for one in (share.host, *others) if one]
    specs = dict(kind.extra_specs) if kind is not None else {}
    found = await backends.choose(call, specs, share.size, without=taken)
    if found is None:
        replica.status, replica.replica_state = ERROR, ERROR
        await call.service(Messages).tell(call, "SHARE_REPLICA", replica, "allocate", "no_host")
        return
    replica.host, replica.availability_zone = found.pool, ZONE
    replica.status, replica.replica_state, replica.progress = AVAILABLE, IN_SYNC, "100%"
    if found.serves and replica.share_network_id:
        replica.share_server_id = (await serve(call, replica.share_network_id, found)).id
    await export_locations.make(call, share, replica.id, replica.share_server_id)


@REPLICAS.on("delete", "force_delete")
async def _deleted(call: Call, replica: ShareInstance) -> None:
    await gone(call, replica)


@REPLICAS.on("resync")
async def _synced(call: Call, replica: ShareInstance) -> None:
    replica.replica_state = IN_SYNC


@REPLICAS.on("promote")
async def _promoted(call: Call, replica: ShareInstance) -> None:
    """The replica is the share's main instance now, and what was that is a replica in sync."""
    share = await call.tx.edit(Share, replica.share_id)
    old = await call.tx.edit(ShareInstance, share.instance_id)
    before = shown_instance(share, old)
    for field in SAME:
        assign(old, field, getattr(before, field) or None)
        assign(share, field, getattr(replica, field) or None)
        replica.ClearField(field)
    old.main, old.replica_state, old.status = False, IN_SYNC, AVAILABLE
    old.cast_rules_to_readonly = share.replication_type == "readable"
    replica.main, replica.replica_state, replica.cast_rules_to_readonly = True, ACTIVE, False
    share.instance_id, share.status = replica.id, AVAILABLE
    await call.tx.put(old)
    await call.tx.put(share)


METADATA = Collection("share_instance", "metadata", check=check_given_metadata, missing=no_such_item)


class ReplicaMetadata(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["ReplicaMetadata"]
