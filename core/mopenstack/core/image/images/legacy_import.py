"""Tasks of the type import, made by POST /v2/tasks (glance.async_.flows.base_import).

The image is made, its bytes are fetched, and only then is it there: a task that fails leaves no image behind.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import Fault
from mopenstack.contract.values import plain_struct
from mopenstack.core.engine.caller import Caller
from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.image import options
from mopenstack.core.image.images import download, formats, signatures
from mopenstack.core.image.images.patch import ATTRIBUTES
from mopenstack.core.image.images.states import VISIBILITY_WORDS, Image
from mopenstack.core.image.images.web import allowed_hosts, stand_in, write
from mopenstack.core.store.blobs import Blob, BlobsFull
from mopenstack.image.schemas import image_breach
from mopenstack.image.v2 import refusals, tasks_pb2
from mopenstack.image.v2.images import images_pb2

if TYPE_CHECKING:
    from mopenstack.core.engine.call import Background, Call

FAILED = "Task failed due to Internal Error"
INPUTS = {
    "import": ("import_from", "import_from_format", "image_properties"),
    "location_import": ("image_id", "loc_url", "validation_data"),
}
"""What the input of each type must have, in the order in which Glance looks (script_utils.unpack_task_input)."""


def check_address(cloud: Cloud, address: Any) -> None:
    """Raise BadTask for an address that may not be imported from (validate_legacy_import_from_uri)."""
    if not address or not isinstance(address, str):
        raise refusals.BadTask(f"Invalid location: {address}")
    if address.startswith(("file:///", "filesystem:///")):
        raise refusals.BadTask("File based imports are not allowed. Please use a non-local source of image data.")
    if not address.startswith(("http://", "https://")):
        raise refusals.BadTask(
            "The given uri is not valid. Please specify a valid uri from the following list of supported uri ['http']"
        )
    try:
        download.split(address, allowed_hosts(cloud))
    except download.Refused:
        raise refusals.BadTask(f"URI for legacy import task does not pass filtering: {address}") from None


async def run(background: Background, cloud: Cloud, caller: Caller, task_id: str) -> None:
    """Do what a task asks for, beside the calls."""
    task = await background.transact(cloud, RequestContext(cloud=cloud.name), lambda call: _begin(call, task_id))
    if task is None:
        return
    blob: Blob | None = None
    said = _missing(task)
    if not said and task.type == "import":
        blob = await write(background.blobs, cloud, plain_struct(task.input)["import_from"])
        if blob is None and _stands_in(cloud):
            image = _image(plain_struct(task.input)["image_properties"])
            with suppress(BlobsFull):
                address = plain_struct(task.input)["import_from"]
                key = cloud.new_blob_key()
                blob = await background.blobs.write(key, stand_in(image.disk_format, address))

    async def end(call: Call) -> None:
        if blob is None:
            await _tasks(call).fail(call, task_id, said or FAILED)
            return
        await _make(call.elevated(caller), task, blob)

    try:
        await background.transact(cloud, RequestContext(cloud=cloud.name), end)
    except Fault as fault:
        if blob is not None:
            background.blobs.delete(blob.key)
        blob, said = None, fault.text if isinstance(fault, refusals.OverQuota) else FAILED
        await background.transact(cloud, RequestContext(cloud=cloud.name), end)


def _stands_in(cloud: Cloud) -> bool:
    return cloud.option(options.WEB_DOWNLOAD) != "fetch"


def _tasks(call: Call) -> Any:
    return call.owner_of("image_task")


async def _begin(call: Call, task_id: str) -> tasks_pb2.Task | None:
    if await call.tx.get(tasks_pb2.Task, task_id) is None:
        return None
    task = await call.tx.edit(tasks_pb2.Task, task_id)
    task.status = "processing"
    await _tasks(call).save(call, task)
    return task


def _missing(task: tasks_pb2.Task) -> str:
    """What is wrong with a task's input; the API's own types fail, since no image waits for them."""
    given = plain_struct(task.input)
    if task.type == "api_image_import":
        if not given:
            return "Input to api_image_import task is empty."
        return FAILED if "image_id" in given else "Missing required 'image_id' field"
    if task.type == "location_import" and not given:
        return "Input to location_import task is empty."
    missing = next((key for key in INPUTS[task.type] if key not in given), None)
    if missing is not None:
        return f"Input does not contain '{missing}' field"
    return FAILED if task.type == "location_import" else ""


async def _make(call: Call, task: tasks_pb2.Task, blob: Blob) -> None:
    from mopenstack.core.image.images.images import Images, settle

    image = _image(plain_struct(task.input)["image_properties"])
    image.project_id = task.project_id
    strict = call.cloud.enabled(options.FORMAT_MATCH)
    data = images_pb2.Image.Data(key=blob.key, size=blob.size, md5=blob.md5, sha512=blob.sha512)
    await signatures.verify(call, image, blob)
    data.virtual_size = formats.virtual_size(blob, image.disk_format, image.container_format, strict=strict)
    made = await call.service(Images).insert(call, image)
    new = await call.tx.edit(images_pb2.Image, made.id)
    settle(new, data)
    new.status = Image.ACTIVE
    await call.service(Images).save(call, new)
    kept = await call.tx.edit(tasks_pb2.Task, task.id)
    kept.image_id = made.id
    await call.tx.put(kept)
    await _tasks(call).succeed(call, task.id, blob.size)


def _image(given: Any) -> images_pb2.Image:
    """The image that a task's image_properties describe; raises InvalidImage."""
    if not isinstance(given, dict):
        raise refusals.InvalidImage(FAILED)
    given = given or {"disk_format": "qcow2", "container_format": "bare"}
    said = image_breach(given)
    if said is not None:
        raise refusals.InvalidImage(said)
    image = images_pb2.Image()
    words: dict[str, Any] = {word: number for number, word in VISIBILITY_WORDS.items()}
    for key, value in given.items():
        if key == "visibility":
            image.visibility = words[value]
        elif key == "tags":
            image.tags.extend(value)
        elif key in ATTRIBUTES and value is not None:
            setattr(image, ATTRIBUTES[key], value)
        elif key not in ATTRIBUTES and isinstance(value, str):
            image.properties[key] = value
    return image
