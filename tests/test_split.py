"""Core and gateway in processes of their own answer as one process does, and over gRPC as over HTTP."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import pytest
import pytest_asyncio
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.contract import contract
from mopenstack.contract.faults import Unavailable
from mopenstack.contract.v1 import common_pb2
from mopenstack.gateway.remote import RemoteCore
from mopenstack.image.v2.images import image_data_pb2_grpc
from mopenstack.image.v2.images.image_data_pb2 import DownloadImageDataRequest
from mopenstack.network.v2.core import networks_pb2, networks_pb2_grpc
from tests.client import User, sign_in
from tests.compute.stage import boot
from tests.conftest import Cloud
from tests.processes import server


@pytest_asyncio.fixture(scope="module")
async def split(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[str, str]]:
    """(gateway's URL, core's address) of a cloud in two processes."""
    state = tmp_path_factory.mktemp("split")
    address = f"unix:{state / 'core.sock'}"
    with server("core", "--address", address, state=state) as (_, line):
        assert "core" in line
        with server("gateway", "--core", address, "--port", "0", state=state) as (_, line):
            yield line.split(" at ")[1].split(",")[0], address


@pytest_asyncio.fixture
async def user(split: tuple[str, str]) -> AsyncIterator[User]:
    """demo, logged in through the gateway."""
    async with aiohttp.ClientSession() as session:
        yield await sign_in(session, split[0], "demo")


async def test_http_through_two_processes(user: User) -> None:
    """Create, show, list, refusals and bytes are the same behind gRPC."""
    made = (await user.post("network", "/v2.0/networks", {"network": {"name": "n"}})).ok(201)["network"]
    assert made.pop("is_default") is False  # only a create shows it, but of external networks
    assert (await user.get("network", f"/v2.0/networks/{made['id']}")).ok()["network"] == made
    assert made in (await user.get("network", "/v2.0/networks")).ok()["networks"]
    missing = (await user.get("network", "/v2.0/networks/nope")).refused(404)
    assert missing["NeutronError"]["type"] == "NetworkNotFound"
    body = (await user.post("network", "/v2.0/networks", {"network": {"name": "n", "shared": True}})).refused(403)
    assert "rule:create_network:shared" in body["NeutronError"]["message"]
    (await user.post("network", "/v2.0/networks", {"network": {"name": "x" * 300}})).refused(400, "maximum length")
    other = User(user.session, user.url, "nonsense")
    (await other.get("network", "/v2.0/networks")).refused(401)
    image = {"name": "i", "disk_format": "raw", "container_format": "bare"}
    id = (await user.post("image", "/v2/images", image)).ok(201)["id"]
    content = bytes(range(256)) * 4096
    headers = {"Content-Type": "application/octet-stream"}
    (await user.send("PUT", "image", f"/v2/images/{id}/file", data=content, headers=headers)).ok(204)
    assert (await user.get("image", f"/v2/images/{id}/file")).content == content


async def test_bytes_of_every_service(split: tuple[str, str]) -> None:
    """Each operation whose request or answer is bytes: of the admin service, of the guests' metadata."""
    async with aiohttp.ClientSession() as session:
        url = f"{split[0]}/_mopenstack"
        async with session.post(f"{url}/clouds/default/snapshots", json={"name": "kept"}) as made:
            assert made.status < 300, await made.text()
        async with session.get(f"{url}/snapshots/kept/file") as file:
            archive = await file.read()
        async with session.put(f"{url}/snapshots/again/file", data=io.BytesIO(archive)) as taken:
            assert taken.status < 300, await taken.text()
        async with session.put(f"{url}/snapshots/bad/file", data=b"xx") as refused:
            assert refused.status == 400, await refused.text()
        server = await boot(await sign_in(session, split[0], "demo"))
        async with session.get(f"{split[0]}/metadata/{server}/openstack/latest/meta_data.json") as shown:
            assert (await shown.json())["uuid"] == server


