"""Certificates with their keys, as load balancers take them out of containers and bundles.

Sources: octavia/certificates/common/barbican.py and pkcs12.py, octavia/common/tls_utils/cert_parser.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mopenstack.key_manager.v1 import refusals
from mopenstack.key_manager.v1 import services_pb2 as pb

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


def container(ref: str, parts: Mapping[str, bytes]) -> pb.TlsContainer:
    """What a container holds, by the names of its secrets."""
    if not parts.get("certificate") or not parts.get("private_key"):
        raise refusals.TlsUnreadable(ref=ref, reason="it has no certificate or no private key")
    found = pb.TlsContainer(
        certificate=parts["certificate"],
        private_key=parts["private_key"],
        private_key_passphrase=parts.get("private_key_passphrase", b""),
    )
    found.intermediates.extend(_certificates(ref, parts.get("intermediates", b"")))
    return _checked(ref, found)


def bundle(ref: str, data: bytes) -> pb.TlsContainer:
    """What a PKCS #12 bundle without a passphrase holds."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.serialization import pkcs12

    try:
        loaded = pkcs12.load_pkcs12(data, None)
    except ValueError as error:
        raise refusals.TlsUnreadable(ref=ref, reason=str(error)) from None
    if loaded.cert is None or loaded.key is None:
        raise refusals.TlsUnreadable(ref=ref, reason="it has no certificate or no private key")
    found = pb.TlsContainer(
        certificate=loaded.cert.certificate.public_bytes(form.Encoding.PEM),
        private_key=loaded.key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()),
    )
    found.intermediates.extend(one.certificate.public_bytes(form.Encoding.PEM) for one in loaded.additional_certs)
    return _checked(ref, found)


def _checked(ref: str, found: pb.TlsContainer) -> pb.TlsContainer:
    """The same with the names that the certificate is for; refused if it cannot be read, or the key is another's."""
    from cryptography.hazmat.primitives import serialization as form

    certificate = _certificate(ref, found.certificate)
    try:
        key = form.load_pem_private_key(found.private_key, found.private_key_passphrase or None)
    except (ValueError, TypeError) as error:
        raise refusals.TlsUnreadable(ref=ref, reason=str(error)) from None
    spki = form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo
    if key.public_key().public_bytes(*spki) != certificate.public_key().public_bytes(*spki):
        raise refusals.TlsUnreadable(ref=ref, reason="the private key is not the certificate's")
    found.host_names.extend(_names(certificate))
    return found


def _certificate(ref: str, data: bytes) -> Certificate:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(data)
    except ValueError as error:
        raise refusals.TlsUnreadable(ref=ref, reason=str(error)) from None


def _certificates(ref: str, data: bytes) -> list[bytes]:
    """The certificates of a text in PEM, each for itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization as form

    if not data.strip():
        return []
    try:
        return [one.public_bytes(form.Encoding.PEM) for one in x509.load_pem_x509_certificates(data)]
    except ValueError as error:
        raise refusals.TlsUnreadable(ref=ref, reason=str(error)) from None


def _names(certificate: Certificate) -> list[str]:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    found = [str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return found
    return list(dict.fromkeys([*found, *extension.value.get_values_for_type(x509.DNSName)]))
