"""Resource types, and which namespaces are for them (glance.api.v2.metadef_resource_types)."""

from __future__ import annotations

from typing import Any, ClassVar

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.parts import Parts
from mopenstack.core.engine.servicer import ResourceServicer
from mopenstack.core.image.metadefs.metadef_namespaces import MetadefNamespaces, check_room, keeps
from mopenstack.image.v2 import refusals
from mopenstack.image.v2.metadefs import metadef_namespaces_pb2 as parts
from mopenstack.image.v2.metadefs import metadef_resource_types_pb2 as pb


class MetadefResourceTypes(ResourceServicer[pb.MetadefResourceType]):
    service = pb.DESCRIPTOR.services_by_name["MetadefResourceTypes"]
    message = pb.MetadefResourceType
    page_max: ClassVar[int | None] = None


def _missing(call: Call, namespace: parts.MetadefNamespace, name: str) -> Exception:
    return refusals.AssociationNotFound(name=name)


def _taken(call: Call, namespace: parts.MetadefNamespace, name: str, former: str) -> Exception:
    return refusals.DuplicateAssociation(name=name, namespace=namespace.namespace)


async def _check(call: Call, namespace: parts.MetadefNamespace, item: parts.MetadefAssociation, request: Any) -> None:
    await call.service(MetadefNamespaces).know_type(call, item.name)


ASSOCIATIONS = Parts(
    "metadef_namespace",
    "resource_type_associations",
    missing=_missing,
    taken=_taken,
    check=_check,
    room=check_room,
    remove=keeps(refusals.ProtectedAssociation),
    touches=False,
)
