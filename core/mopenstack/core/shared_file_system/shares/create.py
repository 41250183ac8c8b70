"""The creation of shares: what a request must be, and where a share is put. Source: `API.create` of "
"manila/share/api.py."""

from __future__ import annotations

import re
from typing import Any

from mopenstack.contract.values import plain_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.shared_file_system import backends, quotas
from mopenstack.core.shared_file_system.base import (
    AVAILABLE,
    CREATING,
    ERROR,
    ZONE,
    assign,
    boolean,
    check_metadata,
    check_text,
    given,
    is_uuid,
    text,
)
from mopenstack.core.shared_file_system.networks.servers import serve
from mopenstack.core.shared_file_system.networks.states import check_active
from mopenstack.core.shared_file_system.services.messages import Messages
from mopenstack.core.shared_file_system.shares import cephfs, export_locations
from mopenstack.core.shared_file_system.shares.states import SHARES
from mopenstack.core.shared_file_system.types.share_types import BOOLEANS, SERVERS, ShareTypes, truth
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.groups.share_groups_pb2 import ShareGroup
from mopenstack.shared_file_system.v2.networks.share_network_subnets_pb2 import ShareNetworkSubnet
from mopenstack.shared_file_system.v2.networks.share_networks_pb2 import ShareNetwork
from mopenstack.shared_file_system.v2.shares.share_instances_pb2 import ShareInstance
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share, ShareCreate
from mopenstack.shared_file_system.v2.snapshots.snapshots_pb2 import Snapshot
from mopenstack.shared_file_system.v2.types.qos_types_pb2 import QosType
from mopenstack.shared_file_system.v2.types.share_types_pb2 import StoredShareType

NOWHERE = "nowhere"
"""The host of a share that no back end suits."""
FROM_SNAPSHOT_SINCE, ZONES_SINCE = 24, 48
LABEL = re.compile(r"[a-zA-Z0-9_-]{0,255}")


async def planned(call: Call, body: ShareCreate, paths: set[str]) -> Share:
    """The share that a request asks for, with its quota taken; raises what Manila refuses, in its order."""
    if "is_public" in paths and boolean(given(body.is_public)) and not call.caller.is_admin:
        raise refusals.PublicShareForbidden()
    name, description = text(body, "name", "display_name"), text(body, "description", "display_description")
    check_text(name, "name")
    check_text(description, "description")
    if not body.HasField("share_proto") or "size" not in paths:
        raise refusals.Refused("A share needs a share_proto and a size.")
    zone = body.availability_zone
    if zone and zone != ZONE:
        raise refusals.AvailabilityZoneNotFound(id=zone)
    group = await _group(call, body)
    zone = group.availability_zone if group is not None else zone
    snapshot = await find_snapshot(call, body.snapshot_id) if body.snapshot_id else None
    parent = await call.tx.get(Share, snapshot.share_id) if snapshot is not None else None
    network_id = body.share_network_id
    if parent is not None and snapshot is not None:
        network_id = _network_of_parent(call, network_id, parent, snapshot)
    if network_id:
        await _check_network(call, network_id, zone)
    if "share_type" in paths and "volume_type" in paths:
        raise refusals.Refused("Cannot specify both share_type and volume_type")
    kind = await _type(call, body.share_type or body.volume_type, snapshot)
    _check_servers(body, kind, network_id, snapshot, group)
    if call.at_least(ZONES_SINCE) and kind is not None:
        zones = kind.extra_specs.get("availability_zones", "")
        if zone and zones and zone not in zones.split(","):
            asked_for = body.share_type or body.volume_type or kind.name
            raise refusals.Refused(
                f"Share type {asked_for} is not supported within the availability zone chosen {zone}."
            )
    await _check_encryption(body, kind)
    qos = await _qos(call, kind)
    share = Share(metadata=dict(body.metadata), share_proto=body.share_proto.upper(), status=CREATING)
    check_metadata(body.metadata)
    share.size = _size(body, snapshot, kind)
    if parent is not None and kind is not None and kind.id != parent.share_type_id:
        raise refusals.InvalidInput(
            why="Invalid share type specified: the requested share type must match the type of the source share. If a "
            "share type is not specified when requesting a new share from a snapshot, the share type of the source "
            "share will be applied to the new share"
        )
    if parent is not None and kind is None:
        kind = await call.tx.get(StoredShareType, parent.share_type_id)
    if share.share_proto not in backends.KNOWN_PROTOCOLS:
        raise refusals.InvalidInput(
            why=f"Invalid share protocol provided: {share.share_proto}. It is either disabled or unsupported. "
            f"Available protocols: {list(backends.KNOWN_PROTOCOLS)}"
        )
    await quotas.check_size(call, call.caller.project_id, share.size)
    describe(share, kind)
    assign(share, "mount_point_name", _mount_point(call, body, kind))
    if body.encryption_key_ref and not is_uuid(body.encryption_key_ref):
        raise refusals.InvalidInput(why="Encryption key ref is not valid UUID")
    _check_group(share, group, network_id)
    assign(share, "name", name)
    assign(share, "description", description)
    share.is_public = "is_public" in paths and boolean(given(body.is_public))
    share.user_id, share.project_id = call.caller.user_id, call.caller.project_id
    for field, value in (
        ("snapshot_id", body.snapshot_id),
        ("share_network_id", network_id),
        ("share_group_id", body.share_group_id),
        ("encryption_key_ref", body.encryption_key_ref),
        ("qos_type_id", qos.id if qos is not None else ""),
        ("availability_zone", zone or (parent.availability_zone if parent is not None else "")),
    ):
        assign(share, field, value or None)
    await take_quota(call, share)
    if not call.at_least(ZONES_SINCE):  # the zones of a share type meant nothing then
        backend = await backends.choose(call, kind.extra_specs if kind is not None else {}, share.size)
        share.target_host = backend.pool if backend is not None else ""
    hints = plain_struct(body.scheduler_hints)
    if group is not None and group.host:
        share.target_host = group.host
    elif hints.get("only_host"):
        share.target_host = str(hints["only_host"])
    await _note_hints(call, share, hints)
    return share


