"""Share types, and the access of projects to private ones.

Source: manila/api/v2/share_types.py, manila/share/share_types.py, manila/api/views/types.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mopenstack.contract.values import plain_struct, to_value
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import FALSE_WORDS, TRUE_WORDS
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result, Servicer
from mopenstack.core.shared_file_system.base import TEXT_MAX, asked, boolean, given, is_uuid, literal
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.groups.share_group_types_pb2 import ShareGroupType
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share
from mopenstack.shared_file_system.v2.types import share_types_pb2 as pb2
from mopenstack.shared_file_system.v2.types.share_types_pb2 import ShareType, StoredShareType

DEFAULT_TYPE = "default"
"""manila.conf's default_share_type, as DevStack sets it."""
SERVERS = "driver_handles_share_servers"
BOOLEANS = (
    "snapshot_support", "create_share_from_snapshot_support", "revert_to_snapshot_support", "mount_snapshot_support",
)  # fmt: skip
"""What shares of a type can do; false where the type does not say it."""
SIZES = ("provisioning:max_share_size", "provisioning:min_share_size", "provisioning:max_share_extend_size")
OPTIONAL = (
    *BOOLEANS, "replication_type", "mount_point_name_support", "availability_zones", "encryption_support", *SIZES,
    "provisioning:mount_point_prefix", "default_qos_type",
)  # fmt: skip
VISIBLE = (SERVERS, *OPTIONAL)
CHOICES = {"replication_type": ("writable", "readable", "dr"), "encryption_support": ("share", "share_server")}
SPECS_SINCE, DESCRIPTION_SINCE, NO_DEFAULTS_SINCE = 43, 41, 24


