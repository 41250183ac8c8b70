"""Keys, certificates and their fingerprints, as nova/crypto.py makes them."""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from mopenstack.compute.v2.refusals import InvalidKeypair

_BITS = 2048
_CERTIFICATE_DAYS = 3650
_UPN = ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
_UTF8_STRING = 0x0C


class KeyMaterial(NamedTuple):
    private_key: str
    public_key: str
    fingerprint: str


def fingerprint_of(public_key: str, type: str) -> str:
    """MD5 of an SSH key, SHA-1 of a certificate; raises InvalidKeypair for what is neither."""
    return _certificate_fingerprint(public_key) if type == "x509" else _ssh_fingerprint(public_key)


def generate(type: str, user_id: str, now: datetime) -> KeyMaterial:
    """A new RSA key for ssh, or a client certificate for WinRM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    return _certificate(key, user_id, now) if type == "x509" else _ssh(key)


def _ssh(key: rsa.RSAPrivateKey) -> KeyMaterial:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    line = f"{public.decode()} Generated-by-Nova"
    return KeyMaterial(private.decode(), line, _ssh_fingerprint(line))


def _certificate(key: rsa.RSAPrivateKey, user_id: str, now: datetime) -> KeyMaterial:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, user_id)])
    principal = f"{user_id}@localhost".encode()
    other = x509.OtherName(_UPN, bytes([_UTF8_STRING, len(principal)]) + principal)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=_CERTIFICATE_DAYS))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([other]), critical=False)
        .sign(key, hashes.SHA256())
    )
    bundle = pkcs12.serialize_key_and_certificates(None, key, certificate, None, serialization.NoEncryption())
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    return KeyMaterial(base64.b64encode(bundle).decode(), pem, _certificate_fingerprint(pem))


def _ssh_fingerprint(public_key: str) -> str:
    try:
        serialization.load_ssh_public_key(public_key.encode())
        data = base64.b64decode(public_key.split(" ")[1])
    except (ValueError, IndexError, UnsupportedAlgorithm, binascii.Error):
        raise InvalidKeypair(reason="failed to generate fingerprint") from None
    return _colons(hashlib.md5(data, usedforsecurity=False).hexdigest())


def _certificate_fingerprint(pem: str) -> str:
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
    except (ValueError, TypeError, binascii.Error) as error:
        reason = f"failed to generate X509 fingerprint. Error message: {error}"
        raise InvalidKeypair(reason=reason) from None
    return _colons(certificate.fingerprint(hashes.SHA1()).hex())  # noqa: S303  # what Nova shows


def _colons(digits: str) -> str:
    return ":".join(digits[place : place + 2] for place in range(0, len(digits), 2))
