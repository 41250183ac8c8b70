"""gRPC that is loaded for its first client: that one is answered, alone, early, or with others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest_asyncio

from mopenstack.admin.v1 import admin_pb2 as pb
from mopenstack.admin.v1 import admin_pb2_grpc
from mopenstack.cli.serve import Serving, Settings, serving

ALONE = [("grpc.use_local_subchannel_pool", 1)]
"""A channel that shares its connection with no other one."""


@pytest_asyncio.fixture
async def running() -> AsyncIterator[Serving]:
    """A process that no gRPC client was connected to."""
    async with serving(Settings(port=0, services=("identity",))) as found:
        yield found


async def _clouds(address: str) -> list[str]:
    async with grpc.aio.insecure_channel(address, options=ALONE) as channel:
        found = await admin_pb2_grpc.AdminStub(channel).ListClouds(pb.ListCloudsRequest())
        return [cloud.name for cloud in found.clouds]


async def test_the_first_call_is_answered(running: Serving) -> None:
    assert await _clouds(running.grpc) == ["default"]
    assert await _clouds(running.grpc) == ["default"]


async def test_many_first_calls_are_answered(running: Serving) -> None:
    assert await asyncio.gather(*(_clouds(running.grpc) for _ in range(20))) == [["default"]] * 20


async def test_a_client_of_threads(running: Serving) -> None:
    def ask() -> int:
        with grpc.insecure_channel(running.grpc, options=ALONE) as channel:
            grpc.channel_ready_future(channel).result(timeout=60)
            return len(admin_pb2_grpc.AdminStub(channel).ListClouds(pb.ListCloudsRequest()).clouds)

    assert await asyncio.to_thread(ask) == 1


async def test_who_speaks_another_protocol_is_sent_away(running: Serving) -> None:
    host, _, port = running.grpc.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    writer.write(b"Host: nowhere\r\n\r\n")
    assert (await reader.read())[3] == 4, "a frame SETTINGS"
    writer.close()
    assert await _clouds(running.grpc) == ["default"]


async def test_a_client_that_stays_holds_nothing_up(running: Serving) -> None:
    host, _, port = running.grpc.rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    assert await _clouds(running.grpc) == ["default"]
    writer.close()
    await writer.wait_closed()


async def test_the_port_is_free_again() -> None:
    async with serving(Settings(port=0, services=("identity",))) as found:
        host, _, port = found.grpc.rpartition(":")
    server = await asyncio.start_server(lambda reader, writer: None, host, int(port))
    server.close()
    await server.wait_closed()
