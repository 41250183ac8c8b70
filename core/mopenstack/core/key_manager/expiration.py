"""When secrets expire, as clients write it. Source: barbican.common.validators.NewSecretValidator."""

from __future__ import annotations

from datetime import UTC, datetime

from mopenstack.core.engine.call import Call
from mopenstack.core.key_manager.schema import invalid


def parse_time(text: str) -> datetime:
    """A time in ISO 8601, in UTC where it names no zone; raises ValueError."""
    found = datetime.fromisoformat(text.strip())
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def expiration(call: Call, text: str, schema: str) -> datetime | None:
    """When a secret is to expire; None: never. Raises the refusal of what is no time, or past."""
    if not text.strip():
        return None
    try:
        found = parse_time(text)
    except ValueError:
        raise invalid(schema, "Invalid date for 'expiration'", "expiration") from None
    if found <= call.now:
        raise invalid(schema, "'expiration' is before current time", "expiration")
    return found
