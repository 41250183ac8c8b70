"""Names of the domain name system as Designate checks them (designate.objects.fields, designate.common.constants)."""

from __future__ import annotations

import re

from mopenstack.core.dns.base import invalid

LENGTH_MAX = 255
LABEL_MAX = 63

# The lookaheads of the originals are conditions of their own here, so that each pattern is matched in one pass.
_LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_ZONE = re.compile(rf"(?:{_LABEL}\.)+")
_HOST = re.compile(rf"(?:\*\.)?(?:{_LABEL}\.)*")
_SRV = re.compile(rf"(?!-)(?:_[A-Za-z0-9_-]{{1,63}}\.){{2}}(?:{_LABEL}\.)+")
_TLD = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


def is_domain(value: str) -> bool:
    """Whether a text is a fully qualified domain name without wildcards."""
    return len(value) < LENGTH_MAX and _ZONE.fullmatch(value) is not None


def is_host(value: str) -> bool:
    """The same, with `*` allowed as the first label."""
    return bool(value) and len(value) < LENGTH_MAX and _HOST.fullmatch(value) is not None


def is_service(value: str) -> bool:
    """Whether a text is the name of an SRV record set: `_service._protocol.domain.`."""
    return len(value) < LENGTH_MAX and _SRV.fullmatch(value) is not None


def is_tld(value: str) -> bool:
    """Whether a text is a top level domain: labels without a dot at the end."""
    return len(value) < LENGTH_MAX and _TLD.fullmatch(value) is not None


def long_label(value: str) -> str:
    """The first label that is too long; empty: there is none."""
    return next((label for label in value.split(".") if len(label) > LABEL_MAX), "")


def check_domain(value: str) -> None:
    """A zone's or server's name; raises InvalidObject. Source: designate.objects.fields.DomainField."""
    if label := long_label(value):
        raise invalid(f"Host {label} is too long")
    if not value.endswith("."):
        raise invalid(f"Domain {value} does not end with a dot")
    if not is_domain(value):
        raise invalid(f"Domain {value} is invalid")


def check_host(value: str) -> None:
    """A record set's name; raises InvalidObject. Source: designate.objects.fields.HostField."""
    if label := long_label(value):
        raise invalid(f"Host {label} is too long")
    if not value.endswith("."):
        raise invalid(f"Host name {value} does not end with a dot")
    if not is_host(value):
        raise invalid(f"Host name {value} is invalid")


def check_email(value: str) -> None:
    """An e-mail address; raises InvalidObject. Source: designate.objects.fields.EmailField."""
    if value.count("@") != 1:
        raise invalid(f"{value} is not an email")
    if not is_domain(value.replace("@", ".") + "."):
        raise invalid(f"Email {value} is invalid")


def above(name: str) -> list[str]:
    """The names above a name, the nearest first, in lower case: `b.org.` and `org.` of `a.b.org.`."""
    labels = name.lower().rstrip(".").split(".")
    return [".".join(labels[place:]) + "." for place in range(1, len(labels))]


def is_below(name: str, zone: str) -> bool:
    """Whether a name is a zone's or below it."""
    return name == zone or name.endswith("." + zone)
