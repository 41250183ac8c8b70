"""How far the init hooks of this process are."""

from __future__ import annotations

from mopenstack.admin.v1 import init_pb2 as pb
from mopenstack.core.admin.admin import AdminServicer
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.hooks import ENDED, Hook
from mopenstack.core.engine.servicer import Result


class Init(AdminServicer):
    service = pb.DESCRIPTOR.services_by_name["Init"]

    async def get_init(self, call: Call, request: pb.GetInitRequest) -> Result:
        hooks: list[Hook] = call.administration.hooks
        completed = all(one.state in ENDED for one in hooks if one.stage != "stop")
        return pb.InitReport(hooks=map(_shown, hooks), completed=completed)


def _shown(hook: Hook) -> pb.Hook:
    shown = pb.Hook(
        stage=hook.stage, name=hook.name, state=hook.state, seconds=round(hook.seconds, 3), error=hook.error
    )
    if hook.started is not None:
        shown.started_at.FromMicroseconds(round(hook.started * 1_000_000))
    if hook.exit_status is not None:
        shown.exit_status = hook.exit_status
    return shown
