"""The user in whose name the service asks others (trove.conf, [service_credentials])."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import SYSTEM, Caller
from mopenstack.database.v1 import refusals
from mopenstack.database.v1.instances.instances_pb2 import Instance

USER, PROJECT = "trove", "service"


class Failed(Exception):
    """Something of an instance could not be made: the task in which that leaves it, and what it says of it."""

    def __init__(self, task: int, text: str) -> None:
        super().__init__(text)
        self.task, self.text = task, text


async def service_call(call: Call) -> Call:
    """The same call in the name of the service's own user; raises Failed where there is none."""
    found, shared = [], call.of_region("")
    for kind, name in (("user", USER), ("project", PROJECT)):
        owner = await shared.tx.claimed(f"{kind}_name/default", name) or ""
        found.append(owner.partition("/")[2])
    if not all(found):
        raise Failed(Instance.BUILDING_ERROR_SERVER, "The request you have made requires authentication. (HTTP 401)")
    caller = Caller(
        user_id=found[0],
        user_name=USER,
        user_domain_id="default",
        project_id=found[1],
        project_name=PROJECT,
        project_domain_id="default",
        roles=SYSTEM.roles,
    )
    return call.elevated(caller)


async def ask(call: Call, operation: str, request: Message) -> Any:
    """Answer an RPC of another service in the name of the service's own user; raises what it refuses."""
    try:
        own = await service_call(call)
    except Failed as failed:
        raise refusals.BadRequest(why=failed.text) from None
    return await own.invoke(operation, request)
