"""Namespaces of metadata definitions (glance.api.v2.metadef_namespaces).

A namespace is stored as one object with everything in it: its parts are seldom changed, and always read together. Only
admins change them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from mopenstack.contract.faults import Forbidden
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.parts import find_part
from mopenstack.core.engine.servicer import ResourceServicer, Result, copy_fields
from mopenstack.core.store.transaction import copy_of
from mopenstack.image.v2 import refusals
from mopenstack.image.v2.metadefs import metadef_namespaces_pb2 as pb
from mopenstack.image.v2.metadefs import metadef_resource_types_pb2 as types_pb

PARTS_MAX = 1000
"""Most objects, properties, tags or associations of one namespace; glance knows no limit."""
PARTS = ("objects", "tags", "resource_type_associations", "properties")
_SERIAL = "metadef_serial"


class MetadefNamespaces(ResourceServicer[pb.MetadefNamespace]):
    service = pb.DESCRIPTOR.services_by_name["MetadefNamespaces"]
    message = pb.MetadefNamespace
    page_default = 25

    async def fetch(self, call: Call, id: str) -> pb.MetadefNamespace:
        """By name; what is said of one that is not there depends on what was asked for."""
        found = await self.find(call, id)
        if found is not None and self.visible(call, found):
            return found
        asked = call.operation
        shows = asked is not None and asked.method == "GetMetadefNamespace"
        if shows and found is not None:
            raise refusals.ResourceNotFound()
        if found is None and (shows or (asked is not None and asked.service.endswith(".MetadefObjects"))):
            raise refusals.NamespaceNotFound(namespace=id)
        raise refusals.NamespaceHidden(namespace=id)

    # -- lists

    async def candidates(self, call: Call, query: common.Query) -> Iterable[pb.MetadefNamespace]:
        for item in query.filters:
            if item.key == "visibility" and item.values[-1] not in ("public", "private"):
                raise refusals.BadQuery(f"Invalid visibility value: {item.values[-1]}")
        return await super().candidates(call, query)

    async def matches(self, call: Call, obj: pb.MetadefNamespace, key: str, values: Sequence[str]) -> bool:
        if key != "resource_types":
            return True
        wanted = set(values[-1].split(","))
        return any(association.name in wanted for association in obj.resource_type_associations)

    def missing_marker(self, marker: str) -> Exception:
        return refusals.NamespaceNotFound(namespace=marker)

    # -- create, show, update, delete

    async def prepare(self, call: Call, obj: pb.MetadefNamespace, request: Any, given: set[str]) -> None:
        if await call.tx.claimed("metadef_namespace", obj.namespace) is not None:
            raise refusals.DuplicateNamespace(namespace=obj.namespace)
        await call.tx.claim("metadef_namespace", obj.namespace, obj)
        obj.serial = await call.tx.add(_SERIAL, 1)
        self._check_parts(call, obj)
        parts: list[Any] = [*obj.objects, *obj.tags, *obj.resource_type_associations]
        for part in parts:
            call.stamp(part.created_at)
            call.stamp(part.updated_at)
        for thing in obj.objects:
            thing.namespace = obj.namespace
        for association in obj.resource_type_associations:
            await self.know_type(call, association.name)

    @staticmethod
    def _check_parts(call: Call, obj: pb.MetadefNamespace) -> None:
        for parts, refusal in (
            (obj.objects, refusals.DuplicateObject),
            (obj.tags, refusals.DuplicateTag),
            (obj.resource_type_associations, refusals.DuplicateAssociation),
        ):
            seen: set[str] = set()
            for part in parts:
                if part.name in seen:
                    raise refusal(name=part.name, namespace=obj.namespace)
                seen.add(part.name)
        for what in PARTS:
            check_room(call, obj, len(getattr(obj, what)))

    async def know_type(self, call: Call, name: str) -> None:
        """A resource type is there from its first association on."""
        if await call.tx.get(types_pb.MetadefResourceType, name) is None:
            kind = types_pb.MetadefResourceType(id=name, name=name, serial=await call.tx.add(_SERIAL, 1))
            call.stamp(kind.created_at)
            call.stamp(kind.updated_at)
            await call.tx.put(kind, fresh=True)

    async def answer(self, call: Call, obj: pb.MetadefNamespace, request: Any) -> Result:
        if isinstance(request, pb.UpdateMetadefNamespaceRequest):
            shown = copy_of(obj)
            shown.updated_at.CopyFrom(call.target.updated_at)
            return shown
        prefix = ""
        if isinstance(request, pb.GetMetadefNamespaceRequest) and request.resource_type:
            association = find_part(obj, "resource_type_associations", request.resource_type)
            prefix = association.prefix if association is not None else ""
        if not prefix:
            return obj
        shown = copy_of(obj)
        _add_prefix(shown, prefix)
        return shown

    async def change(
        self, call: Call, old: pb.MetadefNamespace, new: pb.MetadefNamespace, request: Any, given: set[str]
    ) -> None:
        """All attributes are replaced, those that the request leaves out too; what is in the namespace stays."""
        copy_fields(old, new, PARTS)
        copy_fields(request.document, new, ("display_name", "description", "protected"))
        new.visibility = request.document.visibility or "private"
        new.project_id = request.document.project_id or call.caller.project_id
        if new.namespace != old.namespace:
            if await call.tx.claimed("metadef_namespace", new.namespace) is not None:
                raise refusals.NamespaceNameTaken(namespace=new.namespace)
            await call.tx.release("metadef_namespace", old.namespace)
            await call.tx.claim("metadef_namespace", new.namespace, new)
            for thing in new.objects:
                thing.namespace = new.namespace

    async def remove(self, call: Call, obj: pb.MetadefNamespace) -> None:
        if obj.protected:
            raise refusals.ProtectedNamespace(name=obj.namespace)


def _add_prefix(shown: pb.MetadefNamespace, prefix: str) -> None:
    _prefix_keys(shown.properties, prefix)
    for thing in shown.objects:
        _prefix_keys(thing.properties, prefix)
        required = [prefix + name for name in thing.required]
        del thing.required[:]
        thing.required.extend(required)


def _prefix_keys(properties: Any, prefix: str) -> None:
    kept = {key: copy_of(value) for key, value in properties.items()}
    properties.clear()
    for key, value in kept.items():
        properties[prefix + key].CopyFrom(value)


def keeps(refusal: type[Forbidden]) -> Callable[[Call, pb.MetadefNamespace, str], Awaitable[None]]:
    """The rule for the removal of one part, or of all: what is in a protected namespace stays, as it does itself."""

    async def refuse(call: Call, namespace: pb.MetadefNamespace, name: str) -> None:
        if namespace.protected:
            raise refusal(name=name) if name else refusals.ProtectedNamespace(name=namespace.namespace)

    return refuse


async def shown_before(call: Call, shown: Any, before: Any) -> None:
    """The answer to a change has the time of the change before it."""
    if before is not None:
        shown.updated_at.CopyFrom(before.updated_at)


def check_room(call: Call, namespace: pb.MetadefNamespace, count: int) -> None:
    """Raise where a namespace would hold more parts of one kind than fit."""
    if count > PARTS_MAX:
        raise refusals.TooMany(what="metadata definitions", attempted=count, maximum=PARTS_MAX)