async def test_an_upload_without_a_message(split: tuple[str, str], user: User) -> None:
    async with grpc.aio.insecure_channel(split[1]) as channel:
        upload = image_data_pb2_grpc.ImageDataStub(channel).UploadImageData
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await upload(iter(()), metadata=(("x-auth-token", user.token),))
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_what_is_said_of_bytes_comes_with_their_end_too(split: tuple[str, str], user: User) -> None:
    """For the client whose library gives it nothing else of a short answer (gateway.remote)."""
    image = {"name": "short", "disk_format": "raw", "container_format": "bare"}
    id = (await user.post("image", "/v2/images", image)).ok(201)["id"]
    octets = {"Content-Type": "application/octet-stream"}
    (await user.send("PUT", "image", f"/v2/images/{id}/file", data=b"byte", headers=octets)).ok(204)
    async with grpc.aio.insecure_channel(split[1]) as channel:
        download = image_data_pb2_grpc.ImageDataStub(channel).DownloadImageData
        call = download(DownloadImageDataRequest(image_id=id), metadata=(("x-auth-token", user.token),))
        assert b"".join([message.data async for message in call]) == b"byte"
        ahead, end = dict(await call.initial_metadata()), dict(await call.trailing_metadata())
    told = {key: value for key, value in end.items() if key.startswith("x-")}
    assert told["x-mopenstack-size"] == "4"
    assert ahead.items() >= told.items()


async def test_bytes_that_break_off_are_not_kept(user: User) -> None:
    """Half an upload and then nothing: the image waits for its bytes, as behind one process."""
    image = {"name": "half", "disk_format": "raw", "container_format": "bare"}
    id = (await user.post("image", "/v2/images", image)).ok(201)["id"]
    host, port = user.url.removeprefix("http://").split(":")
    for _ in range(5):
        _, writer = await asyncio.open_connection(host, int(port))
        head = f"PUT /image/v2/images/{id}/file HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {user.token}\r\n"
        writer.write(f"{head}Content-Type: application/octet-stream\r\nContent-Length: 100000\r\n\r\nhalf".encode())
        await asyncio.sleep(0.1)
        writer.transport.abort()
    for _ in range(100):
        shown = (await user.get("image", f"/v2/images/{id}")).ok()
        if shown["status"] == "queued":
            break
        await asyncio.sleep(0.1)
    assert (shown["status"], shown["size"]) == ("queued", None)


async def test_headers_through_two_processes(split: tuple[str, str]) -> None:
    """What an answer says beside its object comes through gRPC too: Location, Last-Modified, addresses of lists."""
    async with aiohttp.ClientSession() as session:
        admin = await sign_in(session, split[0], "admin")
        for service, path, body, key in (
            ("image", "/v2/images", {"name": "i"}, "id"),
            ("image", "/v2/metadefs/namespaces", {"namespace": "Split::Space"}, "namespace"),
            ("image", "/v2/tasks", {"type": "api_image_import", "input": {"image_id": "x"}}, "id"),
        ):
            reply = await admin.post(service, path, body)
            assert reply.headers["Location"].endswith(f"/{service}{path}/{reply.ok(201)[key]}")
        version = {"OpenStack-API-Version": "placement 1.39"}
        reply = await admin.send("GET", "placement", "/resource_providers", headers=version)
        assert reply.ok()["resource_providers"]
        assert reply.headers["Last-Modified"].endswith("GMT")
        assert reply.headers["Cache-Control"] == "no-cache"
        listed = (await admin.get("image", "/v2/metadefs/resource_types")).ok()
        assert list(listed) == ["resource_types"]
        assert (await admin.get("image", "/v2/tasks")).ok()["schema"] == "/v2/schemas/tasks"


async def test_grpc_has_the_same_policy(split: tuple[str, str], user: User) -> None:
    """The same operation over gRPC: with the token it answers, without it and against the policy it refuses by name."""
    async with grpc.aio.insecure_channel(split[1]) as channel:
        create = networks_pb2_grpc.NetworksStub(channel).CreateNetwork
        request = networks_pb2.CreateNetworkRequest(network=networks_pb2.Network(name="over gRPC"))
        answer = await create(request, metadata=(("x-auth-token", user.token),))
        assert answer.network.project_id == user.project_id
        assert not answer.network.HasField("network_type"), "only an admin sees provider attributes"
        for metadata, code, reason in (
            ((), grpc.StatusCode.UNAUTHENTICATED, "UNAUTHORIZED"),
            ((("x-auth-token", user.token),), grpc.StatusCode.PERMISSION_DENIED, "POLICY_REFUSED"),
        ):
            request.network.shared = True
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await create(request, metadata=metadata)
            assert refused.value.code() is code
            details = dict(refused.value.trailing_metadata() or ())["grpc-status-details-bin"]
            info = error_details_pb2.ErrorInfo()
            assert isinstance(details, bytes)
            status_pb2.Status.FromString(details).details[0].Unpack(info)
            assert (info.reason, info.domain) == (reason, "mopenstack")


