"""What a pool must be: the checks of octavia/api/v2/controllers/pool.py and octavia/common/validate.py."""

from __future__ import annotations

import re

from mopenstack.core.engine.call import Call
from mopenstack.core.load_balancer import tls
from mopenstack.load_balancer.v2.pools_pb2 import Pool, SessionPersistence
from mopenstack.load_balancer.v2.refusals import ValidationFailure

DATAGRAMS = ("UDP", "SCTP")
_BAD_COOKIE = re.compile(r"[\x00-\x20\x22\x28-\x29\x2c\x2f\x3a-\x40\x5b-\x5d\x7b\x7d\x7f]")


def check_persistence(pool: Pool, *, created: bool) -> None:
    """Refuse a session persistence that the pool's protocol, or its own type, does not go with."""
    kept = pool.session_persistence
    if pool.protocol in DATAGRAMS:
        _check_datagram_persistence(kept)
    elif kept.persistence_timeout or kept.persistence_granularity:
        protocols = "UDP and SCTP protocol pools" if created else "UDP protocol pools"
        raise ValidationFailure(detail=f"persistence_timeout and persistence_granularity is only for {protocols}.")
    _check_cookie(kept)


def _check_datagram_persistence(kept: SessionPersistence) -> None:
    if kept.type == "SOURCE_IP" and kept.cookie_name:
        raise ValidationFailure(
            detail="session_persistence SOURCE_IP type for UDP and SCTP protocols only accepts: type, "
            "persistence_timeout, persistence_granularity."
        )
    if kept.cookie_name:
        raise ValidationFailure(detail="Cookie names are not supported for UDP/SCTP pools.")
    if kept.type in ("HTTP_COOKIE", "APP_COOKIE"):
        raise ValidationFailure(
            detail=f"Session persistence of type {kept.type} is not supported for UDP/SCTP protocol pools."
        )


def _check_cookie(kept: SessionPersistence) -> None:
    """Source: check_session_persistence."""
    if kept.cookie_name and kept.type != "APP_COOKIE":
        raise ValidationFailure(
            detail='Field "cookie_name" can only be specified with session persistence of type "APP_COOKIE".'
        )
    if kept.cookie_name and _BAD_COOKIE.search(kept.cookie_name):
        raise ValidationFailure(detail='Supplied "cookie_name" is invalid.')
    if kept.type == "APP_COOKIE" and not kept.cookie_name:
        raise ValidationFailure(
            detail='Field "cookie_name" must be specified when using the "APP_COOKIE" session persistence type.'
        )


async def check_tls(call: Call, pool: Pool, given: set[str]) -> None:
    """Source: _validate_create_pool."""
    if pool.crl_container_ref and not pool.ca_tls_container_ref:
        raise ValidationFailure(detail="A CA certificate reference is required to specify a revocation list.")
    await tls.check_containers(call, [pool.tls_container_ref] if pool.tls_container_ref else [])
    if pool.ca_tls_container_ref:
        await tls.check_authority(call, pool.ca_tls_container_ref, pool.crl_container_ref)
    tls.check_ciphers(pool.tls_ciphers)
    if pool.tls_enabled:
        tls.check_versions(pool.tls_versions, given="tls_versions" in given)
        tls.check_alpn(pool.alpn_protocols, given="alpn_protocols" in given)


async def check_tls_change(call: Call, old: Pool, new: Pool, given: set[str], nulls: set[str]) -> None:
    """Source: _validate_pool_PUT."""
    revocations = new.crl_container_ref
    if revocations and not new.ca_tls_container_ref:
        if "ca_tls_container_ref" in given and old.ca_tls_container_ref:
            raise ValidationFailure(
                detail="A CA reference cannot be removed when a certificate revocation list is present."
            )
        raise ValidationFailure(detail="A CA reference is required to specify a certificate revocation list.")
    if "tls_container_ref" in given and new.tls_container_ref:
        await tls.check_containers(call, [new.tls_container_ref])
    if new.ca_tls_container_ref:
        await tls.check_authority(call, new.ca_tls_container_ref, revocations)
    tls.check_ciphers(new.tls_ciphers if "tls_ciphers" in given else "")
    tls.check_versions(new.tls_versions if "tls_versions" in given else (), given="tls_versions" in given - nulls)
    tls.check_alpn(new.alpn_protocols if "alpn_protocols" in given else (), given="alpn_protocols" in given - nulls)
