"""The limits of the cluster (swift.common.constraints), and the refusals of what goes past them."""

from __future__ import annotations

from collections.abc import Mapping

from mopenstack.contract import octets
from mopenstack.core.object_store.requests import Request, refusal

MAX_FILE_SIZE = 5368709122
MAX_META_NAME_LENGTH = 128
MAX_META_VALUE_LENGTH = 256
MAX_META_COUNT = 90
MAX_META_OVERALL_SIZE = 4096
MAX_HEADER_SIZE = 8192
MAX_OBJECT_NAME_LENGTH = 1024
MAX_ACCOUNT_NAME_LENGTH = 256
MAX_CONTAINER_NAME_LENGTH = 256
LISTING_LIMIT = 10000
POLICIES = ("Policy-0", "silver")
"""Storage policies by name, the default first."""
ALIASES: Mapping[str, tuple[str, ...]] = {"silver": ("ec-2-1",)}
"""Further names of a policy: the second one calls itself erasure-coded."""
PLAIN = "text/plain"


def policy_of(text: str) -> str:
    """The policy of a name, in any case, or of another name of it; empty for none."""
    for name in POLICIES:
        if text.lower() in (name.lower(), *ALIASES.get(name, ())):
            return name
    return ""


def check_metadata(req: Request, kind: str) -> None:
    """Refuse metadata of one request past the limits (check_metadata)."""
    prefix = f"x-{kind}-meta-"
    count = size = 0
    for header, value in req.headers.items():
        if octets.size(value) > MAX_HEADER_SIZE:
            raise refusal(400, f"Header value too long: {header[:MAX_META_NAME_LENGTH].title()}", content_type=PLAIN)
        if not header.startswith(prefix):
            continue
        name = header[len(prefix) :]
        if not name:
            raise refusal(400, "Metadata name cannot be empty", content_type=PLAIN)
        if kind != "object" and not (octets.is_utf8(name) and octets.is_utf8(value)):
            raise refusal(400, "Metadata must be valid UTF-8", content_type=PLAIN)
        count += 1
        size += octets.size(name) + octets.size(value)
        if octets.size(name) > MAX_META_NAME_LENGTH:
            raise refusal(400, f"Metadata name too long: {prefix}{name.title()}", content_type=PLAIN)
        if octets.size(value) > MAX_META_VALUE_LENGTH:
            text = f"Metadata value longer than {MAX_META_VALUE_LENGTH}: {prefix}{name.title()}"
            raise refusal(400, text, content_type=PLAIN)
        if count > MAX_META_COUNT:
            raise refusal(400, f"Too many metadata items; max {MAX_META_COUNT}", content_type=PLAIN)
        if size > MAX_META_OVERALL_SIZE:
            raise refusal(400, f"Total metadata too large; max {MAX_META_OVERALL_SIZE}", content_type=PLAIN)


def check_total(metadata: dict[str, str]) -> None:
    """Refuse metadata that are too many together with those that are there already (validate_metadata)."""
    values = {name: value for name, value in metadata.items() if value}
    if len(values) > MAX_META_COUNT:
        raise refusal(400, f"Too many metadata items; max {MAX_META_COUNT}")
    if sum(octets.size(name) + octets.size(value) for name, value in values.items()) > MAX_META_OVERALL_SIZE:
        raise refusal(400, f"Total metadata too large; max {MAX_META_OVERALL_SIZE}")


def check_account_name(name: str) -> None:
    if octets.size(name) > MAX_ACCOUNT_NAME_LENGTH:
        raise refusal(400, f"Account name length of {octets.size(name)} longer than {MAX_ACCOUNT_NAME_LENGTH}")


def check_container_name(name: str) -> None:
    if octets.size(name) > MAX_CONTAINER_NAME_LENGTH:
        raise refusal(400, f"Container name length of {octets.size(name)} longer than {MAX_CONTAINER_NAME_LENGTH}")


def check_object_name(name: str) -> None:
    if octets.size(name) > MAX_OBJECT_NAME_LENGTH:
        text = f"Object name length of {octets.size(name)} longer than {MAX_OBJECT_NAME_LENGTH}"
        raise refusal(400, text, content_type=PLAIN)
