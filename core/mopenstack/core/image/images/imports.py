"""Interoperable image import (glance.api.v2.images.import_image, glance.async_.flows.api_image_import).

Staged bytes become the image's own. `web-download` fetches beside the calls, and stages what it got; what else it may
do is the cloud's option image.web_download. An import that fails leaves the image queued again.
"""

from __future__ import annotations

from typing import Any

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import PolicyRefused
from mopenstack.contract.values import plain
from mopenstack.core.engine.call import Background, Call
from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.image import options
from mopenstack.core.image.images import download, formats, signatures, web
from mopenstack.core.image.images.images import IMPORT_METHODS, Images, settle
from mopenstack.core.image.images.states import LIFECYCLE, Image
from mopenstack.core.image.stores import backends, usage
from mopenstack.core.image.tasks import Tasks
from mopenstack.core.store.blobs import Blob, BlobsFull
from mopenstack.image.v2 import refusals, tasks_pb2
from mopenstack.image.v2.images import image_data_pb2 as pb
from mopenstack.image.v2.images import images_pb2

TASK_PROPERTY = "os_glance_import_task"
PENDING_STORES, FAILED_STORES = "os_glance_importing_to_stores", "os_glance_failed_import"
"""What an import leaves behind: the stores that are still to come and those that failed."""
SECONDS = 1.0
"""What an import takes once its bytes are there."""
FAILED = "Task failed due to Internal Error"
"""All that Glance tells of what went wrong inside of an import."""
NETWORK = ("fetch", "fetch-or-stand-in")


def check(request: pb.ImportImageRequest) -> None:
    """What is wrong with the body, whatever the image."""
    if not request.HasField("method"):
        raise refusals.BadImport("Import request requires a 'method' field.")
    method = plain(request.method)
    if not isinstance(method, dict) or "name" not in method:
        raise refusals.BadImport("Import request requires a 'name' field.")
    if method["name"] not in IMPORT_METHODS:
        raise refusals.BadImport(f"Unknown import method name '{method['name']}'.")
    for name in ("all_stores_must_succeed", "all_stores"):
        if request.HasField(name) and not isinstance(plain(getattr(request, name)), bool):
            raise refusals.BadImport(f"'{name}' must be boolean value only")


async def begin(call: Call, request: pb.ImportImageRequest) -> None:
    """Check the image's state and start the import's task."""
    method = plain(request.method)
    name = method["name"]
    image = call.target
    check_state(image, name)
    if name == "copy-image":
        if not call.caller.is_admin:
            raise PolicyRefused(["copy_image"])
    else:
        call.service(Images).check_owner(call, image, "modify_image")
    stores = backends.asked_for(call.cloud, request)
    if name == "copy-image":
        stores = _to_copy(request, image, stores)
        if not stores:
            return  # it is in every store there is
    fetches = name == "web-download" and await _may_fetch(call, method.get("uri"))
    await usage.check_import(call, image, name)
    task = await call.service(Tasks).start(call, image.id, _body(request), stores)
    new = await call.tx.edit(images_pb2.Image, image.id)
    new.properties[TASK_PROPERTY] = task.id
    if name == "copy-image":
        new.properties[PENDING_STORES], new.properties[FAILED_STORES] = ",".join(sorted(stores)), ""
        await LIFECYCLE.begin(call, new, "copy", seconds=SECONDS)
        return
    if not fetches:
        await LIFECYCLE.begin(call, new, "import", seconds=SECONDS)
        return
    LIFECYCLE.check(call, new, "import")
    new.status = Image.IMPORTING
    new.properties[PENDING_STORES], new.properties[FAILED_STORES] = ",".join(sorted(stores)), ""
    await call.service(Images).save(call, new)
    cloud = call.cloud
    call.start(lambda background: _fetch(background, cloud, image.id, task.id, method["uri"]))


async def _may_fetch(call: Call, uri: Any) -> bool:
    """Whether an address is to be fetched, or a stand-in made; raises BadImport for one that is not allowed."""
    does, hosts = call.cloud.option(options.WEB_DOWNLOAD), web.allowed_hosts(call.cloud)
    try:
        download.split(uri, hosts)
        if does in NETWORK:
            await download.target(uri, hosts)
    except download.Refused:
        raise refusals.BadImport(f"URI for web-download does not pass filtering: {uri}") from None
    except download.Unreachable:
        if does == "fetch":
            raise refusals.BadImport(f"URI for web-download does not pass filtering: {uri}") from None
        return False
    return does in NETWORK


async def _fetch(background: Background, cloud: Cloud, image_id: str, task_id: str, uri: str) -> None:
    """Download beside the calls; what came of it is noted in a transaction of its own."""
    blob = await web.write(background.blobs, cloud, uri)

    async def note(call: Call) -> None:
        image = await call.tx.get(images_pb2.Image, image_id)
        if image is None or image.properties.get(TASK_PROPERTY) != task_id:
            if blob is not None:
                call.delete_bytes(blob.key)
            return
        if blob is None and call.cloud.option(options.WEB_DOWNLOAD) == "fetch":
            await give_up(call, image_id)
            return
        new = await call.tx.edit(images_pb2.Image, image_id)
        if blob is not None:
            new.staged.CopyFrom(data_of(blob))
        await call.tx.put(new)
        await LIFECYCLE.enter(call, new, "import", seconds=SECONDS)

    try:
        await background.transact(cloud, RequestContext(cloud=cloud.name), note)
    except BaseException:
        if blob is not None:
            background.blobs.delete(blob.key)
        raise


