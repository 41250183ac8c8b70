"""The extensions that Nova still lists. Source: nova/api/openstack/compute/extension_info.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from google.protobuf.message import Message

from mopenstack.compute.v2 import extensions_pb2 as pb
from mopenstack.compute.v2.refusals import ExtensionNotFound
from mopenstack.core.compute.extension_list import EXTENSIONS, NAMESPACE, UPDATED
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer


def _extension(alias: str, name: str, description: str) -> pb.Extension:
    extension = pb.Extension(alias=alias, name=name, description=description, namespace=NAMESPACE, updated=UPDATED)
    extension.links.SetInParent()
    return extension


_ALL = {row[0]: _extension(*row) for row in EXTENSIONS}
"""Alias -> extension."""


class Extensions(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Extensions"]

    fixed: ClassVar[Mapping[str, Message]] = {"ListExtensions": pb.ListExtensionsResponse(extensions=_ALL.values())}

    async def get_extension(self, call: Call, request: pb.GetExtensionRequest) -> Result:
        if request.alias not in _ALL:
            raise ExtensionNotFound()
        return _ALL[request.alias]
