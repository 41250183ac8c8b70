"""Filters, order and pages of lists of servers. Source: nova.api.openstack.compute.servers._get_servers.

Filters of administrators are ignored for other callers, as Nova does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.compute.servers.changes_since import parse_time
from mopenstack.core.compute.servers.server_states import WORDS
from mopenstack.core.compute.servers.server_view import shown
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller_patterns import BadPattern, Pattern, caller_pattern
from mopenstack.core.engine.line_patterns import lines_matching
from mopenstack.core.engine.listing import FALSE_WORDS, IGNORE_CASE, TAG_FILTERS, TRUE_WORDS, fold_of, folded
from mopenstack.core.store.texts import Wanted, equal

PAGE_MAX = 1000
ACCEPTED = "'0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'"

JOINED = frozenset(
    {"block_device_mapping", "services", "metadata", "system_metadata", "info_cache", "security_groups", "pci_devices"}
)
MEMBER_FILTERS = frozenset(
    {"reservation_id", "name", "status", "image", "flavor", "ip", "changes-since", "all_tenants"}
)
MEMBER_FILTERS_SINCE: tuple[tuple[int, frozenset[str]], ...] = (
    (5, frozenset({"ip6"})),
    (26, frozenset({"tags", "tags-any", "not-tags", "not-tags-any"})),
    (66, frozenset({"changes-before"})),
    (73, frozenset({"locked"})),
    (
        83,
        frozenset(
            {
                "availability_zone", "config_drive", "key_name", "created_at", "launched_at", "terminated_at",
                "power_state", "task_state", "vm_state", "progress", "user_id",
            }
        ),
    ),
    (90, frozenset({"hostname"})),
)  # fmt: skip
KNOWN = frozenset(
    {
        "user_id", "project_id", "tenant_id", "launch_index", "image_ref", "image", "kernel_id", "ramdisk_id",
        "hostname", "key_name", "power_state", "vm_state", "task_state", "host", "node", "flavor", "reservation_id",
        "launched_at", "terminated_at", "availability_zone", "name", "display_name", "description",
        "display_description", "locked_by",
        "uuid", "root_device_name", "config_drive", "access_ip_v4", "access_ip_v6", "auto_disk_config", "progress",
        "all_tenants", "soft_deleted", "deleted", "status", "changes-since", "ip", "ip6", "created_at",
    }
)  # fmt: skip
SORT_FIELDS = {
    "access_ip_v4": "access_ip_v4", "access_ip_v6": "access_ip_v6", "auto_disk_config": "disk_config",
    "availability_zone": "availability_zone", "config_drive": "config_drive", "created_at": "created_at",
    "display_description": "description", "display_name": "name", "host": "host", "hostname": "hostname",
    "image_ref": "image", "instance_type_id": "flavor_ref", "kernel_id": "kernel_id", "key_name": "key_name",
    "launch_index": "launch_index", "launched_at": "launched_at", "locked_by": "locked_by", "node": "node",
    "power_state": "power_state", "progress": "progress", "project_id": "project_id", "ramdisk_id": "ramdisk_id",
    "root_device_name": "root_device_name", "task_state": "task_state", "terminated_at": "terminated_at",
    "updated_at": "updated_at", "user_id": "user_id", "uuid": "id", "vm_state": "vm_state",
}  # fmt: skip
IGNORED_SORTS = (
    "architecture", "cell_name", "cleaned", "default_ephemeral_device", "default_swap_device", "deleted", "deleted_at",
    "disable_terminate", "ephemeral_gb", "ephemeral_key_uuid", "id", "key_data", "launched_on", "locked", "memory_mb",
    "os_type", "reservation_id", "root_gb", "shutdown_terminate", "user_data", "vcpus", "vm_mode",
)  # fmt: skip
TAG_FILTERS_SINCE, LOCKED_SINCE, STRICT_SINCE, STATUS_STRICT_SINCE = 26, 73, 75, 38


@dataclass(slots=True)
class Filters:
    """The filters of a list. `tests` need only the stored server, `addresses` its view.

    `deleted`: servers that exist (False), deleted ones (True), both (None).
    """

    all_projects: bool = False
    deleted: bool | None = False
    tests: list[Callable[[Server], bool]] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    """Parts of addresses, of which a server must have one."""
    wanted: Wanted | None = None
    """What finds the servers that may pass."""


def read_filters(call: Call, query: common.Query, operation: str) -> Filters | None:
    """The filters; None: nothing can match. Raises Nova's refusals."""
    given = {item.key: list(item.values) for item in query.filters}
    _check_patterns(call, given)
    _check_keys(call, given)
    allowed = _allowed(call, given)
    filters = Filters(all_projects=_all_tenants(call, given, operation), deleted=_deleted(given, allowed))
    if "status" in given:
        test = _status(call, given["status"])
        if test is None:
            return None
        filters.tests.append(test)
        if [word.upper() for word in given["status"]] == ["DELETED"]:
            filters.deleted = True
    for key, values in given.items():
        if key not in allowed or key in ("all_tenants", "status", "deleted"):
            continue
        if key in ("ip", "ip6"):
            filters.addresses.append(values[-1].lower())
            continue
        test = _test(call, key, values, filters.all_projects)
        if test is not None:
            filters.tests.append(test)
        filters.wanted = filters.wanted or _wanted(call, key, values)
    return filters


