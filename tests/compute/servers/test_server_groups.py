"""Server groups."""

from __future__ import annotations

from typing import Any

import pytest

PATH = "/v2.1/os-server-groups"


async def make(user: Any, options: dict[str, Any], **group: Any) -> Any:
    made = (await user.post("compute", PATH, {"server_group": group}, **options)).ok(200)
    return made["server_group"]


async def test_the_shape_changes_with_2_13_and_2_64(demo: Any, at: Any) -> None:
    made = await make(demo, {}, name="g", policies=["affinity"])
    assert made == {"id": made["id"], "name": "g", "policies": ["affinity"], "metadata": {}, "members": []}
    owner = {"project_id": demo.project_id, "user_id": demo.user_id}
    path = f"{PATH}/{made['id']}"
    assert (await demo.get("compute", path, **at("2.13"))).ok() == {"server_group": {**made, **owner}}
    shown = (await demo.get("compute", path, **at("2.64"))).ok()["server_group"]
    assert shown == {"id": made["id"], "name": "g", "policy": "affinity", "rules": {}, "members": [], **owner}


async def test_rules_need_anti_affinity(demo: Any, at: Any) -> None:
    options = at("2.64")
    made = await make(demo, options, name="g", policy="anti-affinity", rules={"max_server_per_host": 3})
    assert made["rules"] == {"max_server_per_host": 3}
    body = {"server_group": {"name": "g", "policy": "affinity", "rules": {"max_server_per_host": 3}}}
    (await demo.post("compute", PATH, body, **options)).refused(400, "Only anti-affinity policy supports rules.")


@pytest.mark.parametrize(
    ("group", "version", "text"),
    [
        (
            {"name": "g", "policy": "affinity"},
            "2.1",
            "Value: {'name': 'g', 'policy': 'affinity'}. 'policies' is a required",
        ),
        ({"name": "g", "policies": ["affinity"]}, "2.64", "'policy' is a required property"),
        (
            {"name": "g", "policies": ["x"]},
            "2.1",
            "field/attribute 0. Value: x. 'x' is not one of ['anti-affinity', 'affinity']",
        ),
        (
            {"name": "g", "policies": ["soft-affinity"]},
            "2.1",
            "'soft-affinity' is not one of ['anti-affinity', 'affinity']",
        ),
        ({"name": "g", "policies": []}, "2.1", "field/attribute policies. Value: []. [] should be non-empty"),
        ({"name": "", "policies": ["affinity"]}, "2.1", "field/attribute name. Value: . '' should be non-empty"),
        (
            {"name": "g", "policies": ["affinity", "anti-affinity"]},
            "2.1",
            "Value: ['affinity', 'anti-affinity']. ['affinity', 'anti-affinity'] is too long",
        ),
    ],
)
async def test_bad_groups_are_refused(demo: Any, at: Any, group: dict[str, Any], version: str, text: str) -> None:
    reply = await demo.post("compute", PATH, {"server_group": group}, **at(version))
    assert text in reply.refused(400)["badRequest"]["message"]


async def test_soft_policies_since_2_15(demo: Any, at: Any) -> None:
    made = await make(demo, at("2.15"), name="g", policies=["soft-anti-affinity"])
    assert made["policies"] == ["soft-anti-affinity"]


async def test_groups_are_of_a_project(admin: Any, demo: Any) -> None:
    made = await make(demo, {}, name="g", policies=["affinity"])
    assert (await admin.get("compute", PATH)).ok() == {"server_groups": []}
    listed = (await admin.get("compute", f"{PATH}?all_projects=1")).ok()["server_groups"]
    assert [group["id"] for group in listed] == [made["id"]]
    (await demo.delete("compute", f"{PATH}/{made['id']}")).ok(204)
    (await demo.get("compute", f"{PATH}/{made['id']}")).refused(404, f"Instance group {made['id']} could not be found.")


async def test_the_quota_holds(admin: Any, demo: Any) -> None:
    (await admin.put("compute", f"/v2.1/os-quota-sets/{demo.project_id}", {"quota_set": {"server_groups": 1}})).ok(200)
    made = await make(demo, {}, name="g", policies=["affinity"])
    body = {"server_group": {"name": "h", "policies": ["affinity"]}}
    (await demo.post("compute", PATH, body)).refused(403, "Quota exceeded, too many server groups.")
    limits = (await demo.get("compute", "/v2.1/limits")).ok()["limits"]["absolute"]
    assert (limits["maxServerGroups"], limits["totalServerGroupsUsed"]) == (1, 1)
    (await demo.delete("compute", f"{PATH}/{made['id']}")).ok(204)
    (await demo.post("compute", PATH, body)).ok(200)
