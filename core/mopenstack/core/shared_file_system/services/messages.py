"""User messages: what went wrong after a request had been accepted.

Source: manila/api/v2/messages.py, manila/message/api.py, message_field.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.shared_file_system.base import ManilaResource, asked, drop
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.services import messages_pb2 as pb2
from mopenstack.shared_file_system.v2.services.messages_pb2 import Message

LIFETIME = 30 * 24 * 3600
"""manila.conf's message_ttl."""
TIMES_SINCE = 52
TIMES = ("created_since", "created_before")

ACTIONS = {"allocate": ("001", "allocate host"), "create": ("002", "create")}
_NO_HOST = (
    "No storage could be allocated for this share request. "
    "Trying again with a different size or share type may succeed."
)
DETAILS = {
    "driver": ("001", "An unknown error occurred."),
    "no_host": ("002", _NO_HOST),
    "capabilities": (
        "008",
        "No storage could be allocated for this share request, Capabilities filter didn't succeed.",
    ),
}


class Messages(ManilaResource[Message]):
    service = pb2.DESCRIPTOR.services_by_name["Messages"]
    message = Message
    not_found = refusals.MessageNotFound
    sort_refusal = "Invalid sort key {key}"

    async def list(self, call: Call, request: Any) -> Result:
        if not call.at_least(TIMES_SINCE):
            drop(request.query, TIMES)
        for key in TIMES:
            value = asked(request.query, key)
            if value is not None and moment(value) is None:
                raise refusals.Refused(
                    f"Invalid input for field/attribute 0. Value: {value}. '{value}' is not a 'date-time'"
                )
        return await super().list(call, request)

    async def candidates(self, call: Call, query: common.Query) -> Iterable[Message]:
        """Administrators see those of all projects."""
        return await (call.tx.scan(Message) if call.caller.is_admin else super().candidates(call, query))

    async def matches(self, call: Call, obj: Message, key: str, values: Any) -> bool:
        if key not in TIMES:
            return await super().matches(call, obj, key, values)
        at, made = moment(values[0]) or 0.0, obj.created_at.seconds + obj.created_at.nanos / 1e9
        return made >= at if key == "created_since" else made <= at

    def visible(self, call: Call, obj: Message) -> bool:
        expired = obj.HasField("expires_at") and obj.expires_at.seconds <= call.time
        return not expired and super().visible(call, obj)

    async def tell(self, call: Call, resource_type: str, obj: Any, action: str, detail: str) -> None:
        """Leave a message about an object for its project: the words of ACTIONS and DETAILS."""
        (action_id, doing), (detail_id, why) = ACTIONS[action], DETAILS[detail]
        message = Message(
            action_id=action_id, detail_id=detail_id, user_message=f"{doing}: {why}", message_level="ERROR"
        )
        message.request_id = call.context.request_id
        message.resource_type, message.resource_id, message.project_id = resource_type, obj.id, obj.project_id
        call.stamp(message.expires_at, call.time + LIFETIME)
        await self.insert(call, message)


def moment(value: str) -> float | None:
    """A time in ISO 8601 as seconds since 1970; None: it is none."""
    try:
        found = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return None
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()
