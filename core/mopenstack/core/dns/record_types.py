"""What the records of each type must look like (designate.objects.rrdata_*): text, as a zone file has it."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Mapping

from mopenstack.contract.faults import BadRequest
from mopenstack.core.dns.base import broken, invalid
from mopenstack.core.dns.names import is_domain, is_service, long_label
from mopenstack.dns.v2.refusals import InvalidObject

TTL_MAX = 2**31 - 1
_CERT_TYPES = frozenset(
    ("PKIX", "SPKI", "PGP", "IPKIX", "ISPKI", "IPGP", "ACPKIX", "IACPKIX", "URI", "OID", "DPKIX", "DPTR")
)
_ALGORITHMS = frozenset(
    (
        "RSAMD5", "DSA", "RSASHA1", "DSA-NSEC3-SHA1", "RSASHA1-NSEC3-SHA1", "RSASHA256", "RSASHA512", "ECC-GOST",
        "ECDSAP256SHA256", "ECDSAP384SHA384", "ED25519", "ED448",
    )
)  # fmt: skip
_FINGERPRINT = re.compile(r"[0-9A-Fa-f]{10,40}|[0-9A-Fa-f]{64}")
_NAPTR_FLAGS = re.compile(r"[APSUapsu]*")
_NAPTR_SERVICE = re.compile(r"(?:[A-Za-z][A-Za-z0-9]*(?:\+[A-Za-z][A-Za-z0-9]{0,31})*)?")
_PAIR = re.compile(r"\s[A-Za-z0-9]+=[A-Za-z0-9]+")
_MAILTO = re.compile(r"mailto:[A-Za-z0-9_-]+(?:\+[A-Za-z0-9_-]+)?@")
_HTTP = re.compile(r"https?://.*/")
_ALPN = frozenset(("h3", "h2", "h2c", "http/1.1", "http/1.0"))


def _number(text: str, low: int, high: int) -> int:
    value = int(text)
    if not low <= value <= high:
        raise ValueError(text)
    return value


def _plain_number(text: str, low: int, high: int) -> None:
    """Without sign, spaces and leading zeros."""
    if repr(_number(text, low, high)) != text:
        raise ValueError(text)


def _domain(text: str) -> None:
    if long_label(text) or not is_domain(text) or len(text) > 255:
        raise ValueError(text)


def _a(value: str) -> None:
    ipaddress.IPv4Address(value)


def _aaaa(value: str) -> None:
    if "%" in value:
        raise ValueError(value)
    ipaddress.IPv6Address(value)


def _caa(value: str) -> None:
    flags, rest = value.split(" ", 1)
    _number(flags, 0, 1)
    tag, *values = rest.split(" ", 1)
    if not values:
        raise IndexError("list index out of range")
    if tag in ("issue", "issuewild"):
        domain, *pairs = values[0].split(";")
        _domain(f"{domain}.")
        if not all(_PAIR.match(pair) for pair in pairs):
            raise ValueError(value)
    elif tag == "iodef" and _MAILTO.match(values[0]):
        _domain(values[0].split("@")[1] + ".")
    elif tag == "iodef" and _HTTP.match(values[0]):
        _domain(values[0].split("/")[2] + ".")
    else:
        raise ValueError(value)


def _cert(value: str) -> None:
    kind, tag, algorithm, certificate = value.split(" ", 3)
    if kind not in _CERT_TYPES:
        _number(kind, 0, 65535)
    _number(tag, 0, 65535)
    if algorithm not in _ALGORITHMS:
        _number(algorithm, 0, 255)
    try:
        base64.b64decode(certificate.replace(" ", ""))
    except binascii.Error as wrong:
        raise ValueError(value) from wrong


def _mx(value: str) -> None:
    priority, exchange = value.split(" ")
    _plain_number(priority, 0, 65535)
    if not exchange.endswith(".") or len(exchange) > 255:
        raise ValueError(value)


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text.startswith('"') and text.endswith('"') else text


def _naptr(value: str) -> None:
    order, preference, flags, service, regexp, replacement = value.split(" ")
    _number(order, 0, 65535)
    _number(preference, 0, 65535)
    flags, service, regexp = _unquoted(flags), _unquoted(service), _unquoted(regexp)
    if not _NAPTR_FLAGS.fullmatch(flags) or not _NAPTR_SERVICE.fullmatch(service):
        raise ValueError(value)
    if max(map(len, (flags, service, regexp))) > 255 or (regexp and not _is_substitution(regexp)):
        raise ValueError(value)
    _domain(replacement)


def _is_substitution(text: str) -> bool:
    """A NAPTR substitution: three equal delimiters around pattern and replacement, and perhaps an `i`."""
    mark = text[0]
    return not (mark.isdigit() or mark in "i\\") and text.removesuffix("i").endswith(mark) and text.count(mark) >= 3


def _soa(value: str) -> None:
    server, mailbox, serial, *seconds = value.split(" ")
    if len(seconds) != 4:
        raise ValueError(value)
    _domain(server)
    _domain(mailbox)
    _number(serial, 1, 2**32 - 1)
    for text in seconds:
        _number(text, 0, TTL_MAX)


def _quoted(value: str) -> None:
    """A character string: quoted with its quotes escaped, or without spaces."""
    if not (value.startswith('"') and value.endswith('"')):
        if any(map(str.isspace, value)):
            raise ValueError(value)
        return
    inner = value.strip('"')
    if any(sign == '"' and inner[place - 1] != "\\" for place, sign in enumerate(inner)):
        raise ValueError(value)


def _txt(value: str) -> None:
    if value.endswith("\\"):
        raise ValueError(value)
    if len(value) <= 255:
        _one_text(value)
        return
    inner = value.strip('"')
    if not (value.startswith('"') and value.endswith('"')) and '" "' not in inner:
        raise ValueError(value)
    for part in inner.split('" "'):
        _one_text(f'"{part}"')


def _one_text(value: str) -> None:
    if len(value) > 255 or value.startswith('"') != value.endswith('"'):
        raise ValueError(value)
    _quoted(value)


def _spf(value: str) -> None:
    if value.startswith('"') or value.endswith('"'):
        inner = value.strip('"')
        if any(sign == '"' and inner[place - 1] != "\\" for place, sign in enumerate(inner)):
            raise ValueError(value)
    elif any(map(str.isspace, value)):
        raise ValueError(value)


def _srv(value: str) -> None:
    priority, weight, port, target = value.split(" ")
    for text in (priority, weight, port):
        _number(text, 0, 65535)
    _domain(target)


def _sshfp(value: str) -> None:
    algorithm, kind, fingerprint = value.split(" ")
    _plain_number(algorithm, 0, 4)
    _plain_number(kind, 0, 2)
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise ValueError(value)


def _https(value: str) -> None:
    _service_binding(value, ("alpn", "ipv4hint", "ipv6hint", "port", "ech", "no-default-alpn", "mandatory"))


def _svcb(value: str) -> None:
    _service_binding(value, ("alpn", "ipv4hint", "ipv6hint", "port", "ech", "no-default-alpn", "mandatory", "dohpath"))


def _tlsa(value: str) -> None:
    usage, selector, matching, *parts = value.replace("(", "").replace(")", "").split()
    certificate = "".join(parts)
    for text in (usage, selector, matching):
        _number(text, 0, 255)
    if not certificate or len(certificate) != _DIGESTS.get(int(matching), len(certificate)):
        raise ValueError(value)
    binascii.unhexlify(certificate)


_DIGESTS = {1: 64, 2: 128}
"""Matching type of a TLSA record -> hexadecimal digits of its digest."""


def _service_binding(value: str, known: tuple[str, ...]) -> None:
    """Priority, target and parameters (RFC 9460)."""
    priority, target, *words = value.split(" ")
    parameters: dict[str, str] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if name not in known or (not equals and name != "no-default-alpn") or len(word) > 255:
            raise ValueError(value)
        parameters[name] = text
    if "no-default-alpn" in parameters and "alpn" not in parameters:
        raise ValueError(value)
    for name, text in parameters.items():
        _PARAMETERS[name](text, parameters)
    _number(priority, 0, 65535)
    _domain(target)


def _alpn(text: str, others: Mapping[str, str]) -> None:
    if not _ALPN.issuperset(text.split(",")):
        raise ValueError(text)


def _hints(check: Callable[[str], None]) -> Callable[[str, Mapping[str, str]], None]:
    def hints(text: str, others: Mapping[str, str]) -> None:
        for part in text.split(","):
            check(part)

    return hints


def _port(text: str, others: Mapping[str, str]) -> None:
    if not text.isnumeric() or len(text) > 5:
        raise ValueError(text)


def _ech(text: str, others: Mapping[str, str]) -> None:
    try:
        base64.b64decode(text)
    except binascii.Error as wrong:
        raise ValueError(text) from wrong
    if "\\" in text:
        raise ValueError(text)


def _mandatory(text: str, others: Mapping[str, str]) -> None:
    if not others.keys() >= set(text.split(",")) or len(text.split(",")) > len(others):
        raise ValueError(text)


def _dohpath(text: str, others: Mapping[str, str]) -> None:
    if not text.startswith("/") or len(text) < 7 or "{?dns}" not in text:
        raise ValueError(text)


_PARAMETERS: Mapping[str, Callable[[str, Mapping[str, str]], None]] = {
    "alpn": _alpn,
    "ipv4hint": _hints(_a),
    "ipv6hint": _hints(_aaaa),
    "port": _port,
    "ech": _ech,
    "no-default-alpn": lambda text, others: None,
    "mandatory": _mandatory,
    "dohpath": _dohpath,
}

_CHECKS: Mapping[str, Callable[[str], None]] = {
    "A": _a,
    "AAAA": _aaaa,
    "CNAME": _domain,
    "MX": _mx,
    "SRV": _srv,
    "TXT": _txt,
    "SPF": _spf,
    "NS": _domain,
    "PTR": _domain,
    "SSHFP": _sshfp,
    "SOA": _soa,
    "NAPTR": _naptr,
    "CAA": _caa,
    "CERT": _cert,
    "HTTPS": _https,
    "SVCB": _svcb,
    "TLSA": _tlsa,
}
"""The types of `supported_record_type`, each with what raises ValueError for a record that is none."""


def check(type: str, name: str, records: list[str]) -> None:
    """The records of a record set; raises InvalidField and InvalidObject.

    Source: designate.objects.RecordSet.validate.
    """
    if type not in _CHECKS:
        shown = type or None
        raise broken(("recordset", "type"), f"'{shown}' is not a valid record type", "value", [shown])
    wrong = None
    for place, record in enumerate(records):
        try:
            _CHECKS[type](record)
            if type == "SVCB" and "_dns" in name:
                _check_resolver(record)
        except IndexError as missing:
            raise invalid(str(missing), "IndexError") from None
        except ValueError:
            wrong = wrong or broken(("records", place), f"'{record}' is not a '{type}' Record", "format", [type])
    if name and not (is_domain(name) if type == "NS" else type != "SRV" or is_service(name)):
        raise invalid_name()
    if wrong is not None:
        raise wrong


def invalid_name() -> Exception:
    """The refusal of a name that this type of record set cannot have."""
    return InvalidObject("name is invalid")


def check_tlsa_name(name: str) -> None:
    """A TLSA record set is named after port and protocol (RFC 6698, 3); raises BadRequest."""
    found = re.match(r"_(\d{1,5})\._[a-zA-Z]+\.", name)
    if found is None:
        raise BadRequest(
            "TLSA recordset name must follow the format _port._protocol.domain (e.g. _443._tcp.example.com.) "
            "as required by RFC 6698 Section 3"
        )
    if int(found[1]) > 65535:
        raise BadRequest(f"TLSA recordset name contains invalid port {int(found[1])}: port must be in range 0-65535")


def _check_resolver(record: str) -> None:
    """The SVCB record of a resolver with HTTP says the path of its queries."""
    words = dict(word.partition("=")[::2] for word in record.split(" ")[2:])
    if {"h2", "h3"} & set(words["alpn"].split(",") if "alpn" in words else ()) and "dohpath" not in words:
        raise ValueError(record)
