"""neutron-lib's validators of lists and dictionaries. Source: neutron_lib/api/validators."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from mopenstack.contract.values import repeated
from mopenstack.gateway.refusals import network_values as of
from mopenstack.gateway.refusals.formats import Ended
from mopenstack.gateway.refusals.network_values import CONVERTERS, Validator

ADDRESS_PAIRS_MAX = 10
ZONE_HINTS_MAX = 255
DEVICE_OWNERS = ("network:", "neutron:", *"compute:")
"""What a subnet's service type begins with: neutron-lib adds the letters of the last one, not the word."""


def _or_none(validator: Validator) -> Validator:
    return lambda data, wanted: "" if data is None else validator(data, wanted)


def _if_any(validator: Validator) -> Validator:
    return lambda data, wanted: validator(data, wanted) if data else ""


def _each(validator: Validator) -> Validator:
    def check(data: Any, wanted: Any) -> str:
        if not isinstance(data, list):
            return f"'{data}' is not a list"
        twice = repeated(data)
        if twice:
            return f"Duplicate items in the list: '{', '.join(map(str, twice))}'"
        return next(filter(None, (validator(item, wanted) for item in data)), "")

    return check


def _each_of_some(validator: Validator) -> Validator:
    every = _each(validator)
    return lambda data, wanted: every(data, wanted) or ("" if data else "List should not be empty")


def _keys(expected: list[str], data: Any, *, exactly: bool) -> str:
    if not isinstance(data, dict):
        return f"Invalid input. '{data}' must be a dictionary with keys: {expected}"
    if set(expected) != set(data) if exactly else not set(expected) <= set(data):
        return (
            f"Validation of dictionary's keys failed. Expected keys: {set(expected)} Provided keys: {set(data.keys())}"
        )
    return ""


def dictionary(data: Any, specs: Any) -> str:
    """`specs`: key -> {"type:...": what is wanted, "required": ..., "convert_to": ...}"""
    if not isinstance(data, dict):
        return f"'{data}' is not a dictionary"
    if not specs:
        return ""
    required = [key for key, spec in specs.items() if spec.get("required")]
    wrong = _keys(required, data, exactly=False) if required else ""
    unexpected = [key for key in data if key not in specs]
    if not wrong and unexpected:
        wrong = f"Unexpected keys supplied: {', '.join(unexpected)}"
    for key, spec in specs.items() if not wrong else ():
        if key not in data:
            continue
        convert = CONVERTERS.get(spec.get("convert_to", ""))
        value = convert(data[key]) if convert else data[key]
        for rule, wanted in spec.items():
            if rule.startswith("type:") and rule in VALIDATORS:
                wrong = VALIDATORS[rule](value, wanted)
                break
        if wrong:
            break
    return wrong


def _one_of_specs(data: Any, choices: Any) -> str:
    def check(item: Any, _: Any) -> str:
        if all(dictionary(item, spec) for spec in choices):
            raise Ended(f"Invalid input for operation: No valid key specs matched for: {item}.")
        return ""

    wrong = "" if data is None else _each(check)(data, None)
    if wrong:
        raise Ended(f"Invalid input for operation: {wrong}.")
    return ""


def _pools(data: Any, _: Any) -> str:
    if not isinstance(data, list):
        return f"Invalid data format for IP pool: '{data}'"
    for pool in data:
        wrong = _keys(["start", "end"], pool, exactly=True)
        for key in ("start", "end") if not wrong else ():
            wrong = wrong or of.ip_address(pool[key], None)
        if wrong:
            return wrong
    return ""


def _fixed_ips(data: Any, _: Any) -> str:
    if not isinstance(data, list):
        return f"Invalid data format for fixed IP: '{data}'"
    seen: set[str] = set()
    for one in data:
        if not isinstance(one, dict):
            return f"Invalid data format for fixed IP: '{one}'"
        if "ip_address" in one:
            address = one["ip_address"]
            wrong = f"Duplicate IP address '{address}'" if str(address) in seen else of.ip_address(address, None)
            if wrong:
                return wrong
            seen.add(str(address))
        if "subnet_id" in one and (wrong := of.uuid(one["subnet_id"], None)):
            return wrong
    return ""


def _nameservers(data: Any, _: Any) -> str:
    if not hasattr(data, "__iter__"):
        return f"Invalid data format for nameserver: '{data}'"
    seen: set[str] = set()
    for host in data:
        wrong = of.ip_address(host, None)
        if wrong:
            return f"'{host}' is not a valid nameserver. {wrong}"
        if str(host) in seen:
            return f"Duplicate nameserver '{host}'"
        seen.add(str(host))
    return ""


def _routes(data: Any, _: Any) -> str:
    if not isinstance(data, list):
        return f"Invalid data format for hostroute: '{data}'"
    seen: set[tuple[str, str]] = set()
    for route in data:
        wrong = _keys(["destination", "nexthop"], route, exactly=True)
        wrong = wrong or of.route_cidr(route["destination"], None) or of.ip_address(route["nexthop"], None)
        if not wrong and (route["destination"], route["nexthop"]) in seen:
            wrong = f"Duplicate hostroute '{route}'"
        if wrong:
            return wrong
        seen.add((route["destination"], route["nexthop"]))
    return ""


