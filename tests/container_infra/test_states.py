"""States of clusters and node groups: by the profile of the cloud, by its rules, by what the conductor refuses."""

from __future__ import annotations

from typing import Any

from tests.client import User
from tests.conftest import Cloud
from tests.container_infra.making import ask, cluster, image, ready, show, template


async def made(cloud: Cloud, **values: Any) -> tuple[User, str]:
    """A user with a cluster that is ready."""
    demo = await ready(cloud)
    return demo, await cluster(demo, (await template(demo))["uuid"], **values)


async def groups(user: User, id: str) -> dict[str, dict[str, Any]]:
    listed = (await ask(user, "GET", f"/clusters/{id}/nodegroups")).ok()["nodegroups"]
    return {one["name"]: one for one in listed}


async def test_patch_sets_the_count_of_the_default_workers(cloud: Cloud) -> None:
    demo, id = await made(cloud)
    patch = [{"op": "replace", "path": "/node_count", "value": 3}]
    assert (await ask(demo, "PATCH", f"/clusters/{id}", patch)).ok(202) == {"uuid": id}
    shown = await show(demo, id)
    assert (shown["status"], shown["node_count"], len(shown["node_addresses"])) == ("UPDATE_COMPLETE", 3, 3)
    health = [
        {"op": "replace", "path": "/health_status", "value": "UNHEALTHY"},
        {"op": "replace", "path": "/health_status_reason", "value": "{'api': 'no'}"},
    ]
    (await ask(demo, "PATCH", f"/clusters/{id}", health)).ok(202)
    shown = await show(demo, id)
    assert (shown["health_status"], shown["health_status_reason"]) == ("UNHEALTHY", {"api": "no"})


async def test_a_group_is_added_resized_and_deleted(cloud: Cloud) -> None:
    demo, id = await made(cloud, labels={"a": "b"})
    body = {"name": "gpu", "role": "gpu", "node_count": 2, "min_node_count": 1, "max_node_count": 4}
    group = (await ask(demo, "POST", f"/clusters/{id}/nodegroups", body)).ok(202)
    assert "status" not in group
    assert (group["flavor_id"], group["labels"]) == ("m1.small", {"a": "b"})
    shown = await show(demo, id)
    assert (shown["status"], shown["node_count"]) == ("UPDATE_COMPLETE", 3)
    path = f"/clusters/{id}/nodegroups/gpu"
    whole = (await ask(demo, "GET", path)).ok()
    assert (whole["status"], len(whole["node_addresses"])) == ("CREATE_COMPLETE", 2)
    assert whole["stack_id"] != shown["stack_id"]
    (await ask(demo, "POST", f"/clusters/{id}/nodegroups", body)).refused(409)
    resize = {"node_count": 5, "nodegroup": "gpu"}
    refused = await ask(demo, "POST", f"/clusters/{id}/actions/resize", resize)
    assert refused.body["errors"][0]["detail"] == (
        "Resizing gpu outside the allowed range: min_node_count = 1, max_node_count = 4"
    )
    (await ask(demo, "POST", f"/clusters/{id}/actions/resize", {**resize, "node_count": 4})).ok(202)
    assert (await show(demo, id))["node_count"] == 5
    bounds = [{"op": "replace", "path": "/max_node_count", "value": 6}]
    assert (await ask(demo, "PATCH", path, bounds)).ok(202)["max_node_count"] == 6
    (await ask(demo, "PATCH", path, [{"op": "replace", "path": "/role", "value": "x"}])).refused(400)
    (await ask(demo, "DELETE", path)).ok(204)
    assert (await ask(demo, "GET", path)).status == 404
    assert (await show(demo, id))["status"] == "UPDATE_COMPLETE"


