"""Flavors. Source: nova/api/openstack/compute/flavors.py, nova/objects/flavor.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.flavors import flavors_pb2 as pb
from mopenstack.contract.faults import InvalidField
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import FALSE_WORDS, TRUE_WORDS
from mopenstack.core.engine.servicer import ResourceServicer, Result
from mopenstack.core.store.transaction import Taken

# Nova sorts by the columns of its table; these are their names here.
SORT_KEYS = {
    "created_at": "created_at",
    "description": "description",
    "disabled": "disabled",
    "ephemeral_gb": "ephemeral",
    "flavorid": "id",
    "id": "number",
    "is_public": "is_public",
    "memory_mb": "ram",
    "name": "name",
    "root_gb": "disk",
    "rxtx_factor": "rxtx_factor",
    "swap": "swap",
    "updated_at": "updated_at",
    "vcpu_weight": "disabled",  # not settable over the API: the same for all, as `disabled` is
    "vcpus": "vcpus",
}


class Flavors(ResourceServicer[pb.Flavor]):
    """A private flavor is visible to the projects with access and to admins alone."""

    service = pb.DESCRIPTOR.services_by_name["Flavors"]
    message = pb.Flavor
    not_found = refusals.FlavorNotFound
    stamps_update: ClassVar[bool] = False

    async def prepare(self, call: Call, obj: pb.Flavor, request: Any, given: set[str]) -> None:
        if obj.rxtx_factor <= 0:
            raise InvalidField(("flavor", "rxtx_factor"), f"{obj.rxtx_factor:g}", "exclusive_minimum", 0)
        if await call.tx.get(pb.Flavor, obj.id) is not None:
            raise refusals.FlavorIdExists(flavor_id=obj.id)
        try:
            await call.tx.claim("compute/flavor/name", obj.name, obj)
        except Taken:
            raise refusals.FlavorExists(name=obj.name) from None
        obj.number = await call.tx.add("compute/flavor/number", 1)
        if obj.swap:
            obj.swap_or_empty.number_value = obj.swap
        else:
            obj.swap_or_empty.string_value = ""

    def missing_marker(self, marker: str) -> Exception:
        return refusals.MarkerNotFound(marker=marker)

    async def refine(self, call: Call, found: list[pb.Flavor], query: common.Query) -> list[pb.Flavor]:
        filters = {item.key: item.values[0] for item in query.filters if item.values}
        tests: list[Callable[[pb.Flavor], bool]] = []
        public = _is_public(filters.get("is_public")) if call.caller.is_admin else True
        if public is not None:
            project = call.caller.project_id
            tests.append(lambda flavor: flavor.is_public == public or (bool(public) and project in flavor.projects))
        for key, field in (("minRam", "ram"), ("minDisk", "disk")):
            if key in filters:
                tests.append(_at_least(key, filters[key], field))
        if "name" in filters and call.at_least(102):
            tests.append(lambda flavor: flavor.name == filters["name"])
        return [flavor for flavor in found if all(test(flavor) for test in tests)]

    async def list(self, call: Call, request: Any) -> Result:
        own = type(request)()
        own.CopyFrom(request)
        for item in own.query.sort:
            if item.key not in SORT_KEYS or (item.key == "rxtx_factor" and call.at_least(102)):
                words = [key for key in SORT_KEYS if key != "rxtx_factor" or not call.at_least(102)]
                raise InvalidField(("query", "sort_key"), item.key, "one_of", words)
            item.key = SORT_KEYS[item.key]
            item.descending = item.descending and not item.by_default
        return await super().list(call, own)


def _is_public(text: str | None) -> bool | None:
    """None stands for "both"; nova.api.openstack.compute.flavors.FlavorsController._parse_is_public."""
    if text is None:
        return True
    word = text.lower()
    if word == "none":
        return None
    if word in TRUE_WORDS | FALSE_WORDS:
        return word in TRUE_WORDS
    raise refusals.InvalidFlavorFilter(key="is_public", value=text)


def _at_least(key: str, text: str, field: str) -> Callable[[pb.Flavor], bool]:
    try:
        least = int(text)
    except ValueError:
        raise refusals.InvalidFlavorFilter(key=key, value=text) from None
    return lambda flavor: bool(getattr(flavor, field) >= least)
