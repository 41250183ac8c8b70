"""Quota sets, quota classes and limits."""

from __future__ import annotations

from typing import Any

import pytest

DEFAULTS = {
    "cores": 20,
    "fixed_ips": -1,
    "floating_ips": -1,
    "injected_file_content_bytes": 10240,
    "injected_file_path_bytes": 255,
    "injected_files": 5,
    "instances": 10,
    "key_pairs": 100,
    "metadata_items": 128,
    "ram": 51200,
    "security_group_rules": -1,
    "security_groups": -1,
    "server_group_members": 10,
    "server_groups": 10,
}
SINCE_2_57 = {"cores", "instances", "key_pairs", "metadata_items", "ram", "server_group_members", "server_groups"}


async def test_show_update_delete(admin: Any, demo: Any, at: Any) -> None:
    path = f"/v2.1/os-quota-sets/{demo.project_id}"
    assert (await demo.get("compute", path)).ok(200) == {"quota_set": {"id": demo.project_id, **DEFAULTS}}
    update = {"quota_set": {"cores": "30", "ram": -1}}
    changed = {**DEFAULTS, "cores": 30, "ram": -1}
    assert (await admin.put("compute", path, update)).ok(200) == {"quota_set": changed}
    assert (await admin.put("compute", path, {"quota_set": {}})).ok(200) == {"quota_set": changed}
    assert (await demo.get("compute", path, **at("2.57"))).ok()["quota_set"].keys() == {"id", *SINCE_2_57}
    assert (await demo.get("compute", f"{path}/defaults")).ok()["quota_set"]["cores"] == 20
    detail = (await demo.get("compute", f"{path}/detail")).ok()["quota_set"]
    assert detail["cores"] == {"limit": 30, "in_use": 0, "reserved": 0}
    (await admin.delete("compute", path)).ok(202)
    assert (await demo.get("compute", path)).ok()["quota_set"]["cores"] == 20


@pytest.mark.parametrize(
    ("quota", "text"),
    [
        ({"cores": -2}, "Invalid input for field/attribute cores. Value: -2. -2 is less than the minimum of -1"),
        ({"cores": "abc"}, "Invalid input for field/attribute cores. Value: abc. 'abc' does not match '^-?[0-9]+$'"),
        ({"id": "x"}, "Value: {'id': 'x'}. Additional properties are not allowed ('id' was unexpected)"),
        ({"foo": 1}, "Value: {'foo': 1}. Additional properties are not allowed ('foo' was unexpected)"),
    ],
)
async def test_bad_quotas_are_refused(admin: Any, quota: dict[str, Any], text: str) -> None:
    reply = await admin.put("compute", f"/v2.1/os-quota-sets/{admin.project_id}", {"quota_set": quota})
    assert text in reply.refused(400)["badRequest"]["message"]


async def test_who_may(admin: Any, demo: Any) -> None:
    other = f"/v2.1/os-quota-sets/{admin.project_id}"
    (await demo.get("compute", other)).refused(
        403, "Policy doesn't allow os_compute_api:os-quota-sets:show to be performed."
    )
    own = f"/v2.1/os-quota-sets/{demo.project_id}"
    (await demo.put("compute", own, {"quota_set": {"cores": 5}})).refused(403, "os-quota-sets:update")


async def test_a_limit_below_usage_needs_force(admin: Any, demo: Any) -> None:
    group = {"server_group": {"name": "g", "policies": ["affinity"]}}
    (await demo.post("compute", "/v2.1/os-server-groups", group)).ok()
    path = f"/v2.1/os-quota-sets/{demo.project_id}"
    (await admin.put("compute", path, {"quota_set": {"server_groups": 0}})).refused(
        400, "Quota limit 0 for server_groups must be greater than or equal to already used and reserved 1."
    )
    (await admin.put("compute", path, {"quota_set": {"server_groups": 0, "force": True}})).ok(200)


async def test_the_default_class(admin: Any, demo: Any, at: Any) -> None:
    path = "/v2.1/os-quota-class-sets/default"
    shown = (await admin.get("compute", path)).ok(200)["quota_class_set"]
    assert shown["id"] == "default"
    assert "server_groups" not in shown
    assert (await admin.get("compute", path, **at("2.50"))).ok()["quota_class_set"]["server_groups"] == 10
    update = {"quota_class_set": {"cores": 7}}
    assert "id" not in (await admin.put("compute", path, update)).ok(200)["quota_class_set"]
    assert (await demo.get("compute", f"/v2.1/os-quota-sets/{demo.project_id}")).ok()["quota_set"]["cores"] == 7
    (await demo.get("compute", path)).refused(403)


async def test_limits(admin: Any, demo: Any, at: Any) -> None:
    limits = (await demo.get("compute", "/v2.1/limits")).ok(200)["limits"]
    assert limits["rate"] == []
    assert limits["absolute"]["maxTotalRAMSize"] == 51200
    assert limits["absolute"]["maxImageMeta"] == 128
    newer = (await demo.get("compute", "/v2.1/limits", **at("2.57"))).ok()["limits"]["absolute"]
    assert not {"maxPersonality", "maxImageMeta", "maxTotalFloatingIps", "totalSecurityGroupsUsed"} & newer.keys()
    (await admin.get("compute", f"/v2.1/limits?tenant_id={demo.project_id}")).ok(200)
    (await demo.get("compute", f"/v2.1/limits?tenant_id={admin.project_id}")).refused(
        403, "Policy doesn't allow os_compute_api:limits:other_project to be performed."
    )


async def test_users_may_have_limits_of_their_own(admin: Any, demo: Any) -> None:
    path = f"/v2.1/os-quota-sets/{demo.project_id}"
    own = f"{path}?user_id={demo.user_id}"
    changed = (await admin.put("compute", own, {"quota_set": {"server_groups": 1}})).ok(200)["quota_set"]
    assert changed == {**DEFAULTS, "server_groups": 1}
    assert (await admin.get("compute", own)).ok()["quota_set"]["server_groups"] == 1
    assert (await admin.get("compute", path)).ok()["quota_set"]["server_groups"] == 10
    (await admin.put("compute", own, {"quota_set": {"server_groups": 11}})).refused(
        400, "Quota limit 11 for server_groups must be less than or equal to 10."
    )
    group = {"server_group": {"name": "g", "policies": ["affinity"]}}
    groups = "/v2.1/os-server-groups"
    (await demo.post("compute", groups, group)).ok(200)
    (await demo.post("compute", groups, group)).refused(403, "Quota exceeded, too many server groups.")
    (await admin.delete("compute", own)).ok(202)
    (await demo.post("compute", groups, group)).ok(200)
