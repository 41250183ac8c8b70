"""Shares: list, show, create, update, delete. Source: manila/api/v2/shares.py, manila/share/api.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from google.protobuf.message import Message

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import fold_of, holds
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.shared_file_system import quotas
from mopenstack.core.shared_file_system.base import (
    ManilaResource,
    all_projects,
    asked,
    asked_boolean,
    assign,
    boolean,
    check_text,
    given,
    literal,
    not_allowed,
)
from mopenstack.core.shared_file_system.shares import create, removal
from mopenstack.core.shared_file_system.shares.states import SHARES
from mopenstack.core.shared_file_system.types.share_types import ShareTypes
from mopenstack.core.store.transaction import copy_of
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.shares import shares_pb2 as pb2
from mopenstack.shared_file_system.v2.shares.export_locations_pb2 import ExportLocation
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share
from mopenstack.shared_file_system.v2.types.share_types_pb2 import StoredShareType

CREATING_FROM_SNAPSHOT = "creating_from_snapshot"
FILTERS_SINCE = {"export_location_id": 35, "export_location_path": 35, "description": 36, "is_soft_deleted": 69}
FILTERS_SINCE |= {"encryption_key_ref": 90, "name~": 36, "description~": 36}
SOFT_DELETED = "since it has been soft deleted"


class Shares(ManilaResource[Share]):
    service = pb2.DESCRIPTOR.services_by_name["Shares"]
    message = Share
    not_found = refusals.AnyNotFound
    lifecycle = SHARES
    counted_since = 42
    own_filters: ClassVar[tuple[str, ...] | None] = (
        "name", "status", "share_server_id", "share_type_id", "snapshot_id", "host", "share_network_id", "is_public",
        "metadata", "extra_specs", "share_group_id", "export_location_id", "export_location_path", "name~",
        "description~", "description", "is_soft_deleted", "mount_point_name",
    )  # fmt: skip

    # -- the RPCs

    async def create_share(self, call: Call, request: pb2.CreateShareRequest) -> Result:
        share = await create.planned(call, request.share, set(request.mask.paths))
        share = await self.insert(call, share)
        await create.place(call, share)
        return await self.view(call, await call.tx.get(Share, share.id) or share)

    async def update_share(self, call: Call, request: pb2.UpdateShareRequest) -> Result:
        body, paths = request.share, set(request.mask.paths)
        name = body.display_name if body.HasField("display_name") else None
        description = body.display_description if body.HasField("display_description") else None
        check_text(name, "display_name")
        check_text(description, "display_description")
        if call.target.is_soft_deleted:
            raise refusals.ForbiddenNow(f"Share '{call.target.id} cannot be updated, {SOFT_DELETED}.")
        own(call, call.target, "share:update")
        public = _public(call, body) if "is_public" in paths else None
        new = await call.tx.edit(Share, call.target.id)
        if "display_name" in paths:
            assign(new, "name", name)
        if "display_description" in paths:
            assign(new, "description", description)
        if public is not None:
            new.is_public = public
        await self.save(call, new)
        return await self.view(call, new)

    async def delete_share(self, call: Call, request: pb2.DeleteShareRequest) -> Result:
        share = call.target
        own(call, share, "share:delete")
        if share.share_group_id and not request.share_group_id:
            raise refusals.Refused(
                "Must provide 'share_group_id' as a request parameter when deleting a share in a share group."
            )
        if share.share_group_id and request.share_group_id != share.share_group_id:
            raise refusals.Refused("The specified 'share_group_id' does not match the share group id of the share.")
        await removal.begin(call, share, "delete")
        return EMPTY

    # -- hooks

    async def list(self, call: Call, request: Any) -> Result:
        query = request.query
        for item in list(query.filters):
            if not call.at_least(FILTERS_SINCE.get(item.key, 0)):
                query.filters.remove(item)
        if asked(query, "extra_specs") is not None and not call.caller.is_admin:
            raise not_allowed("share_types_extra_spec:index")
        for key in ("host", "share_server_id"):
            if asked(query, key) is not None and not call.caller.is_admin:
                raise not_allowed(f"share:list_by_{key}")
        for key, what in (("metadata", "metadata"), ("extra_specs", "extra specs")):
            value = asked(query, key)
            if value is not None and not isinstance(literal(value), dict):
                raise refusals.InvalidInput(why=f"Wrong {what} filter provided: {literal(value)}.")
        asked_boolean(query, "is_soft_deleted")
        return await super().list(call, request)

    async def candidates(self, call: Call, query: common.Query) -> Iterable[Share]:
        if call.caller.is_admin and (all_projects(query) or asked(query, "share_server_id") is not None):
            found = await call.tx.scan(Share)
        else:
            found = await call.tx.query(Share, project_id=call.caller.project_id)
            if asked_boolean(query, "is_public"):
                public = await call.tx.query(Share, is_public=True)
                found = [*found, *(one for one in public if one.project_id != call.caller.project_id)]
        deleted = asked_boolean(query, "is_soft_deleted")
        return [one for one in found if one.is_soft_deleted == deleted]

    async def matches(self, call: Call, obj: Share, key: str, values: Sequence[str]) -> bool:
        value = values[0]
        if key in ("share_type_id", "volume_type_id"):
            return obj.share_type_id == value
        if key == "share_server_id":
            return obj.share_server_id == value
        if key == "mount_point_name":
            return obj.mount_point_name == value
        if key == "project_id":
            return obj.project_id == value
        if key in ("export_location_id", "export_location_path"):
            field = "id" if key == "export_location_id" else "path"
            return any(getattr(one, field) == value for one in await call.tx.query(ExportLocation, share_id=obj.id))
        if key == "extra_specs":
            kept = await call.tx.get(StoredShareType, obj.share_type_id)
            return kept is not None and holds(kept.extra_specs, literal(value), fold_of(call.cloud))
        return await super().matches(call, obj, key, values)

    async def view(self, call: Call, obj: Share) -> Message:
        """What older clients know by other words."""
        if call.at_least(54):
            return obj
        shown = copy_of(obj)
        if shown.status == CREATING_FROM_SNAPSHOT:
            shown.status = "creating"
        if shown.access_rules_status == "syncing" and not call.at_least(28):
            shown.access_rules_status = "out_of_sync"
        if not call.at_least(9):
            paths = [one for one in await call.tx.query(ExportLocation, share_id=obj.id) if not one.is_admin_only]
            shown.export_locations.extend(one.path for one in sorted(paths, key=lambda one: one.place))
            if shown.export_locations:
                shown.export_location = shown.export_locations[0]
        return shown

    async def remove(self, call: Call, obj: Share) -> None:
        await removal.give_quota(call, obj)

    # -- what other resources call

    async def type_of(self, call: Call, share: Share) -> StoredShareType | None:
        """The share's type."""
        return await call.service(ShareTypes).find(call, share.share_type_id) if share.share_type_id else None


