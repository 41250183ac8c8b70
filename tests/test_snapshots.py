"""Snapshots, forks, their files and differences, over HTTP."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

import pytest

from tests.conftest import Cloud, User

ADMIN = "_mopenstack"
TAR = {"Content-Type": "application/x-tar"}


async def _network(user: User, name: str) -> str:
    return str((await user.post("network", "/v2.0/networks", {"network": {"name": name}})).ok(201)["network"]["id"])


async def _networks(user: User) -> set[str]:
    return {one["name"] for one in (await user.get("network", "/v2.0/networks")).ok()["networks"]}


async def _image(user: User, content: bytes) -> str:
    body = {"name": "kept", "disk_format": "raw", "container_format": "bare"}
    id = str((await user.post("image", "/v2/images", body)).ok(201)["id"])
    octets = {"Content-Type": "application/octet-stream"}
    (await user.send("PUT", "image", f"/v2/images/{id}/file", data=content, headers=octets)).ok(204)
    return id


async def _content(user: User, id: str) -> bytes:
    reply = await user.get("image", f"/v2/images/{id}/file")
    assert reply.status == 200, reply.body
    return reply.content


@pytest.fixture
async def fork(cloud: Cloud) -> Any:
    """A function that copies the test's cloud; the copies are gone after the test."""
    made: list[str] = []

    async def copy(origin: Cloud) -> Cloud:
        name = f"{cloud.name}-fork-{len(made)}"
        (await cloud.anonymous.post(ADMIN, f"/clouds/{origin.name}/fork", {"name": name})).ok(201)
        made.append(name)
        return Cloud(name, cloud.serving, cloud.session)

    yield copy
    for name in made:
        (await cloud.anonymous.delete(ADMIN, f"/clouds/{name}")).ok(204)


async def _save(cloud: Cloud, name: str, **fields: Any) -> str:
    name = f"{cloud.name}-{name}"
    (await cloud.anonymous.post(ADMIN, f"/clouds/{cloud.name}/snapshots", {"name": name, **fields})).ok(201)
    return name


async def test_a_cloud_is_brought_back(cloud: Cloud, demo: User) -> None:
    """What came after the snapshot is gone, what went is there, what changed is as it was; the same token works."""
    kept, gone = await _network(demo, "kept"), await _network(demo, "gone")
    saved = await _save(cloud, "one", description="before the test")
    (await demo.delete("network", f"/v2.0/networks/{gone}")).ok(204)
    (await demo.put("network", f"/v2.0/networks/{kept}", {"network": {"name": "changed"}})).ok()
    await _network(demo, "later")
    for _ in range(2):
        (await demo.post(ADMIN, f"/clouds/{cloud.name}/snapshots/{saved}/load")).ok(200)
        assert await _networks(demo) >= {"kept", "gone"}
        assert not await _networks(demo) & {"changed", "later"}
        (await demo.delete("network", f"/v2.0/networks/{kept}")).ok(204)
    shown = (await demo.get(ADMIN, f"/snapshots/{saved}")).ok()["snapshot"]
    assert (shown["cloud"], shown["description"]) == (cloud.name, "before the test")
    assert shown["resources"]["network"] >= 3
    (await demo.delete(ADMIN, f"/snapshots/{saved}")).ok(204)
    (await demo.get(ADMIN, f"/snapshots/{saved}")).refused(404, "There is no snapshot named")
    assert await _networks(demo) >= {"gone"}


