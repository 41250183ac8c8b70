"""Resources of a project that are shared with all (`shared`) or, by RBAC policies, with some (`shared_with`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from google.protobuf.message import Message

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.network.base import NeutronResource, sees_all, union

M = TypeVar("M", bound=Message)


def shared_with_caller(call: Call, obj: Any) -> bool:
    """Whether an object that is not everybody's is shown as shared because it is so with the caller's project."""
    return not obj.shared and call.caller.project_id in obj.shared_with


class SharedResource(NeutronResource[M]):
    """Seen by its project and by those that it is shared with."""

    def visible(self, call: Call, obj: Any) -> bool:
        if sees_all(call.caller):
            return True
        project = call.caller.project_id
        if not project or "reader" not in call.caller.roles:
            return False
        return bool(obj.shared or project in (obj.project_id, *getattr(obj, "shared_with", ())))

    async def candidates(self, call: Call, query: common.Query) -> Iterable[M]:
        if sees_all(call.caller):
            return await super().candidates(call, query)
        self.check_sort(query)
        own = call.caller.project_id
        ways: list[dict[str, Any]] = [{"project_id": own}, {"shared": True}]
        if "shared_with" in self.fields:
            ways.append({"shared_with": own})
        message: type[Any] = self.message
        return await union(call, message, *ways)
