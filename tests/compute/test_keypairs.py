"""Key pairs."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

KEY = (
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQCx8nkQv/zgGgB4rMYmIf+6A4l6Rr+o/6lHBQdW5aYd44bd8JttDCE/F/pNRr"
    "0lRE+PiqSPO8nDPHw0010JeMH9gYgnnFlyY3/OcJ02RhIPyyxYpv9FhY+2YiUkpwFOcLImyrxEsYXpD/0d3ac30bNH6Sw9JD9UZH"
    "YcpSxsIbECHw== x"
)
FINGERPRINT = "69:ac:a5:bb:8b:98:f8:8e:83:e5:72:ff:5f:1c:48:9d"
PATH = "/v2.1/os-keypairs"


async def test_import_show_list_delete(demo: Any, at: Any) -> None:
    made = (await demo.post("compute", PATH, {"keypair": {"name": "k", "public_key": KEY}})).ok(200)["keypair"]
    assert made == {"name": "k", "public_key": KEY, "fingerprint": FINGERPRINT, "user_id": demo.user_id}
    shown = (await demo.get("compute", f"{PATH}/k")).ok(200)["keypair"]
    assert shown.pop("created_at")[10] == "T"
    assert isinstance(shown.pop("id"), int)
    assert shown == {**made, "deleted": False, "deleted_at": None, "updated_at": None}
    assert (await demo.get("compute", f"{PATH}/k", **at("2.2"))).ok()["keypair"]["type"] == "ssh"
    listed = (await demo.get("compute", PATH)).ok(200)
    assert listed == {"keypairs": [{"keypair": {"name": "k", "public_key": KEY, "fingerprint": FINGERPRINT}}]}
    (await demo.delete("compute", f"{PATH}/k")).ok(202)
    (await demo.get("compute", f"{PATH}/k")).refused(404, f"Keypair k not found for user {demo.user_id}")


async def test_statuses_change_with_2_2(demo: Any, at: Any) -> None:
    body = {"keypair": {"name": "k", "public_key": KEY, "type": "ssh"}}
    (await demo.post("compute", PATH, body, **at("2.2"))).ok(201)
    (await demo.delete("compute", f"{PATH}/k", **at("2.2"))).ok(204)


async def test_a_generated_key_works(demo: Any, at: Any) -> None:
    made = (await demo.post("compute", PATH, {"keypair": {"name": "k"}})).ok(200)["keypair"]
    private = serialization.load_pem_private_key(made["private_key"].encode(), None)
    public = private.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    assert made["public_key"] == f"{public.decode()} Generated-by-Nova"
    assert made["private_key"].startswith("-----BEGIN RSA PRIVATE KEY-----")
    assert "private_key" not in (await demo.get("compute", f"{PATH}/k")).ok()["keypair"]
    reply = await demo.post("compute", PATH, {"keypair": {"name": "k2"}}, **at("2.92"))
    reply.refused(400, "Value: {'name': 'k2'}. 'public_key' is a required property")


async def test_a_certificate_can_be_generated_and_imported(demo: Any, at: Any) -> None:
    made = (await demo.post("compute", PATH, {"keypair": {"name": "w", "type": "x509"}}, **at("2.2"))).ok(201)[
        "keypair"
    ]
    assert made["public_key"].startswith("-----BEGIN CERTIFICATE-----")
    again = {"keypair": {"name": "w2", "type": "x509", "public_key": made["public_key"]}}
    imported = (await demo.post("compute", PATH, again, **at("2.2"))).ok(201)["keypair"]
    assert imported["fingerprint"] == made["fingerprint"]


@pytest.mark.parametrize(
    ("change", "version", "text"),
    [
        ({"public_key": "zzz"}, "2.1", "Keypair data is invalid: failed to generate fingerprint"),
        ({"public_key": ""}, "2.1", "Keypair data is invalid: failed to generate fingerprint"),
        ({"name": ""}, "2.1", "Invalid input for field/attribute name. Value: . '' should be non-empty"),
        ({"name": "a/b"}, "2.1", r"Value: a/b. 'a/b' does not match '^[_\\- a-zA-Z0-9]+$'"),
        ({"type": "foo"}, "2.2", "Value: foo. 'foo' is not one of ['ssh', 'x509']"),
        ({"type": "ssh"}, "2.1", "Additional properties are not allowed ('type' was unexpected)"),
        (
            {"type": "x509", "public_key": "zz"},
            "2.2",
            "failed to generate X509 fingerprint. Error message: Unable to load PEM",
        ),
    ],
)
async def test_bad_key_pairs_are_refused(demo: Any, at: Any, change: dict[str, str], version: str, text: str) -> None:
    body = {"keypair": {"name": "k", "public_key": KEY, **change}}
    message = (await demo.post("compute", PATH, body, **at(version))).refused(400)["badRequest"]["message"]
    assert text in message


async def test_names_belong_to_users(admin: Any, demo: Any, at: Any) -> None:
    body = {"keypair": {"name": "k", "public_key": KEY}}
    (await demo.post("compute", PATH, body)).ok()
    (await demo.post("compute", PATH, body)).refused(409, "Key pair 'k' already exists.")
    (await admin.post("compute", PATH, body)).ok()
    other = {"keypair": {**body["keypair"], "user_id": admin.user_id}}
    (await demo.post("compute", PATH, other, **at("2.10"))).refused(
        403, "Policy doesn't allow os_compute_api:os-keypairs:create to be performed."
    )
    (await demo.get("compute", f"{PATH}?user_id={admin.user_id}", **at("2.10"))).refused(403)
    shown = (await admin.get("compute", f"{PATH}/k?user_id={demo.user_id}", **at("2.10"))).ok()["keypair"]
    assert shown["user_id"] == demo.user_id
    (await admin.delete("compute", f"{PATH}/k?user_id={demo.user_id}", **at("2.10"))).ok(204)


async def test_pages_go_by_name(demo: Any, at: Any) -> None:
    for name in ("b", "a b", "c"):
        (await demo.post("compute", PATH, {"keypair": {"name": name, "public_key": KEY}}, **at("2.92"))).ok(201)
    page = (await demo.get("compute", f"{PATH}?limit=1", **at("2.92"))).ok(200)
    assert page["keypairs"][0]["keypair"]["name"] == "a b"
    assert page["keypairs_links"][0]["href"].endswith("/v2.1/os-keypairs?limit=1&marker=a+b")
    rest = (await demo.get("compute", f"{PATH}?marker=a b", **at("2.92"))).ok(200)
    assert [item["keypair"]["name"] for item in rest["keypairs"]] == ["b", "c"]
    (await demo.get("compute", f"{PATH}?marker=zz", **at("2.92"))).refused(400, "Marker zz could not be found.")


async def test_the_quota_holds(admin: Any, demo: Any) -> None:
    quota = {"quota_set": {"key_pairs": 1}}
    (await admin.put("compute", f"/v2.1/os-quota-sets/{demo.project_id}", quota)).ok(200)
    (await demo.post("compute", PATH, {"keypair": {"name": "a", "public_key": KEY}})).ok()
    reply = await demo.post("compute", PATH, {"keypair": {"name": "b", "public_key": KEY}})
    assert reply.refused(403) == {"forbidden": {"code": 403, "message": "Quota exceeded, too many key pairs."}}


async def test_a_name_does_not_begin_with_a_space(demo: Any) -> None:
    refused = await demo.post("compute", "/v2.1/os-keypairs", {"keypair": {"name": " x"}})
    refused.refused(400, "The name must be: printable characters. Can not start or end with whitespace.")
