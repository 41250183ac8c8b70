"""Interoperable image import (glance.api.v2.images.import_image, glance.async_.flows.api_image_import).

Staged bytes become the image's own. `web-download` does not fetch: a mock cloud must not depend on what the
network holds, so its image gets a small stand-in of the declared format that names the address.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

from mopenstack.core.engine.call import Call
from mopenstack.core.image import errors, formats
from mopenstack.core.image.images import IMPORT_METHODS, STORE, Images, settle
from mopenstack.core.image.patch import plain
from mopenstack.core.image.states import LIFECYCLE, Image
from mopenstack.core.image.tasks import Tasks
from mopenstack.image.v2 import image_data_pb2 as pb
from mopenstack.image.v2 import images_pb2

TASK_PROPERTY = "os_glance_import_task"
DONE_PROPERTIES = ("os_glance_importing_to_stores", "os_glance_failed_import")
"""What an import leaves behind: the stores that are still to come and those that failed, so nothing."""
PORTS = (80, 443)
"""import_filtering_opts: allowed_ports; allowed_schemes are http and https."""


def check(request: pb.ImportImageRequest) -> None:
    """What is wrong with the body, whatever the image."""
    if not request.HasField("method"):
        raise errors.BadImport("Import request requires a 'method' field.")
    method = plain(request.method)
    if not isinstance(method, dict) or "name" not in method:
        raise errors.BadImport("Import request requires a 'name' field.")
    if method["name"] not in IMPORT_METHODS:
        raise errors.BadImport(f"Unknown import method name '{method['name']}'.")
    for name in ("all_stores_must_succeed", "all_stores"):
        if request.HasField(name) and not isinstance(plain(getattr(request, name)), bool):
            raise errors.BadImport(f"'{name}' must be boolean value only")


async def begin(call: Call, request: pb.ImportImageRequest) -> None:
    """Check the image's state and start the import's task."""
    method = plain(request.method)
    name = method["name"]
    image = await call.service(Images).fetch(call, request.image_id)
    _check_state(image, name)
    if name == "copy-image":
        if not call.caller.is_admin:
            raise errors.NotAuthorized("copy_image")
    else:
        call.service(Images).check_owner(call, image, "modify_image")
    _check_stores(request)
    if name == "copy-image":
        if not request.all_stores.bool_value:
            raise errors.BadImport(f"Image is already present at store '{STORE}'")
        return  # it is in every store there is
    if name == "web-download" and not _allowed(method.get("uri")):
        raise errors.BadImport(f"URI for web-download does not pass filtering: {method.get('uri')}")
    task = await call.service(Tasks).start(call, image.id, call.caller.project_id, {"method": method})
    new = await call.tx.edit(images_pb2.Image, image.id)
    new.properties[TASK_PROPERTY] = task.id
    await LIFECYCLE.begin(call, new, "import")


@LIFECYCLE.on("import")
async def finish(call: Call, image: images_pb2.Image) -> None:
    """The bytes are there: staged ones, or the stand-in of a download."""
    tasks = call.service(Tasks)
    task = await tasks.find(call, image.properties.get(TASK_PROPERTY, ""))
    if not image.HasField("staged"):
        method = task.input.fields["import_req"].struct_value.fields["method"] if task is not None else None
        image.staged.CopyFrom(await _stand_in(call, image, plain(method) if method is not None else {}))
    data = images_pb2.Image.Data()
    data.CopyFrom(image.staged)
    data.virtual_size = formats.virtual_size(data.head, data.size, image.disk_format, image.container_format)
    data.ClearField("head")
    settle(image, data)
    image.properties.pop(TASK_PROPERTY, None)
    for name in DONE_PROPERTIES:
        image.properties[name] = ""
    if task is not None:
        await tasks.succeed(call, task.id, data.size)


def _check_state(image: images_pb2.Image, name: str) -> None:
    if image.status == Image.ACTIVE and name != "copy-image":
        raise errors.ImportConflict("Image with status active cannot be target for import")
    if image.status != Image.ACTIVE and name == "copy-image":
        raise errors.ImportConflict("Only images with status active can be targeted for copying")
    if image.status != Image.QUEUED and name == "web-download":
        raise errors.ImportConflict(f"Image needs to be in 'queued' state to use '{name}' method")
    if image.status != Image.UPLOADING and name == "glance-direct":
        raise errors.ImportConflict("Image needs to be staged before 'glance-direct' method can be used")
    for key in ("container_format", "disk_format"):
        if not getattr(image, key):
            raise errors.ImportConflict(f"'{key}' needs to be set before import")
    if TASK_PROPERTY in image.properties:
        raise errors.ImportConflict("Image has active task")


def _check_stores(request: pb.ImportImageRequest) -> None:
    if not request.HasField("stores"):
        return
    if request.all_stores.bool_value:
        said = "All_stores parameter can't be used with x-image-meta-store header or stores parameter"
        raise errors.BadImport(said)
    for store in plain(request.stores) or []:
        if store != STORE:
            raise errors.ImportConflict(errors.UnknownStore.message.format(store=store))


def _allowed(uri: Any) -> bool:
    if not isinstance(uri, str):
        return False
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and (port is None or port in PORTS)


async def _stand_in(call: Call, image: images_pb2.Image, method: Any) -> images_pb2.Image.Data:
    uri = method.get("uri", "")
    content = formats.stand_in(image.disk_format, f"mopenstack does not download images: {uri}\n")

    async def chunks() -> AsyncIterator[bytes]:
        yield content

    blob = await call.blobs.write(f"{call.cloud.name}/{call.ids.uuid()}", chunks())
    return images_pb2.Image.Data(key=blob.key, size=blob.size, md5=blob.md5, sha512=blob.sha512, head=blob.head)
