"""neutron-lib's validators and converters: what each says of a value. Source: neutron_lib/api/.

A validator gives its reason, empty for a value that is right. `Ended` is raised where Neutron raises and gives no
reason, and for values that a converter cannot convert.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from mopenstack.gateway.refusals.formats import Ended, is_uuid

Validator = Callable[[Any, Any], str]

INVALID_MACS = frozenset({"000000000000", "ffffffffffff"})
_MAC = re.compile(r"[0-9a-f]{1,2}([:-][0-9a-f]{1,2}){5}|[0-9a-f]{1,4}(\.[0-9a-f]{1,4}){2}|[0-9a-f]{12}", re.IGNORECASE)
_LABEL = re.compile(r"[a-zA-Z0-9-]{1,63}")
_TRUE = frozenset({"1", "t", "true", "on", "y", "yes"})
_FALSE = frozenset({"0", "f", "false", "off", "n", "no"})
FQDN_MAX = 255
PORT_MAX = 65535
PROTOCOL_MAX = 255
PROTOCOLS = frozenset({"dccp", "icmp", "ipv6-icmp", "sctp", "tcp", "udp"})
"""neutron_lib.constants.IPTABLES_PROTOCOL_MAP"""


def _input(reason: str) -> Ended:
    return Ended(f"Invalid input for operation: {reason}.")


# -- texts


def string(data: Any, longest: Any) -> str:
    if not isinstance(data, str):
        return f"'{data}' is not a valid string"
    if longest is not None and len(data) > longest:
        return f"'{data}' exceeds maximum length of {longest}"
    return ""


def not_empty_string(data: Any, longest: Any) -> str:
    return string(data, longest) or ("" if data.strip() else f"'{data}' Blank strings are not permitted")


def oneline_not_empty_string(data: Any, longest: Any) -> str:
    wrong = not_empty_string(data, longest)
    return wrong or (f"Multi-line string is not allowed: '{data}'" if len(data.splitlines()) > 1 else "")


def _printable(character: str) -> bool:
    kind = unicodedata.category(character)
    return not kind.startswith("C") and (not kind.startswith("Z") or kind == "Zs")


def name_string(data: Any, longest: Any) -> str:
    wrong = string(data, longest)
    if wrong:
        return wrong
    ends = data[:1] + data[-1:]
    right = all(map(_printable, data)) and not any(unicodedata.category(one) == "Zs" for one in ends)
    return "" if right else f"'{data}' is not a valid string"


def not_empty_name_string(data: Any, longest: Any) -> str:
    return not_empty_string(data, longest) or name_string(data, longest)


def regex(data: Any, pattern: Any) -> str:
    right = isinstance(data, str) and re.match(pattern, data) is not None
    return "" if right else f"'{data}' is not a valid input"


def uuid(data: Any, _: Any) -> str:
    return "" if is_uuid(data) else f"'{data}' is not a valid UUID"


def subnetpool_id(data: Any, _: Any) -> str:
    return "" if data in ("prefix_delegation", None) else uuid(data, None)


# -- numbers


def values(data: Any, known: Any) -> str:
    return "" if known is None or data in known else f"{data} is not in valid_values"


def boolean(data: Any, _: Any) -> str:
    return "" if _as_boolean(data) is not None else f"'{data}' is not a valid boolean value"


def integer(data: Any, known: Any) -> str:
    wrong = f"'{data}' is not an integer"
    if known is not None and values(data, known):
        return values(data, known)
    try:
        if float(data) != int(data):
            return wrong
    except (ValueError, TypeError, OverflowError):
        return wrong
    return f"'{data}' is not an integer:boolean" if isinstance(data, bool) else ""


def in_range(data: Any, bounds: Any) -> str:
    low, high = bounds
    try:
        number = int(data)
    except (ValueError, TypeError):
        return f"'{data}' is not an integer"
    if low is not None and number < low:
        return f"'{number}' is too small - must be at least '{low}'"
    if high is not None and number > high:
        return f"'{number}' is too large - must be no larger than '{high}'"
    return ""


def non_negative(data: Any, _: Any) -> str:
    try:
        number = int(data)
    except (ValueError, TypeError):
        return f"'{data}' is not an integer"
    return "" if number >= 0 else f"'{number}' should be non-negative"


def port_range(data: Any, bounds: Any) -> str:
    if data is None:
        return ""
    low, high = bounds or (0, PORT_MAX)
    ports = str(data).split(":")
    if len(ports) > 2 or "" in ports:
        return "Port range must be two integers separated by a colon"
    for port in ports:
        if not _is_port(port):
            return f"Invalid port: {port}"
        if not low <= int(port) <= high:
            return f"Invalid port: {port}, the port must be in the range [{low}, {high}]"
    if len(ports) > 1 and int(ports[0]) > int(ports[1]):
        return "First port in a port range must be lower than the second port"
    return ""


def _is_port(text: str) -> bool:
    try:
        return 0 <= int(text) <= PORT_MAX
    except ValueError:
        return False


# -- addresses


def mac_address(data: Any, _: Any) -> str:
    right = isinstance(data, str) and not re.search(r"\s", data) and _MAC.fullmatch(data) is not None
    if right and ":" in data:
        right = "".join(part.zfill(2) for part in data.lower().split(":")) not in INVALID_MACS
    return "" if right else f"'{data}' is not a valid MAC address"


def ip_address(data: Any, _: Any) -> str:
    wrong = f"'{data}' is not a valid IP address"
    if not isinstance(data, str) or re.search(r"\s", data) or "%" in data:
        return wrong
    try:
        ipaddress.ip_address(data)
    except ValueError:
        parts = data.split(".")
        if len(parts) == 4 and all(part.isdecimal() and int(part) < 256 for part in parts):
            plain = ".".join(str(int(part)) for part in parts)
            return f"'{data}' is not an accepted IP address, '{plain}' is recommended"
        return wrong
    return ""


def subnet(data: Any, _: Any) -> str:
    wrong = f"'{data}' is not a valid IP subnet"
    if not isinstance(data, str) or re.search(r"\s", data) or "/" not in data:
        return wrong
    try:
        found = ipaddress.ip_interface(data)
    except ValueError:
        return wrong
    return wrong if found.version == 4 and found.with_prefixlen != data else ""


def route_cidr(data: Any, _: Any) -> str:
    wrong = f"'{data}' is not a valid CIDR"
    if not isinstance(data, str) or re.search(r"\s", data) or "/" not in data:
        return wrong
    try:
        found = ipaddress.ip_network(data)
    except ValueError:
        return wrong
    return f"'{data}' is not a routable CIDR" if found.is_loopback else ""


def ip_or_subnet(data: Any, _: Any) -> str:
    if ip_address(data, None) and subnet(data, None):
        return f"'{data}' is neither a valid IP address, nor is it a valid IP subnet"
    return ""


# -- names in the DNS


def _dns_format(data: str, longest: int) -> str:
    trimmed = data.removesuffix(".")
    reason = ""
    labels = trimmed.split(".")
    if len(trimmed) > longest:
        reason = f"'{trimmed}' exceeds the {longest} character FQDN limit"
    for label in labels if not reason else ():
        if not label:
            reason = "Encountered an empty component"
        elif label.startswith("-") or label.endswith("-"):
            reason = f"Name '{label}' must not start or end with a hyphen"
        elif not _LABEL.fullmatch(label):
            reason = f"Name '{label}' must be 1-63 characters long, each of which can only be alphanumeric or a hyphen"
        if reason:
            break
    if not reason and len(labels) > 1 and re.fullmatch(r"[0-9]+", labels[-1]):
        reason = f"TLD '{labels[-1]}' must not be all numeric"
    return f"'{data}' not a valid PQDN or FQDN. Reason: {reason}" if reason else ""


def dns_host_name(data: Any, longest: Any) -> str:
    return _dns_format(data, longest or FQDN_MAX) if isinstance(data, str) and data else ""


def fip_dns_host_name(data: Any, longest: Any) -> str:
    longest = longest or FQDN_MAX
    wrong = string(data, None)
    if wrong or not data:
        return wrong
    if data.endswith("."):
        return f"'{data}' is a FQDN. It should be a relative domain name"
    wrong = _dns_format(data, longest)
    if not wrong and len(data) > longest - 3:
        wrong = (
            f"'{data}' contains {len(data)} characters. Adding a domain name will cause it to exceed the maximum "
            f"length of a FQDN of '{longest}'"
        )
    return wrong


def dns_domain_name(data: Any, longest: Any) -> str:
    longest = longest or FQDN_MAX
    wrong = string(data, None)
    if wrong or not data:
        return wrong
    if not data.endswith("."):
        return f"'{data}' is not a FQDN"
    wrong = _dns_format(data, longest)
    if not wrong and len(data) > longest - 2:
        wrong = (
            f"'{data}' contains {len(data)} characters. Adding a sub-domain will cause it to exceed the maximum "
            f"length of a FQDN of '{longest}'"
        )
    return wrong


# -- converters


def _as_boolean(data: Any) -> bool | None:
    if isinstance(data, bool):
        return data
    text = str(data).strip().lower()
    return True if text in _TRUE else False if text in _FALSE else None


def to_boolean(data: Any) -> Any:
    found = _as_boolean(data)
    if found is None:
        raise _input(f"'{data}' cannot be converted to boolean")
    return found


def to_int(data: Any) -> Any:
    try:
        return int(data)
    except (ValueError, TypeError):
        raise _input(f"'{data}' is not an integer") from None


def to_list(data: Any) -> Any:
    if data is None:
        return []
    return list(data) if hasattr(data, "__iter__") and not isinstance(data, str) else [data]


def to_lower(data: Any) -> Any:
    if not isinstance(data, str):
        raise _input(f"Input value {data} must be string type")
    return data.lower()


def to_protocol(data: Any) -> Any:
    """`tcp` or a number; the definition's own words for everything else."""
    if data is None or to_lower(data) in PROTOCOLS:
        return data
    if not data.removeprefix("+").isdecimal() or int(data) > PROTOCOL_MAX:
        only = "Only protocol names and their integer representation (0 to 255) are supported"
        raise _input(f"IP protocol '{data}' is not supported. {only}")
    return data


