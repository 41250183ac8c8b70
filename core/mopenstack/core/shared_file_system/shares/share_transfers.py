"""Transfers of shares to other projects. Source: manila/transfer/api.py."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import Any

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.shared_file_system import quotas
from mopenstack.core.shared_file_system.base import (
    AVAILABLE,
    ManilaResource,
    all_projects,
    assign,
    boolean,
    given,
    is_uuid,
)
from mopenstack.core.shared_file_system.shares.shares import own
from mopenstack.core.store.transaction import copy_of
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.shares import share_transfers_pb2 as pb2
from mopenstack.shared_file_system.v2.shares.access_rules_pb2 import AccessRule
from mopenstack.shared_file_system.v2.shares.share_instances_pb2 import ShareInstance
from mopenstack.shared_file_system.v2.shares.share_transfers_pb2 import ShareTransfer
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share
from mopenstack.shared_file_system.v2.snapshots.snapshots_pb2 import Snapshot
from mopenstack.shared_file_system.v2.types.share_types_pb2 import StoredShareType

LIFETIME = 300
"""manila.conf's transfer_retention_time, in seconds."""
HEX = "0123456789abcdef"
AWAITING = "awaiting_transfer"


def _hash(salt: str, key: str) -> str:
    return hmac.new(salt.encode(), key.encode(), hashlib.sha256).hexdigest()


class ShareTransfers(ManilaResource[ShareTransfer]):
    service = pb2.DESCRIPTOR.services_by_name["ShareTransfers"]
    message = ShareTransfer
    not_found = refusals.TransferNotFound
    sort_refusal = "Invalid sort key {key}"

    async def create_share_transfer(self, call: Call, request: pb2.CreateShareTransferRequest) -> Result:
        body = request.transfer
        if not body.share_id:
            raise refusals.Refused("Must supply 'share_id' attribute.")
        if not is_uuid(body.share_id):
            raise refusals.Refused("The 'share_id' attribute must be a uuid.")
        share = await _offered(call, body.share_id)
        if len(body.name) > 255:
            raise refusals.Refused("Error writing field to database.")
        new = copy_of(share)
        new.status = AWAITING
        await call.tx.put(new)
        key, salt = call.ids.word(16, HEX), call.ids.word(8, HEX)
        made = ShareTransfer(resource_type="share", resource_id=share.id, salt=salt, key_hash=_hash(salt, key))
        made.source_project_id = made.project_id = share.project_id
        assign(made, "name", body.name.strip() if body.HasField("name") else None)
        call.stamp(made.expires_at, call.time + LIFETIME)
        kept = copy_of(await self.insert(call, made))
        kept.auth_key = key
        return pb2.CreatedShareTransferResponse(transfer=kept)

    async def accept_share_transfer(self, call: Call, request: pb2.AcceptShareTransferRequest) -> Result:
        body, id = request.accept, request.transfer_id
        if not body.auth_key:
            raise refusals.Refused("Must supply 'auth_key' while accepting a share transfer.")
        clear = given(body.clear_access_rules)
        clears = bool(clear) and boolean(clear, f"Invalid boolean clear_access_rules : {clear}")
        transfer = await call.tx.get(ShareTransfer, id)
        if transfer is None or transfer.accepted:
            raise refusals.TransferToAcceptNotFound(id=id)
        if not hmac.compare_digest(_hash(transfer.salt, body.auth_key), transfer.key_hash):
            raise refusals.InvalidAuthKey(why=f"Attempt to transfer {id} with invalid auth key.")
        if await call.tx.get(Share, transfer.resource_id) is None:
            raise refusals.ShareNotThere()
        if await call.tx.get(Share, transfer.resource_id) is None:
            raise refusals.ShareNotThere()
        share = await call.tx.edit(Share, transfer.resource_id)
        if share.status != AWAITING:
            raise refusals.InvalidShare(why=f"Transfer {id}: share id {share.id} expected in {AWAITING} state")
        await self._check_type(call, share)
        await quotas.check_size(call, call.caller.project_id, share.size)
        await _move(call, share)
        if clears:
            for rule in await call.tx.query(AccessRule, share_id=share.id):
                await call.tx.delete(AccessRule, rule.id)
        share.status = AVAILABLE
        await call.tx.put(share)
        await call.tx.delete(ShareTransfer, id)
        return EMPTY

    async def delete_share_transfer(self, call: Call, request: pb2.ShareTransferRequest) -> Result:
        transfer = call.target
        if await call.tx.get(Share, transfer.resource_id) is None:
            raise refusals.ShareNotThere()
        share = await call.tx.edit(Share, transfer.resource_id)
        if share.status != AWAITING:
            raise refusals.InvalidShare(why=f"Transfer {transfer.id}: share id {share.id} expected in {AWAITING} state")
        share.status = AVAILABLE
        await call.tx.put(share)
        await self.discard(call, transfer)
        return EMPTY

    async def candidates(self, call: Call, query: common.Query) -> Iterable[ShareTransfer]:
        if call.caller.is_admin and all_projects(query):
            return await call.tx.scan(ShareTransfer)
        return await call.tx.query(ShareTransfer, source_project_id=call.caller.project_id)

    @staticmethod
    async def _check_type(call: Call, share: Share) -> None:
        kind = await call.tx.get(StoredShareType, share.share_type_id) if share.share_type_id else None
        if kind is not None and not kind.is_public and call.caller.project_id not in kind.projects:
            raise refusals.InvalidShare(
                why=f"Share type of share {share.id} is not public, and current project can not access the share type "
            )


