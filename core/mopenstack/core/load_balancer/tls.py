"""TLS containers, certificates of authorities and revocation lists: octavia/api/v2/controllers/base.py.

References are to Barbican. Where no Barbican is served none of them is found, as in a cloud without one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.call import Call
from mopenstack.load_balancer.v2.listeners_pb2 import Listener
from mopenstack.load_balancer.v2.pools_pb2 import Pool
from mopenstack.load_balancer.v2.refusals import CertificateRetrieval, UnreadablePkcs12, ValidationFailure

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

CIPHERS = (
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:"
    "DHE-RSA-CHACHA20-POLY1305"
)
VERSIONS = ("TLSv1.2", "TLSv1.3")
ALPN = ("h2", "http/1.1", "http/1.0")
"""What TLS listeners and pools have that say nothing else (octavia.conf, [api_settings])."""
ALL_VERSIONS = ("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_SERVICE = "mopenstack.key_manager.v1.ServiceKeys"
_CIPHER = re.compile(r"[A-Za-z0-9\-+!:@=_.]+")


def complete(obj: Listener | Pool) -> None:
    """Give a listener or pool with TLS what it has that says nothing else."""
    if not obj.HasField("tls_ciphers"):
        obj.tls_ciphers = CIPHERS
    if not obj.tls_versions:
        obj.tls_versions.extend(VERSIONS)
    if not obj.alpn_protocols:
        obj.alpn_protocols.extend(ALPN)


def check_ciphers(ciphers: str) -> None:
    """Refuse what cannot be a string of OpenSSL ciphers."""
    if ciphers and _CIPHER.fullmatch(ciphers) is None:
        raise ValidationFailure(
            detail="Invalid characters in cipher string. Only alphanumeric, -, +, !, :, @, =, _, and . are allowed."
        )


def check_versions(versions: Sequence[str], *, given: bool) -> None:
    """Refuse unknown versions of TLS, and a list without any where one was given."""
    if given and not versions:
        raise ValidationFailure(
            detail="Empty TLS version list. Either specify at least one TLS version or remove this parameter to use "
            "the default."
        )
    unknown = [version for version in versions if version not in ALL_VERSIONS]
    if unknown:
        raise ValidationFailure(detail="Invalid TLS versions: " + ", ".join(unknown))


def check_alpn(protocols: Sequence[str], *, given: bool) -> None:
    """Refuse a list of ALPN protocols without any where one was given."""
    if given and not protocols:
        raise ValidationFailure(
            detail="Empty ALPN protocol list. Either specify at least one ALPN protocol or remove this parameter to "
            "use the default."
        )


async def check_containers(call: Call, refs: Iterable[str]) -> None:
    """Refuse the references of certificates that are not found, or that cannot be read with their keys."""
    missing, unreadable = [], []
    for ref in refs:
        try:
            await call.ask(f"{_SERVICE}.ReadTlsContainer", ref=ref)
        except Fault as fault:
            if fault.error_reason != "TLS_UNREADABLE":
                missing.append(ref)
            elif "/containers/" in ref:
                unreadable.append(ref)
            else:
                raise UnreadablePkcs12(error=fault.reason) from None
    if missing:
        raise CertificateRetrieval(ref=missing)
    if unreadable:  # found once more when the driver is told of the object
        raise CertificateRetrieval(ref=unreadable[0])


async def check_authority(call: Call, authority_ref: str, revocations_ref: str) -> None:
    """Refuse a client CA, or its revocation list, that is not found or is not what it should be."""
    found = {ref: await _read(call, ref) for ref in (authority_ref, revocations_ref) if ref}
    if missing := [ref for ref, payload in found.items() if payload is None]:
        raise CertificateRetrieval(ref=missing)
    authority = _authority(found[authority_ref] or b"")
    if revocations_ref:
        _check_revocations(found[revocations_ref] or b"", authority)


async def _read(call: Call, ref: str) -> bytes | None:
    """The payload of a secret; None for one that the caller has no access to, or that is not there."""
    try:
        return (await call.ask(f"{_SERVICE}.ReadSecret", ref=ref)).payload  # type: ignore[no-any-return]
    except Fault:
        return None


def _authority(pem: bytes) -> Certificate:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise ValidationFailure(
            detail="The client authentication CA certificate is invalid. It must be a valid x509 PEM format "
            f"certificate. Error: {error}"
        ) from None


def _check_revocations(pem: bytes, authority: Certificate) -> None:
    from cryptography import x509

    try:
        revocations = x509.load_pem_x509_crl(pem)
    except ValueError as error:
        raise ValidationFailure(
            detail="The client authentication certificate revocation list is invalid. It must be a valid x509 PEM "
            f"format certificate revocation list. Error: {error}"
        ) from None
    if not revocations.is_signature_valid(authority.public_key()):  # type: ignore[arg-type]
        raise ValidationFailure(
            detail="The CRL specified is not valid for client certificate authority reference supplied."
        )