def to_cidr(data: Any) -> Any:
    if data is None:
        raise TypeError("neutron-lib falls over it, and the service answers 500")
    wrong = _input(f"{data} is not in a CIDR format")
    if not isinstance(data, str):
        raise wrong
    try:
        ipaddress.ip_interface(data)
    except ValueError:
        raise wrong from None
    return data


def to_pools(data: Any) -> Any:
    if data is None:
        return []
    if not hasattr(data, "__iter__") or any(not isinstance(pool, dict) for pool in data):
        raise _input("Invalid data format for allocation pools")
    return list(data)


def _unless_none(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda data: None if data is None else convert(data)


CONVERTERS: Mapping[str, Callable[[Any], Any]] = {
    "convert_to_boolean": to_boolean,
    "convert_to_boolean_if_not_none": _unless_none(to_boolean),
    "convert_to_int": to_int,
    "convert_to_int_if_not_none": _unless_none(to_int),
    "convert_to_list": to_list,
    "convert_none_to_empty_list": lambda data: [] if data is None else data,
    "convert_none_to_empty_dict": lambda data: {} if data is None else data,
    "convert_none_to_empty_string": lambda data: "" if data is None else data,
    "convert_string_to_case_insensitive": to_lower,
    "convert_to_protocol": to_protocol,
    "convert_to_string": _unless_none(str),
    "convert_cidr_to_canonical_format": to_cidr,
    "convert_allocation_pools_to_canonical_format": to_pools,
    "convert_uppercase_ip": lambda data: (
        "IP" + data[2:] if isinstance(data, str) and data[:2].lower() == "ip" else data
    ),
    "convert_to_mac_if_none": lambda data: "fa:16:3e:00:00:00" if data is None else data,
}
"""By neutron-lib's names; others leave a value as it is."""