async def test_the_fields_that_a_client_asks_for(split: tuple[str, str], user: User) -> None:
    """`fields` of a list and of a show holds over gRPC as over HTTP: what was not asked for is not set."""
    made = (await user.post("network", "/v2.0/networks", {"network": {"name": "few", "mtu": 1400}})).ok(201)["network"]
    path = f"/v2.0/networks/{made['id']}?fields=name&fields=mtu"
    assert (await user.get("network", path)).ok() == {"network": {"name": "few", "mtu": 1400}}
    listed = (await user.get("network", "/v2.0/networks?name=few&fields=tenant_id&fields=mtu")).ok()["networks"]
    # Also where what is cut off is a number of more than 64 bits, which travels as text.
    async with aiohttp.ClientSession() as session:
        admin = await sign_in(session, split[0], "admin")
        counts = (await admin.get("network", "/v2.0/network-ip-availabilities?fields=network_name")).ok()
    assert {"network_name": "few"} in counts["network_ip_availabilities"]
    assert listed == [{"tenant_id": user.project_id, "mtu": 1400}]
    metadata = (("x-auth-token", user.token),)
    async with grpc.aio.insecure_channel(split[1]) as channel:
        show = channel.unary_unary(
            "/mopenstack.network.v2.Networks/GetNetwork",
            networks_pb2.GetNetworkRequest.SerializeToString,
            networks_pb2.NetworkResponse.FromString,
        )
        request = networks_pb2.GetNetworkRequest(network_id=made["id"], fields=["name", "mtu"])
        answer = await show(request, metadata=metadata)
        assert {field.name for field, _ in answer.network.ListFields()} == {"name", "mtu"}
        lists = channel.unary_unary(
            "/mopenstack.network.v2.Networks/ListNetworks",
            networks_pb2.ListNetworksRequest.SerializeToString,
            networks_pb2.ListNetworksResponse.FromString,
        )
        query = common_pb2.Query(filters=[common_pb2.Query.Filter(key="name", values=["few"])], fields=["id"])
        networks = (await lists(networks_pb2.ListNetworksRequest(query=query), metadata=metadata)).networks
        assert list(networks) == [networks_pb2.Network(id=made["id"])]


