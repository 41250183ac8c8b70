"""Tags of every resource that has them (neutron.extensions.tagging, neutron.services.tag.tag_plugin)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Value

from mopenstack.contract.faults import PolicyRefused
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.network.base import bad_input, sees_all
from mopenstack.network.v2.common import tags_pb2 as pb
from mopenstack.network.v2.common.tags_pb2 import TagsResponse
from mopenstack.network.v2.refusals import BadResourceRequest, HttpNotFound, RequestFailed, TagNotFound

KINDS = {
    "networks": "network",
    "subnets": "subnet",
    "subnetpools": "subnetpool",
    "ports": "port",
    "routers": "router",
    "floatingips": "floatingip",
    "security_groups": "security_group",
    "trunks": "trunk",
    "policies": "qos_policy",
    "network_segment_ranges": "network_segment_range",
}
"""The word of the path -> the kind of resource; a dash is as good as an underscore (neutron.pecan_wsgi)."""

LENGTH_MAX = 255
COUNT_MAX = 50


class Tags(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Tags"]

    async def list_tags(self, call: Call, request: Any) -> Result:
        return TagsResponse(tags=(await self._target(call, request, "get")).tags)

    async def check_tag(self, call: Call, request: Any) -> Result:
        if request.tag not in (await self._target(call, request, "get")).tags:
            raise TagNotFound(tag=request.tag)
        return EMPTY

    async def replace_tags(self, call: Call, request: Any) -> Result:
        tags = _checked(request.tags)
        await self._write(call, await self._target(call, request, "update"), tags)
        return TagsResponse(tags=tags)

    async def add_tags(self, call: Call, request: Any) -> Result:
        tags = _checked(request.tags)
        target = await self._target(call, request, "create")
        await self._write(call, target, [*target.tags, *(tag for tag in tags if tag not in target.tags)])
        return TagsResponse(tags=tags)

    async def add_tag(self, call: Call, request: Any) -> Result:
        _check_length(request.tag)
        target = await self._target(call, request, "update")
        if request.tag not in target.tags:
            await self._write(call, target, [*target.tags, request.tag])
        return EMPTY

    async def remove_tag(self, call: Call, request: Any) -> Result:
        target = await self._target(call, request, "delete")
        if request.tag not in target.tags:
            raise TagNotFound(tag=request.tag)
        await self._write(call, target, [tag for tag in target.tags if tag != request.tag])
        return EMPTY

    async def delete_all_tags(self, call: Call, request: Any) -> Result:
        await self._write(call, await self._target(call, request, "delete"), [])
        return EMPTY

    @staticmethod
    async def _target(call: Call, request: Any, verb: str) -> Any:
        """The tagged object, if the caller may do this to its tags; an unknown one makes Neutron fail."""
        kind = KINDS.get(request.resource_type.replace("-", "_"), "")
        owner = call.owner_of(kind) if kind else None
        if owner is None:
            raise HttpNotFound()
        found = await owner.find(call, request.resource_id)
        if found is None:
            raise RequestFailed()
        caller = call.caller
        role = "reader" if verb == "get" else "member"
        owners = (found.project_id, getattr(found, "network_project_id", ""))
        mine = bool(caller.project_id) and caller.project_id in owners and role in caller.roles
        if not (sees_all(caller) or mine or (verb == "get" and owner.visible(call, found))):
            raise PolicyRefused([f"{verb}_{kind.removeprefix('qos_')}:tags"])
        return found

    @staticmethod
    async def _write(call: Call, target: Any, tags: Iterable[str]) -> None:
        tags = list(tags)
        if len(set(tags)) > COUNT_MAX:
            msg = f"The number of tags exceed the per-resource limit of {COUNT_MAX}"
            raise BadResourceRequest(resource="tags", msg=msg)
        # They are read by their primary key, in MySQL's collation (neutron.db.models.tag).
        tags.sort(key=str.casefold)
        if tags == list(target.tags):
            return
        changed = await call.tx.edit(type(target), target.id)
        del changed.tags[:]
        changed.tags.extend(tags)
        # Neutron's tags bump the revision of what they hang on, and leave its updated_at alone.
        changed.revision_number += 1
        await call.tx.put(changed)


def _checked(value: Value) -> list[str]:
    tags = json_format.MessageToDict(value) if value.WhichOneof("kind") else None
    if tags is None:
        raise bad_input("Invalid tags body")
    if not isinstance(tags, list):
        raise bad_input(f"'{tags}' is not a list")
    twice = _repeated(tags)
    if twice:
        raise bad_input(f"Duplicate items in the list: '{', '.join(map(str, twice))}'")
    for tag in tags:
        if not isinstance(tag, str):
            raise bad_input(f"'{tag}' is not a valid string")
        _check_length(tag)
    return tags


def _check_length(tag: str) -> None:
    if len(tag) > LENGTH_MAX:
        raise bad_input(f"'{tag}' exceeds maximum length of {LENGTH_MAX}")


def _repeated(items: Sequence[Any]) -> list[Any]:
    found = []
    for place, item in enumerate(items):
        if item in items[:place] and item not in found:
            found.append(item)
    return found