def _subports(data: Any, _: Any) -> str:
    if not isinstance(data, list):
        return f"Invalid data format for subports: '{data}' is not a list"
    seen: set[str] = set()
    numbers: set[tuple[Any, Any]] = set()
    for one in data:
        if not isinstance(one, dict):
            return f"Invalid data format for subport: '{one}' is not a dict"
        if "port_id" not in one:
            return "A valid port UUID must be specified"
        port, kind, number = one["port_id"], one.get("segmentation_type"), one.get("segmentation_id")
        if of.uuid(port, None):
            return f"Invalid UUID for subport: '{port}'"
        if port in seen:
            return f"Non unique UUID for subport: '{port}'"
        seen.add(port)
        if kind == "inherit":
            return ""
        if (not kind or number is None) and len(one) > 1:
            return (
                f"Invalid subport details '{one}': missing segmentation information. Must specify both segmentation_id "
                "and segmentation_type"
            )
        if (kind, number) in numbers:
            return f"Segmentation ID '{number}' for '{port}' is not unique"
        if number is not None:
            numbers.add((kind, number))
    return ""


def _address_pairs(data: Any, _: Any) -> str:
    if not isinstance(data, list):
        raise Ended("Allowed address pairs must be a list.")
    if len(data) > ADDRESS_PAIRS_MAX:
        raise Ended(f"The number of allowed address pair exceeds the maximum {ADDRESS_PAIRS_MAX}.")
    seen: set[tuple[Any, Any]] = set()
    for pair in data:
        if not isinstance(pair, dict):
            return f"'{pair}' is not a dictionary"
        mac, address = pair.get("mac_address"), pair.get("ip_address")
        if "mac_address" in pair and (wrong := of.mac_address(mac, None)):
            raise Ended(wrong)
        if "ip_address" not in pair:
            raise Ended("AllowedAddressPair must contain ip_address")
        if (mac, address) in seen:
            raise Ended(f"Request contains duplicate address pair: mac_address {mac} ip_address {address}.")
        seen.add((mac, address))
        others = [key for key in pair if key not in ("mac_address", "ip_address")]
        if others:
            raise Ended(f"Unrecognized attribute(s) '{', '.join(others)}'")
        wrong = of.subnet(address, None) if "/" in str(address) else of.ip_address(address, None)
        if wrong:
            raise Ended(wrong)
    return ""


def _zone_hints(data: Any, _: Any) -> str:
    wrong = _each(of.string)(data, None)
    if not wrong and len(json.dumps(data)) > ZONE_HINTS_MAX:
        raise Ended("Invalid input for operation: Too many availability_zone_hints specified.")
    return wrong


def _service_type(data: Any, _: Any) -> str:
    if not isinstance(data, str):
        raise Ended(f"Invalid service type: {data}.")
    return ""  # which ones there are is the core's to say


def _subnet_types(data: Any, _: Any) -> str:
    if data and not isinstance(data, list):
        raise Ended("Subnet service types must be a list.")
    for one in data or ():
        if not isinstance(one, str):
            raise Ended(f"Subnet service type {one} is not a string.")
        if not one.startswith(DEVICE_OWNERS):
            raise Ended(f"Subnet service type {one} does not correspond to a valid device owner.")
    return ""


_PLAIN: Mapping[str, Validator] = {
    "string": of.string,
    "not_empty_string": of.not_empty_string,
    "oneline_not_empty_string": of.oneline_not_empty_string,
    "name_string": of.name_string,
    "not_empty_name_string": of.not_empty_name_string,
    "regex": of.regex,
    "uuid": of.uuid,
    "subnetpool_id": of.subnetpool_id,
    "range": of.in_range,
    "mac_address": of.mac_address,
    "ip_address": of.ip_address,
    "subnet": of.subnet,
    "ip_or_subnet": of.ip_or_subnet,
    "dict": dictionary,
    "list_of_regex": _each(of.regex),
    "list_of_subnets": _each(of.subnet),
}
"""Each has a twin that takes null."""
VALIDATORS: Mapping[str, Callable[[Any, Any], str]] = {
    **{f"type:{name}": validator for name, validator in _PLAIN.items()},
    **{f"type:{name}_or_none": _or_none(validator) for name, validator in _PLAIN.items()},
    "type:values": of.values,
    "type:boolean": of.boolean,
    "type:integer": of.integer,
    "type:non_negative": of.non_negative,
    "type:port_range": of.port_range,
    "type:dns_host_name": of.dns_host_name,
    "type:fip_dns_host_name": of.fip_dns_host_name,
    "type:dns_domain_name": of.dns_domain_name,
    "type:uuid_list": _each(of.uuid),
    "type:uuid_list_non_empty": _each_of_some(of.uuid),
    "type:subnet_list": _each(of.subnet),
    "type:dict_or_empty": lambda data, specs: "" if data == {} else dictionary(data, specs),
    "type:dict_or_nodata": _if_any(dictionary),
    "type:list_of_any_key_specs_or_none": _one_of_specs,
    "type:ip_pools": _pools,
    "type:fixed_ips": _fixed_ips,
    "type:nameservers": _nameservers,
    "type:hostroutes": _routes,
    "type:subports": _subports,
    "type:allowed_address_pairs": _address_pairs,
    "type:availability_zone_hint_list": _zone_hints,
    "type:service_plugin_type": _service_type,
    "type:list_of_subnet_service_types": _subnet_types,
}
"""By neutron-lib's names. What depends on the cloud's plugins or state is the core's to say."""