async def take_quota(call: Call, share: Share) -> None:
    """The units of a new share, and of its first replica where its type replicates."""
    units = {"shares": 1, "gigabytes": share.size}
    if share.replication_type:
        units |= {"share_replicas": 1, "replica_gigabytes": share.size}
    if share.encryption_key_ref:
        units["encryption_keys"] = 1
    await quotas.take(call, share.project_id, share.user_id, share.share_type_id, **units)


async def find_snapshot(call: Call, id: str) -> Snapshot:
    """A snapshot that the caller may see; raises its not-found."""
    snapshot = await call.tx.get(Snapshot, id)
    if snapshot is None or not (call.caller.is_admin or snapshot.project_id == call.caller.project_id):
        raise refusals.SnapshotNotFound(id=id)
    return snapshot


def describe(share: Share, kind: StoredShareType | None) -> None:
    """What a share has of its type, whatever becomes of the type later."""
    share.access_rules_status = "active"
    specs = dict(kind.extra_specs) if kind is not None else {}
    for key in BOOLEANS:
        setattr(share, key, bool(truth(specs.get(key, "false"))))
    share.mount_point_name_support = bool(truth(specs.get("mount_point_name_support", "false")))
    if kind is None:
        return
    share.share_type_id = kind.id
    share.volume_type = share.share_type_name = share.share_type_name_before = kind.name
    assign(share, "replication_type", specs.get("replication_type"))


async def place(call: Call, share: Share) -> ShareInstance:
    """The main instance of a new share; the scheduler looks for a back end."""
    instance = ShareInstance(id=call.ids.uuid(), share_id=share.id, main=True, project_id=share.project_id)
    call.stamp(instance.created_at)
    if share.replication_type:
        instance.replica_state = "active"
    await call.tx.put(instance, fresh=True)
    edited = await call.tx.edit(Share, share.id)
    edited.instance_id = instance.id
    await call.tx.put(edited)
    await SHARES.enter(call, edited, "create_from_snapshot" if share.snapshot_id else "create")
    return instance


async def built(call: Call, share: Share) -> None:
    """The share is on a back end, or in error with a message that says why."""
    kind = await call.tx.get(StoredShareType, share.share_type_id) if share.share_type_id else None
    specs = dict(kind.extra_specs) if kind is not None else {SERVERS: "False"}
    zones = [one for one in specs.get("availability_zones", "").split(",") if one]
    wanted, share.target_host = share.target_host, ""
    source = await call.tx.get(Snapshot, share.snapshot_id) if share.snapshot_id else None
    parent = await call.tx.get(Share, source.share_id) if source is not None else None
    if parent is not None and parent.host:
        wanted = parent.host
    backend = backends.backend_of(wanted) if wanted else await backends.choose(call, specs, share.size, zones=zones)
    if backend is None:
        share.status = ERROR
        await call.service(Messages).tell(call, "SHARE", share, "allocate", "capabilities")
        return
    share.host, share.availability_zone = backend.pool, ZONE
    if not backends.exports(call, share.share_proto):
        share.status = ERROR
        await call.service(Messages).tell(call, "SHARE", share, "create", "driver")
        return
    if backend.serves and share.share_network_id:
        share.share_server_id = (await serve(call, share.share_network_id, backend, share.encryption_key_ref)).id
    share.status, share.progress = AVAILABLE, "100%"
    if cephfs.is_native(share):
        share.metadata.update(cephfs.MOUNT_OPTIONS)
    await export_locations.make(call, share, share.instance_id, share.share_server_id)