async def matches(call: Call, server: Server, filters: Filters) -> bool:
    """Whether a server passes the filters."""
    if not all(test(server) for test in filters.tests):
        return False
    if not filters.addresses:
        return True
    if server.vm_state == Server.VM_STATE_DELETED:
        return False  # its ports are deleted
    view = await shown(call, server)
    # Nova asks Neutron for ports with a part of an address (_ip_filter_using_neutron); patterns are no part of that.
    found = [address.addr for item in view.addresses.values() for address in item.addresses]
    return any(part in addr for part in filters.addresses for addr in found)


def in_columns(query: common.Query) -> common.Query:
    """The query with fields to sort by: Nova's sort keys are columns of its database, not the keys of the answer."""
    translated = common.Query()
    translated.CopyFrom(query)
    del translated.sort[:]
    for item in query.sort:
        if item.key in SORT_FIELDS:
            translated.sort.add(key=SORT_FIELDS[item.key], descending=item.descending)
        elif item.key == "locked":
            translated.sort.add(key="locked", descending=item.descending)
    return translated


def check_sort(call: Call, query: common.Query) -> None:
    """Check the sort keys; since 2.75 those that Nova ignored are refused too. Raises ListRefused."""
    fine = set(SORT_FIELDS) | ({"locked"} if call.at_least(LOCKED_SINCE) else set())
    if not call.at_least(STRICT_SINCE):
        fine |= set(IGNORED_SORTS)
    for item in query.sort:
        if item.key not in fine:
            words = sorted(fine) if call.at_least(STRICT_SINCE) else [*SORT_FIELDS, *IGNORED_SORTS]
            raise refusals.ListRefused(
                f"Invalid input for query parameters sort_key. Value: {item.key}. {item.key!r} is not one of {words}"
            )


# -- the filters of a query


def _check_keys(call: Call, given: dict[str, list[str]]) -> None:
    for key in given:
        if key in JOINED or key.startswith("_"):
            raise refusals.InvalidFilter(key=key)
    if not call.at_least(STRICT_SINCE):
        return
    newer = {key for since, keys in MEMBER_FILTERS_SINCE if call.at_least(since) for key in keys}
    for key in given:
        if key not in KNOWN | newer:
            raise refusals.ListRefused(f"{key!r} does not match any of the regexes: '^_'")


def _check_patterns(call: Call, given: dict[str, list[str]]) -> None:
    """Each value of a filter that is a pattern must be one, also for callers that may not use the filter."""
    for key in given:
        if key in PATTERN_KEYS or (key in TAG_FILTERS and call.at_least(TAG_FILTERS_SINCE)):
            for value in given[key]:
                _pattern(call, key, value)


def _pattern(call: Call, key: str, value: str) -> Pattern:
    """The compiled pattern; raises Nova's refusal. Source: nova.api.validation.validators, nova.db.utils."""
    try:
        if value:
            # The bar is escaped before MySQL sees it: `a|b` is looked for as it stands.
            on_mysql = call.cloud.enabled(IGNORE_CASE)
            return caller_pattern(value.replace("|", "\\|") if on_mysql else value, ignore_case=on_mysql)
    except BadPattern:
        pass
    why = f"{value!r} is not a 'regex'"
    raise refusals.ListRefused(f"Invalid input for query parameters {key}. Value: {value}. {why}")


def _allowed(call: Call, given: dict[str, list[str]]) -> frozenset[str]:
    if call.caller.is_admin:
        return frozenset(given)
    since = (keys for minimum, keys in MEMBER_FILTERS_SINCE if call.at_least(minimum))
    return MEMBER_FILTERS.union(*since)


def _all_tenants(call: Call, given: dict[str, list[str]], operation: str) -> bool:
    if "all_tenants" not in given:
        return False
    text = given["all_tenants"][-1]
    word = text.strip().lower()
    if word and word not in TRUE_WORDS | FALSE_WORDS:
        raise refusals.ListRefused(f"Unrecognized value '{text}', acceptable values are: {ACCEPTED}")
    asked = not word or word in TRUE_WORDS
    if asked and not call.caller.is_admin:
        raise refusals.PolicyDenied(rule=f"os_compute_api:servers:{operation}:get_all_tenants")
    return asked


def _deleted(given: dict[str, list[str]], allowed: frozenset[str]) -> bool | None:
    """Lists by time of change include deleted servers; others only with the filter `deleted`."""
    if "deleted" in given and "deleted" in allowed:
        return given["deleted"][-1].strip().lower() in TRUE_WORDS
    return None if {"changes-since", "changes-before"} & set(given) & allowed else False


