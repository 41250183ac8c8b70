"""Tags of every resource that has them (neutron.extensions.tagging, neutron.services.tag.tag_plugin)."""

from __future__ import annotations

from typing import Any

from google.protobuf.struct_pb2 import Value

from mopenstack.contract.faults import PolicyRefused
from mopenstack.contract.values import plain, repeated
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.servicer import ResourceServicer, Servicer
from mopenstack.core.network.base import bad_input, sees_all
from mopenstack.network.v2.common import tags_pb2 as pb
from mopenstack.network.v2.refusals import BadResourceRequest, HttpNotFound, RequestFailed, TagNotFound

LENGTH_MAX = 255
COUNT_MAX = 50


class Tags(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Tags"]

    async def target(self, call: Call, owner: ResourceServicer[Any] | None, id: str) -> Any:
        """The tagged object, if the caller may do this to its tags; Neutron fails on an unknown one."""
        if owner is None:
            raise HttpNotFound()
        found = await owner.find(call, id)
        if found is None:
            raise RequestFailed()
        assert call.operation is not None
        verb = call.operation.options.policy.name.partition("_")[0]
        caller = call.caller
        role = "reader" if verb == "get" else "member"
        owners = (found.project_id, getattr(found, "network_project_id", ""))
        mine = bool(caller.project_id) and caller.project_id in owners and role in caller.roles
        if not (sees_all(caller) or mine or (verb == "get" and owner.visible(call, found))):
            raise PolicyRefused([f"{verb}_{owner.options.kind.removeprefix('qos_')}:tags"])
        return found


async def _check(call: Call, request: Any) -> None:
    if isinstance(request, pb.AddTagsRequest | pb.ReplaceTagsRequest):
        _check_list(request.tags)
    elif isinstance(request, pb.AddTagRequest):
        _check_length(request.tag)


async def _change(call: Call, obj: Any, before: list[str], request: Any) -> None:
    if len(obj.tags) > COUNT_MAX:
        msg = f"The number of tags exceed the per-resource limit of {COUNT_MAX}"
        raise BadResourceRequest(resource="tags", msg=msg)
    # They are read by their primary key, in MySQL's collation (neutron.db.models.tag).
    obj.tags.sort(key=str.casefold)
    # A tag changes the revision of its object, but not updated_at.
    obj.revision_number += list(obj.tags) != before


def _missing(call: Call, obj: Any, tag: str) -> Exception:
    return TagNotFound(tag=tag)


TAGS = Collection("*", "tags", check=_check, change=_change, missing=_missing, touches=False)


def _check_list(value: Value) -> None:
    tags = plain(value)
    if tags is None:
        raise bad_input("Invalid tags body")
    if not isinstance(tags, list):
        raise bad_input(f"'{tags}' is not a list")
    twice = repeated(tags)
    if twice:
        raise bad_input(f"Duplicate items in the list: '{', '.join(map(str, twice))}'")
    for tag in tags:
        if not isinstance(tag, str):
            raise bad_input(f"'{tag}' is not a valid string")
        _check_length(tag)


def _check_length(tag: str) -> None:
    if len(tag) > LENGTH_MAX:
        raise bad_input(f"'{tag}' exceeds maximum length of {LENGTH_MAX}")
