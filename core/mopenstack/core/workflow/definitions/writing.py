"""How a definition becomes objects: read outside of any transaction, kept in one of its own."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from mopenstack.contract.calls import Result
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Later
from mopenstack.core.store import Taken
from mopenstack.core.workflow.sandbox import SANDBOX

Keep = Callable[[Call, Any], Awaitable[Result]]


class Reading:
    """A text that is to be read: by a command of the language, with its values."""

    def __init__(self, do: str, **values: Any) -> None:
        self._do, self._values = do, values

    @property
    def key(self) -> str:
        """What is read, and how."""
        return json.dumps([self._do, self._values])

    async def ask(self, project: str) -> Any:
        """Read it for a project; raises what refuses it."""
        return await SANDBOX.ask(project, self._do, **self._values)


def written(call: Call, reading: Reading, keep: Keep) -> Later:
    """The answer that is made of what was read: `keep` runs in a transaction of its own, in the caller's name."""
    background, cloud, context = call.background, call.cloud, call.context
    operation, caller = call.operation, call.caller

    async def make() -> Result:
        found = await reading.ask(caller.project_id)

        async def run(call: Call) -> Result:
            return await keep(call.nested(operation, context, caller), found)

        result: Result = await background.transact(cloud, context, run)
        return result

    async def within() -> Result:
        return await keep(call, call.outside(reading.key, lambda: reading.ask(caller.project_id)))

    return Later(make, within)


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
