"""Extra specs of flavors. Source: nova/api/openstack/compute/flavors_extraspecs.py."""

from __future__ import annotations

import re

from google.protobuf.struct_pb2 import Struct, Value

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.flavors import flavor_extra_specs_pb2 as pb
from mopenstack.compute.v2.flavors import flavors_pb2
from mopenstack.contract.faults import InvalidField
from mopenstack.core.compute.flavors.extra_specs import check_extra_spec
from mopenstack.core.compute.flavors.flavors import Flavors
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer

_KEY = r"^[a-zA-Z0-9-_:. ]{1,255}$"
_KEY_PATTERN = re.compile(_KEY)
_VALUE_MAX = 255


class FlavorExtraSpecs(Servicer):
    service = pb.DESCRIPTOR.services_by_name["FlavorExtraSpecs"]

    async def list_flavor_extra_specs(self, call: Call, request: pb.ListFlavorExtraSpecsRequest) -> Result:
        flavor = await self._flavor(call, request.flavor_id)
        return pb.FlavorExtraSpecsResponse(extra_specs=flavor.extra_specs)

    async def create_flavor_extra_specs(self, call: Call, request: pb.CreateFlavorExtraSpecsRequest) -> Result:
        values = _checked(call, request.extra_specs, ("extra_specs",))
        await self._merge(call, request.flavor_id, values)
        return pb.FlavorExtraSpecsValues(extra_specs=request.extra_specs)

    async def get_flavor_extra_spec(self, call: Call, request: pb.GetFlavorExtraSpecRequest) -> Result:
        flavor = await self._flavor(call, request.flavor_id)
        self._need(flavor, request.key)
        return pb.FlavorExtraSpec(extra_spec={request.key: flavor.extra_specs[request.key]})

    async def update_flavor_extra_spec(self, call: Call, request: pb.UpdateFlavorExtraSpecRequest) -> Result:
        if len(request.extra_spec.fields) > 1:
            raise InvalidField((), _plain(request.extra_spec), "max_properties", 1)
        values = _checked(call, request.extra_spec, ())
        if request.key not in values:
            raise refusals.ExtraSpecMismatch()
        await self._merge(call, request.flavor_id, values)
        return pb.FlavorExtraSpecValue(extra_spec=request.extra_spec)

    async def delete_flavor_extra_spec(self, call: Call, request: pb.DeleteFlavorExtraSpecRequest) -> Result:
        flavor = await self._flavor(call, request.flavor_id)
        self._need(flavor, request.key)
        changed = await call.tx.edit(flavors_pb2.Flavor, flavor.id)
        del changed.extra_specs[request.key]
        await call.tx.put(changed)
        return EMPTY

    async def _flavor(self, call: Call, id: str) -> flavors_pb2.Flavor:
        return await call.service(Flavors).fetch(call, id)

    @staticmethod
    def _need(flavor: flavors_pb2.Flavor, key: str) -> None:
        if key not in flavor.extra_specs:
            raise refusals.FlavorExtraSpecsNotFound(flavor_id=flavor.id, key=key)

    async def _merge(self, call: Call, flavor_id: str, values: dict[str, str]) -> None:
        flavor = await self._flavor(call, flavor_id)
        changed = await call.tx.edit(flavors_pb2.Flavor, flavor.id)
        changed.extra_specs.update(values)
        await call.tx.put(changed)


def _checked(call: Call, given: Struct, path: tuple[str, ...]) -> dict[str, str]:
    """Names and values after parameter_types.metadata_with_number; since 2.86 also what Nova knows of them."""
    values = {}
    for name, value in given.fields.items():
        if _KEY_PATTERN.search(name) is None:
            raise InvalidField(path, _plain(given), "pattern_properties", (name, _KEY))
        text = _text(value)
        if text is None:
            raise InvalidField((*path, name), _plain_value(value), "type", ["string", "number"])
        if len(text) > _VALUE_MAX:
            raise InvalidField((*path, name), text, "max_length", _VALUE_MAX)
        if call.at_least(86):
            check_extra_spec(name, text)
        values[name] = text
    return values


def _text(value: Value) -> str | None:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return value.string_value
    if kind == "number_value":
        number = value.number_value
        return str(int(number)) if number == int(number) else str(number)
    return None


def _plain(struct: Struct) -> dict[str, object]:
    return {key: _plain_value(value) for key, value in struct.fields.items()}


def _plain_value(value: Value) -> object:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _plain(value.struct_value)
    if kind == "list_value":
        return [_plain_value(item) for item in value.list_value.values]
    if kind == "number_value":
        return int(value.number_value) if value.number_value == int(value.number_value) else value.number_value
    return None if kind in (None, "null_value") else getattr(value, kind)
