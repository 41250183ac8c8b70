"""Images: records, visibility, free properties, tags, activation (glance.api.v2.images, image_tags, image_actions)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mopenstack.contract.faults import PolicyRefused
from mopenstack.contract.operations import field_rules, wire_key
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.contract.v1.common_pb2 import JsonPatch
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.listing import fold_of
from mopenstack.core.engine.servicer import ResourceServicer, Result
from mopenstack.core.image.images import encryption_keys, filters, patch
from mopenstack.core.image.images.states import LIFECYCLE, Image
from mopenstack.core.image.stores import backends, usage
from mopenstack.core.store.kept_lists import ALL, Scope
from mopenstack.core.store.kinds import index_value
from mopenstack.core.store.texts import Wanted
from mopenstack.core.store.transaction import copy_of
from mopenstack.core.store.walks import in_scopes
from mopenstack.image.schemas import image_breach
from mopenstack.image.v2 import refusals
from mopenstack.image.v2.images import images_pb2 as pb
from mopenstack.image.v2.images import members_pb2

IMPORT_METHODS = ("glance-direct", "web-download", "copy-image")
PROPERTIES_MAX = 128
TAGS_MAX = 128

_FIELDS: Any = pb.Image.DESCRIPTOR.fields
_BASE_KEYS = frozenset(wire_key(field) for field in _FIELDS if not field_rules(field).inline)


class Images(ResourceServicer[pb.Image]):
    service = pb.DESCRIPTOR.services_by_name["Images"]
    message = pb.Image
    not_found = refusals.ImageNotFound
    page_default = 25
    lifecycle = LIFECYCLE

    # -- who sees what

    async def fetch(self, call: Call, id: str) -> pb.Image:
        """The image, if the caller may see it: public, community, their own, or shared with their project."""
        image = await self.find(call, id)
        if image is None or not await self._sees(call, image):
            raise refusals.ImageNotFound(id=id)
        return image

    async def _sees(self, call: Call, image: pb.Image) -> bool:
        project = call.caller.project_id
        if call.caller.is_admin or not image.project_id or image.project_id == project:
            return True
        if image.visibility in (Image.PUBLIC, Image.COMMUNITY):
            return True
        return image.visibility == Image.SHARED and await self.membership(call, image.id, project) is not None

    async def membership(self, call: Call, image_id: str, project_id: str) -> members_pb2.Member | None:
        """A project's membership of an image, whatever its status."""
        return await call.tx.get(members_pb2.Member, member_key(image_id, project_id))

    async def fetch_own(self, call: Call, id: str, policy: str) -> pb.Image:
        """The image, if the caller may change it; raises NotAuthorized naming the policy."""
        image = await self.fetch(call, id)
        self.check_owner(call, image, policy)
        return image

    async def refusal(self, call: Call, request: Any, rules: Sequence[str]) -> Exception:
        """Who may not even look at the image is told nothing (glance.api.v2.policy.ImageAPIPolicy)."""
        if isinstance(request, pb.UpdateImageRequest):
            self._make_changes(call, call.target, copy_of(call.target), request.patch)
        return PolicyRefused(list(rules)) if call.target is None else self.hiding(call, rules)

    @staticmethod
    def hiding(call: Call, rules: Sequence[str]) -> Exception:
        """The refusal of a caller by these rules."""
        if call.caller.roles.isdisjoint(("admin", "reader")):
            return refusals.ResourceNotFound()
        return PolicyRefused(list(rules))

    @staticmethod
    def check_owner(call: Call, image: pb.Image, policy: str) -> None:
        """Admin, or a member of the project that owns the image."""
        caller = call.caller
        if not caller.is_admin and (image.project_id != caller.project_id or "member" not in caller.roles):
            raise Images.hiding(call, [policy])

    # -- lists

    def visible(self, call: Call, obj: pb.Image) -> bool:
        return True  # candidates are visible

    async def scopes(self, call: Call, query: common.Query) -> Sequence[Scope] | None:
        if call.caller.is_admin:
            return [ALL]
        filters.member_status(query)
        project = call.caller.project_id
        if await call.tx.query(members_pb2.Member, member_id=project):
            return None  # what is shared with it is found by its memberships
        return self._of(project)

    async def candidates(self, call: Call, query: common.Query) -> Iterable[pb.Image]:
        scopes = await self.scopes(call, query)
        if scopes is not None:
            return await in_scopes(call.tx, pb.Image, scopes)
        project, status = call.caller.project_id, filters.member_status(query)
        found = await in_scopes(call.tx, pb.Image, self._of(project))
        for member in await call.tx.query(members_pb2.Member, member_id=project):
            if status in ("all", member.status):
                image = await call.tx.get(pb.Image, member.image_id)
                if image is not None and image.visibility == Image.SHARED:
                    found.append(image)
        return list({image.id: image for image in found}.values())

    @staticmethod
    def _of(project: str) -> list[Scope]:
        """Where the images lie that a project sees without being a member of them."""
        everywhere = [("visibility", index_value(one)) for one in (Image.PUBLIC, Image.COMMUNITY)]
        return [("project_id", project), *everywhere]

    async def tests(self, call: Call, query: common.Query) -> Sequence[filters.Test]:
        return filters.tests(query, call.caller.project_id, fold_of(call.cloud))

    def wanted(self, call: Call, query: common.Query) -> Wanted | None:
        return filters.wanted_name(query, fold_of(call.cloud))

    def missing_marker(self, marker: str) -> Exception:
        return refusals.BadFilter(refusals.ImageNotFound.message.format(id=marker))

    # -- create, update, delete

    async def before(self, call: Call, request: Any) -> None:
        owner = request.image.project_id if isinstance(request, pb.CreateImageRequest) else ""
        if owner and owner != call.caller.project_id and not call.caller.is_admin:
            raise refusals.ForeignOwner(owner=owner)
        if isinstance(request, pb.UpdateImageRequest):
            patch.check(request.patch.operations)
        breach = image_breach({"tags": [request.tag]}) if isinstance(request, pb.AddImageTagRequest) else None
        if breach:
            raise refusals.InvalidImage(breach)

    async def answer(self, call: Call, obj: pb.Image, request: Any) -> Result:
        if not isinstance(request, pb.CreateImageRequest):
            return obj
        stores = ",".join((*backends.stores_of(call.cloud), *backends.RESERVED))
        return pb.CreateImageResponse(image=obj, import_methods=",".join(IMPORT_METHODS), store_ids=stores)

    async def prepare(self, call: Call, obj: pb.Image, request: Any, given: set[str]) -> None:
        if isinstance(request, pb.CreateImageRequest):
            await usage.check_count(call)
        _check_new(obj)
        self._check_visibility(call, obj.visibility)
        _check_limits(obj)
        if await call.tx.add(f"image_id:{obj.id}", 1) > 1:
            raise refusals.ImageIdTaken(id=obj.id)  # an id stays taken when its image is gone
        obj.status = obj.status or Image.QUEUED
        tags = list(dict.fromkeys(obj.tags))
        del obj.tags[:]
        obj.tags.extend(tags)

    @staticmethod
    def _check_visibility(call: Call, visibility: int) -> None:
        if visibility == Image.PUBLIC and not call.caller.is_admin:
            raise PolicyRefused(["publicize_image"])

    async def update_image(self, call: Call, request: pb.UpdateImageRequest) -> Result:
        image = call.target
        if not request.patch.operations:
            return image  # type: ignore[no-any-return]
        new = await call.tx.edit(pb.Image, image.id)
        self._make_changes(call, image, new, request.patch)
        _check_limits(new)
        if not await self._sees(call, new):
            raise refusals.ImageOutOfSight(id=image.id)
        await self.save(call, new)
        return new

    def _make_changes(self, call: Call, image: pb.Image, new: pb.Image, asked: JsonPatch) -> None:
        """Each change with its own policy; raises the first refusal."""
        for change in asked.operations:
            if change.path[0] == "visibility" and change.op != patch.Change.REMOVE:
                self._check_visibility(call, _visibility(change))
            if change.path[0] not in ("locations", "owner"):
                self.check_owner(call, image, "modify_image")
            patch.apply(new, change, admin=call.caller.is_admin, strict_add=asked.draft == patch.STRICT_DRAFT)
        self.check_owner(call, image, "modify_image")

    async def remove(self, call: Call, obj: pb.Image) -> None:
        if obj.protected:
            raise refusals.ImageProtected(id=obj.id)
        for member in await call.tx.query(members_pb2.Member, image_id=obj.id):
            await call.tx.delete(members_pb2.Member, member.id)
        await encryption_keys.drop(call, obj)
        for data in (obj.data, obj.staged):
            call.delete_bytes(data.key)


