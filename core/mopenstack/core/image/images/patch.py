"""JSON patches of images (glance.api.v2.images: RequestDeserializer.update, ImagesController.update).

All changes are checked before the image is looked for, and then applied one by one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mopenstack.contract.faults import InvalidField
from mopenstack.contract.v1.common_pb2 import JsonPatch
from mopenstack.contract.values import plain
from mopenstack.core.image.images.states import VISIBILITY_WORDS
from mopenstack.image.schemas import image_breach
from mopenstack.image.v2 import refusals
from mopenstack.image.v2.images import images_pb2 as pb

Change = JsonPatch.Operation

READ_ONLY = frozenset(
    {
        *("created_at", "updated_at", "status", "checksum", "size", "virtual_size", "direct_url", "self", "file"),
        *("schema", "id", "os_hash_algo", "os_hash_value"),
    }
)
RESERVED = frozenset({"location", "deleted", "deleted_at"})
RESERVED_NAMESPACE = "os_glance"
ATTRIBUTES: dict[str, str] = {
    **{name: name for name in ("name", "visibility", "os_hidden", "min_disk", "min_ram", "protected", "tags")},
    **{name: name for name in ("disk_format", "container_format")},
    "owner": "project_id",
}
"""Wire key -> field, of what a patch may set beside free properties."""
FORMATS = ("disk_format", "container_format")
STRICT_DRAFT = 4
"""The draft in which it is a conflict to add an attribute that exists."""
VERBS = {Change.ADD: "add", Change.REPLACE: "replace", Change.REMOVE: "remove"}

_VISIBILITIES: dict[str, Any] = {word: number for number, word in VISIBILITY_WORDS.items()}


def check(changes: Iterable[JsonPatch.Operation]) -> None:
    """What is wrong with the changes themselves, whatever the image."""
    for change in changes:
        root = change.path[0] if change.path else ""
        depth = 2 if root == "locations" and change.op != Change.REPLACE else 1
        if len(change.path) != depth:
            raise refusals.BadPointer(path="/".join(change.path))
        if root in READ_ONLY:
            raise refusals.ReadOnlyAttribute(name=root)
        if root in RESERVED or root.startswith(RESERVED_NAMESPACE):
            raise refusals.ReservedAttributeOfPatch(name=root)
        if change.op == Change.REMOVE or root == "locations":
            continue
        breach = image_breach({root: plain(change.value)})
        if breach:
            raise refusals.InvalidImage(breach)


def apply(image: pb.Image, change: JsonPatch.Operation, *, admin: bool, strict_add: bool) -> None:
    """Make one change to a private copy; raises Glance's refusal. `strict_add`: what exists is not added again."""
    root = change.path[0]
    if root == "locations":
        if change.op == Change.REPLACE and not change.value.list_value.values:
            raise refusals.EmptyLocations()
        verb = "update" if change.op == Change.REPLACE else VERBS[change.op]
        raise refusals.LocationsHidden(verb=verb)
    if change.op == Change.REMOVE:
        _remove(image, root)
        return
    if change.op == Change.REPLACE and root == "owner" and not admin:
        raise refusals.OwnerIsForAdmins()
    known = root in ATTRIBUTES or root in image.properties
    if change.op == Change.REPLACE and not known:
        raise refusals.NoSuchProperty(name=root)
    if change.op == Change.ADD and known and strict_add:
        raise refusals.PropertyExists(name=root)
    if root in ATTRIBUTES:
        _set(image, root, plain(change.value))
    else:
        image.properties[root] = plain(change.value)


def _remove(image: pb.Image, root: str) -> None:
    if root in ATTRIBUTES:
        raise refusals.PropertyNotRemovable(name=root)
    if root not in image.properties:
        raise refusals.NoSuchProperty(name=root)
    del image.properties[root]


def _set(image: pb.Image, root: str, value: Any) -> None:
    name = ATTRIBUTES[root]
    if root in FORMATS and image.status not in (pb.Image.QUEUED, pb.Image.IMPORTING):
        raise refusals.FormatIsSet(name=root)
    if root == "tags":
        del image.tags[:]
        image.tags.extend(dict.fromkeys(value))
    elif root == "visibility":
        image.visibility = _VISIBILITIES[value]
    elif value is None:
        image.ClearField(name)
    elif root in ("min_disk", "min_ram"):
        setattr(image, name, not_negative(root, int(value)))
    else:
        setattr(image, name, value)


def not_negative(name: str, value: int) -> int:
    """The value; raises NegativeValue, and InvalidField for one that no database column takes."""
    if value < 0:
        raise refusals.NegativeValue(value=value, name=name)
    if value >= 2**31:
        raise InvalidField((name,), value, "maximum", 2**31 - 1)
    return value
