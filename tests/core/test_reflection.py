"""gRPC reflection tells what the contract has, with its comments, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest_asyncio
from google.protobuf import descriptor_pb2, descriptor_pool
from grpc_reflection.v1alpha import reflection_pb2 as pb
from grpc_reflection.v1alpha import reflection_pb2_grpc

from mopenstack.contract.contract import contract
from mopenstack.core.engine.reflection import Reflection

NOT_FOUND, INVALID_ARGUMENT = 5, 3


@pytest_asyncio.fixture(scope="module")
async def stub() -> AsyncIterator[Any]:
    """A client of a server that has the network service and what it needs."""
    chosen = contract(["network"])
    server = grpc.aio.server()
    described = Reflection(chosen)
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(described, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield reflection_pb2_grpc.ServerReflectionStub(channel)
    await server.stop(None)


async def _ask(stub: Any, **asked: Any) -> Any:
    request = pb.ServerReflectionRequest(**asked)
    (answer,) = [answer async for answer in stub.ServerReflectionInfo(iter([request]))]
    assert answer.original_request == request
    return answer


def _files(answer: Any) -> list[descriptor_pb2.FileDescriptorProto]:
    packed = answer.file_descriptor_response.file_descriptor_proto
    return [descriptor_pb2.FileDescriptorProto.FromString(one) for one in packed]


async def test_services_are_those_of_the_contract(stub: Any) -> None:
    answer = await _ask(stub, list_services="")
    names = {service.name for service in answer.list_services_response.service}
    assert {"mopenstack.network.v2.Networks", "mopenstack.identity.v3.Users", "grpc.health.v1.Health"} <= names
    assert not any(name.startswith("mopenstack.compute.") for name in names)


async def test_files_come_with_comments_and_all_that_they_need(stub: Any) -> None:
    """The file of a symbol is the first; a pool takes the answer's files, and the comments are those of the .proto."""
    answer = await _ask(stub, file_containing_symbol="mopenstack.network.v2.Networks.CreateNetwork")
    files = _files(answer)
    assert [file.name for file in files[:1]] == ["mopenstack/network/v2/core/networks.proto"], answer.error_response
    comments = [location.leading_comments for location in files[0].source_code_info.location]
    assert any(text.startswith(" A network: an isolated virtual layer 2 broadcast domain") for text in comments)
    pool = descriptor_pool.DescriptorPool()
    waiting = {file.name: file for file in files}
    while waiting:
        ready = [file for file in waiting.values() if not waiting.keys() & set(file.dependency)]
        assert ready, f"these need each other, or others: {waiting.keys()}"
        for file in ready:
            pool.Add(waiting.pop(file.name))
    assert pool.FindServiceByName("mopenstack.network.v2.Networks").methods_by_name["ListNetworks"]
    by_name = _files(await _ask(stub, file_by_filename="mopenstack/network/v2/core/networks.proto"))
    assert by_name == files


async def test_what_is_not_in_the_contract_is_not_found(stub: Any) -> None:
    for asked in (
        {"file_containing_symbol": "mopenstack.compute.v2.Servers"},
        {"file_by_filename": "mopenstack/compute/v2/compute.proto"},
        {"all_extension_numbers_of_type": "no.such.Message"},
        {"file_containing_extension": {"containing_type": "google.protobuf.FieldOptions", "extension_number": 1}},
    ):
        assert (await _ask(stub, **asked)).error_response.error_code == NOT_FOUND, asked
    assert (await _ask(stub)).error_response.error_code == INVALID_ARGUMENT


async def test_extensions(stub: Any) -> None:
    """The options of the contract are found by what they extend."""
    answer = await _ask(stub, all_extension_numbers_of_type="google.protobuf.FieldOptions")
    assert 50103 in answer.all_extension_numbers_response.extension_number
    field = {"containing_type": "google.protobuf.FieldOptions", "extension_number": 50103}
    assert _files(await _ask(stub, file_containing_extension=field))[0].name == "mopenstack/contract/v1/options.proto"
    health = _files(await _ask(stub, file_containing_symbol="grpc.health.v1.Health"))
    assert health[0].package == "grpc.health.v1"