async def test_a_fork_shares_nothing(cloud: Cloud, demo: User, fork: Any) -> None:
    """Both go on from the same state, with addresses, names and quotas of their own; tokens do not cross."""
    network = await _network(demo, "both")
    subnet = {"network_id": network, "cidr": "10.9.0.0/29", "ip_version": 4}
    (await demo.post("network", "/v2.0/subnets", {"subnet": subnet})).ok(201)
    other = await fork(cloud)
    there = await other.user("demo")
    crossed = User(cloud.session, other.url, demo.token, demo.project_id)
    (await crossed.get("network", "/v2.0/networks")).refused(401)
    addresses = []
    for user in (demo, there):
        port = (await user.post("network", "/v2.0/ports", {"port": {"network_id": network}})).ok(201)["port"]
        addresses.append({ip["ip_address"] for ip in port["fixed_ips"]})
    await _network(demo, "here")
    await _network(there, "there")
    (await there.put("network", f"/v2.0/networks/{network}", {"network": {"name": "renamed"}})).ok()
    assert (await _networks(demo)) & {"both", "here", "there", "renamed"} == {"both", "here"}
    assert (await _networks(there)) & {"both", "here", "there", "renamed"} == {"renamed", "there"}
    again = await fork(other)
    third = await again.user("demo")
    assert (await _networks(third)) & {"both", "here", "there", "renamed"} == {"renamed", "there"}
    ports = (await third.get("network", f"/v2.0/ports?network_id={network}")).ok()["ports"]
    for port in ports:
        (await third.delete("network", f"/v2.0/ports/{port['id']}")).ok(204)
    (await third.delete("network", f"/v2.0/networks/{network}")).ok(204)
    assert "renamed" in await _networks(there)


async def test_bytes_of_a_fork(cloud: Cloud, demo: User, fork: Any) -> None:
    """An image that one of both deletes is the other's still, and so when the cloud is gone that it came from."""
    id = await _image(demo, b"first" * 1000)
    middle = await fork(cloud)
    last = await fork(middle)
    (await demo.delete("image", f"/v2/images/{id}")).ok(204)
    there = await last.user("demo")
    assert await _content(there, id) == b"first" * 1000
    (await demo.post(ADMIN, f"/clouds/{cloud.name}/reset")).ok(200)
    (await demo.post(ADMIN, f"/clouds/{middle.name}/reset")).ok(200)
    assert await _content(there, id) == b"first" * 1000


async def test_a_file(cloud: Cloud, demo: User) -> None:
    """A snapshot goes into a file and comes back from it, with its bytes, into another cloud."""
    await _network(demo, "filed")
    id = await _image(demo, b"content" * 5000)
    saved = await _save(cloud, "one")
    reply = await demo.get(ADMIN, f"/snapshots/{saved}/file")
    assert reply.status == 200
    with tarfile.open(fileobj=io.BytesIO(reply.content)) as archive:
        manifest = json.load(archive.extractfile("snapshot.json"))  # type: ignore[arg-type]
    assert manifest["format"] == 1
    assert "key" not in manifest["settings"], "the key of tokens is no part of a file"
    (await demo.delete(ADMIN, f"/snapshots/{saved}")).ok(204)
    (await demo.post(ADMIN, f"/clouds/{cloud.name}/reset")).ok(200)
    path = f"/snapshots/{saved}/file"
    (await demo.send("PUT", ADMIN, path, data=io.BytesIO(reply.content), headers=TAR)).ok(200)
    (await demo.send("PUT", ADMIN, path, data=io.BytesIO(reply.content), headers=TAR)).refused(409, "already")
    (await demo.post(ADMIN, f"/clouds/{cloud.name}/snapshots/{saved}/load")).ok(200)
    user = await cloud.user("demo")
    assert "filed" in await _networks(user)
    assert await _content(user, id) == b"content" * 5000
    (await demo.delete(ADMIN, f"/snapshots/{saved}")).ok(204)
    assert await _content(user, id) == b"content" * 5000


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"no archive", ""),
        (None, "of a newer mopenstack"),
    ],
)
async def test_what_is_no_file(content: bytes | None, why: str, cloud: Cloud, demo: User) -> None:
    """A file that cannot be read is refused in words, and nothing is kept of it."""
    if content is None:
        target = io.BytesIO()
        with tarfile.open(fileobj=target, mode="w") as archive:
            manifest = json.dumps({"format": 99, "version": "99"}).encode()
            member = tarfile.TarInfo("snapshot.json")
            member.size = len(manifest)
            archive.addfile(member, io.BytesIO(manifest))
        content = target.getvalue()
    name = f"{cloud.name}-bad"
    reply = await demo.send("PUT", ADMIN, f"/snapshots/{name}/file", data=content, headers=TAR)
    reply.refused(400, why)
    (await demo.get(ADMIN, f"/snapshots/{name}")).refused(404)


