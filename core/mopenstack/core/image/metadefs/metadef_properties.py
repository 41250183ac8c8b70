"""Properties of a namespace (glance.api.v2.metadef_properties)."""

from __future__ import annotations

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.image.metadefs.metadef_namespaces import check_room, edited, refuse_protected
from mopenstack.image.v2 import refusals
from mopenstack.image.v2.metadefs import metadef_namespaces_pb2 as parts
from mopenstack.image.v2.metadefs import metadef_properties_pb2 as pb
from mopenstack.image.v2.metadefs import metadef_resource_types_pb2 as types_pb


class MetadefProperties(Servicer):
    service = pb.DESCRIPTOR.services_by_name["MetadefProperties"]

    async def list_metadef_properties(self, call: Call, request: pb.ListMetadefPropertiesRequest) -> Result:
        return pb.ListMetadefPropertiesResponse(properties=call.target.properties)

    async def create_metadef_property(self, call: Call, request: pb.CreateMetadefPropertyRequest) -> Result:
        namespace, asked = await edited(call), request.document
        if asked.name in namespace.properties:
            raise refusals.DuplicateProperty(name=asked.name, namespace=namespace.namespace)
        check_room(len(namespace.properties) + 1)
        namespace.properties[asked.name].CopyFrom(asked)
        await call.tx.put(namespace)
        return _named(asked, asked.name)

    async def get_metadef_property(self, call: Call, request: pb.GetMetadefPropertyRequest) -> Result:
        name = request.property_name
        if request.resource_type:
            prefix = await self._prefix(call, request.resource_type)
            if not prefix or not name.startswith(prefix):
                raise refusals.WrongPrefix(name=name, prefix=prefix)
            name = name[len(prefix) :]
        return _named(_find(call.target, name), name)

    @staticmethod
    async def _prefix(call: Call, resource_type: str) -> str | None:
        """The prefix that an association asks for; None where it asks for none."""
        for one in call.target.resource_type_associations:
            if one.name == resource_type:
                return one.prefix if one.HasField("prefix") else None
        if await call.tx.get(types_pb.MetadefResourceType, resource_type) is None:
            raise refusals.ResourceTypeNotFound(name=resource_type)
        raise refusals.NoSuchAssociation(name=resource_type, namespace=call.target.namespace)

    async def update_metadef_property(self, call: Call, request: pb.UpdateMetadefPropertyRequest) -> Result:
        namespace, asked = await edited(call), request.document
        _find(namespace, request.property_name)
        if asked.name != request.property_name:
            if asked.name in namespace.properties:
                raise refusals.PropertyNameTaken(name=asked.name, namespace=namespace.namespace)
            del namespace.properties[request.property_name]
        namespace.properties[asked.name].CopyFrom(asked)
        await call.tx.put(namespace)
        return _named(asked, asked.name)

    async def delete_metadef_property(self, call: Call, request: pb.DeleteMetadefPropertyRequest) -> Result:
        namespace = await edited(call)
        _find(namespace, request.property_name)
        refuse_protected(namespace, refusals.ProtectedProperty, request.property_name)
        del namespace.properties[request.property_name]
        await call.tx.put(namespace)
        return EMPTY

    async def delete_metadef_properties(self, call: Call, request: pb.DeleteMetadefPropertiesRequest) -> Result:
        namespace = await edited(call)
        refuse_protected(namespace, refusals.ProtectedNamespace, namespace.namespace)
        namespace.properties.clear()
        await call.tx.put(namespace)
        return EMPTY


def _find(namespace: parts.MetadefNamespace, name: str) -> parts.MetadefProperty:
    if name not in namespace.properties:
        raise refusals.PropertyNotFound(name=name)
    return namespace.properties[name]


def _named(kept: parts.MetadefProperty, name: str) -> parts.MetadefProperty:
    shown = parts.MetadefProperty()
    shown.CopyFrom(kept)
    shown.name = name
    return shown