# -- the checks, in their order


async def _group(call: Call, body: ShareCreate) -> ShareGroup | None:
    if not body.share_group_id:
        return None
    group = await call.tx.get(ShareGroup, body.share_group_id)
    if group is None or not (call.caller.is_admin or group.project_id == call.caller.project_id):
        raise refusals.ShareGroupCouldNotBeFound(id=body.share_group_id)
    if body.availability_zone and body.availability_zone != (group.availability_zone or ZONE):
        raise refusals.InvalidInput(
            why=f"Share cannot have AZ ('{body.availability_zone}') different than share group's one "
            f"({group.availability_zone})"
        )
    return group


def _network_of_parent(call: Call, network_id: str, parent: Share, snapshot: Snapshot) -> str:
    if network_id and network_id != parent.share_network_id:
        raise refusals.Refused("Share network ID should be the same as snapshot's parent share's or empty")
    if call.at_least(FROM_SNAPSHOT_SINCE) and not parent.create_share_from_snapshot_support:
        raise refusals.Refused(
            f"A new share may not be created from snapshot '{snapshot.id}', because the snapshot's parent share does "
            "not have that capability."
        )
    return network_id or parent.share_network_id


async def _check_network(call: Call, network_id: str, zone: str) -> None:
    network = await call.tx.get(ShareNetwork, network_id)
    if network is None or not (call.caller.is_admin or network.project_id == call.caller.project_id):
        raise refusals.ShareNetworkNotFound(id=network_id)
    check_active(network)
    subnets = await call.tx.query(ShareNetworkSubnet, share_network_id=network_id)
    if zone and not any(one.availability_zone in ("", zone) for one in subnets):
        raise refusals.Refused("A share network subnet was not found for the requested availability zone.")
    if not subnets:
        raise refusals.Refused(
            "The share network is not supported within any requested availability zone. Check the share type's "
            "'availability_zones' extra-spec and the availability zones of the share network subnets"
        )


async def _type(call: Call, reference: str, snapshot: Snapshot | None) -> StoredShareType | None:
    types = call.service(ShareTypes)
    if reference:
        found = await types.by_name_or_id(call, reference)
        if found is None:
            raise refusals.ShareTypeNotThere()
        return found
    return await types.default(call) if snapshot is None else None


def _check_servers(
    body: ShareCreate,
    kind: StoredShareType | None,
    network_id: str,
    snapshot: Snapshot | None,
    group: ShareGroup | None,
) -> None:
    serves = kind is not None and truth(kind.extra_specs.get(SERVERS, "")) is True
    if serves and not network_id and snapshot is None and group is None:
        raise refusals.Refused("Share network must be set when the driver_handles_share_servers is true.")


async def _check_encryption(body: ShareCreate, kind: StoredShareType | None) -> None:
    if not body.encryption_key_ref or kind is None:
        return
    if kind.extra_specs.get("encryption_support") not in ("share", "share_server"):
        raise refusals.Refused(
            f"Share type {kind.name} extra-specs 'encryption_support' is missing valid value e.g. share, share_server."
        )
    if truth(kind.extra_specs.get(SERVERS, "")) is not True:
        raise refusals.Refused(f"Share type {kind.name} must set dhss=True for share encryption.")


async def _qos(call: Call, kind: StoredShareType | None) -> QosType | None:
    wanted = kind.extra_specs.get("default_qos_type", "") if kind is not None else ""
    if not wanted or kind is None:
        return None
    named = await call.tx.query(QosType, name=wanted)
    found = named[0] if named else await call.tx.get(QosType, wanted)
    if found is None:
        raise refusals.Refused(f"The 'default_qos_type' specified in the share type {kind.name} does not exist.")
    return found


