"""Extra specs of volume types. Source: cinder/api/contrib/types_extra_specs.py."""

from __future__ import annotations

from collections.abc import Mapping

from mopenstack.contract.faults import BadRequest
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.store.transaction import copy_of
from mopenstack.core.volume.types.types import Types
from mopenstack.core.volume.volumes.metadata import SPEC_KEYS, check_metadata, check_single
from mopenstack.volume.v3.refusals import VolumeTypeExtraSpecsNotFound
from mopenstack.volume.v3.types import types_pb2 as pb2
from mopenstack.volume.v3.types.types_pb2 import VolumeType
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume


class TypeExtraSpecs(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["TypeExtraSpecs"]

    async def list_type_extra_specs(self, call: Call, request: pb2.GetTypeRequest) -> Result:
        return pb2.TypeExtraSpecsResponse(extra_specs=await self._shown(call, request.type_id))

    async def create_type_extra_specs(self, call: Call, request: pb2.CreateTypeExtraSpecsRequest) -> Result:
        """Add to the specs and overwrite; the answer repeats the request."""
        await self._write(call, request.type_id, request.extra_specs)
        return pb2.TypeExtraSpecsResponse(extra_specs=request.extra_specs)

    async def get_type_extra_spec(self, call: Call, request: pb2.TypeExtraSpecRequest) -> Result:
        specs = await self._shown(call, request.type_id)
        if request.key not in specs:
            raise VolumeTypeExtraSpecsNotFound(id=request.type_id, key=request.key)
        return pb2.TypeExtraSpecResponse(specs={request.key: specs[request.key]})

    async def update_type_extra_spec(self, call: Call, request: pb2.UpdateTypeExtraSpecRequest) -> Result:
        check_single(request.specs)
        if request.key not in request.specs:
            raise BadRequest("Request body and URI mismatch")
        await self._write(call, request.type_id, request.specs)
        return pb2.TypeExtraSpecResponse(specs=request.specs)

    async def delete_type_extra_spec(self, call: Call, request: pb2.TypeExtraSpecRequest) -> Result:
        await self._refuse_in_use(call, request.type_id)
        found = copy_of(await call.service(Types).fetch(call, request.type_id))
        if request.key not in found.extra_specs:
            raise VolumeTypeExtraSpecsNotFound(id=request.type_id, key=request.key)
        del found.extra_specs[request.key]
        await call.service(Types).save(call, found)
        return EMPTY

    async def _shown(self, call: Call, id: str) -> dict[str, str]:
        types = call.service(Types)
        shown = await types.view(call, await types.fetch(call, id))
        assert isinstance(shown, VolumeType)
        return dict(shown.extra_specs)

    async def _write(self, call: Call, id: str, specs: Mapping[str, str]) -> None:
        check_metadata(specs, "extra_specs", SPEC_KEYS)
        await self._refuse_in_use(call, id)
        found = copy_of(await call.service(Types).fetch(call, id))
        found.extra_specs.update(specs)
        if found.extra_specs.get("multiattach") == found.extra_specs.get("cacheable") == "<is> True":
            raise BadRequest("cacheable cannot be set with multiattach.")
        await call.service(Types).save(call, found)

    @staticmethod
    async def _refuse_in_use(call: Call, id: str) -> None:
        if await call.tx.count(Volume, volume_type_id=id):
            raise BadRequest("Volume Type is currently in use.")
