"""Share group types, their specs, and the access of projects to private ones.

Source: manila/api/v2/share_group_types.py, share_group_type_specs.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.contract.values import plain
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result
from mopenstack.core.shared_file_system.base import TEXT_MAX, ManilaServicer, asked, boolean, given, is_uuid, literal
from mopenstack.core.shared_file_system.types.extra_specs import check_keys, check_one, check_specs
from mopenstack.core.shared_file_system.types.share_types import ShareTypes, asked_is_public
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.groups import share_group_types_pb2 as pb2
from mopenstack.shared_file_system.v2.groups.share_group_types_pb2 import ShareGroupType
from mopenstack.shared_file_system.v2.groups.share_groups_pb2 import ShareGroup

DEFAULT_GROUP_TYPE = "default"
"""manila.conf's default_share_group_type, as DevStack sets it."""
EXPERIMENTAL: Mapping[str, tuple[int, int]] = {"": (0, 54)}
SPECS_SINCE = 66


class ShareGroupTypes(ManilaServicer, ResourceServicer[ShareGroupType]):
    service = pb2.DESCRIPTOR.services_by_name["ShareGroupTypes"]
    message = ShareGroupType
    not_found = refusals.ShareGroupTypeNotFound
    stamps_update = False
    experimental = EXPERIMENTAL

    # -- the RPCs

    async def list_share_group_types(self, call: Call, request: pb2.ListShareGroupTypesRequest) -> Result:
        public, specs = asked(request.query, "is_public"), asked(request.query, "group_specs")
        wanted = asked_is_public(public) if call.caller.is_admin else True
        if specs and not call.at_least(SPECS_SINCE):
            raise refusals.Refused(
                "Filter by 'group_specs' is not supported by this microversion. Use 2.66 or greater microversion to "
                "be able to use filter search by 'group_specs."
            )
        own = call.caller.project_id
        found = sorted(
            await call.tx.scan(ShareGroupType), key=lambda one: (one.created_at.seconds, one.created_at.nanos)
        )
        found = [
            one
            for one in found
            if wanted is None or one.is_public == wanted or (wanted and not one.is_public and own in one.projects)
        ]
        if specs:
            asked_for = literal(specs)
            found = [
                one
                for one in found
                if isinstance(asked_for, dict) and asked_for.items() <= dict(one.group_specs).items()
            ]
        return pb2.ListShareGroupTypesResponse(share_group_types=found)

    async def create_share_group_type(self, call: Call, request: pb2.CreateShareGroupTypeRequest) -> Result:
        body = request.share_group_type
        types, specs, public = plain(body.share_types), plain(body.group_specs), given(body.is_public)
        if not types:
            raise refusals.Refused("Supported share types must be provided.")
        if not 0 < len(body.name) <= TEXT_MAX:
            raise refusals.Refused("Share group type name is not valid.")
        if specs is not None and not isinstance(specs, dict):
            raise refusals.Refused("Group specs can be either of 'None' or 'dict' types.")
        if not all(isinstance(one, str) for item in (specs or {}).items() for one in item):
            raise refusals.Refused("Group specs keys and values should be strings.")
        if await call.tx.query(ShareGroupType, name=body.name):
            raise refusals.ShareGroupTypeExists()
        made = ShareGroupType(name=body.name, group_specs=specs or {}, is_default=body.name == DEFAULT_GROUP_TYPE)
        made.is_public = True if public is None else boolean(public)
        for reference in types if isinstance(types, list) else [types]:
            kind = await call.service(ShareTypes).by_name_or_id(call, str(reference))
            if kind is None:
                raise refusals.TypeOfGroupTypeNotFound()
            made.share_types.append(kind.id)
        return await self.insert(call, made)

    async def get_default_share_group_type(self, call: Call, request: pb2.GetDefaultShareGroupTypeRequest) -> Result:
        found = await default(call)
        if found is None:
            raise refusals.DefaultShareGroupTypeNotFound()
        return found

    # -- hooks

    async def remove(self, call: Call, obj: ShareGroupType) -> None:
        if await call.tx.query(ShareGroup, share_group_type_id=obj.id):
            raise refusals.ShareGroupTypeInUse(id=obj.id)


async def default(call: Call) -> ShareGroupType | None:
    """The type of new groups that name none."""
    found = await call.tx.query(ShareGroupType, name=DEFAULT_GROUP_TYPE)
    return found[0] if found else None


class ShareGroupTypeSpecs(ManilaServicer):
    service = pb2.DESCRIPTOR.services_by_name["ShareGroupTypeSpecs"]
    experimental = EXPERIMENTAL

    async def set_share_group_type_spec(self, call: Call, request: pb2.SetShareGroupTypeSpecRequest) -> Result:
        check_one(request.key, request.specs, ".")
        check_specs(request.specs, "group_spec")
        kept = await call.tx.edit(ShareGroupType, call.target.id)
        kept.group_specs.update(request.specs)
        await call.tx.put(kept)
        return pb2.GroupSpecResponse(specs=dict(request.specs))


async def _add(call: Call, kept: ShareGroupType, before: Any, request: pb2.AddShareGroupTypeSpecsRequest) -> None:
    check_specs(request.group_specs, "group_spec")
    check_keys(request.group_specs)


def _missing(call: Call, kept: ShareGroupType, key: str) -> Fault:
    if call.operation is not None and call.operation.method.startswith("Get"):
        return refusals.AnyNotFound()
    return refusals.GroupSpecNotFound(id=kept.id, key=key)


GROUP_SPECS = Collection("share_group_type", "group_specs", added=_add, missing=_missing, touches=False)


class ShareGroupTypeAccess(ManilaServicer):
    service = pb2.DESCRIPTOR.services_by_name["ShareGroupTypeAccess"]
    experimental = EXPERIMENTAL

    async def list_share_group_type_access(self, call: Call, request: pb2.ShareGroupTypeRequest) -> Result:
        kept = call.target
        if kept.is_public:
            raise refusals.GroupTypeIsPublic()
        access = pb2.ShareGroupTypeAccessResponse.Access
        return pb2.ShareGroupTypeAccessResponse(
            share_group_type_access=[access(share_group_type_id=kept.id, project_id=one) for one in kept.projects]
        )

    async def add_share_group_type_access(self, call: Call, request: pb2.AddShareGroupTypeAccessRequest) -> Result:
        project, kept = await self._checked(call, request)
        if project in kept.projects:
            raise refusals.GroupTypeAccessExists()
        kept.projects.append(project)
        await call.tx.put(kept)
        return EMPTY

    async def remove_share_group_type_access(
        self, call: Call, request: pb2.RemoveShareGroupTypeAccessRequest
    ) -> Result:
        project, kept = await self._checked(call, request)
        if project not in kept.projects:
            raise refusals.GroupTypeAccessNotFound()
        kept.projects.remove(project)
        await call.tx.put(kept)
        return EMPTY

    @staticmethod
    async def _checked(call: Call, request: Any) -> tuple[str, ShareGroupType]:
        project = given(request.access.project)
        if not is_uuid(project):
            raise refusals.Refused(f"Project value ({project}) must be in uuid format.")
        if call.target.is_public:
            raise refusals.NotForPublicGroupTypes()
        return str(project), await call.tx.edit(ShareGroupType, call.target.id)