class ShareTypes(ResourceServicer[StoredShareType]):
    service = pb2.DESCRIPTOR.services_by_name["ShareTypes"]
    message = StoredShareType
    not_found = refusals.ShareTypeNotFound
    stamps_update = False

    # -- the RPCs

    async def list_share_types(self, call: Call, request: pb2.ListShareTypesRequest) -> Result:
        public, specs = asked(request.query, "is_public"), asked(request.query, "extra_specs")
        if specs and not call.at_least(SPECS_SINCE):
            raise refusals.Refused(
                "Filter by 'extra_specs' is not supported by this microversion. Use 2.43 or greater microversion to be "
                "able to use filter search by 'extra_specs."
            )
        found = sorted(
            await call.tx.scan(StoredShareType), key=lambda one: (one.created_at.seconds, one.created_at.nanos)
        )
        wanted = asked_is_public(public) if call.caller.is_admin else True
        own = call.caller.project_id
        found = [
            one
            for one in found
            if wanted is None or (one.is_public == wanted) or (wanted and not one.is_public and own in one.projects)
        ]
        if specs:
            asked_for = literal(specs)
            found = [one for one in found if isinstance(asked_for, dict) and _has_specs(one, asked_for)]
        shown = [self.shown(call, one, required=True) for one in found]
        return pb2.ListShareTypesResponse(volume_types=shown, share_types=shown)

    async def create_share_type(self, call: Call, request: pb2.CreateShareTypeRequest) -> Result:
        body = _body(request)
        specs: dict[str, Any] = plain_struct(body.extra_specs)
        description = body.description if body.HasField("description") else None
        if description and not call.at_least(DESCRIPTION_SINCE):
            raise refusals.Refused(
                "'description' key is not supported by this microversion. Use 2.41 or greater microversion to be able "
                "to use 'description' in share type."
            )
        if not 0 < len(body.name) <= TEXT_MAX or len(description or "") > TEXT_MAX:
            raise refusals.Refused("Type name or description is not valid.")
        if not call.at_least(NO_DEFAULTS_SINCE):
            specs.setdefault("snapshot_support", True)
        check_required(specs)
        for key in sorted(set(specs) & set(OPTIONAL)):
            if not is_valid_optional(key, specs[key]):
                raise refusals.InvalidShareType(why="Invalid extra_spec: %(reason)s")
        if await self.by_name(call, body.name) is not None:
            raise refusals.ShareTypeExists(name=body.name)
        before = given(body.is_public_before)
        public = before if before is not None else given(body.is_public)
        made = StoredShareType(name=body.name, extra_specs=as_kept(specs))
        made.is_public = True if public is None else boolean(public)
        if description:
            made.description = description
        return self.answered(call, await self.insert(call, made))

    async def get_default_share_type(self, call: Call, request: pb2.GetDefaultShareTypeRequest) -> Result:
        found = await self.default(call)
        if found is None:
            raise refusals.DefaultShareTypeNotFound()
        return self.answered(call, found)

    async def get_share_type(self, call: Call, request: pb2.ShareTypeRequest) -> Result:
        return self.answered(call, call.target)

    async def update_share_type(self, call: Call, request: pb2.UpdateShareTypeRequest) -> Result:
        body = _body(request)
        public = given(body.is_public)
        if public is not None:
            public = boolean(public, "share_type_access:is_public has a non-boolean value.")
        if body.HasField("name") and not body.name.strip():
            raise refusals.Refused("Share type name cannot be empty.")
        for field in ("name", "description"):
            if len(getattr(body, field)) > TEXT_MAX:
                raise refusals.Refused(f"Share type {field} cannot be greater than 255 characters in length.")
        if not body.HasField("name") and not body.HasField("description") and public is None:
            raise refusals.Refused(
                "Specify share type name, description, share_type_access:is_public or a combination thereof."
            )
        new = await call.tx.edit(StoredShareType, call.target.id)
        if body.HasField("name"):
            other = await self.by_name(call, body.name)
            if other is not None and other.id != new.id:
                raise refusals.ShareTypeExists(name=body.name)
            await _rename(call, new.id, body.name)
            new.name = body.name
        if body.HasField("description"):
            if body.description:
                new.description = body.description
            else:
                new.ClearField("description")
        if public is not None:
            new.is_public = public
        await self.save(call, new)
        return self.answered(call, new)

    # -- hooks

    async def remove(self, call: Call, obj: StoredShareType) -> None:
        used = await call.tx.count(Share, share_type_id=obj.id)
        if used or any(obj.id in one.share_types for one in await call.tx.scan(ShareGroupType)):
            raise refusals.ShareTypeInUse()

    def visible(self, call: Call, obj: StoredShareType) -> bool:
        return call.caller.is_admin or obj.is_public or call.caller.project_id in obj.projects

    # -- what other resources call

    async def by_name(self, call: Call, name: str) -> StoredShareType | None:
        found = await call.tx.query(StoredShareType, name=name)
        return found[0] if found else None

    async def by_name_or_id(self, call: Call, reference: str) -> StoredShareType | None:
        """A type that the caller may use; None: there is none."""
        found = await call.tx.get(StoredShareType, reference) if is_uuid(reference) else None
        found = found or await self.by_name(call, reference)
        return found if found is not None and self.visible(call, found) else None

    async def default(self, call: Call) -> StoredShareType | None:
        """The type of new shares that name none."""
        return await self.by_name(call, DEFAULT_TYPE)

    def shown(self, call: Call, kept: StoredShareType, *, required: bool = True) -> ShareType:
        """A type as a caller sees it."""
        admin = call.caller.is_admin
        shown = ShareType(id=kept.id, name=kept.name, is_default=kept.name == DEFAULT_TYPE)
        shown.is_public = shown.is_public_before = kept.is_public
        if kept.HasField("description"):
            shown.description = kept.description
        for key, value in kept.extra_specs.items():
            if admin or key in VISIBLE:
                shown.extra_specs.fields[key].CopyFrom(to_value(value))
        for key in BOOLEANS:
            if not admin and call.at_least(NO_DEFAULTS_SINCE) and key not in kept.extra_specs:
                shown.extra_specs.fields[key].CopyFrom(to_value(False))
        if required and SERVERS in kept.extra_specs:
            shown.required_extra_specs[SERVERS] = kept.extra_specs[SERVERS]
        return shown

    def answered(self, call: Call, kept: StoredShareType) -> pb2.ShareTypeResponse:
        """A type in both envelopes."""
        shown = self.shown(call, kept)
        return pb2.ShareTypeResponse(volume_type=shown, share_type=shown)


def _body(request: Any) -> Any:
    """The object inside either envelope."""
    if not request.HasField("share_type") and not request.HasField("volume_type"):
        raise refusals.NothingSaid()
    return request.share_type if request.HasField("share_type") else request.volume_type


