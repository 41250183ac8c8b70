"""Where an answer differs from the recorded one, each value included.

Values that a service draws anew each time (ids, times, addresses, keys) must have the same form; everything else must
be equal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from mopenstack.cli.recording.differences import ID, Comparison, Difference, mark

_REQUEST_ID = re.compile(r"req-[0-9a-f-]{36}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?")
_HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
_MAC = re.compile(r"\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b")
_ADDRESS = re.compile(r"\b\d{1,3}(\.\d{1,3}){3}\b(?!/)|\b[0-9a-f]{1,4}(:[0-9a-f]{0,4}){3,7}\b(?!/)")
_HOST = re.compile(r"\bhost(?:-[0-9a-f]*){4,8}")
_MARKER = re.compile(r"\bmarker=[^&]+")
_TRANSFER_KEY = re.compile(r"\A[0-9A-Z]{8}\Z")

DRAWN = {
    "adminPass", "auth_key", "audit_ids", "blob", "checksum", "config_drive", "console_output", "etag", "fingerprint",
    "generation", "hostId", "private_key", "public_key", "reservation_id", "OS-EXT-SRV-ATTR:reservation_id",
    "standard_attr_id",
    "resource_provider_generation", "revision_number", "secret", "segmentation_id", "provider:segmentation_id",
    "tunnel_id", "access", "id_number", "OS-EXT-SRV-ATTR:instance_name", "serial",
}  # fmt: skip
"""Keys of values that are drawn or counted: only their type is compared."""

OF_THE_CLOUD = {
    "allocated", "capacity", "count", "cpu_info", "current_workload", "disk_available_least", "free_disk_gb",
    "free_ram_mb", "host_ip", "hypervisor_type", "hypervisor_version", "in_use", "local_gb", "local_gb_used",
    "memory_mb", "memory_mb_used", "running_vms", "total", "totalCoresUsed", "totalFloatingIpsUsed",
    "totalGigabytesUsed", "totalInstancesUsed", "totalRAMUsed", "totalSecurityGroupsUsed", "totalServerGroupsUsed",
    "totalSnapshotsUsed", "totalVolumesUsed", "uptime", "used", "used_ips", "used_ips_in_allocation_pool",
    "used_ips_in_subnet", "vcpus_used", "total_hours", "total_local_gb_usage", "total_memory_mb_usage",
    "total_vcpus_usage", "hours", "updated_at", "storage_protocol", "vendor_name", "driver_version",
    "total_count",
}  # fmt: skip
"""Keys of what the recorded cloud was and held at that moment: only their type is compared."""

UNORDERED = {"tags", "traits"}
"""Lists of words that services keep as sets."""

OPEN_LISTS = {
    ".services", ".endpoints", ".catalog", ".token.catalog", ".hosts", ".pools", ".flavors", ".hypervisors",
    ".namespaces", ".resource_types", ".availabilityZoneInfo", ".resource_classes", ".resource_providers", ".traits",
    ".extensions", ".network_segment_ranges", ".agents", ".service_providers", ".tenant_usages", ".events",
    ".tenant_usage.server_usages", ".roles", ".projects", ".users", ".groups", ".regions", ".volume_types",
    ".versions", ".default_security_group_rules", ".allocation_requests", ".provider_summaries", ".role_inferences",
    ".providers", ".service_statuses",
}  # fmt: skip
"""Lists of what the recorded cloud was made of: what both have is compared, and of the others the form."""


CONFIGURED = {
    "dns_publish_fixed_ip": "of subnet-dns-publish-fixed-ip, which the recorded cloud's ML2 had not loaded",
    "enable_default_route_bfd": "of enable-default-route-bfd, which the recorded router plugin has not",
    "enable_default_route_ecmp": "of enable-default-route-ecmp, which the recorded router plugin has not",
    "enable_snat": "of router-enable-snat, which the recorded cloud had not loaded",
    "external_gateways": "of external-gateway-multihoming, which the recorded router plugin has not",
    "local_pref": "of bgpvpn-routes-control, which the recorded dummy driver has not",
    "ports": "of bgpvpn-routes-control, which the recorded dummy driver has not",
    "qos_network_policy_id": "of qos-fip-network-policy, which the recorded cloud had not loaded",
    "vni": "of bgpvpn-vni, which the recorded dummy driver has not",
}
"""Keys that answers have here and had not there, since an extension is on that was off there."""


UNTRUE = {".floatingip.status"}
"""Values that the recorded cloud, which had no L3 agent, could not have as others do."""


class Same(Comparison):
    """What makes two answers the same: the ids that were given anew, and whether values drawn anew must be equal.

    ids      recorded id -> ours, found on the way
    known    ids that stand in the cloud as recorded: these must be equal
    written  whether the answer is to a write: what it says may have been drawn anew
    """

    def __init__(self, known: frozenset[str], written: bool, ids: dict[str, str] | None = None) -> None:
        super().__init__(ids, known)
        self.written = written

    def text(self, recorded: str, ours: str) -> bool:
        """Whether two texts say the same."""
        recorded, ours = (_in_order(_MARKER.sub("marker=", text)) for text in (recorded, ours))
        if recorded == ours:
            return True
        before, after = ID.findall(recorded), ID.findall(ours)
        if len(before) == len(after):
            for old, new in zip(before, after, strict=True):
                if old != new and (old in self.known or self.ids.setdefault(old, new) != new):
                    return False
        elif before or after:
            return False
        return self._form(recorded) == self._form(ours)

    def _form(self, text: str) -> str:
        text = _REQUEST_ID.sub("<request>", text)
        text = ID.sub("<id>", text)
        text = _TIME.sub(lambda found: f"<time{found[1]}{'.' * bool(found[2])}{found[3] or ''}>", text)
        text = _HTTP_DATE.sub("<date>", text)
        if self.written:
            text = _HOST.sub("<host>", _ADDRESS.sub("<address>", _MAC.sub("<mac>", text)))
            text = _TRANSFER_KEY.sub("<key>", text)
        return text

    # -- the rules of the walk

    def differences(self, recorded: Any, ours: Any, where: str = "") -> Iterator[Difference]:
        if _last(where) in UNORDERED and isinstance(recorded, list) and isinstance(ours, list):
            recorded, ours = sorted(recorded), sorted(ours)
        if isinstance(recorded, dict) and isinstance(ours, dict) and "__text__" in recorded and "__text__" in ours:
            if not ours["__text__"].startswith(recorded["__text__"]):
                yield _differs(where, recorded["__text__"], ours["__text__"])
            return
        yield from super().differences(recorded, ours, where)

    def besides(self, more: set[str]) -> set[str]:
        return more - CONFIGURED.keys()

    def of_lists(self, recorded: list[Any], ours: list[Any], where: str) -> Iterator[Difference]:
        if where in OPEN_LISTS:
            yield from _of_open_lists(recorded, ours, where)
            return
        if len(recorded) != len(ours):
            yield Difference("values", where, f"{len(ours)} items, recorded {len(recorded)}")
            return
        for number, (old, new) in enumerate(zip(*_aligned(recorded, ours, self), strict=True)):
            yield from self.differences(old, new, f"{where}[{number}]")

    def of_values(self, recorded: Any, ours: Any, where: str) -> Iterator[Difference]:
        if where in UNTRUE:
            return
        if isinstance(recorded, str) and isinstance(ours, str):
            drawn = re.sub(r"\[\d*\]$", "", where).rpartition(".")[2] in DRAWN and bool(recorded) == bool(ours)
            if recorded == "<redacted>" or _last(where) in OF_THE_CLOUD or drawn:
                return
            if not self.text(recorded, ours):
                yield _differs(where, recorded, ours)
        elif type(recorded) is not type(ours) or (recorded != ours and _last(where) not in DRAWN | OF_THE_CLOUD):
            yield _differs(where, recorded, ours)


def _differs(where: str, recorded: Any, ours: Any) -> Difference:
    return Difference("values", where, f"{ours!r}, recorded {recorded!r}")


def _in_order(text: str) -> str:
    """A text with what wsme writes out of a set in the order of the alphabet."""
    before, enumerates, words = text.partition("Value should be one of: ")
    return f"{before}{enumerates}{', '.join(sorted(words.split(', ')))}" if enumerates else text


def _last(where: str) -> str:
    return where.rpartition(".")[2]


def _of_open_lists(recorded: list[Any], ours: list[Any], where: str) -> Iterator[Difference]:
    places = {mark(item): item for item in ours}
    both = [(item, places[mark(item)]) for item in recorded if mark(item) in places]
    for old, new in both:
        if lacking := _keys(old) - _keys(new):
            yield Difference("keys", f"{where}[]", f"lacks {sorted(lacking)}")
    if not both and recorded and ours and (lacking := _keys(recorded[0]) - _keys(ours[0])):
        yield Difference("keys", f"{where}[]", f"lacks {sorted(lacking)}")


def _keys(item: Any) -> set[str]:
    return set(item) if isinstance(item, dict) else set()


def _aligned(recorded: list[Any], ours: list[Any], same: Same) -> tuple[list[Any], list[Any]]:
    """Items with the same ids beside each other; new ones in the order of what they say."""

    def by(item: Any) -> str:
        if isinstance(item, dict) and "id" in item and str(item["id"]) in same.known:
            return f" {item['id']}"
        text = json.dumps(item, sort_keys=True)
        text = _TIME.sub("", ID.sub(lambda found: found[0] if found[0] in same.known else "", text))
        return _ADDRESS.sub("", _MAC.sub("", text)) if same.written else text

    if all(isinstance(item, dict) for item in recorded):
        named = [item for item in recorded if str(item.get("id")) in same.known]
        if len(named) == len(recorded):
            places = {str(item["id"]): number for number, item in enumerate(recorded)}
            return recorded, sorted(ours, key=lambda item: places.get(str(item.get("id")), len(places)))
        return (sorted(recorded, key=by), sorted(ours, key=by)) if same.written else (recorded, ours)
    return recorded, ours