async def test_reflection_and_health(split: tuple[str, str]) -> None:
    """grpcurl finds the services, and a probe the server's health."""
    async with grpc.aio.insecure_channel(split[1]) as channel:
        check = health_pb2_grpc.HealthStub(channel).Check
        assert (await check(health_pb2.HealthCheckRequest())).status == health_pb2.HealthCheckResponse.SERVING
        reflect = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo
        stream = reflect(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
        answer = await stream.read()
        names = {service.name for service in answer.list_services_response.service}
        assert {"mopenstack.network.v2.Networks", "mopenstack.compute.v2.Servers"} <= names


async def test_one_process_speaks_grpc_beside_http(cloud: Cloud, demo: User) -> None:
    """The gRPC port of a whole cloud shows what HTTP made, in the cloud that the metadata names."""
    made = (await demo.post("network", "/v2.0/networks", {"network": {"name": "n"}})).ok(201)["network"]
    async with grpc.aio.insecure_channel(cloud.serving.grpc) as channel:
        get = networks_pb2_grpc.NetworksStub(channel).GetNetwork
        metadata = (("x-auth-token", demo.token), ("x-mopenstack-cloud", cloud.name))
        answer = await get(networks_pb2.GetNetworkRequest(network_id=made["id"]), metadata=metadata)
        assert answer.network.name == "n"


def test_a_core_that_is_away(tmp_path: Path) -> None:
    """A gateway without its core answers 503 in the service's envelope."""
    import json
    import urllib.error
    import urllib.request

    with server("gateway", "--core", f"unix:{tmp_path / 'none'}", "--port", "0", state=tmp_path) as (_, line):
        url = line.split(" at ")[1].split(",")[0]
        request = urllib.request.Request(f"{url}/network/v2.0/networks", headers={"X-Auth-Token": "x"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)
        assert refused.value.code == 503
        assert "NeutronError" in json.loads(refused.value.read())
        refused.value.close()


class Hangs(grpc.GenericRpcHandler):
    """Every RPC begins and never ends."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()

    def service(self, handler_call_details: Any) -> Any:
        async def hang(request: bytes, context: Any) -> bytes:
            self.begun.set()
            return await asyncio.Future[bytes]()

        return grpc.unary_unary_rpc_method_handler(hang)


async def test_a_core_that_ends_before_it_answers(tmp_path: Path) -> None:
    """Its calls are CANCELLED then: the client may try again."""
    hangs, core = Hangs(), grpc.aio.server()
    core.add_generic_rpc_handlers((hangs,))
    address = f"unix:{tmp_path / 'core.sock'}"
    core.add_insecure_port(address)
    await core.start()
    served = contract(("network",))
    remote = RemoteCore(address, served)
    operation = served.by_name["mopenstack.network.v2.Networks.ListNetworks"]
    request: Any = operation.request
    call = asyncio.create_task(remote.call(operation, request(), RequestContext()))
    await hangs.begun.wait()
    await core.stop(0)
    with pytest.raises(Unavailable) as refused:
        await call
    assert refused.value.code == "UNAVAILABLE"
    await remote.close()


@pytest.mark.parametrize("letters", [20_000, 900_000])
async def test_a_refusal_that_quotes_much(cloud: Cloud, demo: User, user: User, letters: int) -> None:
    """What is refused may be as long as a body: the refusal is the same as in one process."""
    for name in ("x" * letters, ["\u00e9"] * (letters // 12)):
        body = {"network": {"name": name}}
        one = await demo.post("network", "/v2.0/networks", body)
        two = await user.post("network", "/v2.0/networks", body)
        assert one.refused(400) == two.refused(400)


async def test_an_upload_while_the_core_goes(tmp_path: Path) -> None:
    """503 in the service's envelope, though the body is still on its way; the gateway goes on."""
    address = f"unix:{tmp_path / 'core.sock'}"
    with (
        server("core", "--address", address, state=tmp_path) as (core, _),
        server("gateway", "--core", address, "--port", "0", state=tmp_path) as (_, line),
    ):
        async with aiohttp.ClientSession() as session:
            user = await sign_in(session, line.split(" at ")[1].split(",")[0], "demo")
            image = {"name": "i", "disk_format": "raw", "container_format": "bare"}
            id = (await user.post("image", "/v2/images", image)).ok(201)["id"]

            async def body() -> AsyncIterator[bytes]:
                for number in range(64):
                    if number == 4:
                        core.kill()
                    yield b"\0" * 65536
                    await asyncio.sleep(0.01)

            headers = {"Content-Type": "application/octet-stream"}
            reply = await user.send("PUT", "image", f"/v2/images/{id}/file", data=body(), headers=headers)
            assert (reply.status, reply.headers.get("Retry-After")) == (503, "1"), reply.body
            assert (await user.get("image", "/v2/images")).status == 503


async def test_a_resource_is_shown_through_two_processes(user: User, split: tuple[str, str]) -> None:
    """What a service answers of a resource travels as a message, and is the JSON document of the service again."""
    made = (await user.post("network", "/v2.0/networks", {"network": {"name": "seen"}})).ok(201)["network"]
    async with aiohttp.ClientSession() as session:
        admin = User(session, split[0])
        kinds = (await admin.get("_mopenstack", "/clouds/default/resources")).ok()["kinds"]
        assert next(one["count"] for one in kinds if one["kind"] == "flavor") > 0
        found = (await admin.get("_mopenstack", f"/clouds/default/resources/network/{made['id']}")).ok()
        flavor = (await admin.get("_mopenstack", "/clouds/default/resources/flavor/42")).ok()
    shown = found["answer"]["document"]["network"]
    assert {name: shown[name] for name in made if name in shown} == {
        name: value for name, value in made.items() if name in shown
    }
    assert flavor["answer"]["document"]["flavor"]["name"] == "m1.nano"
