"""Objects of a namespace: properties that belong together (glance.api.v2.metadef_objects)."""

from __future__ import annotations

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer, copy_fields
from mopenstack.core.image.metadefs.metadef_namespaces import check_room, edited, point_object, refuse_protected
from mopenstack.image.v2 import refusals
from mopenstack.image.v2.metadefs import metadef_namespaces_pb2 as parts
from mopenstack.image.v2.metadefs import metadef_objects_pb2 as pb

_GIVEN = ("name", "required", "description", "properties")


class MetadefObjects(Servicer):
    service = pb.DESCRIPTOR.services_by_name["MetadefObjects"]

    async def list_metadef_objects(self, call: Call, request: pb.ListMetadefObjectsRequest) -> Result:
        answer = pb.ListMetadefObjectsResponse(objects=call.target.objects, schema="v2/schemas/metadefs/objects")
        for thing in answer.objects:
            point_object(thing, call.target.namespace)
        return answer

    async def create_metadef_object(self, call: Call, request: pb.CreateMetadefObjectRequest) -> Result:
        namespace = await edited(call)
        asked = request.document
        if any(one.name == asked.name for one in namespace.objects):
            raise refusals.DuplicateObject(name=asked.name, namespace=namespace.namespace)
        check_room(len(namespace.objects) + 1)
        new = namespace.objects.add()
        copy_fields(asked, new, _GIVEN)
        call.stamp(new.created_at)
        call.stamp(new.updated_at)
        await call.tx.put(namespace)
        return _written(new, namespace.namespace)

    async def get_metadef_object(self, call: Call, request: pb.GetMetadefObjectRequest) -> Result:
        shown = parts.MetadefObject()
        shown.CopyFrom(_find(call.target, request.object_name))
        point_object(shown, call.target.namespace)
        return shown

    async def update_metadef_object(self, call: Call, request: pb.UpdateMetadefObjectRequest) -> Result:
        namespace = await edited(call)
        old, asked = _find(namespace, request.object_name), request.document
        if asked.name != old.name and any(one.name == asked.name for one in namespace.objects):
            raise refusals.ObjectNameTaken(name=asked.name, namespace=namespace.namespace)
        copy_fields(asked, old, _GIVEN)
        answer = _written(old, namespace.namespace)
        call.stamp(old.updated_at)
        await call.tx.put(namespace)
        return answer

    async def delete_metadef_object(self, call: Call, request: pb.DeleteMetadefObjectRequest) -> Result:
        namespace = await edited(call)
        old = _find(namespace, request.object_name)
        refuse_protected(namespace, refusals.ProtectedObject, old.name)
        namespace.objects.remove(old)
        await call.tx.put(namespace)
        return EMPTY

    async def delete_metadef_objects(self, call: Call, request: pb.DeleteMetadefObjectsRequest) -> Result:
        namespace = await edited(call)
        refuse_protected(namespace, refusals.ProtectedNamespace, namespace.namespace)
        del namespace.objects[:]
        await call.tx.put(namespace)
        return EMPTY


def _find(namespace: parts.MetadefNamespace, name: str) -> parts.MetadefObject:
    for one in namespace.objects:
        if one.name == name:
            return one
    raise refusals.ObjectNotFound(name=name)


def _written(thing: parts.MetadefObject, namespace: str) -> pb.NewMetadefObject:
    answer = pb.NewMetadefObject()
    copy_fields(thing, answer, (*_GIVEN, "created_at", "updated_at"))
    point_object(answer, namespace)
    return answer
