"""What scenarios do beside refusing: a test each, by its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import aiohttp
import pytest

from tests.admin.asks import (
    Ask,
    boot,
    hasten,
    images,
    networks,
    new_balancer,
    new_container,
    new_image,
    new_network,
    new_volume,
    new_zone,
    projects,
    servers,
    start,
    volumes,
)
from tests.admin.test_faults import ADMIN
from tests.conftest import Cloud, User


async def test_gateway_timeouts(cloud: Cloud, client: User) -> None:
    """The proxy gives up, and the network is there all the same."""
    before = len((await networks(client)).ok()["networks"])
    await start(cloud, "gateway-timeouts")
    await hasten(cloud)
    (await new_network(client)).refused(504, "Gateway Time-out")
    await start(cloud, "gateway-timeouts", 0)
    assert len((await networks(client)).ok()["networks"]) == before + 1


async def test_rolling_restart(cloud: Cloud, client: User) -> None:
    """Each service is away for some calls and then back."""
    await start(cloud, "rolling-restart")
    asks: Sequence[Ask] = (images, networks, volumes, servers)
    seen = [[(await ask(client)).status for _ in range(40)] for ask in asks]
    for statuses in seen:
        assert statuses.count(503) == 10
        assert statuses[0] == statuses[-1] == 200


async def test_dropped_connections(cloud: Cloud, client: User) -> None:
    await start(cloud, "dropped-connections")
    dropped = 0
    for _ in range(8):
        try:
            await new_network(client)
        except aiohttp.ClientConnectionError:
            dropped += 1
    assert dropped


async def test_truncated_answers(cloud: Cloud, client: User) -> None:
    await start(cloud, "truncated-answers")
    broken = 0
    for _ in range(8):
        try:
            await networks(client)
        except aiohttp.ClientPayloadError:
            broken += 1
    assert broken


async def test_growing_overload(cloud: Cloud, client: User) -> None:
    """First as ever, then refusals with Retry-After, and more of them."""
    await start(cloud, "growing-overload", service="network")
    await hasten(cloud)
    found = [await networks(client) for _ in range(40)]
    statuses = [answer.status for answer in found]
    assert set(statuses[:6]) == {200}
    assert statuses[6:14].count(503) < statuses[-20:].count(503)
    assert all(int(answer.headers["Retry-After"]) >= 10 for answer in found if answer.status == 503)


async def test_cascade(cloud: Cloud, client: User) -> None:
    """Volumes fail before networks, networks before servers."""
    await start(cloud, "cascade")
    await hasten(cloud)
    asks: Sequence[Ask] = (volumes, networks, servers, projects)
    first = [[(await ask(client)).status for _ in range(8)] for ask in asks]
    ends = [next(place for place, status in enumerate(statuses) if status >= 500) for statuses in first]
    assert ends == sorted(ends)
    assert ends[0] < ends[-1]


async def _network_with_subnet(user: User) -> str:
    id: str = (await new_network(user)).ok(201)["network"]["id"]
    subnet = {"network_id": id, "ip_version": 4, "cidr": "10.9.0.0/24"}
    (await user.post("network", "/v2.0/subnets", {"subnet": subnet})).ok(201)
    return id


async def test_partition_compute_network(cloud: Cloud, client: User) -> None:
    """Clients reach Neutron, Nova does not: a boot with a network fails."""
    network = await _network_with_subnet(client)
    await start(cloud, "partition-compute-network")
    (await boot(client, [{"uuid": network}])).refused(500, "ConnectFailure")
    (await new_network(client)).ok(201)
    await start(cloud, "partition-compute-network", 0)
    (await boot(client, [{"uuid": network}])).ok(202)


async def test_partition_compute_volume(cloud: Cloud, client: User) -> None:
    """Clients reach Cinder, Nova does not: a volume cannot be attached."""
    server = (await boot(client)).ok(202)["server"]["id"]
    volume = (await new_volume(client)).ok(202)["volume"]["id"]
    (await servers(client)).ok()
    await start(cloud, "partition-compute-volume")
    body = {"volumeAttachment": {"volumeId": volume}}
    path = f"/v2.1/servers/{server}/os-volume_attachments"
    (await client.post("compute", path, body)).refused(500, "CinderConnectionFailed")
    (await volumes(client)).ok()
    await start(cloud, "partition-compute-volume", 0)
    (await client.post("compute", path, body)).ok()


async def _volume_status(user: User, id: str) -> str:
    found: str = (await user.get("volume", f"/v3/{user.project_id}/volumes/{id}")).ok()["volume"]["status"]
    return found


async def _server(user: User, id: str) -> Any:
    return (await user.get("compute", f"/v2.1/servers/{id}")).ok()["server"]


async def test_storage_full(cloud: Cloud, client: User) -> None:
    fine = (await new_volume(client)).ok(202)["volume"]["id"]
    await start(cloud, "storage-full")
    full = (await new_volume(client)).ok(202)["volume"]["id"]
    assert [await _volume_status(client, id) for id in (fine, full)] == ["available", "error"]
    extend = {"os-extend": {"new_size": 2}}
    (await client.post("volume", f"/v3/{client.project_id}/volumes/{fine}/action", extend)).ok(202)
    assert await _volume_status(client, fine) == "error_extending"


async def test_image_store_full(cloud: Cloud, client: User) -> None:
    await start(cloud, "image-store-full")
    image = (await new_image(client)).ok(201)["id"]
    headers = {"Content-Type": "application/octet-stream"}
    answer = await client.put("image", f"/v2/images/{image}/file", data=b"bytes", headers=headers)
    answer.refused(413, "not enough disk space")
    (await new_container(client)).ok(201)
    path = f"/v1/AUTH_{client.project_id}/c/o"
    (await client.put("object-store", path, data=b"bytes")).refused(507, "Insufficient Storage")


async def test_rate_limits_of_object_storage(cloud: Cloud, client: User) -> None:
    await start(cloud, "rate-limited")
    found = [await new_container(client) for _ in range(8)]
    limited = [answer for answer in found if answer.status == 498]
    assert limited
    assert all(answer.body == "Slow down" for answer in limited)


async def test_no_more_addresses(cloud: Cloud, client: User) -> None:
    network = await _network_with_subnet(client)
    await start(cloud, "no-more-addresses")
    answer = await client.post("network", "/v2.0/ports", {"port": {"network_id": network}})
    assert answer.refused(409)["NeutronError"]["type"] == "IpAddressGenerationFailure"


async def test_keystone_overloaded(cloud: Cloud, client: User) -> None:
    """Logins are refused by the proxy before Keystone."""
    await start(cloud, "keystone-overloaded")
    await hasten(cloud)
    user = {"name": "demo", "domain": {"id": "default"}, "password": "secret"}
    auth = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    found = [(await cloud.anonymous.post("identity", "/v3/auth/tokens", auth)).status for _ in range(8)]
    assert 503 in found


async def test_messages_lost(cloud: Cloud, client: User) -> None:
    """Servers, volumes and load balancers begin and never end."""
    await start(cloud, "messages-lost")
    server = (await boot(client)).ok(202)["server"]["id"]
    volume = (await new_volume(client)).ok(202)["volume"]["id"]
    (await cloud.admin_api.post(ADMIN, f"/clouds/{cloud.name}/clock/advance", {"seconds": 3000})).ok()
    assert (await _server(client, server))["status"] == "BUILD"
    assert await _volume_status(client, volume) == "creating"


@pytest.mark.parametrize(
    ("name", "said"), [("no-valid-host", "No valid host was found"), ("port-binding-fails", "Binding failed for port")]
)
async def test_servers_that_end_in_error(name: str, said: str, cloud: Cloud, client: User) -> None:
    await start(cloud, name)
    shown = await _server(client, (await boot(client)).ok(202)["server"]["id"])
    assert shown["status"] == "ERROR"
    assert said in shown["fault"]["message"]


async def test_host_down(cloud: Cloud, client: User) -> None:
    """A server is asked to stop and never does; another one finds no host; neither can be deleted."""
    server = (await boot(client)).ok(202)["server"]["id"]
    assert (await _server(client, server))["status"] == "ACTIVE"
    await start(cloud, "host-down")
    (await client.post("compute", f"/v2.1/servers/{server}/action", {"os-stop": None})).ok(202)
    shown = await _server(client, server)
    assert (shown["status"], shown["OS-EXT-STS:task_state"]) == ("ACTIVE", "powering-off")
    other = await _server(client, (await boot(client)).ok(202)["server"]["id"])
    assert other["status"] == "ERROR"
    (await client.delete("compute", f"/v2.1/servers/{other['id']}")).ok(204)
    assert (await _server(client, other["id"]))["OS-EXT-STS:task_state"] == "deleting"


async def test_stuck_builds(cloud: Cloud, client: User) -> None:
    await start(cloud, "stuck-builds")
    server = (await boot(client)).ok(202)["server"]["id"]
    (await cloud.admin_api.post(ADMIN, f"/clouds/{cloud.name}/clock/advance", {"seconds": 3000})).ok()
    assert (await _server(client, server))["status"] == "BUILD"


async def test_stuck_deletes(cloud: Cloud, client: User) -> None:
    volume = (await new_volume(client)).ok(202)["volume"]["id"]
    server = (await boot(client)).ok(202)["server"]["id"]
    assert await _volume_status(client, volume) == "available"
    await start(cloud, "stuck-deletes")
    (await client.delete("volume", f"/v3/{client.project_id}/volumes/{volume}")).ok(202)
    (await client.delete("compute", f"/v2.1/servers/{server}")).ok(204)
    assert await _volume_status(client, volume) == "deleting"
    assert (await _server(client, server))["OS-EXT-STS:task_state"] == "deleting"


async def test_load_balancers_fail(cloud: Cloud, client: User) -> None:
    await start(cloud, "load-balancers-fail")
    made = (await new_balancer(client)).ok(201)["loadbalancer"]["id"]
    shown = (await client.get("load-balancer", f"/v2/lbaas/loadbalancers/{made}")).ok()["loadbalancer"]
    assert shown["provisioning_status"] == "ERROR"


async def test_name_servers_away(cloud: Cloud, client: User) -> None:
    await start(cloud, "name-servers-away")
    zone = (await new_zone(client)).ok(202)
    (await cloud.admin_api.post(ADMIN, f"/clouds/{cloud.name}/clock/advance", {"seconds": 3000})).ok()
    assert (await client.get("dns", f"/v2/zones/{zone['id']}")).ok()["status"] == "PENDING"


async def test_lost_writes(cloud: Cloud, client: User) -> None:
    await start(cloud, "lost-writes")
    lost = (await new_network(client)).ok(201)["network"]["id"]
    (await client.get("network", f"/v2.0/networks/{lost}")).refused(404)
