"""Identity providers, protocols, mappings and service providers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Cloud, User

ROOT = "/v3/OS-FEDERATION"
RULES = [{"local": [{"user": {"name": "{0}"}}, {"group": {"id": "0"}}], "remote": [{"type": "UserName"}]}]


async def test_identity_providers(admin: User, demo: User) -> None:
    path = f"{ROOT}/identity_providers/acme"
    body = {"identity_provider": {"description": "d", "remote_ids": ["b", "a"]}}
    made = (await admin.put("identity", path, body)).ok(201)["identity_provider"]
    assert made["enabled"] is False
    assert made["remote_ids"] == ["a", "b"]
    assert made["authorization_ttl"] is None
    assert made["links"]["protocols"].endswith(f"/identity{path}/protocols")
    domain = (await admin.get("identity", f"/v3/domains/{made['domain_id']}")).ok(200)["domain"]
    assert domain["description"] == "Auto generated federated domain for Identity Provider: acme"
    (await admin.put("identity", path, body)).refused(409, "Conflict occurred attempting to store identity_provider")
    other = await admin.put("identity", f"{path}2", {"identity_provider": {"remote_ids": ["a"]}})
    other.refused(409, "Duplicate remote ID: a")
    patch = {"identity_provider": {"enabled": True, "remote_ids": ["c"]}}
    assert (await admin.patch("identity", path, patch)).ok(200)["identity_provider"]["remote_ids"] == ["c"]
    listed = (await admin.get("identity", f"{ROOT}/identity_providers?enabled=true")).ok(200)["identity_providers"]
    assert [one["id"] for one in listed] == ["acme"]
    (await demo.get("identity", f"{ROOT}/identity_providers")).refused(403, "identity:list_identity_providers")
    (await admin.delete("identity", path)).ok(204)
    (await admin.get("identity", path)).refused(404, "Could not find Identity Provider: acme.")


async def test_mappings_and_protocols(admin: User) -> None:
    mapping = (await admin.put("identity", f"{ROOT}/mappings/m", {"mapping": {"rules": RULES}})).ok(201)["mapping"]
    assert mapping["rules"] == RULES
    assert mapping["schema_version"] == "1.0"
    (await admin.put("identity", f"{ROOT}/identity_providers/acme", {"identity_provider": {}})).ok(201)
    path = f"{ROOT}/identity_providers/acme/protocols/saml2"
    (await admin.put("identity", path, {"protocol": {"mapping_id": "zz"}})).refused(400, "Invalid mapping id: zz")
    made = (await admin.put("identity", path, {"protocol": {"mapping_id": "m"}})).ok(201)["protocol"]
    assert {key: made[key] for key in made if key != "links"} == {"id": "saml2", "mapping_id": "m"}
    (await admin.put("identity", path, {"protocol": {"mapping_id": "m"}})).refused(409)
    listed = (await admin.get("identity", f"{ROOT}/identity_providers/acme/protocols")).ok(200)["protocols"]
    assert [(one["id"], one["idp_id"], one["remote_id_attribute"]) for one in listed] == [("saml2", "acme", None)]
    (await admin.put("identity", f"{ROOT}/mappings/n", {"mapping": {"rules": RULES}})).ok(201)
    change = await admin.patch("identity", path, {"protocol": {"mapping_id": "n"}})
    assert change.ok(200)["protocol"]["mapping_id"] == "n"
    (await admin.delete("identity", path)).ok(204)
    missing = "Could not find federated protocol saml2 for Identity Provider: acme."
    (await admin.get("identity", path)).refused(404, missing)


@pytest.mark.parametrize(
    ("mapping", "text"),
    [
        ({}, "'rules' is a required property"),
        ({"rules": []}, "[] should be non-empty"),
        ({"rules": [{"local": []}]}, "'remote' is a required property"),
        ({"rules": [{**RULES[0], "x": 1}]}, "Additional properties are not allowed ('x' was unexpected)"),
        (
            {"rules": [{"local": [], "remote": [{"type": 1}]}]},
            "{'type': 1} is not valid under any of the given",
        ),
    ],
)
async def test_bad_mappings(admin: User, mapping: dict[str, Any], text: str) -> None:
    (await admin.put("identity", f"{ROOT}/mappings/m", {"mapping": mapping})).refused(400, text)
    (await admin.get("identity", f"{ROOT}/mappings/m")).refused(404, "Could not find mapping: m.")


async def test_service_providers_are_in_tokens(cloud: Cloud, admin: User) -> None:
    path = f"{ROOT}/service_providers/beta"
    body = {"auth_url": "https://beta/auth", "sp_url": "https://beta/sp", "enabled": True}
    made = (await admin.put("identity", path, {"service_provider": body})).ok(201)["service_provider"]
    assert made["relay_state_prefix"] == "ss:mem:"
    headers = {"X-Subject-Token": admin.token}
    token = (await admin.get("identity", "/v3/auth/tokens", headers=headers)).ok(200)["token"]
    assert token["service_providers"] == [{"id": "beta", "auth_url": body["auth_url"], "sp_url": body["sp_url"]}]
    (await admin.patch("identity", path, {"service_provider": {"enabled": False}})).ok(200)
    token = (await admin.get("identity", "/v3/auth/tokens", headers=headers)).ok(200)["token"]
    assert "service_providers" not in token
    refused = await admin.put("identity", f"{path}2", {"service_provider": {"sp_url": "https://x"}})
    refused.refused(400, "'auth_url' is a required property")


async def test_nobody_logs_in_by_an_assertion(cloud: Cloud) -> None:
    auth = f"{ROOT}/identity_providers/acme/protocols/saml2/auth"
    (await cloud.anonymous.get("identity", auth)).refused(401, "Attempted to authenticate with an unsupported method.")
    (await cloud.anonymous.get("identity", "/v3/auth/OS-FEDERATION/websso/saml2")).refused(
        400, "Request must have an origin query parameter"
    )
    (await cloud.anonymous.get("identity", "/v3/auth/OS-FEDERATION/websso/saml2?origin=https://x")).refused(401)
