"""Signatures of images (cursive.signature_utils.get_verifier, as glance.location.ImageProxy.set_data asks it).

An image that has all four properties is verified before its bytes are taken, with a certificate of the key manager. A
cloud without a key manager cannot have one.
"""

from __future__ import annotations

import base64
import binascii

from mopenstack.image.v2 import refusals
from mopenstack.image.v2.images import images_pb2

SIGNATURE, HASH_METHOD, KEY_TYPE, CERTIFICATE = (
    "img_signature",
    "img_signature_hash_method",
    "img_signature_key_type",
    "img_signature_certificate_uuid",
)
HASH_METHODS = frozenset({"SHA-224", "SHA-256", "SHA-384", "SHA-512"})
KEY_TYPES = frozenset({"DSA", "ECC_SECP384R1", "ECC_SECP521R1", "RSA-PSS"})


def check(image: images_pb2.Image) -> None:
    """Raise SignatureFailed for a signature that cannot be verified."""
    given = image.properties
    if not all(name in given for name in (SIGNATURE, HASH_METHOD, KEY_TYPE, CERTIFICATE)):
        return
    if not given[SIGNATURE].isascii():
        raise refusals.SignatureFailed("string argument should contain only ASCII characters")
    try:
        base64.b64decode(given[SIGNATURE])
    except binascii.Error:
        why = "The signature data was not properly encoded using base64"
    else:
        why = _unknown(given[HASH_METHOD], given[KEY_TYPE]) or (
            f"Unable to retrieve certificate with ID: {given[CERTIFICATE]}"
        )
    raise refusals.SignatureFailed(id=image.id, why=why)


def _unknown(method: str, key_type: str) -> str:
    if method not in HASH_METHODS:
        return f"Invalid signature hash method: {method}"
    return "" if key_type in KEY_TYPES else f"Invalid signature key type: {key_type}"
