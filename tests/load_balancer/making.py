"""What tests of load balancers make, over HTTP as any client would."""

from __future__ import annotations

from typing import Any

from tests.client import Reply, User
from tests.conftest import Cloud

API = "load-balancer"
LBAAS = "/v2/lbaas"
ADMIN = "_mopenstack"
NOWHERE = "00000000-0000-4000-8000-00000000dead"


async def subnet(user: User, version: int = 4) -> dict[str, Any]:
    """The subnet of a version of IP on the network `private`."""
    listed = (await user.get("network", "/v2.0/subnets", params={"ip_version": str(version)})).ok()["subnets"]
    return next(one for one in listed if one["name"].startswith(("private", "ipv6-private")))


async def make(user: User, path: str, **values: Any) -> dict[str, Any]:
    """What a create answers; the envelope is the path's last word without its ending."""
    made: dict[str, Any] = (await post(user, path, **values)).ok(201)[envelope_of(path)]
    return made


async def post(user: User, path: str, **values: Any) -> Reply:
    """The answer to a create."""
    return await user.post(API, f"{LBAAS}{path}", {envelope_of(path): values})


async def put(user: User, path: str, **values: Any) -> Reply:
    """The answer to an update; the path ends with an id."""
    return await user.put(API, f"{LBAAS}{path}", {envelope_of(path.rpartition("/")[0]): values})


async def show(user: User, path: str) -> dict[str, Any]:
    """What a show answers."""
    shown: dict[str, Any] = (await user.get(API, f"{LBAAS}{path}")).ok()[envelope_of(path.rpartition("/")[0])]
    return shown


def envelope_of(path: str) -> str:
    """`/l7policies` -> `l7policy`."""
    word = path.rpartition("/")[2]
    return f"{word[:-3]}y" if word.endswith("ies") else word.removesuffix("s")


async def balancer(user: User, **values: Any) -> dict[str, Any]:
    """A load balancer on the subnet of the network `private`."""
    if not {"vip_subnet_id", "vip_network_id", "vip_port_id"} & values.keys():
        values["vip_subnet_id"] = (await subnet(user))["id"]
    return await make(user, "/loadbalancers", **values)


async def listener(user: User, balancer_id: str, **values: Any) -> dict[str, Any]:
    """A listener for HTTP on port 80."""
    return await make(
        user, "/listeners", loadbalancer_id=balancer_id, **{"protocol": "HTTP", "protocol_port": 80} | values
    )


async def pool(user: User, **values: Any) -> dict[str, Any]:
    """A pool for HTTP."""
    return await make(user, "/pools", **{"protocol": "HTTP", "lb_algorithm": "ROUND_ROBIN"} | values)


async def force(cloud: Cloud, user: User, kind: str, id: str, state: str = "ACTIVE", **fields: Any) -> None:
    """Put something into a state, with other fields of it."""
    path = f"/clouds/{cloud.name}/resources/{kind}/{id}/state"
    (await user.put(ADMIN, path, {"state": state, "fields": fields})).ok()


async def set_profile(cloud: Cloud, user: User, profile: str) -> None:
    """How long the transitions of a cloud take."""
    (await user.put(ADMIN, f"/clouds/{cloud.name}/profile", {"profile": profile})).ok()


async def advance(cloud: Cloud, user: User, seconds: float) -> None:
    """Move the clock of a cloud."""
    (await user.post(ADMIN, f"/clouds/{cloud.name}/clock/advance", {"seconds": seconds})).ok()


async def tree(user: User) -> dict[str, Any]:
    """A load balancer with all that may be below it, made in one call."""
    members = [
        {"address": "10.0.0.50", "protocol_port": 80},
        {"address": "10.0.0.51", "protocol_port": 80, "weight": 0},
    ]
    monitor = {"type": "HTTP", "delay": 5, "timeout": 3, "max_retries": 3}
    web = {
        "name": "web",
        "protocol": "HTTP",
        "lb_algorithm": "ROUND_ROBIN",
        "members": members,
        "healthmonitor": monitor,
    }
    rule = {"type": "PATH", "compare_type": "STARTS_WITH", "value": "/api"}
    policy = {"action": "REDIRECT_TO_POOL", "redirect_pool": {"name": "api"}, "rules": [rule]}
    front = {"name": "front", "protocol": "HTTP", "protocol_port": 80, "default_pool": web, "l7policies": [policy]}
    api = {"name": "api", "protocol": "HTTP", "lb_algorithm": "LEAST_CONNECTIONS"}
    return await balancer(user, name="whole", listeners=[front], pools=[api], tags=["t"])
