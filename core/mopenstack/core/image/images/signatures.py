"""Signatures of images (cursive.signature_utils.get_verifier, as glance.location.ImageProxy.set_data asks it).

An image that has all four properties is verified with a certificate of the key manager: the certificate is looked for
before the bytes are taken, and the signature when they are there. A cloud without a key manager has no certificate.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mopenstack.contract.faults import Fault, NotFound
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import Caller
from mopenstack.core.store.blobs import Blob
from mopenstack.image.v2 import refusals
from mopenstack.image.v2.images import images_pb2

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

SIGNATURE, HASH_METHOD, KEY_TYPE, CERTIFICATE = (
    "img_signature",
    "img_signature_hash_method",
    "img_signature_key_type",
    "img_signature_certificate_uuid",
)
HASH_METHODS = frozenset({"SHA-224", "SHA-256", "SHA-384", "SHA-512"})
KEY_TYPES = frozenset({"DSA", "ECC_SECP384R1", "ECC_SECP521R1", "RSA-PSS"})


def names(properties: Mapping[str, str]) -> bool:
    """Whether properties name a signature: all four of them are there."""
    return all(name in properties for name in (SIGNATURE, HASH_METHOD, KEY_TYPE, CERTIFICATE))


def is_signed(image: images_pb2.Image) -> bool:
    return names(image.properties)


async def check(call: Call, image: images_pb2.Image) -> None:
    """Raise SignatureFailed for a signature that cannot be verified, whatever the bytes."""
    if is_signed(image):
        await _public_key(call, image)


async def verify(call: Call, image: images_pb2.Image, data: Blob | images_pb2.Image.Data) -> None:
    """Raise SignatureFailed unless the signature is that of these bytes.

    What the cloud does on its own, at the end of an import, it does for the project of the image.
    """
    if not is_signed(image):
        return
    if call.caller.is_internal:
        call = call.elevated(Caller(project_id=image.project_id, roles=frozenset({"member", "creator"})))
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.hashes import Hash

    key = await _public_key(call, image)
    method = _hash_method(image.properties[HASH_METHOD])
    digest = Hash(method)
    async for chunk in call.blobs.read(data.key, 0, data.size):
        digest.update(chunk)
    signature = base64.b64decode(image.properties[SIGNATURE])
    try:
        await asyncio.to_thread(_verify, key, signature, digest.finalize(), method)
    except InvalidSignature:
        raise refusals.SignatureFailed("Signature verification failed") from None


async def _public_key(call: Call, image: images_pb2.Image) -> Any:
    """The key of the image's certificate; raises SignatureFailed."""
    given = image.properties
    if not given[SIGNATURE].isascii():
        raise refusals.SignatureFailed("string argument should contain only ASCII characters")
    try:
        base64.b64decode(given[SIGNATURE])
    except binascii.Error:
        why = "The signature data was not properly encoded using base64"
        raise refusals.SignatureFailed(id=image.id, why=why) from None
    unknown = _unknown(given[HASH_METHOD], given[KEY_TYPE])
    if unknown:
        raise refusals.SignatureFailed(id=image.id, why=unknown)
    key = (await _certificate(call, image)).public_key()
    if not _fits(key, given[KEY_TYPE]):
        why = f"Invalid public key type for signature key type: {given[KEY_TYPE]}"
        raise refusals.SignatureFailed(id=image.id, why=why)
    return key


async def _certificate(call: Call, image: images_pb2.Image) -> Any:
    from cryptography import x509

    id = image.properties[CERTIFICATE]
    try:
        read = await call.ask("mopenstack.key_manager.v1.ServiceKeys.ReadSecret", ref=id)
    except NotFound:
        raise refusals.SignatureFailed(id=image.id, why=f"Certificate not found with ID: {id}") from None
    except Fault:
        why = f"Unable to retrieve certificate with ID: {id}"
        raise refusals.SignatureFailed(id=image.id, why=why) from None
    try:
        if read.payload.startswith(b"-----BEGIN"):
            return x509.load_pem_x509_certificate(read.payload)
        return x509.load_der_x509_certificate(read.payload)
    except ValueError as error:
        raise refusals.SignatureFailed(id=image.id, why=f"Unable to load certificate: {error}") from None


def _fits(key: Any, key_type: str) -> bool:
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

    kinds = {"RSA-PSS": rsa.RSAPublicKey, "DSA": dsa.DSAPublicKey}
    return isinstance(key, kinds.get(key_type, ec.EllipticCurvePublicKey))


def _hash_method(name: str) -> HashAlgorithm:
    from cryptography.hazmat.primitives import hashes

    method: HashAlgorithm = getattr(hashes, name.replace("-", ""))()
    return method


def _verify(key: Any, signature: bytes, digest: bytes, method: HashAlgorithm) -> None:
    """Raise InvalidSignature unless it is the key's, of what has this digest."""
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

    if isinstance(key, rsa.RSAPublicKey):
        pss = padding.PSS(mgf=padding.MGF1(method), salt_length=padding.PSS.MAX_LENGTH)
        key.verify(signature, digest, pss, Prehashed(method))
    elif isinstance(key, dsa.DSAPublicKey):
        key.verify(signature, digest, Prehashed(method))
    else:
        key.verify(signature, digest, ec.ECDSA(Prehashed(method)))


def _unknown(method: str, key_type: str) -> str:
    if method not in HASH_METHODS:
        return f"Invalid signature hash method: {method}"
    return "" if key_type in KEY_TYPES else f"Invalid signature key type: {key_type}"
