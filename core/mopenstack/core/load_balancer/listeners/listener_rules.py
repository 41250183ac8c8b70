"""What a listener must be: the checks of octavia/api/v2/controllers/listener.py and octavia/common/validate.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import ip_address, ip_network

from mopenstack.core.engine.call import Call
from mopenstack.core.load_balancer import tls
from mopenstack.load_balancer.v2.listeners_pb2 import Listener
from mopenstack.load_balancer.v2.load_balancers_pb2 import LoadBalancer
from mopenstack.load_balancer.v2.refusals import InvalidOption, ValidationFailure

TLS_PROTOCOL, MONITORING = "TERMINATED_HTTPS", "PROMETHEUS"
DATAGRAMS = ("UDP", "SCTP")
L4 = {"UDP": "UDP", "SCTP": "SCTP"}
"""Protocol -> that below it, which takes the port; TCP for the others."""
HEADERS = (
    "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Forwarded-IP", "X-Client-IP", "X-Real-IP",
)  # fmt: skip
TLS_HEADERS = (
    "X-SSL-Client-Verify", "X-SSL-Client-Has-Cert", "X-SSL-Client-DN", "X-SSL-Client-CN", "X-SSL-Issuer",
    "X-SSL-Client-SHA1", "X-SSL-Client-Not-Before", "X-SSL-Client-Not-After",
)  # fmt: skip
POOL_PROTOCOLS = {
    "TCP": ("HTTP", "HTTPS", "PROXY", "PROXYV2", "TCP"),
    "HTTP": ("HTTP", "PROXY", "PROXYV2"),
    "HTTPS": ("HTTPS", "PROXY", "PROXYV2", "TCP"),
    "TERMINATED_HTTPS": ("HTTP", "PROXY", "PROXYV2"),
    "UDP": ("UDP",),
    "SCTP": ("SCTP",),
    "PROMETHEUS": (),
}
"""Protocol of a listener -> those of the pools that it can send traffic to."""


def check_pool_protocol(listener_protocol: str, pool_protocol: str) -> None:
    """Refuse a pool that a listener cannot send traffic to."""
    if pool_protocol not in POOL_PROTOCOLS[listener_protocol]:
        raise ValidationFailure(
            detail=f"The pool protocol '{pool_protocol}' is invalid while the listener protocol is "
            f"'{listener_protocol}'."
        )


def certificates(listener: Listener) -> list[str]:
    """The references of a listener's own certificates."""
    own = [listener.default_tls_container_ref] if listener.default_tls_container_ref else []
    return [*listener.sni_container_refs, *own]


def ends_tls(listener: Listener) -> bool:
    """Whether connections are decrypted at the listener."""
    return listener.protocol == TLS_PROTOCOL or (listener.protocol == MONITORING and bool(certificates(listener)))


async def check_new(call: Call, listener: Listener, balancer: LoadBalancer, given: set[str]) -> None:
    """Source: _validate_create_listener, but for the port, which is claimed."""
    if listener.insert_headers:
        check_headers(list(listener.insert_headers), listener.protocol, created=True)
    if listener.protocol in DATAGRAMS and (certificates(listener) or listener.insert_headers):
        raise ValidationFailure(detail=f"{listener.protocol} protocol listener does not support TLS.")
    _check_certificates(listener)
    tls.check_ciphers(listener.tls_ciphers)
    await tls.check_containers(call, certificates(listener))
    if listener.client_ca_tls_container_ref:
        await tls.check_authority(call, listener.client_ca_tls_container_ref, listener.client_crl_container_ref)
    check_cidrs(balancer, listener.allowed_cidrs)
    if ends_tls(listener):
        tls.check_versions(listener.tls_versions, given="tls_versions" in given)
        tls.check_alpn(listener.alpn_protocols, given="alpn_protocols" in given)
    if (listener.hsts_include_subdomains or listener.hsts_preload) and not listener.HasField("hsts_max_age"):
        raise ValidationFailure(
            detail="HSTS configuration options hsts_include_subdomains and hsts_preload only make sense if "
            "hsts_max_age is set as well."
        )
    _check_hsts_protocol(listener)


def _check_certificates(listener: Listener) -> None:
    protocol, authority = listener.protocol, listener.client_ca_tls_container_ref
    if not ends_tls(listener) and certificates(listener):
        raise ValidationFailure(
            detail=f"Certificate container references are not allowed on {protocol} protocol listeners."
        )
    if authority and not certificates(listener):
        raise ValidationFailure(
            detail="An SNI or default certificate container reference must be provided with a client CA container "
            "reference."
        )
    if ends_tls(listener) and not certificates(listener):
        raise ValidationFailure(
            detail=f"An SNI or default certificate container reference must be provided for {protocol} protocol "
            "listeners."
        )
    if listener.client_authentication != "NONE" and not authority:
        raise ValidationFailure(
            detail=f"Client authentication setting {listener.client_authentication} requires a client CA container "
            "reference."
        )
    if listener.client_crl_container_ref and not authority:
        raise ValidationFailure(
            detail="A client authentication CA reference is required to specify a client authentication revocation "
            "list."
        )


