"""What the real Neutron refused of security groups, trunks, QoS, RBAC and the rest, asked again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Cloud, User
from tests.network.conftest import Neutron
from tests.network.test_recordings_core import GONE, person
from tests.recordings import replay


@pytest.fixture
async def users(cloud: Cloud, admin: User) -> dict[str, User]:
    """Who the recordings speak of; `poor` may make nothing more."""
    return {
        "admin": admin,
        "member": await person(cloud, admin, "pbm", "pb-one"),
        "other": await person(cloud, admin, "pb2", "pb-two"),
        "poor": await person(cloud, admin, "pb3", "pb-three"),
        "newcomer": await person(cloud, admin, "pb4", "pb-four"),
    }


async def stage(users: dict[str, User]) -> dict[str, str]:
    """A shared network with everything that hangs on it."""
    one, admin = Neutron(users["member"]), Neutron(users["admin"])
    net, _ = await one.network("10.60.0.0/24")
    group = await one.create("security-groups", name="pb-sg")
    fields = {"security_group_id": group["id"], "direction": "ingress", "protocol": "tcp"}
    rule = await one.create("security-group-rules", port_range_min=80, port_range_max=80, **fields)
    made: dict[str, Any] = {"network": net, "group": group, "rule": rule}
    made["addresses"] = await one.create("address-groups", name="pb-ag", addresses=["10.0.0.0/8"])
    made["default_group"] = (await one.list("security-groups", "name=default"))[0]
    await one.create("ports", network_id=net["id"], security_groups=[group["id"]])
    made |= await trunks(one, net)
    made |= await quality(admin, net)
    project = users["other"].project_id
    target = {"object_type": "network", "object_id": net["id"], "action": "access_as_shared"}
    made["policy"] = (
        await one.user.post("network", "/v2.0/rbac-policies", {"rbac_policy": {**target, "target_tenant": project}})
    ).ok(201)["rbac_policy"]
    await Neutron(users["other"]).create("ports", network_id=net["id"])
    ids = {name: thing["id"] for name, thing in made.items()}
    ids |= await limits(users)
    return {**ids, "gone": GONE, "other_project": project}


async def trunks(one: Neutron, net: Any) -> dict[str, Any]:
    """A trunk with one sub-port, and ports of a network with small frames."""
    small = await one.create("networks", mtu=1400)
    made = {
        name: await one.create("ports", network_id=net["id"]) for name in ("parent", "sub", "free_port", "large_port")
    }
    made["small_port"] = await one.create("ports", network_id=small["id"])
    sub = {"port_id": made["sub"]["id"], "segmentation_type": "vlan", "segmentation_id": 5}
    made["trunk"] = await one.create("trunks", port_id=made["parent"]["id"], sub_ports=[sub])
    return made


async def quality(admin: Neutron, net: Any) -> dict[str, Any]:
    """A QoS policy that a network uses."""
    policy = (await admin.user.post("network", "/v2.0/qos/policies", {"policy": {"name": "pb-q"}})).ok(201)["policy"]
    path = f"/v2.0/qos/policies/{policy['id']}/bandwidth_limit_rules"
    limit = (await admin.user.post("network", path, {"bandwidth_limit_rule": {"max_kbps": 1000}})).ok(201)
    await admin.update("networks", net["id"], qos_policy_id=policy["id"])
    return {"qos": policy, "limit": limit["bandwidth_limit_rule"]}


async def limits(users: dict[str, User]) -> dict[str, str]:
    """Projects that have reached their quotas, one of them before its default group."""
    poor, admin = Neutron(users["poor"]), users["admin"]
    network = await poor.create("networks")
    group = (await poor.list("security-groups"))[0]
    quota = {"security_group": 1, "security_group_rule": len(group["security_group_rules"]), "rbac_policy": 0}
    (await admin.put("network", f"/v2.0/quotas/{poor.user.project_id}", {"quota": quota})).ok(200)
    empty = users["newcomer"].project_id
    (await admin.put("network", f"/v2.0/quotas/{empty}", {"quota": {"security_group_rule": 0}})).ok(200)
    return {"poor_network": network["id"], "poor_group": group["id"], "empty_project": empty}


async def test_recorded_refusals(users: dict[str, User]) -> None:
    (await replay("network-rest", "network", users, await stage(users))).judge()
