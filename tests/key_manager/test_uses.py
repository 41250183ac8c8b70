"""What other services do with the key manager: encrypted volumes, signed images, certificates of load balancers."""

from __future__ import annotations

import base64
import datetime
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from mopenstack.key_manager.v1 import services_pb2, services_pb2_grpc
from tests.conftest import User
from tests.key_manager.stage import API, container, id_of, payload, secret

NEWEST = {"OpenStack-API-Version": "volume 3.70"}


def certificate(name: str) -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
    """A certificate that is signed with its own key."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1, now, now + datetime.timedelta(days=1))
    extended = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(f"www.{name}")]), critical=False)
    return extended.sign(key, hashes.SHA256()), key


def pem(one: x509.Certificate | rsa.RSAPrivateKey) -> str:
    if isinstance(one, x509.Certificate):
        return one.public_bytes(form.Encoding.PEM).decode()
    return one.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()).decode()


async def encrypted_type(admin: User) -> str:
    made = (await admin.post("volume", f"/v3/{admin.project_id}/types", {"volume_type": {"name": "luks"}})).ok()
    specs = {"provider": "luks", "cipher": "aes-xts-plain64", "key_size": 256, "control_location": "front-end"}
    path = f"/v3/{admin.project_id}/types/{made['volume_type']['id']}/encryption"
    (await admin.post("volume", path, {"encryption": specs})).ok()
    return "luks"


async def test_a_volume_has_a_key_of_its_own(demo: User, admin: User) -> None:
    """It is an order of the user's, a copy of it has another key with the same payload, and both go with them."""
    kind = await encrypted_type(admin)
    base = f"/v3/{demo.project_id}/volumes"
    made = (await demo.post("volume", base, {"volume": {"size": 1, "volume_type": kind}})).ok(202)["volume"]
    specs = (await demo.get("volume", f"{base}/{made['id']}/encryption")).ok()
    shown = (await demo.get("volume", f"{base}/{made['id']}", headers=NEWEST)).ok()["volume"]
    assert shown["encryption_key_id"] == specs["encryption_key_id"]
    first = (await demo.get(API, f"/v1/secrets/{specs['encryption_key_id']}")).ok()
    assert (first["algorithm"], first["bit_length"], first["creator_id"]) == ("aes", 256, demo.user_id)
    clone = {"volume": {"size": 1, "source_volid": made["id"]}}
    copied = (await demo.post("volume", base, clone)).ok(202)["volume"]
    second = (await demo.get("volume", f"{base}/{copied['id']}/encryption")).ok()["encryption_key_id"]
    assert second != specs["encryption_key_id"]
    assert await payload(demo, second) == await payload(demo, first["secret_ref"])
    for volume, key in ((copied, second), (made, specs["encryption_key_id"])):
        (await demo.delete("volume", f"{base}/{volume['id']}")).ok(202)
        (await demo.get("volume", f"{base}/{volume['id']}")).refused(404)
        (await demo.get(API, f"/v1/secrets/{key}")).refused(404)


async def test_who_may_make_no_key_gets_no_volume(cloud: Any, admin: User) -> None:
    kind = await encrypted_type(admin)
    reader = await cloud.user("demo", project="invisible_to_admin")
    body = {"volume": {"size": 1, "volume_type": kind}}
    refused = await reader.post("volume", f"/v3/{reader.project_id}/volumes", body)
    refused.refused(400, "Key manager error")


async def signed_image(user: User, data: bytes, key: rsa.RSAPrivateKey, certificate_id: str) -> str:
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.MAX_LENGTH)
    image = {
        "name": "signed",
        "disk_format": "raw",
        "container_format": "bare",
        "img_signature": base64.b64encode(key.sign(data, pss, hashes.SHA256())).decode(),
        "img_signature_hash_method": "SHA-256",
        "img_signature_key_type": "RSA-PSS",
        "img_signature_certificate_uuid": certificate_id,
    }
    return str((await user.post("image", "/v2/images", image)).ok(201)["id"])


async def test_a_signed_image_is_verified(demo: User) -> None:
    made, key = certificate("example.org")
    ref = await secret(demo, pem(made), secret_type="certificate")
    data, octets = b"\0" * 4096, {"Content-Type": "application/octet-stream"}
    image = await signed_image(demo, data, key, id_of(ref))
    wrong = await demo.put("image", f"/v2/images/{image}/file", data=data + b"x", headers=octets)
    wrong.refused(400, "Signature verification failed")
    assert (await demo.get("image", f"/v2/images/{image}")).ok()["status"] == "queued"
    (await demo.put("image", f"/v2/images/{image}/file", data=data, headers=octets)).ok(204)
    assert (await demo.get("image", f"/v2/images/{image}")).ok()["status"] == "active"
    lost = await signed_image(demo, data, key, "0f0d4664-e3cc-4e5b-8cb4-5c2626e22d90")
    answer = await demo.put("image", f"/v2/images/{lost}/file", data=data, headers=octets)
    answer.refused(400, "Certificate not found with ID: 0f0d4664")


async def read_tls(cloud: Any, user: User, ref: str) -> services_pb2.TlsContainer:
    async with grpc.aio.insecure_channel(cloud.serving.grpc) as channel:
        stub: Any = services_pb2_grpc.ServiceKeysStub(channel)
        metadata = (("x-auth-token", user.token), ("x-mopenstack-cloud", cloud.name))
        found: services_pb2.TlsContainer = await stub.ReadTlsContainer(
            services_pb2.ReadTlsContainerRequest(ref=ref), metadata=metadata
        )
        return found


async def test_a_load_balancer_reads_a_container(cloud: Any, demo: User) -> None:
    made, key = certificate("example.org")
    authority, _ = certificate("authority.example.org")
    ref = await container(
        demo,
        "certificate",
        certificate=await secret(demo, pem(made)),
        private_key=await secret(demo, pem(key)),
        intermediates=await secret(demo, pem(authority)),
    )
    found = await read_tls(cloud, demo, ref)
    assert found.certificate.decode() == pem(made).strip()
    assert found.private_key.decode() == pem(key).strip()
    assert [one.decode() for one in found.intermediates] == [pem(authority)]
    assert list(found.host_names) == ["example.org", "www.example.org"]
    stranger = await cloud.user("alt_demo")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await read_tls(cloud, stranger, ref)
    assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED


async def test_a_load_balancer_reads_a_bundle(cloud: Any, demo: User) -> None:
    made, key = certificate("example.org")
    bundle = pkcs12.serialize_key_and_certificates(b"x", key, made, None, form.NoEncryption())
    kind = {"payload_content_type": "application/octet-stream", "payload_content_encoding": "base64"}
    found = await read_tls(cloud, demo, await secret(demo, base64.b64encode(bundle).decode(), **kind))
    assert found.certificate.decode() == pem(made)
    assert next(iter(found.host_names)) == "example.org"


@pytest.mark.parametrize("wrong", ["no certificate", "no PEM", "another key"])
async def test_what_a_load_balancer_cannot_use(cloud: Any, demo: User, wrong: str) -> None:
    made, key = certificate("example.org")
    _, other = certificate("example.com")
    text = "x" if wrong == "no PEM" else pem(made)
    parts = {"private_key": await secret(demo, pem(other if wrong == "another key" else key))}
    if wrong != "no certificate":
        parts["certificate"] = await secret(demo, text)
    ref = await container(demo, "certificate" if "certificate" in parts else "generic", **parts)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await read_tls(cloud, demo, ref)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