async def give_up(call: Call, image_id: str) -> None:
    """The download of an import ended with the process."""
    image = await call.tx.edit(images_pb2.Image, image_id)
    await _fail(call, image, FAILED)
    await call.service(Images).save(call, image)


@LIFECYCLE.on("import")
async def finish(call: Call, image: images_pb2.Image) -> None:
    """The bytes are there: staged ones, or a stand-in for a download."""
    tasks = call.service(Tasks)
    task = await tasks.find(call, image.properties.get(TASK_PROPERTY, ""))
    if not image.HasField("staged"):
        method = task.input.fields["import_req"].struct_value.fields["method"] if task is not None else None
        uri = plain(method).get("uri", "") if method is not None else ""
        try:
            image.staged.CopyFrom(data_of(await call.write_bytes(web.stand_in(image.disk_format, uri))))
        except BlobsFull:
            await _fail(call, image, FAILED)
            return
    data = images_pb2.Image.Data()
    data.CopyFrom(image.staged)
    try:
        await signatures.verify(call, image, data)
        data.virtual_size = formats.virtual_size(
            data,
            image.disk_format,
            image.container_format,
            strict=call.cloud.enabled(options.FORMAT_MATCH),
        )
    except (refusals.WrongContent, refusals.SignatureFailed):
        await _fail(call, image, FAILED)
        return
    data.ClearField("head")
    data.ClearField("tail")
    settle(image, data, _stores_of(task))
    image.status = Image.ACTIVE
    image.properties.pop(TASK_PROPERTY, None)
    image.properties[PENDING_STORES] = image.properties[FAILED_STORES] = ""
    if task is not None:
        await tasks.succeed(call, task.id, data.size)


async def _fail(call: Call, image: images_pb2.Image, said: str) -> None:
    """The image waits for other bytes; those that came are forgotten."""
    tasks, task_id = call.service(Tasks), image.properties.pop(TASK_PROPERTY, "")
    stores = _stores_of(await tasks.find(call, task_id))
    await tasks.fail(call, task_id, said)
    if image.HasField("staged"):
        call.delete_bytes(image.staged.key)
        image.ClearField("staged")
        image.ClearField("size")
    image.status = Image.QUEUED
    image.properties[PENDING_STORES], image.properties[FAILED_STORES] = "", ",".join(sorted(stores))


@LIFECYCLE.fails("import")
async def failed(call: Call, image: images_pb2.Image, why: str) -> None:
    await _fail(call, image, why)


@LIFECYCLE.fails("copy")
async def not_copied(call: Call, image: images_pb2.Image, why: str) -> None:
    """The image stays where it lies, and names the stores that it did not reach."""
    tasks, task_id = call.service(Tasks), image.properties.pop(TASK_PROPERTY, "")
    stores = _stores_of(await tasks.find(call, task_id))
    await tasks.fail(call, task_id, why)
    image.properties[PENDING_STORES], image.properties[FAILED_STORES] = "", ",".join(sorted(stores))


@LIFECYCLE.on("copy")
async def copied(call: Call, image: images_pb2.Image) -> None:
    """The image lies in further stores; in which ones its task knows."""
    tasks = call.service(Tasks)
    task = await tasks.find(call, image.properties.pop(TASK_PROPERTY, ""))
    backends.place(image, [*backends.places(image), *_stores_of(task)])
    image.properties[PENDING_STORES] = image.properties[FAILED_STORES] = ""
    if task is not None:
        await tasks.succeed(call, task.id, image.size)


def check_state(image: images_pb2.Image, name: str) -> None:
    """Raise ImportConflict for a method that the image's state does not allow."""
    if image.status == Image.ACTIVE and name != "copy-image":
        raise refusals.ImportConflict("Image with status active cannot be target for import")
    if image.status != Image.ACTIVE and name == "copy-image":
        raise refusals.ImportConflict("Only images with status active can be targeted for copying")
    if image.status != Image.QUEUED and name == "web-download":
        raise refusals.ImportConflict(f"Image needs to be in 'queued' state to use '{name}' method")
    if image.status != Image.UPLOADING and name == "glance-direct":
        raise refusals.ImportConflict("Image needs to be staged before 'glance-direct' method can be used")
    for key in ("container_format", "disk_format"):
        if not getattr(image, key):
            raise refusals.ImportConflict(f"'{key}' needs to be set before import")
    if TASK_PROPERTY in image.properties:
        raise refusals.ImportConflict("Image has active task")


def _to_copy(request: pb.ImportImageRequest, image: images_pb2.Image, stores: list[str]) -> list[str]:
    """The stores that an image is to be copied to; raises BadImport for one that has it."""
    present = backends.places(image)
    if request.all_stores.bool_value:
        return [store for store in stores if store not in present]
    for store in stores:
        if store in present:
            raise refusals.BadImport(f"Image is already present at store '{store}'")
    return stores


def _body(request: pb.ImportImageRequest) -> dict[str, Any]:
    """The body of an import as it was sent."""
    names = ("method", "stores", "all_stores", "all_stores_must_succeed")
    return {name: plain(getattr(request, name)) for name in names if request.HasField(name)}


def _stores_of(task: tasks_pb2.Task | None) -> list[str]:
    """Where an import's bytes go."""
    return plain(task.input.fields["backend"]) if task is not None else [backends.DEFAULT]


def data_of(blob: Blob) -> images_pb2.Image.Data:
    """Bytes that wait for their import, with what their format is told from."""
    known = images_pb2.Image.Data(key=blob.key, size=blob.size, md5=blob.md5, sha512=blob.sha512)
    known.head, known.tail = blob.head, blob.tail
    return known
