"""QoS types, and their specs. Source: manila/api/v2/qos_types.py, qos_type_specs.py."""

from __future__ import annotations

from typing import Any, ClassVar

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.shared_file_system.base import ManilaResource
from mopenstack.core.shared_file_system.types.extra_specs import check_keys, check_one, check_specs
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share
from mopenstack.shared_file_system.v2.types import qos_types_pb2 as pb2
from mopenstack.shared_file_system.v2.types.qos_types_pb2 import QosType

NO_NAME = "QoS Type must have name. Name will be used as template by backend drivers to create QoS policy name."


class QosTypes(ManilaResource[QosType]):
    service = pb2.DESCRIPTOR.services_by_name["QosTypes"]
    message = QosType
    not_found = refusals.QosTypeNotFound
    own_filters: ClassVar[tuple[str, ...] | None] = ("name", "name~", "description~", "description")

    async def prepare(self, call: Call, obj: QosType, request: Any, given: set[str]) -> None:
        if not obj.name:
            raise refusals.Refused(NO_NAME)
        if await call.tx.query(QosType, name=obj.name):
            raise refusals.QosTypeExists(name=obj.name)
        check_specs(obj.specs, "spec")

    async def remove(self, call: Call, obj: QosType) -> None:
        if any(one.qos_type_id == obj.id for one in await call.tx.scan(Share)):
            raise refusals.QosTypeInUse(id=obj.id)


class QosTypeSpecs(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["QosTypeSpecs"]

    async def set_qos_type_spec(self, call: Call, request: pb2.SetQosTypeSpecRequest) -> Result:
        check_one(request.key, request.specs, ".")
        check_specs(request.specs, "spec")
        kept = await call.tx.edit(QosType, call.target.id)
        kept.specs.update(request.specs)
        await call.tx.put(kept)
        return pb2.QosSpecResponse(specs=dict(request.specs))


async def _add(call: Call, kept: QosType, before: Any, request: pb2.AddQosTypeSpecsRequest) -> None:
    check_specs(request.specs, "spec")
    check_keys(request.specs)


def _missing(call: Call, kept: QosType, key: str) -> Fault:
    if call.operation is not None and call.operation.method.startswith("Get"):
        return refusals.AnyNotFound()
    return refusals.QosSpecNotFound()


SPECS = Collection("qos_type", "specs", added=_add, missing=_missing, touches=False)