def _size(body: ShareCreate, snapshot: Snapshot | None, kind: StoredShareType | None) -> int:
    size = given(body.size)
    if snapshot is not None and snapshot.status != AVAILABLE:
        raise refusals.InvalidShareSnapshot(why=f"status must be '{AVAILABLE}'")
    if snapshot is not None and not size:
        size = snapshot.size
    whole = str(size)
    if isinstance(size, bool | float) or not re.fullmatch(r"[0-9]{1,9}", whole) or int(whole) <= 0:
        raise refusals.InvalidInput(why=f"Share size '{size}' must be an integer and greater than 0")
    if snapshot is not None and int(whole) < snapshot.size:
        raise refusals.InvalidInput(why=f"Share size '{size}' must be equal or greater than snapshot size")
    check_provisioning(kind, int(whole), "create")
    return int(whole)


def check_provisioning(kind: StoredShareType | None, size: int, operation: str) -> None:
    """Refuse a size outside of what the type allows. Source: share_types.provision_filter_on_size."""
    if kind is None:
        return
    start, end = f"Specified share size of '{size}' is", f"for share type '{kind.name}'"
    least = kind.extra_specs.get("provisioning:min_share_size", "")
    most = kind.extra_specs.get("provisioning:max_share_size", "")
    most_of_admins = kind.extra_specs.get("provisioning:max_share_extend_size", "")
    if operation in ("create", "shrink") and least and size < int(least):
        raise refusals.InvalidInput(why=f"{start} less than the minimum required size of '{least}' {end}")
    if operation in ("create", "extend") and most and size > int(most):
        raise refusals.InvalidInput(why=f"{start} greater than the maximum allowable size of '{most}' {end}")
    if operation == "admin-extend" and most_of_admins and size > int(most_of_admins):
        raise refusals.InvalidInput(
            why=f"{start} greater than the maximum allowable extend size of '{most_of_admins}' {end}"
        )


def _mount_point(call: Call, body: ShareCreate, kind: StoredShareType | None) -> str | None:
    return mount_point(call, body.mount_point_name, kind) if body.HasField("mount_point_name") else None


def mount_point(call: Call, name: str, kind: StoredShareType | None) -> str:
    """The name of the place where a share is mounted, behind the prefix of its type."""
    specs = dict(kind.extra_specs) if kind is not None else {}
    if truth(specs.get("mount_point_name_support", "false")) is not True:
        raise refusals.InvalidInput(
            why=f"Setting a mount point name is not supported by the share type used: {kind.id if kind else None}."
        )
    prefix = specs.get("provisioning:mount_point_prefix", "{project_id}_")
    full = f"{prefix}{name}".replace("{project_id}", call.caller.project_id)
    if LABEL.fullmatch(full) is None:
        raise refusals.InvalidInput(f"Invalid mount_point_name: {full}")
    return full


def _check_group(share: Share, group: ShareGroup | None, network_id: str) -> None:
    if group is None:
        return
    if group.status != AVAILABLE:
        raise refusals.Refused(f"Share group status must be {AVAILABLE}, got {group.status}.")
    if share.share_type_id and share.share_type_id not in group.share_types:
        raise refusals.Refused(
            f"The specified share type ({share.share_type_id}) is not supported by the specified share group "
            f"({group.id})."
        )
    if group.share_network_id != network_id:
        raise refusals.Refused(
            f"The specified share network ({network_id or None}) is not supported by the specified share group "
            f"({group.id})."
        )


async def _note_hints(call: Call, share: Share, hints: dict[str, Any]) -> None:
    """Shares that want, or do not want, to be on one back end remember each other."""
    for hint, key in (("same_host", "__affinity_same_host"), ("different_host", "__affinity_different_host")):
        ids = [one for one in str(hints.get(hint) or "").split(",") if one]
        for id in ids:
            if not is_uuid(id):
                raise refusals.Refused(f"{id} is not a valid uuid.")
            other = await call.tx.get(Share, id)
            if other is None or not (call.caller.is_admin or other.project_id == call.caller.project_id):
                raise refusals.ShareOfSnapshotNotFound(id=id)
        if ids:
            share.id = share.id or call.ids.uuid()
            share.metadata[key] = ",".join(ids)
        for id in ids:
            edited = await call.tx.edit(Share, id)
            known = edited.metadata.get(key, "")
            edited.metadata[key] = ",".join([*([known] if known else []), share.id])
            await call.tx.put(edited)
            if hint == "same_host":
                share.target_host = edited.host
        if ids and hint == "different_host":
            together = share.target_host
            taken = [(await call.tx.get(Share, id)).host for id in ids]  # type: ignore[union-attr]  # looked for above
            kind = await call.tx.get(StoredShareType, share.share_type_id)
            found = await backends.choose(call, kind.extra_specs if kind else {}, share.size, without=taken)
            share.target_host = found.pool if found is not None else NOWHERE
            if hints.get("same_host"):
                share.target_host = together if together not in taken else NOWHERE