def own(call: Call, share: Share, rule: str) -> None:
    """Refuse a change of another project's share, which the caller only knows because it is public."""
    if not call.caller.is_admin and share.project_id != call.caller.project_id:
        raise not_allowed(rule)


def _public(call: Call, body: Any) -> bool:
    """Whether a request makes a share public, which an administrator alone may do."""
    public = boolean(given(body.is_public))
    if public and not call.caller.is_admin:
        raise refusals.PublicShareForbidden()
    return public


@SHARES.on("create", "create_from_snapshot")
async def _created(call: Call, share: Share) -> None:
    await create.built(call, share)


@SHARES.on("extend", "shrink")
async def _resized(call: Call, share: Share) -> None:
    """A smaller share gives back what it took."""
    new, old = share.previous_size, share.size
    share.size, share.previous_size = new, 0
    if new < old:
        await quotas.give(call, share.project_id, share.user_id, share.share_type_id, gigabytes=old - new)


@SHARES.fails("extend")
async def _not_extended(call: Call, share: Share, why: str) -> None:
    more = share.previous_size - share.size
    share.previous_size = 0
    await quotas.give(call, share.project_id, share.user_id, share.share_type_id, gigabytes=more)


@SHARES.on("delete", "force_delete")
async def _deleted(call: Call, share: Share) -> None:
    await removal.discard(call, share)
