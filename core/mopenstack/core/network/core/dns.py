"""Names and domains as Neutron checks and makes them (neutron_lib.api.validators.dns, neutron.db.dns_db)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mopenstack.core.network.base import invalid
from mopenstack.network.v2.core.ports_pb2 import DnsAssignment, FixedIp

DOMAIN = "openstackgate.local."
"""The cloud's own domain (`dns_domain` of neutron.conf), with which internal names end."""

LENGTH_MAX = 255
_LABEL = re.compile(r"[a-z0-9-]{1,63}", re.IGNORECASE)


def check_domain(value: str) -> None:
    """A `dns_domain`: empty, or fully qualified."""
    if not value:
        return
    if not value.endswith("."):
        raise invalid("dns_domain", f"'{value}' is not a FQDN")
    _check_format("dns_domain", value)
    if len(value) > LENGTH_MAX - 2:
        raise invalid(
            "dns_domain",
            f"'{value}' contains {len(value)} characters. Adding a sub-domain will cause it to exceed "
            f"the maximum length of a FQDN of '{LENGTH_MAX}'",
        )


def check_name(value: str) -> None:
    """A `dns_name`: empty, relative, or ending with the cloud's domain."""
    if not value:
        return
    _check_format("dns_name", value)
    higher = f".{DOMAIN}"
    if value.endswith(".") and (len(value) <= len(higher) or not value.endswith(higher)):
        raise invalid(
            "dns_name",
            "The dns_name passed is a FQDN. Its higher level labels must be equal to the dns_domain option in "
            f"neutron.conf, that has been set to '{DOMAIN}'. It must also include one or more valid DNS labels "
            f"to the left of '{DOMAIN}'",
        )


def assignments(name: str, fixed_ips: Iterable[FixedIp]) -> list[DnsAssignment]:
    """What the internal DNS says of a port's addresses."""
    found = []
    for fixed in fixed_ips:
        hostname = name.removesuffix(f".{DOMAIN}") if name else ""
        hostname = hostname or f"host-{fixed.ip_address.replace('.', '-').replace(':', '-')}"
        found.append(DnsAssignment(ip_address=fixed.ip_address, hostname=hostname, fqdn=f"{hostname}.{DOMAIN}"))
    return found


def _check_format(attribute: str, value: str) -> None:
    trimmed = value.removesuffix(".")
    labels = trimmed.split(".")
    why = ""
    if len(trimmed) > LENGTH_MAX:
        why = f"'{trimmed}' exceeds the {LENGTH_MAX} character FQDN limit"
    else:
        why = next((reason for label in labels if (reason := _label_fault(label))), "")
    if not why and len(labels) > 1 and labels[-1].isdecimal():
        why = f"TLD '{labels[-1]}' must not be all numeric"
    if why:
        raise invalid(attribute, f"'{value}' not a valid PQDN or FQDN. Reason: {why}")


def _label_fault(label: str) -> str:
    if not label:
        return "Encountered an empty component"
    if label.startswith("-") or label.endswith("-"):
        return f"Name '{label}' must not start or end with a hyphen"
    if not _LABEL.fullmatch(label):
        return f"Name '{label}' must be 1-63 characters long, each of which can only be alphanumeric or a hyphen"
    return ""
