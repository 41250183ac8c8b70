"""Faults over gRPC: rules by the service's own RPCs, refusals as gRPC clients see them, and behind a gateway apart."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import grpc
import pytest
import pytest_asyncio
from google.rpc import error_details_pb2, status_pb2

from mopenstack.admin.v1 import faults_pb2 as pb
from mopenstack.admin.v1.faults_pb2_grpc import FaultsStub
from mopenstack.image.v2.images import image_data_pb2
from mopenstack.network.v2.core import networks_pb2, networks_pb2_grpc
from tests.client import User, sign_in
from tests.conftest import Cloud
from tests.processes import server

RULES = "X-Mopenstack-Fault"


@pytest_asyncio.fixture
async def channel(cloud: Cloud) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(cloud.serving.grpc) as opened:
        yield opened


def _metadata(cloud: Cloud, user: User) -> list[tuple[str, str]]:
    return [("x-auth-token", user.token), ("x-mopenstack-cloud", cloud.name)]


async def add(channel: grpc.aio.Channel, cloud: str, **rule: Any) -> str:
    """Add a rule; its id."""
    made = await FaultsStub(channel).AddFault(pb.AddFaultRequest(cloud=cloud, fault=pb.Fault(**rule)))
    return str(made.fault.id)


async def _refused(call: Any) -> tuple[grpc.StatusCode, error_details_pb2.ErrorInfo, status_pb2.Status, str]:
    """Code, ErrorInfo, status and the trailer that names the rule."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    trailing = dict(refused.value.trailing_metadata() or ())
    status = status_pb2.Status.FromString(trailing["grpc-status-details-bin"])
    info = error_details_pb2.ErrorInfo()
    status.details[0].Unpack(info)
    return refused.value.code(), info, status, str(trailing.get("x-mopenstack-fault", ""))


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"status": 400}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"status": 401}, grpc.StatusCode.UNAUTHENTICATED),
        ({"status": 403}, grpc.StatusCode.PERMISSION_DENIED),
        ({"status": 404}, grpc.StatusCode.NOT_FOUND),
        ({"status": 409}, grpc.StatusCode.FAILED_PRECONDITION),
        ({"status": 413}, grpc.StatusCode.RESOURCE_EXHAUSTED),
        ({"status": 429}, grpc.StatusCode.RESOURCE_EXHAUSTED),
        ({"status": 500}, grpc.StatusCode.INTERNAL),
        ({}, grpc.StatusCode.INTERNAL),
        ({"status": 501}, grpc.StatusCode.UNIMPLEMENTED),
        ({"status": 503}, grpc.StatusCode.UNAVAILABLE),
        ({"status": 504}, grpc.StatusCode.DEADLINE_EXCEEDED),
        ({"effect": "drop"}, grpc.StatusCode.UNAVAILABLE),
        ({"effect": "false_negative", "status": 503}, grpc.StatusCode.UNAVAILABLE),
        ({"effect": "truncate"}, grpc.StatusCode.UNAVAILABLE),
    ],
    ids=str,
)
async def test_the_code_of_a_fault(
    rule: dict[str, Any], code: grpc.StatusCode, cloud: Cloud, demo: User, channel: grpc.aio.Channel
) -> None:
    """Each status has its code; ErrorInfo and the trailer name the rule, and what is done is done."""
    id = await add(channel, cloud.name, operation="CreateNetwork", times=1, message="on purpose", **rule)
    networks = networks_pb2_grpc.NetworksStub(channel)
    request = networks_pb2.CreateNetworkRequest(network=networks_pb2.Network(name="n"))
    found, info, status, named = await _refused(networks.CreateNetwork(request, metadata=_metadata(cloud, demo)))
    assert (found, info.reason, info.domain, named) == (code, "INJECTED_FAULT", "mopenstack", id)
    assert info.metadata["fault"] == id
    assert status.message in ("on purpose", "The connection broke off.")
    made = (await demo.get("network", "/v2.0/networks?name=n")).ok()["networks"]
    assert len(made) == (rule.get("effect") in ("false_negative", "truncate"))


async def test_when_to_try_again(cloud: Cloud, demo: User, channel: grpc.aio.Channel) -> None:
    await add(channel, cloud.name, operation="ListNetworks", status=503, retry_after=17)
    networks = networks_pb2_grpc.NetworksStub(channel)
    asked = networks.ListNetworks(networks_pb2.ListNetworksRequest(), metadata=_metadata(cloud, demo))
    _, _, status, _ = await _refused(asked)
    later = error_details_pb2.RetryInfo()
    assert status.details[1].Unpack(later)
    assert later.retry_delay.seconds == 17


async def test_success_names_the_rule_too(cloud: Cloud, demo: User, channel: grpc.aio.Channel) -> None:
    id = await add(channel, cloud.name, operation="ListNetworks", delay=0.01)
    asked = networks_pb2_grpc.NetworksStub(channel).ListNetworks(
        networks_pb2.ListNetworksRequest(), metadata=_metadata(cloud, demo)
    )
    await asked
    assert dict(await asked.trailing_metadata() or ())["x-mopenstack-fault"] == id


