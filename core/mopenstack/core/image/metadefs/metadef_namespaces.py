"""Namespaces of metadata definitions (glance.api.v2.metadef_namespaces).

A namespace is one object with everything in it: its parts are seldom changed, and always read together. Namespaces
are seen by their owner's project, or by everybody if they are public; only admins change them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mopenstack.contract.calls import Page
from mopenstack.contract.faults import Forbidden
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result
from mopenstack.image.v2 import refusals
from mopenstack.image.v2.metadefs import metadef_namespaces_pb2 as pb
from mopenstack.image.v2.metadefs import metadef_resource_types_pb2 as types_pb

PAGE_DEFAULT = 25
PATH = "/v2/metadefs/namespaces"
PARTS_MAX = 1000
"""Most objects, properties, tags or associations of one namespace; glance knows no limit."""
_SERIAL = "metadef_serial"


class MetadefNamespaces(ResourceServicer[pb.MetadefNamespace]):
    service = pb.DESCRIPTOR.services_by_name["MetadefNamespaces"]
    message = pb.MetadefNamespace

    # -- who sees what

    def visible(self, call: Call, obj: pb.MetadefNamespace) -> bool:
        return call.caller.is_admin or obj.visibility == "public" or obj.project_id == call.caller.project_id

    async def find(self, call: Call, id: str) -> pb.MetadefNamespace | None:
        found = await call.tx.query(pb.MetadefNamespace, namespace=id)
        return found[0] if found else None

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
        return await call.tx.scan(pb.MetadefNamespace)

    async def matches(self, call: Call, obj: pb.MetadefNamespace, key: str, values: Sequence[str]) -> bool:
        if key != "resource_types":
            return True
        wanted = set(values[-1].split(","))
        return any(association.name in wanted for association in obj.resource_type_associations)

    async def list_metadef_namespaces(self, call: Call, request: pb.ListMetadefNamespacesRequest) -> Result:
        query = request.query
        for item in query.filters:
            if item.key == "visibility" and item.values[-1] not in ("public", "private"):
                raise refusals.BadQuery(f"Invalid visibility value: {item.values[-1]}")
        query.limit = query.limit or PAGE_DEFAULT
        if query.marker:
            marker = await self.find(call, query.marker)
            if marker is None:
                raise refusals.NamespaceNotFound(namespace=query.marker)
            query.marker = marker.id
        page = await self.list(call, request)
        assert isinstance(page, Page)
        found: Sequence[Any] = page.items
        page.next_marker = found[-1].namespace if page.next_marker else ""
        page.items = [_brief(one) for one in found]
        page.extra["schema"] = "/v2/schemas/metadefs/namespaces"
        return page

    # -- create, update, delete

    async def create_metadef_namespace(self, call: Call, request: pb.CreateMetadefNamespaceRequest) -> Result:
        asked = request.document
        if await call.tx.claimed("metadef_namespace", asked.namespace) is not None:
            raise refusals.DuplicateNamespace(namespace=asked.namespace)
        new = pb.MetadefNamespace()
        new.CopyFrom(asked)
        new = await self.insert(call, new, request)
        answer = pb.CreateMetadefNamespaceResponse()
        answer.document.CopyFrom(asked)
        for name in ("visibility", "protected", "project_id", "self_path", "schema"):
            setattr(answer.document, name, getattr(new, name))
        answer.document.created_at.CopyFrom(new.created_at)
        answer.document.updated_at.CopyFrom(new.updated_at)
        return answer

    async def prepare(self, call: Call, obj: pb.MetadefNamespace, request: Any, given: set[str]) -> None:
        await call.tx.claim("metadef_namespace", obj.namespace, obj)
        obj.serial = await call.tx.add(_SERIAL, 1)
        _point(obj)
        self._check_parts(obj)
        parts: list[Any] = [*obj.objects, *obj.tags, *obj.resource_type_associations]
        for part in parts:
            call.stamp(part.created_at)
            call.stamp(part.updated_at)
        for association in obj.resource_type_associations:
            await self.know_type(call, association.name)

    @staticmethod
    def _check_parts(obj: pb.MetadefNamespace) -> None:
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
        for what in ("objects", "tags", "resource_type_associations", "properties"):
            check_room(len(getattr(obj, what)))

    async def know_type(self, call: Call, name: str) -> None:
        """A resource type is there from its first association on."""
        if await call.tx.get(types_pb.MetadefResourceType, name) is None:
            kind = types_pb.MetadefResourceType(id=name, name=name, serial=await call.tx.add(_SERIAL, 1))
            call.stamp(kind.created_at)
            call.stamp(kind.updated_at)
            await call.tx.put(kind, fresh=True)

    async def get_metadef_namespace(self, call: Call, request: pb.GetMetadefNamespaceRequest) -> Result:
        shown = pb.MetadefNamespace()
        shown.CopyFrom(call.target)
        prefix = next((one.prefix for one in shown.resource_type_associations if one.name == request.resource_type), "")
        for thing in shown.objects:
            point_object(thing, shown.namespace)
        if prefix:
            _add_prefix(shown, prefix)
        for tag in shown.tags:
            tag.ClearField("created_at")
            tag.ClearField("updated_at")
        return shown

    async def update_metadef_namespace(self, call: Call, request: pb.UpdateMetadefNamespaceRequest) -> Result:
        asked, old = request.document, call.target
        new = await call.tx.edit(pb.MetadefNamespace, old.id)
        if asked.namespace != old.namespace:
            if await call.tx.claimed("metadef_namespace", asked.namespace) is not None:
                raise refusals.NamespaceNameTaken(namespace=asked.namespace)
            await call.tx.release("metadef_namespace", old.namespace)
            new.namespace = asked.namespace
            await call.tx.claim("metadef_namespace", new.namespace, new)
        for name in ("display_name", "description"):
            new.ClearField(name)
            if asked.HasField(name):
                setattr(new, name, getattr(asked, name))
        new.visibility, new.protected = asked.visibility or "private", asked.protected
        new.project_id = asked.project_id or call.caller.project_id
        _point(new)
        answer = _brief(new, associations=False)
        await self.save(call, new)
        return answer

    async def delete_metadef_namespace(self, call: Call, request: pb.DeleteMetadefNamespaceRequest) -> Result:
        refuse_protected(call.target, refusals.ProtectedNamespace, call.target.namespace)
        await self.discard(call, call.target)
        return EMPTY


def _brief(full: pb.MetadefNamespace, *, associations: bool = True) -> pb.MetadefNamespace:
    """A namespace without what is in it."""
    brief = pb.MetadefNamespace()
    brief.CopyFrom(full)
    for part in ("properties", "objects", "tags"):
        brief.ClearField(part)
    if not associations:
        brief.ClearField("resource_type_associations")
    return brief


def _point(namespace: pb.MetadefNamespace) -> None:
    namespace.self_path = f"{PATH}/{namespace.namespace}"
    namespace.schema = "/v2/schemas/metadefs/namespace"


def point_object(thing: Any, namespace: str) -> None:
    """The links of an object, which follow the names of both."""
    thing.self_path = f"{PATH}/{namespace}/objects/{thing.name}"
    thing.schema = "/v2/schemas/metadefs/object"


def _add_prefix(shown: pb.MetadefNamespace, prefix: str) -> None:
    _prefix_keys(shown.properties, prefix)
    for thing in shown.objects:
        _prefix_keys(thing.properties, prefix)
        required = [prefix + name for name in thing.required]
        del thing.required[:]
        thing.required.extend(required)


def _prefix_keys(properties: Any, prefix: str) -> None:
    kept = {}
    for key, value in properties.items():
        kept[key] = pb.MetadefProperty()
        kept[key].CopyFrom(value)
    properties.clear()
    for key, value in kept.items():
        properties[prefix + key].CopyFrom(value)


def refuse_protected(namespace: pb.MetadefNamespace, refusal: type[Forbidden], name: str) -> None:
    """What is in a protected namespace stays, as the namespace does."""
    if namespace.protected:
        raise refusal(name=name)


def check_room(count: int) -> None:
    """Raise where a namespace would hold more parts of one kind than fit."""
    if count > PARTS_MAX:
        raise refusals.TooMany(what="metadata definitions", attempted=count, maximum=PARTS_MAX)


async def edited(call: Call) -> pb.MetadefNamespace:
    """A private copy of the namespace that the operation is about."""
    return await call.tx.edit(pb.MetadefNamespace, call.target.id)
