"""RBAC policies: sharing with one project, with everybody, and taking it back."""

from __future__ import annotations

from typing import Any

from tests.network.conftest import Neutron

UNKNOWN = "00000000-0000-0000-0000-00000000dead"


def sharing(network: Any, target: str, action: str = "access_as_shared") -> dict[str, str]:
    return {"object_type": "network", "object_id": network["id"], "action": action, "target_tenant": target}


async def test_a_network_is_shared_with_one_project(neutron: Any, admin_neutron: Any, demo: Any) -> None:
    network, subnet = await admin_neutron.network()
    (await neutron.get("networks", network["id"])).refused(404)
    policy = await admin_neutron.create("rbac-policies", **sharing(network, demo.project_id))
    assert policy["target_tenant"] == demo.project_id
    assert (await neutron.show("networks", network["id"]))["shared"] is True
    assert (await admin_neutron.show("networks", network["id"]))["shared"] is False
    assert network["id"] in {one["id"] for one in await neutron.list("networks")}
    assert subnet["id"] in {one["id"] for one in await neutron.list("subnets")}
    port = await neutron.create("ports", network_id=network["id"])
    in_use = f"RBAC policy on object {network['id']} cannot be removed because other objects depend on it."
    (await admin_neutron.delete("rbac-policies", policy["id"])).refused(409, in_use)
    (await neutron.delete("ports", port["id"])).ok(204)
    (await admin_neutron.delete("rbac-policies", policy["id"])).ok(204)
    (await neutron.get("networks", network["id"])).refused(404)
    (await neutron.get("subnets", subnet["id"])).refused(404)


async def test_refusals(neutron: Any, admin: Any) -> None:
    network = await neutron.create("networks")
    await neutron.create("rbac-policies", **sharing(network, admin.project_id))
    again = await neutron.post("rbac-policies", **sharing(network, admin.project_id))
    again.refused(409, "An RBAC policy already exists with those values.")
    (await neutron.post("rbac-policies", **sharing(network, "*"))).refused(
        403,
        "((((rule:create_rbac_policy and rule:create_rbac_policy:object_type) and rule:create_rbac_policy:object_id) "
        "and rule:create_rbac_policy:target_tenant) and rule:create_rbac_policy:action) is disallowed by policy",
    )
    wrong = {**sharing(network, admin.project_id), "object_type": "foo"}
    (await neutron.post("rbac-policies", **wrong)).refused(400, "'foo' is not a valid RBAC object type.")
    unknown = f"RBAC policy of type unknown with ID {UNKNOWN} not found"
    (await neutron.get("rbac-policies", UNKNOWN)).refused(404, unknown)


async def test_shared_stands_for_a_policy_for_everybody(neutron: Any, admin_neutron: Any) -> None:
    network = await admin_neutron.create("networks", shared=True)
    (policy,) = await admin_neutron.list("rbac-policies", f"object_id={network['id']}")
    assert (policy["action"], policy["target_tenant"]) == ("access_as_shared", "*")
    (await admin_neutron.delete("rbac-policies", policy["id"])).ok(204)
    assert (await admin_neutron.show("networks", network["id"]))["shared"] is False
    (await neutron.get("networks", network["id"])).refused(404)


async def test_a_network_in_use_is_not_unshared(neutron: Any, admin_neutron: Any) -> None:
    network, _ = await admin_neutron.network(shared=True, name="s")
    await neutron.create("ports", network_id=network["id"])
    text = "Unable to reconfigure sharing settings for network s. Multiple projects are using it."
    (await admin_neutron.put("networks", network["id"], shared=False)).refused(409, text)


async def test_who_uses_an_object_keeps_it(admin: Any, admin_neutron: Neutron, neutron: Neutron) -> None:
    group = await admin_neutron.create("security-groups", name="lent")
    fields = {"object_type": "security_group", "object_id": group["id"], "action": "access_as_shared"}
    policy = await admin_neutron.create("rbac-policies", target_tenant=neutron.user.project_id, **fields)
    network, _ = await neutron.network()
    port = await neutron.create("ports", network_id=network["id"], security_groups=[group["id"]])
    (await admin_neutron.delete("rbac-policies", policy["id"])).refused(409, f"project_id={neutron.user.project_id}")
    (await neutron.delete("ports", port["id"])).ok(204)
    (await admin_neutron.delete("rbac-policies", policy["id"])).ok(204)


async def test_a_network_is_external_for_some(admin_neutron: Neutron, neutron: Neutron) -> None:
    network, _ = await admin_neutron.network("10.99.0.0/24")
    fields = {"object_type": "network", "object_id": network["id"], "action": "access_as_external"}
    policy = await admin_neutron.create("rbac-policies", target_tenant=neutron.user.project_id, **fields)
    assert (await neutron.show("networks", network["id"]))["router:external"] is True
    router = await neutron.create("routers", external_gateway_info={"network_id": network["id"]})
    (await admin_neutron.delete("rbac-policies", policy["id"])).refused(
        409, "There are routers attached to this network"
    )
    (await neutron.delete("routers", router["id"])).ok(204)
    (await admin_neutron.delete("rbac-policies", policy["id"])).ok(204)
    (await neutron.get("networks", network["id"])).refused(404)
    assert (await admin_neutron.show("networks", network["id"]))["router:external"] is False
    public = (await admin_neutron.list("networks", "name=public"))[0]
    policies = await admin_neutron.list("rbac-policies", f"object_id={public['id']}&action=access_as_external")
    (await admin_neutron.delete("rbac-policies", policies[0]["id"])).refused(409, "must be shared to everyone")
