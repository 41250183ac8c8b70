"""The extensions that Nova still lists. Source: nova/api/openstack/compute/extension_info.py."""

from __future__ import annotations

from mopenstack.compute.v2 import extensions_pb2 as pb
from mopenstack.compute.v2.refusals import ExtensionNotFound
from mopenstack.core.compute.extension_list import EXTENSIONS, NAMESPACE, UPDATED
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer


class Extensions(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Extensions"]

    async def list_extensions(self, call: Call, request: pb.ListExtensionsRequest) -> Result:
        return pb.ListExtensionsResponse(extensions=[_extension(*row) for row in EXTENSIONS])

    async def get_extension(self, call: Call, request: pb.GetExtensionRequest) -> Result:
        for row in EXTENSIONS:
            if row[0] == request.alias:
                return pb.ExtensionResponse(extension=_extension(*row))
        raise ExtensionNotFound()


def _extension(alias: str, name: str, description: str) -> pb.Extension:
    extension = pb.Extension(alias=alias, name=name, description=description, namespace=NAMESPACE, updated=UPDATED)
    extension.links.SetInParent()
    return extension
