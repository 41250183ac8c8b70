"""Where operators choose what guests are told."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from mopenstack.core.engine.options import Option


def targets_of(text: str) -> dict[str, str]:
    """Name -> URL, of `NAME@URL,...`; raises ValueError."""
    found: dict[str, str] = {}
    for one in filter(None, (part.strip() for part in text.split(","))):
        name, at, url = one.partition("@")
        if not at or not name or urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise ValueError(one)
        if name in found:
            raise ValueError(f"{name} twice")
        found[name] = url
    return found


def _object_fault(value: str) -> str:
    try:
        return "" if isinstance(json.loads(value), dict) else "a JSON object"
    except ValueError:
        return "a JSON object"


def _targets_fault(value: str) -> str:
    try:
        targets_of(value)
    except ValueError:
        return "NAME@URL,..., each name once, each URL of http or https"
    return ""


SHARED_SECRET = Option(
    "metadata.shared_secret",
    "secret",
    "With what Neutron's proxy signs the ID of a server (nova.conf, [neutron] metadata_proxy_shared_secret).",
)
DHCP_DOMAIN = Option(
    "metadata.dhcp_domain",
    "novalocal",
    "The domain of guests' host names; empty: none (nova.conf, [api] dhcp_domain).",
)
VENDORDATA = Option(
    "metadata.vendordata",
    "{}",
    "A JSON object: what vendor_data.json holds (nova.conf, [api] vendordata_jsonfile_path).",
    check=_object_fault,
)
VENDORDATA_TARGETS = Option(
    "metadata.vendordata_dynamic_targets",
    "",
    "NAME@URL,...: what is asked for more of vendor_data2.json (nova.conf, [api] vendordata_dynamic_targets).",
    check=_targets_fault,
)