async def check_changed(
    call: Call, old: Listener, new: Listener, balancer: LoadBalancer, given: set[str], nulls: set[str]
) -> None:
    """Source: _validate_listener_PUT. `given` are the fields of the request, `nulls` those that it sets to null."""
    protocol = old.protocol
    said = Listener()
    said.CopyFrom(new)
    for name in ("default_tls_container_ref", "sni_container_refs", "insert_headers"):
        if name not in given:
            said.ClearField(name)
    if protocol in DATAGRAMS and (certificates(said) or said.insert_headers):
        raise ValidationFailure(detail=f"{protocol} protocol listener does not support TLS or header insertion.")
    if certificates(said) and protocol not in (TLS_PROTOCOL, MONITORING):
        raise ValidationFailure(
            detail=f"Certificate container references are not allowed on {protocol} protocol listeners."
        )
    authentication = new.client_authentication if "client_authentication" in given - nulls else "NONE"
    authority = new.client_ca_tls_container_ref or old.client_ca_tls_container_ref
    if authentication != "NONE" and not authority:
        raise ValidationFailure(
            detail=f"Client authentication setting {authentication} requires a client CA container reference."
        )
    if said.insert_headers:
        check_headers(list(said.insert_headers), protocol, created=False)
    await tls.check_containers(call, certificates(said))
    revocations = new.client_crl_container_ref or old.client_crl_container_ref
    if revocations and not authority:
        raise ValidationFailure(
            detail="A client authentication CA reference is required to specify a client authentication revocation "
            "list."
        )
    if authority:
        await tls.check_authority(call, authority, revocations)
    if "allowed_cidrs" in given:
        check_cidrs(balancer, new.allowed_cidrs)
    tls.check_ciphers(new.tls_ciphers if "tls_ciphers" in given else "")
    tls.check_versions(new.tls_versions if "tls_versions" in given else (), given="tls_versions" in given - nulls)
    tls.check_alpn(new.alpn_protocols if "alpn_protocols" in given else (), given="alpn_protocols" in given - nulls)
    _check_hsts_change(old, new, given)


def _check_hsts_change(old: Listener, new: Listener, given: set[str]) -> None:
    asked = ("hsts_include_subdomains" in given and new.hsts_include_subdomains) or (
        "hsts_preload" in given and new.hsts_preload
    )
    if asked and not old.HasField("hsts_max_age") and not new.HasField("hsts_max_age"):
        raise ValidationFailure(
            detail="Cannot enable hsts_include_subdomains or hsts_preload if hsts_max_age was not set as well."
        )
    _check_hsts_protocol(new)


def _check_hsts_protocol(listener: Listener) -> None:
    if listener.HasField("hsts_max_age") and listener.protocol != TLS_PROTOCOL:
        raise ValidationFailure(
            detail="The HSTS feature can only be used for listeners using the TERMINATED_HTTPS protocol."
        )


def check_headers(names: Sequence[str], protocol: str, *, created: bool) -> None:
    """Refuse headers that cannot be inserted; Octavia quotes a dict's keys where a listener is made."""
    if protocol not in ("HTTP", TLS_PROTOCOL):
        raise InvalidOption(value="insert-headers", option=f"a {protocol} protocol listener.")
    if any(name not in (*HEADERS, *TLS_HEADERS) for name in names):
        quoted = f"dict_keys({list(names)!r})" if created else list(names)
        raise InvalidOption(value=quoted, option="insert_headers")
    of_tls = [name for name in names if name in TLS_HEADERS]
    if of_tls and protocol != TLS_PROTOCOL:
        raise InvalidOption(value=of_tls, option=f"{protocol} protocol listener.")


def check_cidrs(balancer: LoadBalancer, cidrs: Iterable[str]) -> None:
    """Refuse CIDRs of a version of IP that no VIP has, and all of them where the VIP has security groups."""
    cidrs = list(cidrs)
    if cidrs and balancer.vip_sg_ids:
        raise ValidationFailure(detail="Allowed CIDRs are not allowed when using custom VIP Security Groups.")
    vips = [balancer.vip_address, *(vip.ip_address for vip in balancer.additional_vips)]
    versions = {ip_address(vip).version for vip in vips if vip}
    for cidr in cidrs:
        if ip_network(cidr, strict=False).version not in versions:
            raise ValidationFailure(detail=f"CIDR {cidr} IP version incompatible with all VIPs {vips} IP version.")
