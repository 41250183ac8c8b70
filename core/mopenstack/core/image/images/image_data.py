"""The bytes of images: upload, download, staging (glance.api.v2.image_data).

Bytes stream into the blob store before the handler runs: `prepare_...` looks whether they may come.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

from mopenstack.contract.calls import ByteStream, Outcome
from mopenstack.contract.faults import Fault
from mopenstack.contract.values import plain, whole_number
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.image import options
from mopenstack.core.image.images import formats, imports, signatures
from mopenstack.core.image.images.images import Images, settle
from mopenstack.core.image.images.states import LIFECYCLE, Image
from mopenstack.core.image.stores import backends, usage
from mopenstack.core.store.blobs import Blob
from mopenstack.image.v2 import refusals
from mopenstack.image.v2.images import image_data_pb2 as pb
from mopenstack.image.v2.images import images_pb2

OCTETS = "application/octet-stream"


class ImageData(Servicer):
    service = pb.DESCRIPTOR.services_by_name["ImageData"]

    # -- upload

    async def prepare_upload_image_data(self, call: Call, request: pb.UploadImageDataRequest) -> None:
        """Refuse bytes that may not come; the image is `saving` while they do."""
        size = _announced_size(request)
        await usage.check_upload(call, size)
        backends.check_known(call.cloud, request.store or backends.DEFAULT)
        image = await self._owned(call, request.image_id)
        LIFECYCLE.check(call, image, "upload")
        _check_formats(image)
        await signatures.check(call, image)
        await self._enter(call, image, Image.SAVING)
        await usage.check_uploading(call)

    async def upload_image_data(self, call: Call, request: pb.UploadImageDataRequest) -> Result:
        image = await self._owned(call, request.image_id)
        new = await call.tx.edit(images_pb2.Image, image.id)
        if call.blob is not None:
            await signatures.verify(call, image, call.blob)
        data = _data(call.blob, image, strict=call.cloud.enabled(options.FORMAT_MATCH))
        settle(new, data, [request.store or backends.DEFAULT])
        new.status = Image.ACTIVE
        await call.service(Images).save(call, new)
        return EMPTY

    async def abandon_upload_image_data(self, call: Call, request: pb.UploadImageDataRequest) -> None:
        """The bytes did not come, or were refused: the image waits for others."""
        await self._restore(call, request.image_id, Image.SAVING)

    # -- download

    async def download_image_data(self, call: Call, request: pb.DownloadImageDataRequest) -> Result | Outcome:
        image = call.target
        if image.status == Image.DEACTIVATED and not call.caller.is_admin:
            raise refusals.ImageDeactivated()
        for store in filter(None, (part.strip() for part in request.prefer.split(","))):
            if store not in backends.stores_of(call.cloud):
                raise refusals.StoreNotConfigured(store=store)
        if not image.data.key:
            return Outcome("empty", ByteStream(_nothing(), 0))
        start, end = _range(request.range, image.size)
        headers = {"Content-MD5": image.checksum}
        stream = ByteStream(call.blobs.read(image.data.key, start, end), end - start, OCTETS, headers)
        if not request.range:
            return stream
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{image.size}"
        return Outcome("partial", stream)

    # -- staging and import

    async def prepare_stage_image_data(self, call: Call, request: pb.StageImageDataRequest) -> None:
        await usage.check_stage(call, _announced_size(request))
        image = await call.service(Images).fetch_own(call, request.image_id, "modify_image")
        LIFECYCLE.check(call, image, "stage")
        await self._enter(call, image, Image.UPLOADING)
        await usage.check_uploading(call)

    async def stage_image_data(self, call: Call, request: pb.StageImageDataRequest) -> Result:
        image = await call.service(Images).fetch_own(call, request.image_id, "modify_image")
        new = await call.tx.edit(images_pb2.Image, image.id)
        blob = call.blob
        if blob is not None:
            new.staged.CopyFrom(imports.data_of(blob))
            new.size = blob.size
        await call.service(Images).save(call, new)
        return EMPTY

    async def abandon_stage_image_data(self, call: Call, request: pb.StageImageDataRequest) -> None:
        await self._restore(call, request.image_id, Image.UPLOADING)

    async def before(self, call: Call, request: Any) -> None:
        if isinstance(request, pb.ImportImageRequest):
            imports.check(request)
        if isinstance(request, pb.UploadImageDataRequest | pb.StageImageDataRequest):
            _check_content_type(call)
            _announced_size(request)

    def no_room(self, why: str) -> Fault:
        return refusals.StorageIsFull()

    async def refusal(self, call: Call, request: Any, rules: Sequence[str]) -> Exception:
        if isinstance(request, pb.ImportImageRequest):
            # The image's state matters before the policy does.
            imports.check_state(call.target, plain(request.method)["name"])
        return Images.hiding(call, rules)

    async def import_image(self, call: Call, request: pb.ImportImageRequest) -> Result:
        await imports.begin(call, request)
        return EMPTY

    async def recover(self, call: Call) -> None:
        """An image whose bytes were on their way waits for others; an import that was fetching has failed."""
        for image in await call.tx.scan(images_pb2.Image):
            if image.status == Image.SAVING or (image.status == Image.UPLOADING and not image.HasField("staged")):
                await self._restore(call, image.id, image.status)
            elif image.status == Image.IMPORTING and await call.tx.scheduled(image) is None:
                await imports.give_up(call, image.id)

    # -- inside

    async def _owned(self, call: Call, image_id: str) -> images_pb2.Image:
        return await call.service(Images).fetch_own(call, image_id, "upload_image")

    @staticmethod
    async def _enter(call: Call, image: images_pb2.Image, status: images_pb2.Image.Status) -> None:
        new = await call.tx.edit(images_pb2.Image, image.id)
        new.status = status
        await call.service(Images).save(call, new)

    @staticmethod
    async def _restore(call: Call, image_id: str, status: images_pb2.Image.Status) -> None:
        image = await call.tx.get(images_pb2.Image, image_id)
        if image is None or image.status != status:
            return
        new = await call.tx.edit(images_pb2.Image, image_id)
        new.status = Image.QUEUED
        for name in ("size", "virtual_size"):
            new.ClearField(name)
        await call.service(Images).save(call, new)


def _check_content_type(call: Call) -> None:
    # A gRPC client sends none: its bytes are bytes.
    if call.context.content_type.partition(";")[0].strip() not in (OCTETS, ""):
        raise refusals.UnsupportedMediaType(content_type=call.context.content_type)


def _announced_size(request: Any) -> int:
    """The size that the headers announce; 0 without one."""
    if request.size and not request.size.isdecimal():
        raise refusals.BadSize()
    text = request.size or request.content_length
    return whole_number(text) if text.isdecimal() else 0


def _check_formats(image: images_pb2.Image) -> None:
    missing = [name for name in ("disk_format", "container_format") if not getattr(image, name)]
    if len(missing) == 1:
        raise refusals.FormatsMissing(f"Property {missing[0]} must be set prior to saving data.")
    if missing:
        raise refusals.FormatsMissing(f"Properties {', '.join(missing)} must be set prior to saving data.")


def _data(blob: Blob | None, image: images_pb2.Image, *, strict: bool) -> images_pb2.Image.Data:
    """What is kept of an upload; raises WrongContent for bytes of another format."""
    assert blob is not None, "the gateway and the gRPC server pass the bytes"
    data = images_pb2.Image.Data(key=blob.key, size=blob.size, md5=blob.md5, sha512=blob.sha512)
    data.virtual_size = formats.virtual_size(blob, image.disk_format, image.container_format, strict=strict)
    return data


def _range(text: str, size: int) -> tuple[int, int]:
    """[start, end) that a Range header asks for; everything without one."""
    if not text:
        return 0, size
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", text.strip())
    if found is None or not any(found.groups()):
        raise refusals.RangeNotSatisfiable()
    first, last = found.groups()
    if not first:
        return max(0, size - whole_number(last)), size
    start, end = whole_number(first), min(size, whole_number(last) + 1) if last else size
    if start >= end:
        raise refusals.RangeNotSatisfiable()
    return start, end


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield
