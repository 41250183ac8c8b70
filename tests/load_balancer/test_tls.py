"""Certificates out of the key manager: containers, bundles, authorities, and what is none of these."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12

from tests.conftest import User
from tests.load_balancer.making import NOWHERE, balancer, make, pool, post, put

KEYS = "key-manager"
PEM = form.Encoding.PEM


class Pair:
    """A key and its certificate, which it has signed."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        start = datetime(2026, 1, 1)
        made = x509.CertificateBuilder(self.subject, self.subject, self.key.public_key(), 1, start)
        self.certificate = made.not_valid_after(start + timedelta(days=3650)).sign(self.key, hashes.SHA256())

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(PEM).decode()

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(PEM, form.PrivateFormat.PKCS8, form.NoEncryption()).decode()

    def bundle(self) -> bytes:
        return pkcs12.serialize_key_and_certificates(b"a", self.key, self.certificate, None, form.NoEncryption())

    def revocations(self) -> str:
        start = datetime(2026, 1, 1)
        made = x509.CertificateRevocationListBuilder(self.subject, start, start + timedelta(days=3650))
        return made.sign(self.key, hashes.SHA256()).public_bytes(PEM).decode()


async def secret(user: User, payload: str | bytes) -> str:
    """The address of a secret with this payload."""
    body: dict[str, Any] = {"payload": payload, "payload_content_type": "text/plain"}
    if isinstance(payload, bytes):
        body = {
            "payload": base64.b64encode(payload).decode(),
            "payload_content_type": "application/octet-stream",
            "payload_content_encoding": "base64",
        }
    ref: str = (await user.post(KEYS, "/v1/secrets", body)).ok(201)["secret_ref"]
    return ref


async def container(user: User, pair: Pair, key: str | None = None) -> str:
    """The address of a container of the type `certificate`."""
    parts = {"certificate": await secret(user, pair.pem), "private_key": await secret(user, key or pair.key_pem)}
    secrets = [{"name": name, "secret_ref": ref} for name, ref in parts.items()]
    ref: str = (await user.post(KEYS, "/v1/containers", {"type": "certificate", "secret_refs": secrets})).ok(201)[
        "container_ref"
    ]
    return ref


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair("www.example.com")


async def test_a_listener_ends_tls(demo: User, pair: Pair) -> None:
    """With a bundle, and a container for another name; TLS has Octavia's defaults."""
    made = await balancer(demo)
    front = {"loadbalancer_id": made["id"], "protocol": "TERMINATED_HTTPS", "protocol_port": 443}
    refs = [await secret(demo, pair.bundle()), await container(demo, pair)]
    listener = await make(demo, "/listeners", default_tls_container_ref=refs[0], sni_container_refs=[refs[1]], **front)
    assert (listener["default_tls_container_ref"], listener["sni_container_refs"]) == (refs[0], [refs[1]])
    assert (listener["tls_versions"], listener["alpn_protocols"]) == (
        ["TLSv1.2", "TLSv1.3"],
        ["h2", "http/1.1", "http/1.0"],
    )
    (await put(demo, f"/listeners/{listener['id']}", hsts_max_age=600, hsts_preload=True)).ok(200)
    (await put(demo, f"/listeners/{listener['id']}", default_tls_container_ref=refs[1], sni_container_refs=[])).ok(200)


async def test_what_is_no_certificate(demo: User, pair: Pair) -> None:
    made = await balancer(demo)
    missing = f"http://127.0.0.1/v1/secrets/{NOWHERE}"
    other = await container(demo, pair, Pair("other").key_pem)
    for ref, said in (
        (missing, f"Could not retrieve certificate: ['{missing}']"),
        (await secret(demo, pair.pem), "The PKCS12 bundle is unreadable."),
        (other, f"Could not retrieve certificate: {other}"),
    ):
        front = {"protocol": "TERMINATED_HTTPS", "protocol_port": 443, "default_tls_container_ref": ref}
        (await post(demo, "/listeners", loadbalancer_id=made["id"], **front)).refused(400, said)


async def test_clients_show_certificates(demo: User, pair: Pair) -> None:
    made = await balancer(demo)
    authority, revoked = await secret(demo, pair.pem), await secret(demo, pair.revocations())
    front = {
        "loadbalancer_id": made["id"],
        "protocol": "TERMINATED_HTTPS",
        "protocol_port": 443,
        "default_tls_container_ref": await secret(demo, pair.bundle()),
        "client_authentication": "MANDATORY",
    }
    for refs, said in (
        ({}, "Client authentication setting MANDATORY requires a client CA container reference."),
        ({"client_ca_tls_container_ref": revoked}, "The client authentication CA certificate is invalid."),
        (
            {"client_ca_tls_container_ref": authority, "client_crl_container_ref": authority},
            "The client authentication certificate revocation list is invalid.",
        ),
        (
            {
                "client_ca_tls_container_ref": await secret(demo, Pair("other").pem),
                "client_crl_container_ref": revoked,
            },
            "The CRL specified is not valid for client certificate authority reference supplied.",
        ),
    ):
        (await post(demo, "/listeners", **front, **refs)).refused(400, said)
    refs = {"client_ca_tls_container_ref": authority, "client_crl_container_ref": revoked}
    listener = await make(demo, "/listeners", **front, **refs)
    assert (listener["client_ca_tls_container_ref"], listener["client_crl_container_ref"]) == (authority, revoked)


async def test_a_pool_speaks_tls(demo: User, pair: Pair) -> None:
    made = await balancer(demo)
    refs = {
        "tls_container_ref": await secret(demo, pair.bundle()),
        "ca_tls_container_ref": await secret(demo, pair.pem),
        "crl_container_ref": await secret(demo, pair.revocations()),
    }
    back = await pool(demo, loadbalancer_id=made["id"], tls_enabled=True, **refs)
    assert {key: back[key] for key in refs} == refs


async def test_others_certificates_are_not_found(demo: User, admin: User, pair: Pair) -> None:
    made = await balancer(demo)
    ref = await secret(admin, pair.bundle())
    front = {"protocol": "TERMINATED_HTTPS", "protocol_port": 443, "default_tls_container_ref": ref}
    refused = await post(demo, "/listeners", loadbalancer_id=made["id"], **front)
    refused.refused(400, "Could not retrieve certificate")
