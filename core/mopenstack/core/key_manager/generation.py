"""Keys that the key manager makes itself (barbican.plugin.crypto.simple_crypto, barbican.plugin.store_crypto)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SYMMETRIC = ("aes", "des", "3des", "hmacsha1", "hmacsha256", "hmacsha384", "hmacsha512")
SYMMETRIC_BITS = (64, 128, 192, 256)
ASYMMETRIC = ("rsa", "dsa")
ASYMMETRIC_BITS = (1024, 2048, 4096)
KNOWN = frozenset(
    {"diffie_hellman", "dsa", "rsa", "ec", "aes", "des", "desede", "hmacsha1", "hmacsha256", "hmacsha384", "hmacsha512"}
)
"""What the secret store takes orders for at all."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an order cannot be carried out: an HTTP status and a text."""

    status: str
    reason: str


def _issue(reason: str) -> Failure:
    return Failure("400", f"Process TypeOrder issue seen - {reason}.")


BROKEN = Failure("500", "Process TypeOrder failure seen - please contact site administrator.")


def failure(type: str, meta: Mapping[str, Any]) -> Failure | None:
    """Why an order cannot be carried out; None: it can."""
    algorithm, bits = str(meta["algorithm"]).lower(), int(meta["bit_length"])
    if algorithm not in KNOWN:
        return _issue("Secret generate supported plugin not found.")
    if algorithm not in (ASYMMETRIC if type == "asymmetric" else SYMMETRIC):
        return _issue("Requested algorithm is not supported")
    halved = type != "asymmetric" and str(meta.get("mode") or "").lower() == "xts"
    known = ASYMMETRIC_BITS if type == "asymmetric" else SYMMETRIC_BITS
    if (bits / 2 if halved else bits) not in known:
        return BROKEN
    return BROKEN if meta.get("payload_content_type", "") is None else None


def symmetric(bits: int) -> bytes:
    return os.urandom(bits // 8)


def asymmetric(algorithm: str, bits: int, passphrase: str) -> tuple[bytes, bytes]:
    """(private key, public key): of RSA in PEM, of DSA in DER. It takes up to seconds: for a thread."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import dsa, rsa

    encryption: form.KeySerializationEncryption = form.NoEncryption()
    if passphrase:
        encryption = form.BestAvailableEncryption(passphrase.encode())
    pair: rsa.RSAPrivateKey | dsa.DSAPrivateKey
    if algorithm.lower() == "rsa":
        pair, encoding = rsa.generate_private_key(65537, bits), form.Encoding.PEM
    else:
        pair, encoding = dsa.generate_private_key(bits), form.Encoding.DER
    private = pair.private_bytes(encoding, form.PrivateFormat.PKCS8, encryption)
    return private, pair.public_key().public_bytes(encoding, form.PublicFormat.SubjectPublicKeyInfo)
