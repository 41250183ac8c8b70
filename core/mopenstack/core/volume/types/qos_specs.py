"""QoS specs and their associations with volume types.

Source: cinder/api/contrib/qos_specs_manage.py, cinder/volume/qos_specs.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.contract.faults import BadRequest, Fault
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.store.transaction import copy_of
from mopenstack.core.volume.base import NAME_MAX, CinderResource, boolean
from mopenstack.core.volume.types.types import Types
from mopenstack.volume.v3.refusals import (
    InvalidName,
    InvalidQoSSpecs,
    InvalidVolumeType,
    QoSSpecsExists,
    QoSSpecsKeyNotFound,
    QoSSpecsNotFound,
)
from mopenstack.volume.v3.types import qos_specs_pb2 as pb2
from mopenstack.volume.v3.types.qos_specs_pb2 import QosSpec
from mopenstack.volume.v3.types.types_pb2 import VolumeType

CONSUMERS = ("front-end", "back-end", "both")
BAD_CONSUMER = (
    "Valid consumer of QoS specs are: QoSConsumerValues(default=<class 'oslo_versionedobjects.fields."
    "UnspecifiedDefault'>,nullable=False,valid_values=('back-end', 'front-end', 'both'))"
)


class QosSpecs(CinderResource[QosSpec]):
    service = pb2.DESCRIPTOR.services_by_name["QosSpecs"]
    message = QosSpec
    not_found = QoSSpecsNotFound
    simple = ("id", "name", "consumer")

    async def delete(self, call: Call, request: pb2.DeleteQosSpecsRequest) -> Result:
        associated = await self._associated(call, call.target.id)
        if associated and not boolean("force", request.force):
            raise BadRequest("Qos specs still in use.")
        await self._disassociate(call, associated)
        return await super().delete(call, request)

    # -- hooks

    async def check_request(self, call: Call, request: Any) -> None:
        if isinstance(request, pb2.DeleteQosSpecsRequest):
            boolean("force", request.force)

    async def prepare(self, call: Call, obj: QosSpec, request: Any, given: set[str]) -> None:
        obj.name = obj.name.strip()
        if not obj.name:
            raise InvalidName(why="The 'name' can not be empty.")
        if len(obj.name) > NAME_MAX:
            raise InvalidName(why="The 'name' can not be greater than 255 characters.")
        obj.consumer = obj.consumer or "back-end"
        _check_consumer(obj.consumer)
        if await self.by_name(call, obj.name) is not None:
            raise QoSSpecsExists(id=obj.name)

    async def answer(self, call: Call, obj: QosSpec, request: Any) -> Result:
        """Its links are beside the object."""
        return pb2.QosSpecsResponse(qos_specs=obj)

    # -- associations with volume types

    async def list_qos_specs_associations(self, call: Call, request: pb2.GetQosSpecsRequest) -> Result:
        associated = await self._associated(call, call.target.id)
        association = pb2.QosSpecsAssociationsResponse.Association
        return pb2.QosSpecsAssociationsResponse(
            qos_associations=[
                association(association_type="volume_type", name=item.name, id=item.id) for item in associated
            ]
        )

    async def associate_qos_specs(self, call: Call, request: pb2.AssociateQosSpecsRequest) -> Result:
        changed = await self._type(call, request)
        if changed.qos_specs_id and changed.qos_specs_id != request.qos_id:
            raise InvalidVolumeType(
                why=f"Type {changed.id} is already associated with another qos specs: {changed.qos_specs_id}"
            )
        changed.qos_specs_id = request.qos_id
        await call.tx.put(changed)
        return EMPTY

    async def disassociate_qos_specs(self, call: Call, request: pb2.AssociateQosSpecsRequest) -> Result:
        await self._disassociate(call, [await self._type(call, request)])
        return EMPTY

    async def disassociate_all_qos_specs(self, call: Call, request: pb2.GetQosSpecsRequest) -> Result:
        await self._disassociate(call, await self._associated(call, call.target.id))
        return EMPTY

    async def _type(self, call: Call, request: pb2.AssociateQosSpecsRequest) -> VolumeType:
        """A private copy of the type that the query names."""
        if not request.vol_type_id:
            raise BadRequest("Volume Type id must not be None.")
        await self.fetch(call, request.qos_id)
        return copy_of(await call.service(Types).fetch(call, request.vol_type_id))

    @staticmethod
    async def _associated(call: Call, id: str) -> list[VolumeType]:
        return await call.tx.query(VolumeType, qos_specs_id=id)

    @staticmethod
    async def _disassociate(call: Call, types: list[Any]) -> None:
        for item in types:
            changed = copy_of(item)
            changed.ClearField("qos_specs_id")
            await call.tx.put(changed)


async def _change(call: Call, qos: QosSpec, before: Mapping[str, str], request: Any) -> None:
    """`consumer` is a key like any other in the request, and a field of its own in the resource."""
    if "consumer" in qos.specs:
        qos.consumer = qos.specs.pop("consumer")
        _check_consumer(qos.consumer)


def _missing(call: Call, qos: QosSpec, key: str) -> Fault:
    return QoSSpecsKeyNotFound(id=qos.id, key=key)


def _check_consumer(consumer: str) -> None:
    if consumer not in CONSUMERS:
        raise InvalidQoSSpecs(why=BAD_CONSUMER)


SPECS = Collection("qos_specs", "specs", change=_change, missing=_missing)
