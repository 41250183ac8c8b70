"""Types of volume groups and their specs. Source: cinder/api/v3/group_types.py, group_specs.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mopenstack.contract.faults import BadRequest, Fault
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.validation import is_format
from mopenstack.core.volume.base import CinderResource
from mopenstack.core.volume.types.types import asked_is_public
from mopenstack.core.volume.volumes.metadata import SPEC_KEYS, check_key, check_metadata, check_single
from mopenstack.volume.v3.groups import group_types_pb2 as pb2
from mopenstack.volume.v3.groups.group_types_pb2 import GroupType
from mopenstack.volume.v3.groups.groups_pb2 import Group
from mopenstack.volume.v3.refusals import (
    GroupTypeExists,
    GroupTypeNotFound,
    GroupTypeNotFoundByName,
    GroupTypeSpecNotFound,
    GroupTypeSpecsNotFound,
)

CG_TYPE = "default_cgsnapshot_type"
"""The type of consistency groups; the groups API leaves its groups alone."""


class GroupTypes(CinderResource[GroupType]):
    service = pb2.DESCRIPTOR.services_by_name["GroupTypes"]
    message = GroupType
    not_found = GroupTypeNotFound
    simple = ("is_public",)

    # -- hooks

    async def check_request(self, call: Call, request: Any) -> None:
        if not isinstance(request, pb2.UpdateGroupTypeRequest):
            return
        body = request.group_type
        if body.name and not body.name.strip():
            raise BadRequest("Group type name can not be empty.")
        if not any(body.HasField(field) for field in ("name", "description", "is_public")):
            raise BadRequest("Specify group type name, description or a combination thereof.")

    async def prepare(self, call: Call, obj: GroupType, request: Any, given: set[str]) -> None:
        check_metadata(obj.group_specs, "group_specs")
        await self._refuse_taken(call, obj.name)
        obj.is_public = obj.is_public or "is_public" not in given

    async def change(
        self, call: Call, old: GroupType, new: GroupType, request: pb2.UpdateGroupTypeRequest, given: set[str]
    ) -> None:
        new.name = new.name or old.name
        if new.name != old.name:
            await self._refuse_taken(call, new.name)

    async def remove(self, call: Call, obj: GroupType) -> None:
        if await call.tx.count(Group, group_type=obj.id):
            raise BadRequest("Target group type is still in use.")

    async def candidates(self, call: Call, query: common.Query) -> Iterable[GroupType]:
        """Only an admin may ask for private ones; `is_public=None` asks for all."""
        asked = next((item.values[0] for item in query.filters if item.key == "is_public"), "true")
        wanted = asked_is_public(asked) if call.caller.is_admin else True
        return [item for item in await call.tx.scan(GroupType) if wanted is None or item.is_public == wanted]

    async def matches(self, call: Call, obj: GroupType, key: str, values: Sequence[str]) -> bool:
        return True

    # -- what other resources call

    async def by_name_or_id(self, call: Call, reference: str) -> GroupType:
        """A type by its id or its name; raises the refusal of the kind that the reference is of."""
        if is_format("uuid", reference):
            return await self.fetch(call, reference)
        found = await self.by_name(call, reference)
        if found is None:
            raise GroupTypeNotFoundByName(name=reference)
        return found

    async def _refuse_taken(self, call: Call, name: str) -> None:
        if await self.by_name(call, name) is not None:
            raise GroupTypeExists(id=name)


async def _check_specs(call: Call, request: Any) -> None:
    if isinstance(request, pb2.CreateGroupSpecsRequest):
        check_metadata(request.group_specs, "group_specs", SPEC_KEYS)
    elif isinstance(request, pb2.UpdateGroupSpecRequest):
        check_metadata(request.specs, "group_specs", SPEC_KEYS)
        check_single(request.specs)


async def _change_specs(call: Call, group_type: GroupType, before: Mapping[str, str], request: Any) -> None:
    if isinstance(request, pb2.UpdateGroupSpecRequest):
        check_key(request.key, request.specs)


def _missing_spec(call: Call, group_type: GroupType, key: str) -> Fault:
    shown = call.operation is not None and call.operation.method == "GetGroupSpec"
    return (GroupTypeSpecNotFound if shown else GroupTypeSpecsNotFound)(id=group_type.id, key=key)


GROUP_SPECS = Collection("group_type", "group_specs", check=_check_specs, change=_change_specs, missing=_missing_spec)
