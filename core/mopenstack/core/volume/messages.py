"""User messages: what went wrong after a request had been accepted.

Source: cinder/api/v3/messages.py, cinder/message/api.py, message_field.py.
"""

from __future__ import annotations

from enum import Enum

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.volume.base import CinderResource
from mopenstack.volume.v3 import messages_pb2 as pb2
from mopenstack.volume.v3.messages_pb2 import Message
from mopenstack.volume.v3.refusals import MessageNotFound

LIFETIME = 30 * 24 * 3600
"""cinder.conf's message_ttl."""
PAGES_SINCE = 5


class Action(Enum):
    """What was being done: cinder's number and words."""

    SCHEDULE = ("001", "schedule allocate volume")
    EXTEND = ("007", "extend volume")
    MANAGE = ("008", "create volume from backend storage")


class Detail(Enum):
    """What was wrong with it."""

    UNKNOWN = ("001", "An unknown error occurred.")
    NO_BACKEND = ("003", "Could not find any available weighted backend.")
    EXTEND_FAILED = ("009", "Compute service failed to extend volume.")
    DRIVER_FAILED_CREATE = ("012", "Driver failed to create the volume.")


class Messages(CinderResource[Message]):
    service = pb2.DESCRIPTOR.services_by_name["Messages"]
    message = Message
    not_found = MessageNotFound
    resource = "message"
    simple = ("resource_uuid", "resource_type", "event_id", "request_id", "message_level")

    async def list(self, call: Call, request: pb2.ListMessagesRequest) -> Result:
        if not call.at_least(PAGES_SINCE):
            request.query.CopyFrom(common.Query())
        return await super().list(call, request)

    def visible(self, call: Call, obj: Message) -> bool:
        expired = obj.HasField("guaranteed_until") and obj.guaranteed_until.seconds <= call.time
        return not expired and super().visible(call, obj)

    async def tell(
        self, call: Call, project_id: str, uuid: str, action: Action, detail: Detail, request_id: str
    ) -> None:
        """Leave a message about a volume for its project; `request_id` is the request's that went wrong."""
        message = Message(
            event_id=f"VOLUME_VOLUME_{action.value[0]}_{detail.value[0]}",
            user_message=f"{action.value[1]}:{detail.value[1]}",
            message_level="ERROR",
            request_id=request_id or call.context.request_id,
            resource_type="VOLUME",
            resource_uuid=uuid,
            project_id=project_id,
        )
        call.stamp(message.guaranteed_until, call.time + LIFETIME)
        await self.insert(call, message)
