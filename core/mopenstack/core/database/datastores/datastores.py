"""Datastores and their versions, as they are shown (trove/datastore/service.py, trove/datastore/views.py)."""

from __future__ import annotations

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.database.datastores.choices import datastore_of, version_by_id, version_of, versions_of
from mopenstack.core.database.flavors import flavors_of
from mopenstack.core.database.service_user import ask
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result
from mopenstack.database.v1 import flavors_pb2, refusals
from mopenstack.database.v1.datastores import datastores_pb2 as pb
from mopenstack.volume.v3.types.types_pb2 import ListTypesRequest


class Datastores(ResourceServicer[pb.Datastore]):
    service = pb.DESCRIPTOR.services_by_name["Datastores"]
    message = pb.Datastore
    not_found = refusals.DatastoreNotFound

    async def list_datastores(self, call: Call, request: pb.ListDatastoresRequest) -> Result:
        found = sorted(await call.tx.scan(pb.Datastore), key=lambda one: (one.created_at.seconds, one.name))
        shown = [await _view(call, one, inactive=call.caller.is_admin) for one in found]
        if not call.caller.is_admin:
            shown = [one for one in shown if one.versions]
        return pb.ListDatastoresResponse(datastores=shown)

    async def get_datastore(self, call: Call, request: pb.GetDatastoreRequest) -> Result:
        datastore = await datastore_of(call, request.datastore)
        return pb.DatastoreResponse(datastore=await _view(call, datastore))

    async def delete_datastore(self, call: Call, request: pb.DeleteDatastoreRequest) -> Result:
        datastore = await datastore_of(call, request.datastore)
        if await versions_of(call, datastore.id):
            raise refusals.DatastoreVersionsExist(datastore=request.datastore)
        await call.tx.delete(pb.Datastore, datastore.id)
        return EMPTY

    async def list_datastore_versions(self, call: Call, request: pb.ListDatastoreVersionsRequest) -> Result:
        datastore = await datastore_of(call, request.datastore)
        found = [one for one in await versions_of(call, datastore.id) if one.active or call.caller.is_admin]
        return pb.ListDatastoreVersionsResponse(versions=[version_view(call, one) for one in found])

    async def get_datastore_version(self, call: Call, request: pb.GetDatastoreVersionRequest) -> Result:
        version = await version_of(call, await datastore_of(call, request.datastore), request.version)
        return pb.DatastoreVersionResponse(version=version_view(call, version))

    async def get_datastore_version_by_id(self, call: Call, request: pb.GetDatastoreVersionByIdRequest) -> Result:
        version = await version_by_id(call, request.version_id)
        return pb.DatastoreVersionResponse(version=version_view(call, version))

    async def list_datastore_flavors(self, call: Call, request: pb.ListDatastoreFlavorsRequest) -> Result:
        return flavors_pb2.ListFlavorsResponse(flavors=await flavors_of(call))

    async def list_datastore_volume_types(self, call: Call, request: pb.ListDatastoreVolumeTypesRequest) -> Result:
        request_of = ListTypesRequest(query=common.Query())
        page = await ask(call, "mopenstack.volume.v3.Types.ListTypes", request_of)
        shown = [
            pb.VolumeTypeView(id=one.id, name=one.name, is_public=one.is_public, description=one.description or None)
            for one in page.items
        ]
        return pb.ListVolumeTypesResponse(volume_types=shown)


async def _view(call: Call, datastore: pb.Datastore, *, inactive: bool = False) -> pb.DatastoreView:
    versions = [one for one in await versions_of(call, datastore.id) if one.active or inactive]
    return pb.DatastoreView(
        id=datastore.id,
        name=datastore.name,
        versions=[version_view(call, one, nested=True) for one in versions],
        default_version=datastore.default_version_id,
        viewer=call.caller.project_id,
    )


def version_view(call: Call, version: pb.DatastoreVersion, *, nested: bool = False) -> pb.DatastoreVersionView:
    """A version as the caller sees it; `nested` in its datastore."""
    shown = pb.DatastoreVersionView(
        id=version.id, name=version.name, version=version.version, viewer=call.caller.project_id
    )
    if not nested:
        shown.datastore = version.datastore_id
    if call.caller.is_admin:
        shown.inside.active = int(version.active)
        shown.inside.packages = version.packages
        if version.image_id:
            shown.inside.image = version.image_id
        shown.inside.registry_ext = version.registry_ext
        shown.inside.repl_strategy = version.repl_strategy
        shown.inside.image_tags.extend(version.image_tags.split(",") if version.image_tags else [])
    return shown