async def test_what_differs(cloud: Cloud, demo: User) -> None:
    """Exactly what changed is told, by resource and field; secrets are not."""
    kept, gone = await _network(demo, "kept"), await _network(demo, "gone")
    saved = await _save(cloud, "one")
    path = f"/diff?before={saved}&after=cloud:{cloud.name}"
    assert (await demo.get(ADMIN, path)).ok()["differences"] == []
    (await demo.delete("network", f"/v2.0/networks/{gone}")).ok(204)
    (await demo.put("network", f"/v2.0/networks/{kept}", {"network": {"description": "new"}})).ok()
    admin = await cloud.user("admin")
    user = {"user": {"name": "somebody", "password": "unspoken"}}
    (await admin.post("identity", "/v3/users", user)).ok(201)
    found = (await demo.get(ADMIN, path)).ok()["differences"]
    assert "unspoken" not in json.dumps(found)
    by_kind = {(one["change"], one["kind"], one["name"]): one for one in found}
    assert ("removed", "network", "gone") in by_kind
    assert ("added", "user", "somebody") in by_kind
    fields = {one["name"]: (one["before"], one["after"]) for one in by_kind["changed", "network", "kept"]["fields"]}
    assert fields["description"] == (None, "new")
    assert not fields.keys() - {"description", "updated_at", "revision_number"}


async def test_names(cloud: Cloud, demo: User) -> None:
    saved = await _save(cloud, "one")
    again = {"name": saved}
    (await demo.post(ADMIN, f"/clouds/{cloud.name}/snapshots", again)).refused(409, "already")
    (await demo.post(ADMIN, f"/clouds/{cloud.name}/snapshots", {**again, "replace": True})).ok(201)
    (await demo.post(ADMIN, f"/clouds/{cloud.name}/snapshots", {"name": "No name"})).refused(400, "cannot name")
    (await demo.post(ADMIN, f"/clouds/{cloud.name}/fork", {"name": cloud.name})).refused(409)
    (await demo.post(ADMIN, f"/clouds/{cloud.name}/snapshots/nothing/load")).refused(404)
    (await demo.post(ADMIN, f"/clouds/snapshot@{saved}/reset")).refused(404)
    names = [one["name"] for one in (await demo.get(ADMIN, "/snapshots")).ok()["snapshots"]]
    assert saved in names
    clouds = [one["name"] for one in (await demo.get(ADMIN, "/clouds")).ok()["clouds"]]
    assert not [name for name in clouds if "@" in name]


async def test_a_cloud_from_a_snapshot(cloud: Cloud, demo: User) -> None:
    """With its profile and options, unless others are given; transitions under way are in it."""
    (await demo.put(ADMIN, f"/clouds/{cloud.name}/profile", {"profile": "manual"})).ok(200)
    volume = (await demo.post("volume", "/v3/volumes", {"volume": {"size": 1}})).ok(202)["volume"]["id"]
    saved = await _save(cloud, "one")
    name = f"{cloud.name}-new"
    (await demo.post(ADMIN, "/clouds", {"name": name, "source": saved})).ok(201)
    try:
        other = Cloud(name, cloud.serving, cloud.session)
        user = await other.user("demo")
        assert (await user.get("volume", f"/v3/volumes/{volume}")).ok()["volume"]["status"] == "creating"
        (await demo.post(ADMIN, f"/clouds/{name}/complete")).ok(200)
        assert (await user.get("volume", f"/v3/volumes/{volume}")).ok()["volume"]["status"] == "available"
        assert (await demo.get("volume", f"/v3/volumes/{volume}")).ok()["volume"]["status"] == "creating"
    finally:
        (await demo.delete(ADMIN, f"/clouds/{name}")).ok(204)
