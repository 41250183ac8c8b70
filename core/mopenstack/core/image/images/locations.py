"""Locations: where bytes lie (glance.api.v2.images.add_location, get_locations).

They are for services that read an image where it lies. The one store is a folder: a location on the web can be added
by a service only, whose task then finds that no store serves it.
"""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.image.images import download
from mopenstack.core.image.images.images import Images
from mopenstack.core.image.images.imports import FAILED, TASK_PROPERTY
from mopenstack.core.image.images.states import STATUS_WORDS, Image
from mopenstack.core.image.stores import backends
from mopenstack.core.image.tasks import Tasks
from mopenstack.image.v2 import refusals
from mopenstack.image.v2.images import locations_pb2 as pb

SERVICE_ROLE = "service"


class Locations(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Locations"]

    async def list_locations(self, call: Call, request: pb.ListLocationsRequest) -> Result:
        image = await call.service(Images).fetch(call, request.image_id)
        if SERVICE_ROLE not in call.caller.roles:
            raise Images.hiding(call, ["fetch_image_location"])
        answer = pb.ListLocationsResponse()
        for store in backends.places(image):
            where = answer.locations.add(url=f"file://{backends.directory(store)}/{image.id}")
            where.metadata.update({"store": store})
        return answer

    async def add_location(self, call: Call, request: pb.AddLocationRequest) -> Result:
        images, tasks = call.service(Images), call.service(Tasks)
        image = await images.fetch(call, request.image_id)
        if image.status != Image.QUEUED:
            said = f"It's not allowed to add locations if image status is {STATUS_WORDS[image.status]}."
            raise refusals.ImportConflict(said)
        is_service = SERVICE_ROLE in call.caller.roles
        if not is_service and not (image.project_id == call.caller.project_id and "member" in call.caller.roles):
            raise Images.hiding(call, ["add_image_location"])
        if not is_service:
            raise refusals.NoHttpStore
        _check_hash(request.validation_data)
        if urlsplit(request.url).scheme in download.SCHEMES:
            try:
                download.split(request.url, frozenset())
            except download.Refused:
                said = f"URI for add location does not pass filtering: {request.url}"
                raise refusals.BadImport(said) from None
        if TASK_PROPERTY in image.properties:
            said = f"New operation on image '{image.id}' is not permitted as prior operation is still in progress"
            raise refusals.ImportConflict(said)
        task = await tasks.start_location(call, image.id, request.url)
        await tasks.fail(call, task.id, FAILED)
        return EMPTY


def _check_hash(data: pb.ValidationData) -> None:
    if not data.os_hash_value:
        return
    try:
        value = bytes.fromhex(data.os_hash_value)
    except ValueError:
        raise refusals.BadImport(f"os_hash_value ({data.os_hash_value}) is not a valid hexadecimal value") from None
    algorithm = data.os_hash_algo or "sha512"
    wanted = hashlib.new(algorithm, usedforsecurity=False).digest_size
    if len(value) != wanted:
        raise refusals.BadImport(
            f"os_hash_value: ({data.os_hash_value}) is not the correct size for ({algorithm}) "
            f"(should be ({wanted}) bytes)"
        )