async def _check_tags(call: Call, image: pb.Image, before: list[str], request: Any) -> None:
    if len(image.tags) > max(TAGS_MAX, len(before)):
        raise refusals.TagLimit(id=image.id, attempted=len(image.tags), maximum=TAGS_MAX)


def _no_such_tag(call: Call, image: pb.Image, tag: str) -> Exception:
    return refusals.ResourceNotFound()


IMAGE_TAGS = Collection("image", "tags", change=_check_tags, missing=_no_such_tag, if_changed=True)


def member_key(image_id: str, project_id: str) -> str:
    """The id under which a membership is kept."""
    return f"{image_id}/{project_id}"


def settle(image: pb.Image, data: pb.Image.Data, stores: Sequence[str] = (backends.DEFAULT,)) -> None:
    """Make bytes the image's own: sizes, checksums and the stores that hold them."""
    image.data.CopyFrom(data)
    image.ClearField("staged")
    image.size = data.size
    image.ClearField("virtual_size")
    if data.virtual_size:
        image.virtual_size = data.virtual_size
    image.checksum, image.os_hash_algo, image.os_hash_value = data.md5, "sha512", data.sha512
    backends.place(image, stores)


def _check_new(image: pb.Image) -> None:
    for key in image.properties:
        if key == "locations":
            raise refusals.ReadOnlyAttribute(name=key)
        if key in _BASE_KEYS:
            # Not one that a request may give, or it would have become the field.
            raise refusals.ReadOnlyAttribute(name=key)
        if len(key) > 255:
            raise refusals.PropertyNameTooLong()
        if key in patch.RESERVED or key.startswith(patch.RESERVED_NAMESPACE):
            raise refusals.ReservedAttribute(name=key)
    patch.not_negative("min_disk", image.min_disk)
    patch.not_negative("min_ram", image.min_ram)


def _check_limits(image: pb.Image) -> None:
    for what, attempted, maximum in (
        ("properties", len(image.properties), PROPERTIES_MAX),
        ("tags", len(image.tags), TAGS_MAX),
    ):
        if attempted > maximum:
            raise refusals.TooMany(what=what, attempted=attempted, maximum=maximum)


def _visibility(change: JsonPatch.Operation) -> int:
    return Image.PUBLIC if change.value.string_value == "public" else Image.VISIBILITY_UNSPECIFIED
