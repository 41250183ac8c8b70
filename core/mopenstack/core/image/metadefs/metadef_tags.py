"""Tags of a namespace (glance.api.v2.metadef_tags)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import TRUE_WORDS
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.image.metadefs.metadef_namespaces import check_room, edited, refuse_protected
from mopenstack.image.json_schema import breach
from mopenstack.image.metadef_schemas import TAG
from mopenstack.image.v2 import refusals
from mopenstack.image.v2.metadefs import metadef_namespaces_pb2 as parts
from mopenstack.image.v2.metadefs import metadef_tags_pb2 as pb

_ORDERS: dict[str, Callable[[parts.MetadefTag], Any]] = {
    "name": lambda tag: tag.name,
    "created_at": lambda tag: (tag.created_at.seconds, tag.created_at.nanos),
    "updated_at": lambda tag: (tag.updated_at.seconds, tag.updated_at.nanos),
}


class MetadefTags(Servicer):
    service = pb.DESCRIPTOR.services_by_name["MetadefTags"]

    async def list_metadef_tags(self, call: Call, request: pb.ListMetadefTagsRequest) -> Result:
        """The newest first, if not said otherwise; of those made at once the last first."""
        query = request.query
        tags = _sorted(list(call.target.tags), query)
        if query.marker:
            marker = _find(call.target, query.marker)
            tags = tags[tags.index(marker) + 1 :]
        return _names(tags[: query.limit] if query.limit else tags)

    async def create_metadef_tags(self, call: Call, request: pb.CreateMetadefTagsRequest) -> Result:
        namespace = await edited(call)
        if request.tags and request.append.strip().lower() not in TRUE_WORDS:
            del namespace.tags[:]
        for asked in request.tags:
            _add(call, namespace, asked.name)
        await call.tx.put(namespace)
        return _names(request.tags)

    async def delete_metadef_tags(self, call: Call, request: pb.DeleteMetadefTagsRequest) -> Result:
        namespace = await edited(call)
        refuse_protected(namespace, refusals.ProtectedNamespace, namespace.namespace)
        del namespace.tags[:]
        await call.tx.put(namespace)
        return EMPTY

    async def get_metadef_tag(self, call: Call, request: pb.GetMetadefTagRequest) -> Result:
        return _find(call.target, request.tag_name)

    async def add_metadef_tag(self, call: Call, request: pb.AddMetadefTagRequest) -> Result:
        said = breach({"name": request.tag_name}, TAG)
        if said is not None:
            raise refusals.InvalidImage(said)
        namespace = await edited(call)
        new = _add(call, namespace, request.tag_name)
        await call.tx.put(namespace)
        return new

    async def update_metadef_tag(self, call: Call, request: pb.UpdateMetadefTagRequest) -> Result:
        namespace, name = await edited(call), request.document.name
        old = _find(namespace, request.tag_name)
        if name != old.name and any(one.name == name for one in namespace.tags):
            raise refusals.DuplicateTag(name=name, namespace=namespace.namespace)
        old.name = name
        answer = parts.MetadefTag()
        answer.CopyFrom(old)
        call.stamp(old.updated_at)
        await call.tx.put(namespace)
        return answer

    async def delete_metadef_tag(self, call: Call, request: pb.DeleteMetadefTagRequest) -> Result:
        namespace = await edited(call)
        old = _find(namespace, request.tag_name)
        refuse_protected(namespace, refusals.ProtectedTag, old.name)
        namespace.tags.remove(old)
        await call.tx.put(namespace)
        return EMPTY


def _find(namespace: parts.MetadefNamespace, name: str) -> parts.MetadefTag:
    for one in namespace.tags:
        if one.name == name:
            return one
    raise refusals.TagNotFound(name=name)


def _add(call: Call, namespace: parts.MetadefNamespace, name: str) -> parts.MetadefTag:
    if any(one.name == name for one in namespace.tags):
        raise refusals.DuplicateTag(name=name, namespace=namespace.namespace)
    check_room(len(namespace.tags) + 1)
    new = namespace.tags.add(name=name)
    call.stamp(new.created_at)
    call.stamp(new.updated_at)
    return new


def _sorted(tags: list[parts.MetadefTag], query: common.Query) -> list[parts.MetadefTag]:
    key, descending = ("created_at", True) if not query.sort else (query.sort[0].key, query.sort[0].descending)
    if key not in _ORDERS:
        raise refusals.BadQuery("Sort key supplied was not valid.")
    order = _ORDERS[key]
    places = {tag.name: place for place, tag in enumerate(tags)}
    return sorted(tags, key=lambda tag: (order(tag), places[tag.name]), reverse=descending)


def _names(tags: Any) -> pb.MetadefTagNames:
    return pb.MetadefTagNames(tags=[pb.MetadefTagName(name=tag.name) for tag in tags])
