"""What tests of clusters make, over HTTP as any client would."""

from __future__ import annotations

from typing import Any

from tests.client import Reply, User
from tests.conftest import Cloud

API = "container-infra"
NEWEST = {"OpenStack-API-Version": "container-infra 1.12"}
NOWHERE = "00000000-0000-4000-8000-00000000dead"


async def image(admin: User, name: str = "fcos", **properties: str) -> str:
    """The id of a public image with properties; of Fedora CoreOS if none are given."""
    body = {"name": name, "disk_format": "raw", "container_format": "bare", "visibility": "public"}
    made = await admin.post("image", "/v2/images", {**body, **(properties or {"os_distro": "fedora-coreos"})})
    id = str(made.ok(201)["id"])
    headers = {"Content-Type": "application/octet-stream"}
    (await admin.send("PUT", "image", f"/v2/images/{id}/file", data=b"x", headers=headers)).ok(204)
    return id


async def keypair(user: User, name: str = "kp") -> str:
    """The name of a new key pair."""
    (await user.post("compute", "/v2.1/os-keypairs", {"keypair": {"name": name}})).ok()
    return name


async def ask(user: User, verb: str, path: str, body: Any = None, version: str = "1.12") -> Reply:
    """An answer of Magnum at a microversion."""
    headers = {"OpenStack-API-Version": f"container-infra {version}"}
    return await user.send(verb, API, f"/v1{path}", body, headers=headers)


async def template(user: User, **values: Any) -> dict[str, Any]:
    """A cluster template; the image is `fcos` and the external network `public`."""
    body = {
        "name": "ct",
        "coe": "kubernetes",
        "image_id": "fcos",
        "external_network_id": "public",
        "flavor_id": "m1.small",
        "master_flavor_id": "m1.small",
        "keypair_id": "kp",
    }
    made: dict[str, Any] = (await ask(user, "POST", "/clustertemplates", {**body, **values})).ok(201)
    return made


async def ready(cloud: Cloud) -> User:
    """A member with a key pair, in a cloud with an image that clusters can be made of."""
    await image(await cloud.user("admin"))
    user = await cloud.user("demo")
    await keypair(user)
    return user


async def cluster(user: User, template_id: str, **values: Any) -> str:
    """The id of a new cluster."""
    body = {"name": "c1", "cluster_template_id": template_id, **values}
    return str((await ask(user, "POST", "/clusters", body)).ok(202)["uuid"])


async def show(user: User, id: str) -> dict[str, Any]:
    """A cluster as it is shown."""
    shown: dict[str, Any] = (await ask(user, "GET", f"/clusters/{id}")).ok()
    return shown
