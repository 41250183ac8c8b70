"""How a definition becomes objects: read outside of any transaction, kept in one of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from mopenstack.contract.calls import Result
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Later
from mopenstack.core.store import Taken
from mopenstack.core.workflow.sandbox import SANDBOX

Keep = Callable[[Call, Any], Awaitable[Result]]


def read(do: str, **values: Any) -> Callable[[str], Awaitable[Any]]:
    """What reads a text for a project, once it is asked to."""

    async def ask(project: str) -> Any:
        return await SANDBOX.ask(project, do, **values)

    return ask


def written(call: Call, ask: Callable[[str], Awaitable[Any]], keep: Keep) -> Later:
    """The answer that is made of what was read: `keep` runs in a transaction of its own, in the caller's name."""
    background, cloud, context = call.background, call.cloud, call.context
    operation, caller = call.operation, call.caller

    async def make() -> Result:
        found = await ask(caller.project_id)

        async def run(call: Call) -> Result:
            return await keep(call.nested(operation, context, caller), found)

        result: Result = await background.transact(cloud, context, run)
        return result

    return Later(make)


def _key(obj: Any) -> str:
    return f"{obj.project_id}/{getattr(obj, 'namespace', '')}/{obj.name}"


async def claim_name(call: Call, obj: Any, kind: str, taken: Any) -> None:
    """A name is there once in a namespace of a project; raises `taken`."""
    obj.id = obj.id or call.take_id() or call.ids.uuid()
    try:
        await call.tx.claim(kind, _key(obj), obj)
    except Taken:
        raise taken(name=obj.name, namespace=getattr(obj, "namespace", "")) from None


async def release_name(call: Call, obj: Any, kind: str) -> None:
    """The name that an object had may be another's."""
    await call.tx.release(kind, _key(obj))