async def test_a_slow_cloud_shows_what_is_under_way(cloud: Cloud) -> None:
    demo = await ready(cloud)
    admin_api = cloud.admin_api
    path = f"/clouds/{cloud.name}/profile"
    (await admin_api.put("_mopenstack", path, {"profile": "manual"})).ok()
    id = await cluster(demo, (await template(demo))["uuid"])
    shown = await show(demo, id)
    assert (shown["status"], shown["api_address"], shown["node_addresses"]) == ("CREATE_IN_PROGRESS", None, [])
    assert {one["status"] for one in (await groups(demo, id)).values()} == {"CREATE_IN_PROGRESS"}
    refused = await ask(demo, "POST", f"/clusters/{id}/nodegroups", {"name": "g"})
    assert refused.body["errors"][0]["detail"] == "Cluster API address is not available yet"
    (await ask(demo, "POST", f"/clusters/{id}/actions/resize", {"node_count": 5})).ok(202)
    assert (await groups(demo, id))["default-worker"]["node_count"] == 1, "the conductor refuses it"
    (await ask(demo, "DELETE", f"/clusters/{id}")).ok(204)
    assert (await show(demo, id))["status"] == "DELETE_IN_PROGRESS"


async def test_a_deleted_cluster_leaves_nothing(cloud: Cloud) -> None:
    demo, id = await made(cloud)
    admin = await cloud.user("admin")
    trusts = f"/v3/OS-TRUST/trusts?trustor_user_id={demo.user_id}"
    assert len((await demo.get("identity", trusts)).ok()["trusts"]) == 1
    users = (await admin.get("identity", "/v3/users")).ok()["users"]
    assert [one["name"] for one in users if one["name"].startswith(id)] == [f"{id}_{demo.project_id}"]
    (await ask(demo, "DELETE", f"/clusters/{id}")).ok(204)
    assert (await ask(demo, "GET", f"/clusters/{id}")).status == 404
    assert (await demo.get("identity", trusts)).ok()["trusts"] == []
    users = (await admin.get("identity", "/v3/users")).ok()["users"]
    assert not [one for one in users if one["name"].startswith(id)]
    assert (await ask(demo, "GET", "/stats")).ok() == {"clusters": 0, "nodes": 0}


async def test_a_network_without_room_fails_the_cluster(cloud: Cloud) -> None:
    demo, id = await made(cloud, node_count=20, labels={"fixed_network_cidr": "10.9.0.0/28"})
    shown = await show(demo, id)
    assert (shown["status"], shown["status_reason"]) == (
        "CREATE_FAILED",
        "default-master failed, default-worker failed",
    )
    assert set(shown["faults"]) == {"default-master", "default-worker"}
    assert "No more IP addresses available on network" in shown["faults"]["default-worker"]


async def test_more_nodes_than_a_stack_has_room_for(cloud: Cloud) -> None:
    demo, id = await made(cloud, node_count=2_000_000_000, labels={"fixed_network_cidr": "10.0.0.0/8"})
    faults = (await show(demo, id))["faults"]
    assert set(faults.values()) == {"ERROR: Maximum resources per stack exceeded."}


async def test_the_heat_driver_upgrades_nothing(cloud: Cloud) -> None:
    demo, id = await made(cloud)
    body = {"cluster_template": (await template(demo, name="newer"))["uuid"], "max_batch_size": 1}
    refused = await ask(demo, "POST", f"/clusters/{id}/actions/upgrade", body)
    assert refused.status == 400
    assert refused.body["errors"][0]["detail"] == (
        "Upgrading a cluster that uses the Magnum Heat driver is not supported."
    )