async def test_bytes_over_grpc(cloud: Cloud, demo: User, channel: grpc.aio.Channel) -> None:
    body = {"name": "i", "disk_format": "raw", "container_format": "bare"}
    image = (await demo.post("image", "/v2/images", body)).ok(201)["id"]
    headers = {"Content-Type": "application/octet-stream"}
    (await demo.put("image", f"/v2/images/{image}/file", data=b"0123456789", headers=headers)).ok(204)
    id = await add(channel, cloud.name, operation="DownloadImageData", times=1, effect="truncate")
    request = image_data_pb2.DownloadImageDataRequest(image_id=image)
    download = channel.unary_stream(  # bytes come in parts
        "/mopenstack.image.v2.ImageData/DownloadImageData",
        image_data_pb2.DownloadImageDataRequest.SerializeToString,
        image_data_pb2.DownloadImageDataResponse.FromString,
    )
    metadata = _metadata(cloud, demo)
    code, _, _, named = await _refused(anext(aiter(download(request, metadata=metadata))))
    assert (code, named) == (grpc.StatusCode.UNAVAILABLE, id)
    chunks = [part.data async for part in download(request, metadata=metadata)]
    assert b"".join(chunks) == b"0123456789"


async def test_what_is_refused_over_grpc(cloud: Cloud, channel: grpc.aio.Channel) -> None:
    stub = FaultsStub(channel)
    request = pb.AddFaultRequest(cloud=cloud.name, fault=pb.Fault(operation="CreateNothing"))
    code, *_ = await _refused(stub.AddFault(request))
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    code, *_ = await _refused(stub.GetFault(pb.FaultRequest(cloud=cloud.name, fault_id="fault-4")))
    assert code == grpc.StatusCode.NOT_FOUND
    mine = pb.Fault(operation="CreateNetwork", id="mine", hits=9, scenario="mine", ended=True)
    made = (await stub.AddFault(pb.AddFaultRequest(cloud=cloud.name, fault=mine))).fault
    assert (made.id, made.hits, made.scenario, made.ended) == ("fault-1", 0, "", False)


# -- a gateway apart


@pytest_asyncio.fixture(scope="module")
async def split(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[str, str]]:
    """(gateway's URL, core's address) of a cloud in two processes."""
    state = tmp_path_factory.mktemp("split")
    address = f"unix:{state / 'core.sock'}"
    with (
        server("core", "--address", address, state=state),
        server("gateway", "--core", address, "--port", "0", state=state) as (_, line),
    ):
        yield line.split(" at ")[1].split(",")[0], address


async def test_behind_a_gateway_apart(split: tuple[str, str]) -> None:
    """Each effect is the same as in one process: words, headers, connections that end."""
    url, address = split
    async with aiohttp.ClientSession() as session, grpc.aio.insecure_channel(address) as channel:
        user = await sign_in(session, url, "demo")
        body = {"network": {"name": "n"}}

        async def made() -> int:
            return len((await user.get("network", "/v2.0/networks?name=n")).ok()["networks"])

        id = await add(channel, "", operation="CreateNetwork", times=1, status=429, retry_after=3)
        refused = await user.post("network", "/v2.0/networks", body)
        assert refused.refused(429)["NeutronError"]["type"] == "HTTPTooManyRequests"
        assert (refused.headers[RULES], refused.headers["Retry-After"]) == (id, "3")
        await add(channel, "", operation="CreateNetwork", times=1, status=503, proxy=True)
        (await user.post("network", "/v2.0/networks", body)).refused(503, "<html><body><h1>503")
        await add(channel, "", operation="CreateNetwork", times=1, effect="drop")
        with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
            await user.post("network", "/v2.0/networks", body)
        assert await made() == 0
        await add(channel, "", operation="CreateNetwork", times=1, effect="truncate")
        with pytest.raises(aiohttp.ClientPayloadError):
            await user.post("network", "/v2.0/networks", body)
        assert await made() == 1
        await add(channel, "", operation="CreateNetwork", times=1, effect="false_negative")
        (await user.post("network", "/v2.0/networks", body)).refused(500)
        assert await made() == 2
        id = await add(channel, "", operation="ListNetworks", delay=0.01)
        assert (await user.get("network", "/v2.0/networks")).headers[RULES] == id
        (await user.put("object-store", f"/v1/AUTH_{user.project_id}/c")).ok(201)
        (await user.put("object-store", f"/v1/AUTH_{user.project_id}/c/o", data=b"0123456789")).ok(201)
        await add(channel, "", operation="GetObject", times=1, effect="truncate")
        with pytest.raises(aiohttp.ClientPayloadError):
            await user.get("object-store", f"/v1/AUTH_{user.project_id}/c/o")
        assert (await user.get("object-store", f"/v1/AUTH_{user.project_id}/c/o")).content == b"0123456789"
        assert re.fullmatch(r"fault-\d+", id)