def _status(call: Call, values: Sequence[str]) -> Callable[[Server], bool] | None:
    names = {name for name, _ in Server.Status.items()}
    numbers = {Server.Status.Value(value.upper()) for value in values if value.upper() in names}
    if not numbers:
        if call.at_least(STATUS_STRICT_SINCE):
            raise refusals.InvalidStatusFilter()
        return None
    if numbers == {Server.DELETED} and not call.caller.is_admin:
        raise refusals.PolicyDenied("Only administrators may list deleted instances")
    return lambda server: server.status in numbers


EXACT: dict[str, Callable[[Server], Any]] = {
    "image": lambda server: server.image.id,
    "image_ref": lambda server: server.image.id,
    "flavor": lambda server: server.flavor_ref.id,
    "host": lambda server: server.host,
    "user_id": lambda server: server.user_id,
    "uuid": lambda server: server.id,
    "task_state": lambda server: server.task_state,
    "vm_state": lambda server: WORDS[server.vm_state],
    "config_drive": lambda server: server.config_drive,
}
"""Filters of columns that are compared. Source: nova.db.main.api, exact_match_filter_names."""
PATTERNS: dict[str, Callable[[Server], str]] = {
    "name": lambda server: server.name,
    "display_name": lambda server: server.name,
    "description": lambda server: server.description,
    "display_description": lambda server: server.description,
    "reservation_id": lambda server: server.reservation_id,
    "node": lambda server: server.node,
    "key_name": lambda server: server.key_name,
    "availability_zone": lambda server: server.availability_zone,
    "power_state": lambda server: str(server.power_state),
    "launch_index": lambda server: str(server.launch_index),
    "progress": lambda server: str(server.progress),
    "hostname": lambda server: server.hostname,
    "kernel_id": lambda server: server.kernel_id,
    "ramdisk_id": lambda server: server.ramdisk_id,
    "root_device_name": lambda server: server.root_device_name,
    "locked_by": lambda server: server.locked_by,
    "access_ip_v4": lambda server: server.access_ip_v4,
    "access_ip_v6": lambda server: server.access_ip_v6,
}
"""Filters of all other columns: MySQL's REGEXP, which finds nothing where there is nothing (_regex_instance_filter)."""
PATTERN_KEYS = frozenset(PATTERNS) | {
    "flavor", "config_drive", "auto_disk_config", "created_at", "launched_at", "terminated_at", "ip", "ip6",
}  # fmt: skip
"""What Nova's schema of the query takes for patterns, also where something else is made of them."""


COLUMNS = {
    **{key: key for key in ("name", "description", "key_name", "hostname", "host", "node", "user_id", "task_state")},
    "display_name": "name", "display_description": "description", "uuid": "id",
}  # fmt: skip
"""Filters of fields that are searched as text."""


def _wanted(call: Call, key: str, values: Sequence[str]) -> Wanted | None:
    """What finds the servers that may pass a filter; None: only its test does."""
    ignore_case = call.cloud.enabled(IGNORE_CASE)
    if key not in COLUMNS:
        return None
    if key in EXACT:
        return equal(COLUMNS[key], values, lower=ignore_case)
    # As `_pattern` has it.
    text = values[-1].replace("|", "\\|") if ignore_case else values[-1]
    return lines_matching(COLUMNS[key], text, ignore_case=ignore_case)


def _test(call: Call, key: str, values: Sequence[str], all_projects: bool) -> Callable[[Server], bool] | None:
    """The test of one filter; None: it is ignored."""
    value = values[-1]
    fold = fold_of(call.cloud)
    if key in PATTERNS:
        pattern, text_of = _pattern(call, key, value), PATTERNS[key]
        return lambda server: bool((text := text_of(server)) and pattern.search(text))
    if key in EXACT:
        read_value = EXACT[key]
        if key == "config_drive":
            values = ["True" if item.lower() in TRUE_WORDS else "" for item in values]
        words = folded(values, fold)
        return lambda server: fold(read_value(server)) in words
    if key in ("project_id", "tenant_id"):
        return (lambda server: server.project_id == value) if all_projects else None
    if key == "changes-since":
        since = parse_time(key, value)
        return lambda server: server.updated_at.seconds >= since
    if key == "changes-before":
        before = parse_time(key, value)
        return lambda server: server.updated_at.seconds <= before
    if key == "locked" and call.at_least(LOCKED_SINCE):
        flag = value.lower() in TRUE_WORDS
        return lambda server: server.locked == flag
    if key in TAG_FILTERS and call.at_least(TAG_FILTERS_SINCE):
        test, tags = TAG_FILTERS[key], folded(value.split(","), fold)
        return lambda server: test(folded(server.tags, fold), tags)
    return None
