"""Transfers of volumes between projects. Source: cinder/transfer/api.py, api/v3/volume_transfer.py."""

from __future__ import annotations

from typing import Any

from google.protobuf.struct_pb2 import Value

from mopenstack.contract.values import plain
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.store.transaction import copy_of
from mopenstack.core.volume.base import CinderResource, assign, text
from mopenstack.core.volume.quotas import quotas
from mopenstack.core.volume.volumes.lifecycle import VOLUMES
from mopenstack.core.volume.volumes.volumes import Volumes
from mopenstack.volume.v3.refusals import InvalidAuthKey, InvalidSnapshot, InvalidVolume, TransferNotFound
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.volumes import transfers_pb2 as pb2
from mopenstack.volume.v3.volumes.transfers_pb2 import Transfer
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

ENCRYPTED_SINCE = 70
KEY_LENGTH = 16
HEX = "0123456789abcdef"


class Transfers(CinderResource[Transfer]):
    service = pb2.DESCRIPTOR.services_by_name["Transfers"]
    message = Transfer
    not_found = TransferNotFound
    resource = "volume"
    simple = ("name", "volume_id")

    create_volume_transfer = CinderResource.create

    async def prepare(self, call: Call, obj: Transfer, request: Any, given: set[str]) -> None:
        volume = copy_of(await call.service(Volumes).fetch(call, obj.volume_id))
        action = VOLUMES.check(call, volume, "transfer")
        if volume.encrypted:
            self._check_encrypted(call, obj.no_snapshots)
        if not obj.no_snapshots:
            for snapshot in await call.tx.query(Snapshot, volume_id=volume.id):
                if snapshot.status != Snapshot.AVAILABLE:
                    raise InvalidSnapshot(why=f"snapshot: {snapshot.id} status must be available")
        volume.status = action.interim
        await call.service(Volumes).save(call, volume)
        obj.source_project_id = obj.project_id = volume.project_id
        obj.auth_key = call.ids.word(KEY_LENGTH, HEX)
        assign(obj, "name", text(request.transfer, "name"))

    async def accept_transfer(self, call: Call, request: pb2.AcceptTransferRequest) -> Result:
        """The volume becomes the caller's, with its snapshots if they were promised; the transfer is gone."""
        transfer = await call.tx.get(Transfer, request.transfer_id)
        if transfer is None:
            raise TransferNotFound(id=request.transfer_id)
        if _key(request.accept.auth_key) != transfer.auth_key:
            raise InvalidAuthKey(why=f"Attempt to transfer {transfer.id} with invalid auth key.")
        volume = await call.tx.edit(Volume, transfer.volume_id)
        if volume.consistencygroup_id:
            raise InvalidVolume(why=f"Volume {volume.id} must not be part of a consistency group.")
        await quotas.check_size(call, call.caller.project_id, volume.size)
        await self._move(call, volume, quotas.units(volume.volume_type, volumes=1, gigabytes=volume.size))
        volume.status = Volume.AVAILABLE
        await call.service(Volumes).save(call, volume)
        if not transfer.no_snapshots:
            for found in await call.tx.query(Snapshot, volume_id=volume.id):
                snapshot = copy_of(found)
                await self._move(call, snapshot, quotas.units(volume.volume_type, snapshots=1, gigabytes=snapshot.size))
                await call.tx.put(snapshot)
        await call.tx.delete(Transfer, transfer.id)
        return transfer

    async def remove(self, call: Call, obj: Transfer) -> None:
        volume = await call.tx.get(Volume, obj.volume_id)
        if volume is not None and volume.status == Volume.AWAITING_TRANSFER:
            changed = copy_of(volume)
            changed.status = Volume.AVAILABLE
            await call.service(Volumes).save(call, changed)

    @staticmethod
    def _check_encrypted(call: Call, no_snapshots: bool) -> None:
        """Only the newer of the two collections, and only with the snapshots, moves an encrypted volume."""
        newer = call.operation is not None and call.operation.method == "CreateVolumeTransfer"
        if not (newer and call.at_least(ENCRYPTED_SINCE)):
            raise InvalidVolume(why="transferring encrypted volume is not supported")
        if no_snapshots:
            raise InvalidVolume(why="transferring an encrypted volume without its snapshots is not supported")

    @staticmethod
    async def _move(call: Call, obj: Any, units: dict[str, int]) -> None:
        """Take the quota of the new owner, give the old one's back, and change the owner."""
        await quotas.take(call, call.caller.project_id, units)
        await quotas.give(call, obj.project_id, units)
        obj.project_id, obj.user_id = call.caller.project_id, call.caller.user_id


def _key(value: Value) -> str:
    """The key as text; cinder takes an integer too."""
    return str(plain(value))
