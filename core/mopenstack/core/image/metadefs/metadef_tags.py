"""Tags of a namespace (glance.api.v2.metadef_tags)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import TRUE_WORDS
from mopenstack.core.engine.parts import Parts, find_part
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.image.metadefs.metadef_namespaces import check_room, keeps, shown_before
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
            marker = find_part(call.target, "tags", query.marker)
            if marker is None:
                raise refusals.TagNotFound(name=query.marker)
            tags = tags[tags.index(marker) + 1 :]
        return _names(tags[: query.limit] if query.limit else tags)

    async def create_metadef_tags(self, call: Call, request: pb.CreateMetadefTagsRequest) -> Result:
        namespace = await call.tx.edit(parts.MetadefNamespace, call.target.id)
        if request.tags and request.append.strip().lower() not in TRUE_WORDS:
            del namespace.tags[:]
        names = {tag.name for tag in namespace.tags}
        for asked in request.tags:
            if asked.name in names:
                raise _taken(call, namespace, asked.name, "")
            check_room(call, namespace, len(namespace.tags) + 1)
            names.add(asked.name)
            new = namespace.tags.add(name=asked.name)
            call.stamp(new.created_at)
            call.stamp(new.updated_at)
        await call.tx.put(namespace)
        return _names(request.tags)


def _missing(call: Call, namespace: parts.MetadefNamespace, name: str) -> Exception:
    return refusals.TagNotFound(name=name)


def _taken(call: Call, namespace: parts.MetadefNamespace, name: str, former: str) -> Exception:
    return refusals.DuplicateTag(name=name, namespace=namespace.namespace)


async def _check(call: Call, namespace: parts.MetadefNamespace, tag: parts.MetadefTag, request: Any) -> None:
    said = breach({"name": tag.name}, TAG)
    if said is not None:
        raise refusals.InvalidImage(said)


TAGS = Parts(
    "metadef_namespace",
    "tags",
    missing=_missing,
    taken=_taken,
    check=_check,
    room=check_room,
    remove=keeps(refusals.ProtectedTag),
    view=shown_before,
    touches=False,
)


def _sorted(tags: list[parts.MetadefTag], query: common.Query) -> list[parts.MetadefTag]:
    key, descending = ("created_at", True) if not query.sort else (query.sort[0].key, query.sort[0].descending)
    if key not in _ORDERS:
        raise refusals.BadQuery("Sort key supplied was not valid.")
    order = _ORDERS[key]
    places = {tag.name: place for place, tag in enumerate(tags)}
    return sorted(tags, key=lambda tag: (order(tag), places[tag.name]), reverse=descending)


def _names(tags: Any) -> pb.MetadefTagNames:
    return pb.MetadefTagNames(tags=[pb.MetadefTagName(name=tag.name) for tag in tags])
