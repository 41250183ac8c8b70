"""Properties of a namespace (glance.api.v2.metadef_properties)."""

from __future__ import annotations

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.parts import Parts, find_part
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.image.metadefs.metadef_namespaces import check_room, keeps
from mopenstack.core.store.transaction import copy_of
from mopenstack.image.v2 import refusals
from mopenstack.image.v2.metadefs import metadef_namespaces_pb2 as parts
from mopenstack.image.v2.metadefs import metadef_properties_pb2 as pb
from mopenstack.image.v2.metadefs import metadef_resource_types_pb2 as types_pb


def _missing(call: Call, namespace: parts.MetadefNamespace, name: str) -> Exception:
    return refusals.PropertyNotFound(name=name)


def _taken(call: Call, namespace: parts.MetadefNamespace, name: str, former: str) -> Exception:
    refusal = refusals.PropertyNameTaken if former else refusals.DuplicateProperty
    return refusal(name=name, namespace=namespace.namespace)


PROPERTIES = Parts(
    "metadef_namespace",
    "properties",
    missing=_missing,
    taken=_taken,
    room=check_room,
    remove=keeps(refusals.ProtectedProperty),
    touches=False,
)


class MetadefProperties(Servicer):
    service = pb.DESCRIPTOR.services_by_name["MetadefProperties"]

    async def get_metadef_property(self, call: Call, request: pb.GetMetadefPropertyRequest) -> Result:
        """By its name, or by the name with the prefix of an association."""
        name = request.property_name
        if request.resource_type:
            prefix = await self._prefix(call, request.resource_type)
            if not prefix or not name.startswith(prefix):
                raise refusals.WrongPrefix(name=name, prefix=prefix)
            name = name[len(prefix) :]
        found = find_part(call.target, "properties", name)
        if found is None:
            raise refusals.PropertyNotFound(name=name)
        shown: parts.MetadefProperty = copy_of(found)
        shown.name = name
        return shown

    @staticmethod
    async def _prefix(call: Call, resource_type: str) -> str | None:
        """The prefix that an association asks for; None where it asks for none."""
        association = find_part(call.target, "resource_type_associations", resource_type)
        if association is not None:
            return association.prefix if association.HasField("prefix") else None
        if await call.tx.get(types_pb.MetadefResourceType, resource_type) is None:
            raise refusals.ResourceTypeNotFound(name=resource_type)
        raise refusals.NoSuchAssociation(name=resource_type, namespace=call.target.namespace)
