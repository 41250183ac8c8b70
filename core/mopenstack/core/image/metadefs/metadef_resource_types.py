"""Resource types, and which namespaces are for them (glance.api.v2.metadef_resource_types)."""

from __future__ import annotations

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result, copy_fields
from mopenstack.core.image.metadefs.metadef_namespaces import MetadefNamespaces, check_room, edited, refuse_protected
from mopenstack.image.v2 import refusals
from mopenstack.image.v2.metadefs import metadef_resource_types_pb2 as pb


class MetadefResourceTypes(ResourceServicer[pb.MetadefResourceType]):
    service = pb.DESCRIPTOR.services_by_name["MetadefResourceTypes"]
    message = pb.MetadefResourceType

    async def list_metadef_resource_types(self, call: Call, request: pb.ListMetadefResourceTypesRequest) -> Result:
        found = sorted(await call.tx.scan(pb.MetadefResourceType), key=lambda kind: kind.serial)
        return pb.ListMetadefResourceTypesResponse(resource_types=found)

    async def list_metadef_associations(self, call: Call, request: pb.ListMetadefAssociationsRequest) -> Result:
        return pb.ListMetadefAssociationsResponse(resource_type_associations=call.target.resource_type_associations)

    async def create_metadef_association(self, call: Call, request: pb.CreateMetadefAssociationRequest) -> Result:
        namespace, asked = await edited(call), request.document
        if any(one.name == asked.name for one in namespace.resource_type_associations):
            raise refusals.DuplicateAssociation(name=asked.name, namespace=namespace.namespace)
        check_room(len(namespace.resource_type_associations) + 1)
        await call.service(MetadefNamespaces).know_type(call, asked.name)
        new = namespace.resource_type_associations.add()
        copy_fields(asked, new, ("name", "prefix", "properties_target"))
        call.stamp(new.created_at)
        call.stamp(new.updated_at)
        await call.tx.put(namespace)
        return new

    async def delete_metadef_association(self, call: Call, request: pb.DeleteMetadefAssociationRequest) -> Result:
        namespace = await edited(call)
        for one in namespace.resource_type_associations:
            if one.name == request.name:
                refuse_protected(namespace, refusals.ProtectedAssociation, one.name)
                namespace.resource_type_associations.remove(one)
                await call.tx.put(namespace)
                return EMPTY
        raise refusals.AssociationNotFound(name=request.name)
