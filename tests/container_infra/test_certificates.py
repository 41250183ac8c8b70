"""Certificates: real authorities, requests that are really signed, rotation."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mopenstack.container_infra.v1.clusters_pb2 import Cluster as Stored
from mopenstack.contract.calls import RequestContext
from mopenstack.core.engine.call import Call
from tests.client import User
from tests.conftest import Cloud
from tests.container_infra.making import NOWHERE, ask, cluster, ready, show, template

KEY = rsa.generate_private_key(65537, 2048)
NOTHING = dict.fromkeys(
    (
        *("content_commitment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign", "encipher_only"),
        *("decipher_only", "digital_signature", "key_encipherment"),
    ),
    False,
)


def csr(*extensions: tuple[Any, bool], name: str = "admin") -> str:
    """A signing request as `openstack coe cluster config` makes it."""
    subject = [x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]
    subject.append(x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "system:masters"))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


async def authority(user: User, id: str, **query: str) -> x509.Certificate:
    words = "&".join(f"{name}={value}" for name, value in query.items())
    shown = (await ask(user, "GET", f"/certificates/{id}" + (f"?{words}" if words else ""))).ok()
    return x509.load_pem_x509_certificate(shown["pem"].encode())


async def sign(user: User, id: str, request: str, **values: Any) -> x509.Certificate:
    made = (await ask(user, "POST", "/certificates", {"cluster_uuid": id, "csr": request, **values})).ok(201)
    assert made["csr"] == request
    return x509.load_pem_x509_certificate(made["pem"].encode())


async def test_a_request_is_signed_by_the_authority(cloud: Cloud) -> None:
    demo = await ready(cloud)
    id = await cluster(demo, (await template(demo))["uuid"])
    ca = await authority(demo, id)
    assert ca == await authority(demo, id)
    assert ca.subject.rfc4514_string() == "CN=c1"
    assert ca.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    made = await sign(demo, id, csr())
    made.verify_directly_issued_by(ca)
    assert made.subject == x509.load_pem_x509_csr(csr().encode()).subject
    assert made.public_key() == KEY.public_key()
    assert made.not_valid_after_utc - made.not_valid_before_utc == datetime.timedelta(days=365 * 5 + 1)


async def test_each_authority_signs_for_itself(cloud: Cloud) -> None:
    demo = await ready(cloud)
    id = await cluster(demo, (await template(demo))["uuid"])
    found = {name: await authority(demo, id, ca_cert_type=name) for name in ("kubernetes", "etcd", "front-proxy")}
    assert len({one.serial_number for one in found.values()}) == 3
    for name, ca in found.items():
        (await sign(demo, id, csr(), ca_cert_type=name)).verify_directly_issued_by(ca)
    assert await authority(demo, id, ca_cert_type="zz") == found["kubernetes"]


async def test_a_rotation_makes_new_authorities(cloud: Cloud) -> None:
    demo = await ready(cloud)
    id = await cluster(demo, (await template(demo))["uuid"])
    before = await authority(demo, id)
    assert (await ask(demo, "PATCH", f"/certificates/{id}")).ok(202) == {"uuid": id}
    assert (await show(demo, id))["status"] == "UPDATE_COMPLETE"
    after = await authority(demo, id)
    assert after != before
    (await sign(demo, id, csr())).verify_directly_issued_by(after)


async def test_what_a_request_may_not_ask_for(cloud: Cloud) -> None:
    demo = await ready(cloud)
    id = await cluster(demo, (await template(demo))["uuid"])
    names = x509.SubjectAlternativeName([x509.DNSName("kubernetes")])
    usage = x509.KeyUsage(**NOTHING | {"digital_signature": True, "key_cert_sign": True})
    made = await sign(demo, id, csr((names, False), (x509.BasicConstraints(True, 0), False), (usage, False)))
    assert made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value == names
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    given = made.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (given.digital_signature, given.key_cert_sign) == (True, False)
    for extension in (x509.BasicConstraints(True, 0), usage, x509.CertificatePolicies([])):
        refused = await ask(demo, "POST", "/certificates", {"cluster_uuid": id, "csr": csr((extension, True))})
        assert refused.status == 400
        assert "not allowed" in refused.body["errors"][0]["detail"]


BROKEN = "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----"


@pytest.mark.parametrize("request_of", ["", BROKEN, "é"])
async def test_what_is_no_request(request_of: str, cloud: Cloud) -> None:
    demo = await ready(cloud)
    id = await cluster(demo, (await template(demo))["uuid"])
    (await ask(demo, "POST", "/certificates", {"cluster_uuid": id, "csr": request_of})).refused(400)


async def test_others_get_no_certificate(cloud: Cloud) -> None:
    """Only who made a cluster may have requests signed for it; an admin of another project does not find it."""
    demo = await ready(cloud)
    id = await cluster(demo, (await template(demo))["uuid"])
    stranger, root, colleague = (
        await cloud.user("alt_demo"),
        await cloud.user("admin"),
        await cloud.user("admin", project="demo"),
    )
    for user in (stranger, root):
        assert (await ask(user, "GET", f"/certificates/{id}")).status == 404
        assert (await ask(user, "POST", "/certificates", {"cluster_uuid": id, "csr": csr()})).status == 400
        assert (await ask(user, "PATCH", f"/certificates/{id}")).status == 404
    assert (await ask(colleague, "POST", "/certificates", {"cluster_uuid": id, "csr": csr()})).status == 201
    assert (await ask(demo, "PATCH", f"/certificates/{NOWHERE}")).status == 404
    (await ask(demo, "PATCH", "/certificates", {"cluster": id})).refused(400)


async def test_without_tls_nothing_is_rotated(cloud: Cloud) -> None:
    demo = await ready(cloud)
    id = await cluster(demo, (await template(demo, tls_disabled=True))["uuid"])
    assert (await show(demo, id))["api_address"].startswith("http://")
    refused = await ask(demo, "PATCH", f"/certificates/{id}")
    assert refused.status == 400
    assert refused.body["errors"][0]["detail"] == "Rotating the CA certificate on a non-TLS cluster is not supported"


async def test_keys_are_encrypted_at_rest(cloud: Cloud) -> None:
    demo = await ready(cloud)
    id = await cluster(demo, (await template(demo))["uuid"])
    await authority(demo, id)
    engine = cloud.serving.engine

    async def look(call: Call) -> Any:
        return await call.tx.get(Stored, id)

    kept = await engine.transact(engine.clouds[cloud.name], RequestContext(cloud=cloud.name), look)
    assert len(kept.authorities) == 3
    for one in kept.authorities:
        with pytest.raises(ValueError, match=r"."):
            serialization.load_der_private_key(one.sealed_key, None)