def _has_specs(kept: StoredShareType, wanted: Mapping[str, Any]) -> bool:
    """Whether a type has these extra specs; availability zones must be among its own, if it has any."""
    zones = str(wanted.get("availability_zones", ""))
    own = kept.extra_specs.get("availability_zones", "")
    asked_for = {zone.strip() for zone in zones.split(",")}
    if zones and own and not asked_for <= {zone.strip() for zone in own.split(",")}:
        return False
    return all(kept.extra_specs.get(key) == value for key, value in wanted.items() if key != "availability_zones")


async def _rename(call: Call, type_id: str, name: str) -> None:
    """Shares show the name of their type."""
    for share in await call.tx.query(Share, share_type_id=type_id):
        edited = await call.tx.edit(Share, share.id)
        edited.volume_type = edited.share_type_name = edited.share_type_name_before = name
        await call.tx.put(edited)


def asked_is_public(value: str | None) -> bool | None:
    """The query's `is_public`; None asks for both kinds. Source: manila.api.common.parse_is_public."""
    if value is None:
        return True
    return None if value.lower() == "all" else boolean(value, f"Invalid is_public filter [{value}]")


def check_required(specs: Mapping[str, Any]) -> None:
    """Refuse extra specs that do not say who makes the share servers."""
    if SERVERS not in specs:
        raise refusals.InvalidExtraSpec(why=f"Required extra specs '{SERVERS}' not specified.".rstrip("."))
    if not is_boolean(specs[SERVERS]):
        raise refusals.InvalidExtraSpec(why=f"Value of required extra_spec {SERVERS} is not valid")


def is_boolean(value: Any) -> bool:
    """Whether a text says true or false, as an extra spec does."""
    return truth(value) is not None


def truth(value: Any) -> bool | None:
    """What an extra spec says: `<is> True`, or a word of oslo's; None: neither true nor false."""
    found = re.fullmatch(r"(?:<is>\s*)?(.*)", str(value).strip(), re.IGNORECASE | re.DOTALL)
    word = found[1].strip().lower() if found else ""
    return True if word in TRUE_WORDS else False if word in FALSE_WORDS else None


def is_valid_optional(key: str, value: Any) -> bool:
    """Whether an extra spec that Manila knows has a value that it can have."""
    if key in BOOLEANS or key == "mount_point_name_support":
        return is_boolean(value)
    if key in CHOICES:
        return value in CHOICES[key]
    if key == "availability_zones":
        return all(part.strip() for part in str(value).split(","))
    if key in SIZES:
        return str(value).isdecimal() and int(str(value)[:10]) >= 1
    return isinstance(value, str) and len(value) <= TEXT_MAX


def as_kept(specs: Mapping[str, Any]) -> dict[str, str]:
    """Extra specs as the database keeps them."""
    kept = {key: str(value) for key, value in specs.items()}
    if "availability_zones" in kept:
        kept["availability_zones"] = ",".join(part.strip() for part in kept["availability_zones"].split(",") if part)
    return kept


class ShareTypeAccess(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["ShareTypeAccess"]

    async def list_share_type_access(self, call: Call, request: pb2.ShareTypeRequest) -> Result:
        if call.target.is_public:
            raise refusals.ShareTypeIsPublic()
        access = pb2.ShareTypeAccessResponse.Access
        return pb2.ShareTypeAccessResponse(
            share_type_access=[access(share_type_id=call.target.id, project_id=one) for one in call.target.projects]
        )

    async def add_share_type_access(self, call: Call, request: pb2.AddShareTypeAccessRequest) -> Result:
        project, kept = await self._checked(call, request)
        if project in kept.projects:
            raise refusals.ShareTypeAccessExists()
        kept.projects.append(project)
        await call.tx.put(kept)
        return EMPTY

    async def remove_share_type_access(self, call: Call, request: pb2.RemoveShareTypeAccessRequest) -> Result:
        project, kept = await self._checked(call, request)
        if project not in kept.projects:
            raise refusals.ShareTypeAccessNotFound()
        kept.projects.remove(project)
        await call.tx.put(kept)
        return EMPTY

    async def _checked(self, call: Call, request: Any) -> tuple[str, StoredShareType]:
        project = given(request.access.project)
        if not is_uuid(project):
            raise refusals.Refused(f"Bad project format: project is not in proper format ({project})")
        if call.target.is_public:
            raise refusals.NotForPublicShareTypes()
        return str(project), await call.tx.edit(StoredShareType, call.target.id)
