"""What tests of scenarios ask of a cloud."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from tests.admin.test_faults import ADMIN
from tests.client import Reply
from tests.conftest import Cloud, User

SHORT = aiohttp.ClientTimeout(total=0.1)
"""What a client waits that does not wait for a late answer."""


async def start(cloud: Cloud, name: str, load: int = 100, **further: Any) -> Any:
    """Start a scenario; how it runs."""
    body = {"load": load, "seed": 1, **further}
    return (await cloud.admin_api.put(ADMIN, f"/clouds/{cloud.name}/scenarios/{name}", body)).ok()["scenario"]


async def rules(cloud: Cloud) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await cloud.admin_api.get(ADMIN, f"/clouds/{cloud.name}/faults")).ok()["faults"]
    return found


# -- what clients ask


async def boot(user: User, networks: Any = "none") -> Reply:
    image = {"imageRef": user.headers["image"], "flavorRef": "42", "name": "s", "networks": networks}
    return await user.post("compute", "/v2.1/servers", {"server": image}, headers=MICROVERSION)


MICROVERSION = {"OpenStack-API-Version": "compute 2.37"}


async def new_network(user: User) -> Reply:
    return await user.post("network", "/v2.0/networks", {"network": {"name": "n"}})


async def new_volume(user: User) -> Reply:
    return await user.post("volume", f"/v3/{user.project_id}/volumes", {"volume": {"name": "v", "size": 1}})


async def new_image(user: User) -> Reply:
    body = {"name": "i", "disk_format": "raw", "container_format": "bare"}
    return await user.post("image", "/v2/images", body)


async def new_zone(user: User) -> Reply:
    return await user.post("dns", "/v2/zones", {"name": "example.org.", "email": "a@example.org"})


async def new_secret(user: User) -> Reply:
    return await user.post("key-manager", "/v1/secrets", {"name": "s"})


async def new_container(user: User) -> Reply:
    return await user.put("object-store", f"/v1/AUTH_{user.project_id}/c")


async def new_balancer(user: User) -> Reply:
    found = (await user.get("network", "/v2.0/subnets")).ok()["subnets"]
    subnet = next(one for one in found if one["ip_version"] == 4)
    return await user.post(
        "load-balancer", "/v2/lbaas/loadbalancers", {"loadbalancer": {"vip_subnet_id": subnet["id"]}}
    )


async def networks(user: User) -> Reply:
    return await user.get("network", "/v2.0/networks")


async def servers(user: User) -> Reply:
    return await user.get("compute", "/v2.1/servers")


async def volumes(user: User) -> Reply:
    return await user.get("volume", f"/v3/{user.project_id}/volumes")


async def images(user: User) -> Reply:
    return await user.get("image", "/v2/images")


async def projects(user: User) -> Reply:
    return await user.get("identity", "/v3/auth/projects")


Ask = Callable[[User], Awaitable[Reply]]


async def is_late(cloud: Cloud, user: User, path: str = "/v2.0/networks", api: str = "network") -> bool:
    """Whether a rule makes an answer late; the client does not wait for it."""
    try:
        await user.get(api, path, timeout=SHORT)
    except TimeoutError:
        return True
    return False


async def hasten(cloud: Cloud) -> None:
    """Take the waiting out of the rules of a scenario, which is the effect of other ones."""
    for rule in cloud.serving.engine.clouds[cloud.name].faults.rules:
        rule.delay = rule.jitter = 0.0