async def _offered(call: Call, id: str) -> Share:
    """A share that may be offered."""
    share = await call.tx.get(Share, id)
    mine = share is not None and (call.caller.is_admin or share.project_id == call.caller.project_id)
    if share is None or not (mine or share.is_public):
        raise refusals.InvalidShare(why="Share specified was not found")
    own(call, share, "share_transfer:create")
    if share.mount_point_name.startswith(share.project_id) and share.mount_point_name:
        raise refusals.Refused(
            f"Share share-{share.id} has a custom mount_point_name {share.mount_point_name}. This has the project_id "
            "encoded in it. Transferring such a share isn't supported"
        )
    if share.status != AVAILABLE:
        raise refusals.InvalidShare(why="Share's status must be available")
    if share.share_network_id:
        raise refusals.InvalidShare(why="Shares exported over share networks cannot be transferred")
    if share.share_group_id:
        raise refusals.InvalidShare(why="Shares within share groups cannot be transferred")
    if share.has_replicas:
        raise refusals.InvalidShare(why="Shares with replicas cannot be transferred")
    for snapshot in await call.tx.query(Snapshot, share_id=share.id):
        if snapshot.status != AVAILABLE:
            raise refusals.InvalidSnapshot(why=f"Snapshot: {snapshot.id} status must be available")
    return share


async def _move(call: Call, share: Share) -> None:
    """The share and all that is its own become the caller's project's, within its quota."""
    giver, taker = (share.project_id, share.user_id), (call.caller.project_id, call.caller.user_id)
    snapshots = await call.tx.query(Snapshot, share_id=share.id)
    units = {"shares": 1, "gigabytes": share.size}
    if snapshots:
        units |= {"snapshots": len(snapshots), "snapshot_gigabytes": sum(one.size for one in snapshots)}
    await quotas.take(call, taker[0], taker[1], share.share_type_id, **units)
    await quotas.give(call, giver[0], giver[1], share.share_type_id, **units)
    share.project_id, share.user_id = taker
    for message in (Snapshot, ShareInstance, AccessRule):
        found: Sequence[Any] = await call.tx.query(message, share_id=share.id)
        for one in found:
            moved: Any = await call.tx.edit(message, one.id)
            moved.project_id = share.project_id
            if hasattr(moved, "user_id"):
                moved.user_id = share.user_id
            await call.tx.put(moved)
