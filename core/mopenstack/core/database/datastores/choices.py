"""Which datastore and version a request means (trove/datastore/models.py, trove/common/glance.py)."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from mopenstack.contract.faults import NotFound
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.database.datastores.managers import MANAGERS, Manager
from mopenstack.core.database.service_user import ask
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.options import Option
from mopenstack.database.v1 import refusals
from mopenstack.database.v1.datastores.datastores_pb2 import Datastore, DatastoreVersion
from mopenstack.database.v1.links_pb2 import DatastoreChoice
from mopenstack.image.v2.images.images_pb2 import GetImageRequest, ListImagesRequest

DEFAULT = Option("database.default_datastore", "mysql", "the datastore of instances whose request names none")
GET_IMAGE, LIST_IMAGES = "mopenstack.image.v2.Images.GetImage", "mopenstack.image.v2.Images.ListImages"


class Chosen(NamedTuple):
    """A datastore, one of its versions, and how databases of it are managed."""

    datastore: Datastore
    version: DatastoreVersion

    @property
    def manager(self) -> Manager:
        return manager_of(self.version)


def manager_of(version: DatastoreVersion) -> Manager:
    """How databases of a version are managed."""
    return MANAGERS.get(version.manager) or Manager("", ())


async def datastore_of(call: Call, name: str) -> Datastore:
    """A datastore by ID or name; raises DatastoreNotFound."""
    found = await call.tx.get(Datastore, name)
    if found is None:
        found = next(iter(await call.tx.query(Datastore, name=name)), None)
    if found is None:
        raise refusals.DatastoreNotFound(datastore=name)
    return found


async def versions_of(call: Call, datastore_id: str) -> list[DatastoreVersion]:
    """The versions of a datastore, the oldest first."""
    found = await call.tx.query(DatastoreVersion, datastore_id=datastore_id)
    return sorted(found, key=lambda one: (one.created_at.seconds, one.created_at.nanos, one.name))


async def version_by_id(call: Call, id: str) -> DatastoreVersion:
    """A version; raises DatastoreVersionNotFound."""
    found = await call.tx.get(DatastoreVersion, id)
    if found is None:
        raise refusals.DatastoreVersionNotFound(id=id)
    return found


async def version_of(call: Call, datastore: Datastore, name: str, number: str = "") -> DatastoreVersion:
    """A version of a datastore, by ID, by name, or by name and number; raises the refusals of others."""
    versions = await versions_of(call, datastore.id)
    if is_uuid(name):
        found = [one for one in versions if one.id == name]
        if not found:
            raise refusals.ModelNotFound()
        return found[0]
    found = [one for one in versions if one.name == name and number in ("", one.version)]
    if not found:
        raise refusals.DatastoreVersionNotFound(id=number or name)
    if len(found) > 1 and not number:
        raise refusals.DatastoreVersionsNoUniqueMatch(name=name)
    return found[0]


async def chosen(call: Call, choice: DatastoreChoice, *, inactive: bool = False) -> Chosen:
    """The datastore and the version that a request names, or the defaults; raises the refusals of others."""
    datastore = await datastore_of(call, choice.type or call.cloud.options.get(DEFAULT.name, DEFAULT.default))
    name = choice.version or datastore.default_version_id
    if not name:
        raise refusals.DatastoreDefaultVersionNotFound(datastore=datastore.name)
    version = await version_of(call, datastore, name, choice.version_number)
    if not version.active and not inactive:
        raise refusals.DatastoreVersionInactive(version=version.name)
    return Chosen(datastore, version)


async def of_version(call: Call, version_id: str) -> Chosen | None:
    """A version by ID with its datastore; None where it is gone."""
    version = await call.tx.get(DatastoreVersion, version_id) if version_id else None
    datastore = await call.tx.get(Datastore, version.datastore_id) if version is not None else None
    return Chosen(datastore, version) if version is not None and datastore is not None else None


async def image_of(call: Call, image_id: str, tags: list[str]) -> str:
    """The image that guests start from: the given one, or the newest with the tags; raises the refusals of none."""
    if image_id:
        try:
            await ask(call, GET_IMAGE, GetImageRequest(image_id=image_id))
        except NotFound:
            raise refusals.ImageNotFound(id=image_id) from None
        return image_id
    query = common.Query(limit=1, filters=[{"key": "tag", "values": [tag]} for tag in tags])
    query.filters.add(key="status", values=["active"])
    page = await ask(call, LIST_IMAGES, ListImagesRequest(query=query))
    if not page.items:
        raise refusals.ImageOfTagsNotFound(tags=tags)
    return str(page.items[0].id)


def is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)).replace("-", "") == text.lower().replace("-", "")
    except ValueError:
        return False
