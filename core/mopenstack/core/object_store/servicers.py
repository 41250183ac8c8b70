"""The RPCs of accounts, containers and objects: each hands its request to the pipeline."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.calls import ByteStream, Outcome
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Later, Servicer
from mopenstack.core.object_store import pipeline
from mopenstack.core.object_store.auth.authentication import identify
from mopenstack.core.object_store.objects import records
from mopenstack.core.object_store.requests import Request, request_of, result_of
from mopenstack.object_store.v1 import accounts_pb2, containers_pb2, objects_pb2

Result = ByteStream | Outcome | Later


async def _answer(call: Call, request: Any, verb: str) -> Result:
    req = request_of(call, request, verb, await identify(call, request.service_token))
    response = await pipeline.answer(req)
    operation = call.operation
    assert operation is not None
    if response.later is None:
        _drop_unused(call, req)
        return result_of(operation, response)
    later = response.later

    async def make() -> ByteStream | Outcome:
        try:
            return result_of(operation, await later())
        finally:
            if req.body.blob is not None and not req.body.kept:
                call.blobs.delete(req.body.blob.key)

    return Later(make)


def _drop_unused(call: Call, req: Request) -> None:
    """Forget the bytes of a request that no object has."""
    blob = req.body.blob
    if blob is not None and not req.body.kept:
        call.after_commit(lambda: call.blobs.delete(blob.key))


async def _check(call: Call, request: Any, verb: str) -> None:
    """Refuse a request before its bytes come."""
    req = request_of(call, request, verb, await identify(call, request.service_token))
    req.checking = True
    await pipeline.answer(req)


class Accounts(Servicer):
    service = accounts_pb2.DESCRIPTOR.services_by_name["Accounts"]
    sha512 = False

    async def list_containers(self, call: Call, request: Any) -> Result:
        return await _answer(call, request, "GET")

    async def show_account(self, call: Call, request: Any) -> Result:
        return await _answer(call, request, "HEAD")

    async def prepare_create_account(self, call: Call, request: Any) -> None:
        await _check(call, request, "PUT")

    async def create_account(self, call: Call, request: Any) -> Result:
        return await _answer(call, request, "PUT")

    async def prepare_update_account(self, call: Call, request: Any) -> None:
        await _check(call, request, "POST")

    async def update_account(self, call: Call, request: Any) -> Result:
        return await _answer(call, request, "POST")

    async def prepare_delete_account(self, call: Call, request: Any) -> None:
        await _check(call, request, "DELETE")

    async def delete_account(self, call: Call, request: Any) -> Result:
        return await _answer(call, request, "DELETE")

    async def show_account_options(self, call: Call, request: Any) -> Result:
        return await _answer(call, request, "OPTIONS")


class Containers(Servicer):
    service = containers_pb2.DESCRIPTOR.services_by_name["Containers"]
    sha512 = False

    async def list_objects(self, call: Call, request: Any) -> Result:
        return await _answer(call, request, "GET")

    async def show_container(self, call: Call, request: Any) -> Result:
        return await _answer(call, request, "HEAD")

    async def prepare_create_container(self, call: Call, request: Any) -> None:
        await _check(call, request, "PUT")

    async def create_container(self, call: Call, request: Any) -> Result:
        return await _answer(call, request, "PUT")

    async def prepare_update_container(self, call: Call, request: Any) -> None:
        await _check(call, request, "POST")

    async def update_container(self, call: Call, request: Any) -> Result:
        return await _answer(call, request, "POST")

    async def delete_container(self, call: Call, request: Any) -> Result:
        return await _answer(call, request, "DELETE")

    async def show_container_options(self, call: Call, request: Any) -> Result:
        return await _answer(call, request, "OPTIONS")


class Objects(Servicer):
    service = objects_pb2.DESCRIPTOR.services_by_name["Objects"]
    sha512 = False
    lifecycle = records.LIFECYCLE

    async def get_object(self, call: Call, request: Any) -> Result:
        return await _answer(call, request, "GET")

    async def show_object(self, call: Call, request: Any) -> Result:
        return await _answer(call, request, "HEAD")

    async def prepare_put_object(self, call: Call, request: Any) -> None:
        await _check(call, request, "PUT")

    async def put_object(self, call: Call, request: Any) -> Result:
        return await _answer(call, request, "PUT")

    async def prepare_update_object(self, call: Call, request: Any) -> None:
        await _check(call, request, "POST")

    async def update_object(self, call: Call, request: Any) -> Result:
        return await _answer(call, request, "POST")

    async def delete_object(self, call: Call, request: Any) -> Result:
        return await _answer(call, request, "DELETE")

    async def copy_object(self, call: Call, request: Any) -> Result:
        return await _answer(call, request, "COPY")

    async def show_object_options(self, call: Call, request: Any) -> Result:
        return await _answer(call, request, "OPTIONS")
