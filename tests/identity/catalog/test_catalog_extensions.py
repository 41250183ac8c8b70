"""Endpoint filters, endpoint policies, domain configurations, and what Keystone no longer has."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Cloud, User

FILTER = "/v3/OS-EP-FILTER"


async def catalog(user: User) -> list[str]:
    return sorted(one["type"] for one in (await user.get("identity", "/v3/auth/catalog")).ok(200)["catalog"])


async def endpoint_of(admin: User, type: str) -> dict[str, Any]:
    service = (await admin.get("identity", f"/v3/services?type={type}")).ok(200)["services"][0]
    path = f"/v3/endpoints?service_id={service['id']}&interface=public"
    endpoint: dict[str, Any] = (await admin.get("identity", path)).ok(200)["endpoints"][0]
    return endpoint


async def test_endpoints_of_a_project(admin: User, demo: User) -> None:
    whole = await catalog(demo)
    endpoint = await endpoint_of(admin, "identity")
    path = f"{FILTER}/projects/{demo.project_id}/endpoints"
    one = f"{path}/{endpoint['id']}"
    (await admin.get("identity", one)).refused(404, f"Endpoint {endpoint['id']} not found in project")
    (await admin.put("identity", one)).ok(204)
    (await admin.put("identity", one)).refused(409)
    (await admin.send("HEAD", "identity", one)).ok(204)
    assert await catalog(demo) == ["identity"]
    assert len(await catalog(admin)) == len(whole)
    assert [item["id"] for item in (await admin.get("identity", path)).ok(200)["endpoints"]] == [endpoint["id"]]
    projects = (await admin.get("identity", f"{FILTER}/endpoints/{endpoint['id']}/projects")).ok(200)["projects"]
    assert [project["id"] for project in projects] == [demo.project_id]
    (await demo.put("identity", one)).refused(403, "identity:add_endpoint_to_project")
    (await admin.delete("identity", one)).ok(204)
    assert await catalog(demo) == whole


async def test_endpoint_groups(admin: User, demo: User) -> None:
    endpoint = await endpoint_of(admin, "image")
    body = {"endpoint_group": {"name": "g", "filters": {"service_id": endpoint["service_id"], "interface": "public"}}}
    made = (await admin.post("identity", f"{FILTER}/endpoint_groups", body)).ok(201)["endpoint_group"]
    path = f"{FILTER}/endpoint_groups/{made['id']}"
    assert made["description"] is None
    inside = (await admin.get("identity", f"{path}/endpoints")).ok(200)["endpoints"]
    assert [item["id"] for item in inside] == [endpoint["id"]]
    assert inside[0]["url"] == endpoint["url"]
    one = f"{path}/projects/{demo.project_id}"
    (await admin.put("identity", one)).ok(204)
    assert (await admin.get("identity", one)).ok(200)["project_endpoint_group"] == {
        "endpoint_group_id": made["id"],
        "project_id": demo.project_id,
        "links": {"self": f"/OS-EP-FILTER/endpoint_groups/{made['id']}/projects/{demo.project_id}"},
    }
    assert await catalog(demo) == ["image"]
    groups = (await admin.get("identity", f"{FILTER}/projects/{demo.project_id}/endpoint_groups")).ok(200)
    assert [group["name"] for group in groups["endpoint_groups"]] == ["g"]
    change = {"endpoint_group": {"filters": {"interface": "internal"}}}
    assert (await admin.patch("identity", path, change)).ok(200)["endpoint_group"]["filters"] == change[
        "endpoint_group"
    ]["filters"]
    assert len(await catalog(demo)) > 1
    (await admin.delete("identity", path)).ok(204)
    (await admin.get("identity", path)).refused(404, f"Could not find Endpoint Group: {made['id']}.")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"name": "g"}, "'filters' is a required property"),
        ({"name": "g", "filters": {}}, "filters field is required and cannot be empty"),
        (
            {"name": "g", "filters": {"zz": "x"}},
            "find service_id or region_id or interface in endpoint_group.",
        ),
    ],
)
async def test_bad_endpoint_groups(admin: User, body: dict[str, Any], text: str) -> None:
    (await admin.post("identity", f"{FILTER}/endpoint_groups", {"endpoint_group": body})).refused(400, text)


async def test_endpoint_policies(admin: User) -> None:
    endpoint = await endpoint_of(admin, "image")
    policies = []
    for name in "abc":
        body = {"policy": {"blob": name, "type": "text/plain"}}
        policies.append((await admin.post("identity", "/v3/policies", body)).ok(201)["policy"]["id"])
    by_service, by_region, own = (f"/v3/policies/{id}/OS-ENDPOINT-POLICY" for id in policies)
    found = f"/v3/endpoints/{endpoint['id']}/OS-ENDPOINT-POLICY/policy"
    service = f"/services/{endpoint['service_id']}"
    (await admin.get("identity", found)).refused(404, f"No policy is associated with endpoint {endpoint['id']}.")
    for place, path in (
        (0, by_service + service),
        (1, f"{by_region}{service}/regions/RegionOne"),
        (2, f"{own}/endpoints/{endpoint['id']}"),
    ):
        (await admin.get("identity", path)).refused(404, "Could not find policy association.")
        (await admin.put("identity", path)).ok(204)
        (await admin.get("identity", path)).ok(204)
        assert (await admin.get("identity", found)).ok(200)["policy"]["id"] == policies[place]
    assert len((await admin.get("identity", f"{by_region}/endpoints")).ok(200)["endpoints"]) == 3
    (await admin.delete("identity", f"/v3/policies/{policies[2]}")).ok(204)
    assert (await admin.get("identity", found)).ok(200)["policy"]["id"] == policies[1]


async def test_domain_configuration(cloud: Cloud, admin: User, demo: User) -> None:
    domain = (await admin.post("identity", "/v3/domains", {"domain": {"name": "d"}})).ok(201)["domain"]["id"]
    path = f"/v3/domains/{domain}/config"
    config = {"ldap": {"url": "ldap://x", "user_tree_dn": "ou=x", "password": "secret"}, "identity": {"driver": "ldap"}}
    shown = {"ldap": {"url": "ldap://x", "user_tree_dn": "ou=x"}, "identity": {"driver": "ldap"}}
    assert (await admin.put("identity", path, {"config": config})).ok(201)["config"] == shown
    assert (await admin.put("identity", path, {"config": config})).ok(200)["config"] == shown
    assert (await admin.get("identity", f"{path}/identity")).ok(200)["config"] == {"identity": {"driver": "ldap"}}
    assert (await admin.get("identity", f"{path}/ldap/url")).ok(200)["config"] == {"url": "ldap://x"}
    (await admin.get("identity", f"{path}/ldap/password")).refused(404, "Could not find option password in group ldap")
    change = {"config": {"ldap": {"url": "ldap://y"}}}
    assert (await admin.patch("identity", f"{path}/ldap", change)).ok(200)["config"]["ldap"]["url"] == "ldap://y"
    (await admin.patch("identity", f"{path}/ldap/url", {"config": {"url": "ldap://z"}})).ok(200)
    (await admin.patch("identity", f"{path}/ldap/suffix", {"config": {"suffix": "x"}})).refused(404)
    (await admin.patch("identity", f"{path}/ldap", {"config": {"identity": {"driver": "sql"}}})).refused(
        403, "request to update group ldap, but config provided contains group identity instead"
    )
    (await admin.delete("identity", f"{path}/ldap/url")).ok(204)
    assert (await admin.get("identity", path)).ok(200)["config"]["ldap"] == {"user_tree_dn": "ou=x"}
    (await demo.get("identity", path)).refused(403, "identity:get_domain_config")
    (await admin.delete("identity", path)).ok(204)
    (await admin.get("identity", path)).refused(
        404, f"Could not find any options in domain configuration for domain {domain}"
    )
    bad = {"config": {"zz": {"a": 1}}}
    (await admin.put("identity", path, bad)).refused(
        403, "Group zz is not supported for domain specific configurations"
    )


async def test_default_configuration(admin: User, demo: User) -> None:
    path = "/v3/domains/config"
    default = (await admin.get("identity", f"{path}/default")).ok(200)["config"]
    assert default["identity"] == {"driver": "sql", "list_limit": None}
    assert default["ldap"]["url"] == "ldap://localhost"
    assert (await admin.get("identity", f"{path}/ldap/query_scope/default")).ok(200)["config"] == {"query_scope": "one"}
    (await admin.get("identity", f"{path}/ldap/password/default")).refused(403, "is not supported")
    rules = (await demo.get("identity", "/v3/domains/default/config/security_compliance")).ok(200)["config"]
    assert rules == {"security_compliance": {"password_regex": None, "password_regex_description": None}}


async def test_what_is_gone(cloud: Cloud, admin: User) -> None:
    (await cloud.anonymous.get("identity", "/v3/OS-SIMPLE-CERT/certificates")).refused(410, "PKI tokens.")
    (await admin.get("identity", "/v3/auth/tokens/OS-PKI/revoked")).refused(403)


async def test_revocation_events(admin: User, demo: User, cloud: Cloud) -> None:
    other = await cloud.user("alt_demo")
    (await other.delete("identity", "/v3/auth/tokens", headers={"X-Subject-Token": other.token})).ok(204)
    (await admin.patch("identity", f"/v3/users/{demo.user_id}", {"user": {"password": "x"}})).ok(200)
    answer = (await admin.get("identity", "/v3/OS-REVOKE/events")).ok(200)
    assert any(event.get("user_id") == demo.user_id for event in answer["events"])
    assert any("audit_id" in event for event in answer["events"])
    assert answer["links"] == {"next": None, "previous": None, "self": f"{cloud.url}/identity/v3/OS-REVOKE/events"}
    (await admin.get("identity", "/v3/OS-REVOKE/events?since=zz")).refused(400, "invalidate date format zz")
    assert (await admin.get("identity", "/v3/OS-REVOKE/events?since=2099-01-01T00:00:00Z")).ok(200)["events"] == []
    (await cloud.anonymous.get("identity", "/v3/OS-REVOKE/events")).refused(401)


async def test_revoking_one_token_alone(cloud: Cloud, demo: User) -> None:
    identity = {"methods": ["token"], "token": {"id": demo.token}}
    body = {"auth": {"identity": identity, "scope": {"project": {"id": demo.project_id}}}}
    tokens = []
    for cascade in ("?cascade=false", ""):
        parent = await cloud.user("demo")
        identity["token"] = {"id": parent.token}
        child = (await cloud.anonymous.post("identity", "/v3/auth/tokens", body)).headers["X-Subject-Token"]
        path = f"/v3/auth/tokens{cascade}"
        (await parent.delete("identity", path, headers={"X-Subject-Token": parent.token})).ok(204)
        (await parent.get("compute", "/v2.1/servers")).refused(401)
        tokens.append(User(cloud.session, cloud.url, child))
    (await tokens[0].get("compute", "/v2.1/servers")).ok(200)
    (await tokens[1].get("compute", "/v2.1/servers")).refused(401)