async def test_the_driver_of_the_cluster_api_upgrades(cloud: Cloud) -> None:
    """The cluster gets the new template's image and version; the count of its masters can be changed."""
    demo = await ready(cloud)
    await image(await cloud.user("admin"), "ubuntu", os_distro="ubuntu")
    refused = await ask(demo, "POST", "/clustertemplates", {"coe": "kubernetes", "image_id": "ubuntu"})
    assert refused.body["errors"][0]["detail"] == "Cluster type (vm, ubuntu, kubernetes) not supported."
    await cloud.set_options(container_infra__drivers="capi")
    older = await template(demo, image_id="ubuntu", master_lb_enabled=True)
    newer = await template(demo, name="newer", image_id="ubuntu", labels={"kube_tag": "v1.31.0"})
    id = await cluster(demo, older["uuid"])
    body = {"cluster_template": newer["uuid"], "max_batch_size": 1}
    (await ask(demo, "POST", f"/clusters/{id}/actions/upgrade", body)).ok(202)
    shown = await show(demo, id)
    assert (shown["status"], shown["cluster_template_id"]) == ("UPDATE_COMPLETE", newer["uuid"])
    assert shown["coe_version"] == "v1.31.0"
    masters = {"node_count": 3, "nodegroup": "default-master"}
    (await ask(demo, "POST", f"/clusters/{id}/actions/resize", masters)).ok(202)
    assert (await show(demo, id))["master_count"] == 3
    (await ask(demo, "POST", f"/clusters/{id}/actions/resize", {**masters, "node_count": 2})).refused(400)


async def test_microversions(cloud: Cloud) -> None:
    demo, id = await made(cloud)
    groups_path = f"/clusters/{id}/nodegroups"
    assert (await ask(demo, "GET", groups_path, version="1.8")).status == 406
    assert (await ask(demo, "POST", f"/clusters/{id}/actions/resize", {"node_count": 2}, version="1.6")).status == 406
    assert (await ask(demo, "POST", f"/clusters/{id}/actions/resize", {"node_count": 0}, version="1.9")).status == 400
    (await ask(demo, "POST", f"/clusters/{id}/actions/resize", {"node_count": 0}, version="1.10")).ok(202)
    assert (await show(demo, id))["node_count"] == 0
    assert (await ask(demo, "PATCH", f"/credentials/{id}", version="1.11")).status == 406
    refused = await ask(demo, "PATCH", f"/credentials/{id}", version="1.12")
    assert refused.body["errors"][0]["detail"] == "Credential rotation is not supported by driver."


async def test_quota(cloud: Cloud) -> None:
    demo, _ = await made(cloud)
    admin = await cloud.user("admin")
    quota = {"project_id": demo.project_id, "resource": "Cluster", "hard_limit": 1}
    (await ask(admin, "POST", "/quotas", quota)).ok(201)
    ct = (await ask(demo, "GET", "/clustertemplates")).ok()["clustertemplates"][0]["uuid"]
    refused = await ask(demo, "POST", "/clusters", {"cluster_template_id": ct})
    assert refused.status == 403
    assert refused.body["errors"][0]["detail"].startswith(
        "Resource limit exceeded: You have reached the maximum clusters per project, 1."
    )
    path = f"/quotas/{demo.project_id}/Cluster"
    assert (await ask(admin, "PATCH", path, {**quota, "hard_limit": 2})).ok(202)["hard_limit"] == 2
    await cluster(demo, ct, name="c2")
    (await ask(admin, "DELETE", path)).ok(204)
    assert (await ask(demo, "GET", path)).ok()["hard_limit"] == 20
    await cloud.set_options(container_infra__max_clusters_per_project="2")
    assert (await ask(demo, "POST", "/clusters", {"cluster_template_id": ct})).status == 403


async def test_lists_are_paged(cloud: Cloud) -> None:
    demo = await ready(cloud)
    for number in range(3):
        await template(demo, name=f"ct{number}")
    first = (await ask(demo, "GET", "/clustertemplates?limit=2&sort_key=name&sort_dir=desc")).ok()
    assert [one["name"] for one in first["clustertemplates"]] == ["ct2", "ct1"]
    assert first["next"].endswith(f"&marker={first['clustertemplates'][-1]['uuid']}")
    rest = first["next"].partition("/v1")[2]
    second = (await ask(demo, "GET", rest)).ok()
    assert [one["name"] for one in second["clustertemplates"]] == ["ct0"]
    assert "next" not in second
