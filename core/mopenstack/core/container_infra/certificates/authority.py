"""X.509: authorities, and certificates that they sign. It takes up to tenths of a second: for a thread.

Sources: magnum/common/x509/operations.py and validator.py, magnum/conf/x509.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mopenstack.container_infra.v1 import refusals

if TYPE_CHECKING:
    from cryptography import x509

RSA_BITS = 2048
DAYS_VALID = 365 * 5
ALLOWED_EXTENSIONS = ("keyUsage", "extendedKeyUsage", "subjectAltName", "basicConstraints", "subjectKeyIdentifier")
ALLOWED_USAGES = frozenset({"digital_signature", "key_encipherment", "content_commitment"})
USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)
"""In the order in which X.509 has them."""


def make(name: str, now: datetime, serial: int) -> tuple[str, bytes]:
    """(certificate in PEM, private key in DER) of a new authority."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, RSA_BITS)
    usages = dict.fromkeys(USAGES, False) | {"key_cert_sign": True}
    builder = _builder(_named(name), _named(name), key.public_key(), now, serial)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(x509.KeyUsage(**usages), critical=True)
    sealed = key.private_bytes(form.Encoding.DER, form.PrivateFormat.PKCS8, form.NoEncryption())
    return _finish(builder, key), sealed


def sign(csr: str, name: str, key: bytes, now: datetime, serial: int) -> str:
    """The certificate that an authority gives for a signing request, in PEM; raises Magnum's refusals."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization as form

    data = csr.encode("latin-1", "replace")
    try:
        asked = x509.load_pem_x509_csr(data)
        wanted = list(_allowed(asked.extensions))
        public = asked.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise refusals.InvalidCsr(csr=data) from None
    builder = _builder(asked.subject, _named(name), public, now, serial)
    try:
        for one in wanted:
            builder = builder.add_extension(one.value, one.critical)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    except ValueError as twice:
        raise refusals.ServiceBreaks(message=str(twice)) from None
    return _finish(builder, form.load_der_private_key(key, None, unsafe_skip_rsa_key_validation=True))


def _named(name: str) -> x509.Name:
    from cryptography import x509

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name[:64])])


def _builder(subject: x509.Name, issuer: x509.Name, public: Any, now: datetime, serial: int) -> x509.CertificateBuilder:
    from cryptography import x509

    builder = x509.CertificateBuilder(issuer_name=issuer, subject_name=subject, public_key=public, serial_number=serial)
    return builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=DAYS_VALID))


def _finish(builder: x509.CertificateBuilder, key: Any) -> str:
    from cryptography.hazmat.primitives import hashes, serialization

    certificate = builder.sign(key, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.PEM).decode().strip()


# -- what a signing request may ask for


def _allowed(extensions: x509.Extensions) -> Iterator[x509.Extension[Any]]:
    """The extensions that are given; raises CertificateValidationError for critical ones that are not."""
    from cryptography import x509

    for one in extensions:
        if one.oid._name not in ALLOWED_EXTENSIONS:
            if one.critical:
                raise refusals.CertificateValidationError(extension=one)
        elif isinstance(one.value, x509.KeyUsage):
            yield _usage(one)
        elif isinstance(one.value, x509.BasicConstraints) and one.value.ca:
            if one.critical:
                raise refusals.CertificateValidationError(extension=one)
            yield x509.Extension(one.oid, False, x509.BasicConstraints(ca=False, path_length=None))
        else:
            yield one


def _usage(one: x509.Extension[Any]) -> x509.Extension[Any]:
    from cryptography import x509

    usages = {}
    for name in USAGES:
        try:
            asked = bool(getattr(one.value, name))
        except ValueError:  # encipher_only and decipher_only are undefined without key_agreement
            asked = False
        if asked and name not in ALLOWED_USAGES:
            if one.critical:
                raise refusals.CertificateValidationError(extension=one)
            asked = False
        usages[name] = asked
    return x509.Extension(one.oid, one.critical, x509.KeyUsage(**usages))
