"""Extra specs of flavors. Source: nova/api/openstack/compute/flavors_extraspecs.py."""

from __future__ import annotations

from typing import Any

from google.protobuf.struct_pb2 import Struct, Value

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.flavors import flavor_extra_specs_pb2 as pb
from mopenstack.compute.v2.flavors.flavors_pb2 import Flavor
from mopenstack.contract.faults import InvalidField
from mopenstack.contract.patterns import exact
from mopenstack.contract.values import plain, plain_struct
from mopenstack.core.compute.flavors.extra_specs import check_extra_spec
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.servicer import Result, Servicer

_KEY = r"^[a-zA-Z0-9-_:. ]{1,255}$"
_VALUE_MAX = 255


def _missing(call: Call, flavor: Flavor, key: str) -> refusals.FlavorExtraSpecsNotFound:
    return refusals.FlavorExtraSpecsNotFound(flavor_id=flavor.id, key=key)


EXTRA_SPECS = Collection("flavor", "extra_specs", missing=_missing, touches=False)


class FlavorExtraSpecs(Servicer):
    """Writes: values may be numbers, which are stored as strings and shown as they were given."""

    service = pb.DESCRIPTOR.services_by_name["FlavorExtraSpecs"]

    async def check_request(self, call: Call, request: Any) -> None:
        if isinstance(request, pb.CreateFlavorExtraSpecsRequest):
            _check(call, request.extra_specs, ("extra_specs",))
        elif isinstance(request, pb.UpdateFlavorExtraSpecRequest):
            if len(request.extra_spec.fields) > 1:
                raise InvalidField((), plain_struct(request.extra_spec), "max_properties", 1)
            _check(call, request.extra_spec, ())
            if request.key not in request.extra_spec.fields:
                raise refusals.ExtraSpecMismatch()

    async def create_flavor_extra_specs(self, call: Call, request: pb.CreateFlavorExtraSpecsRequest) -> Result:
        await _merge(call, request.extra_specs)
        return pb.FlavorExtraSpecsValues(extra_specs=request.extra_specs)

    async def update_flavor_extra_spec(self, call: Call, request: pb.UpdateFlavorExtraSpecRequest) -> Result:
        await _merge(call, request.extra_spec)
        return pb.FlavorExtraSpecValue(extra_spec=request.extra_spec)


async def _merge(call: Call, given: Struct) -> None:
    """Add the extra specs to the target's."""
    changed = await call.tx.edit(Flavor, call.target.id)
    for name, value in given.fields.items():
        changed.extra_specs[name] = _text(value) or ""
    await call.tx.put(changed)


def _check(call: Call, given: Struct, path: tuple[str, ...]) -> None:
    """Names and values after parameter_types.metadata_with_number; since 2.86 also what Nova knows of them."""
    for name, value in given.fields.items():
        if exact(_KEY).search(name) is None:
            raise InvalidField(path, plain_struct(given), "pattern_properties", (name, _KEY))
        text = _text(value)
        if text is None:
            raise InvalidField((*path, name), plain(value), "type", ["string", "number"])
        if len(text) > _VALUE_MAX:
            raise InvalidField((*path, name), text, "max_length", _VALUE_MAX)
        if call.at_least(86):
            check_extra_spec(name, text)


def _text(value: Value) -> str | None:
    """A value as a string; None: it is neither a string nor a number."""
    found = plain(value)
    return str(found) if isinstance(found, str | int | float) and not isinstance(found, bool) else None
