"""State as a table: which action is allowed where, what it leads to, how long it takes.

A transition is stored with its due time and applied by whoever comes next (the engine applies all that
is due in the cloud before each call), so it survives restarts, needs no background task and is right
with many cores. Resources change their state only through this table.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from google.protobuf.message import Message

from mopenstack.contract.faults import Fault
from mopenstack.core.store.kinds import resource_options

if TYPE_CHECKING:
    from mopenstack.core.engine.call import Call

M = TypeVar("M", bound=Message)
Finish = Callable[["Call", Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Action:
    """One row. States are the values of the table's state field.

    `interim` is the state while under way (None: unchanged), `task` the value of the task field while
    under way, `to` the state at the end (None: what the completion leaves), `seconds` what it takes in
    a real cloud. `label` is the name that a refusal uses.
    """

    name: str
    allowed: frozenset[Any]
    to: Any = None
    task: str = ""
    interim: Any = None
    seconds: float = 1.0
    label: str = ""


class Lifecycle(Generic[M]):
    """The table of one resource.

    `state` and `task` are field names of the message (task may be empty: the resource has none).
    `refuse(action, object)` makes the service's fault for an action that the state does not allow.
    """

    def __init__(
        self,
        message: type[M],
        actions: Iterable[Action],
        refuse: Callable[[Action, M], Fault],
        *,
        state: str = "status",
        task: str = "",
    ) -> None:
        self.message = message
        self.actions = {action.name: action for action in actions}
        self._refuse = refuse
        self.state, self.task = state, task
        self._finish: dict[str, Finish] = {}

    def on(self, *names: str) -> Callable[[Finish], Finish]:
        """Register what an action does when it completes: a coroutine of (call, private copy).

        It runs before the new state is set and may change the copy; it may delete the object instead.
        """

        def register(finish: Finish) -> Finish:
            for name in names:
                if name not in self.actions:
                    raise ValueError(f"{self.message.DESCRIPTOR.name}: the table has no action {name!r}")
                self._finish[name] = finish
            return finish

        return register

    def allows(self, obj: M, name: str) -> bool:
        return getattr(obj, self.state) in self.actions[name].allowed

    def check(self, obj: M, name: str) -> Action:
        """The action's row; raises the service's refusal where the object's state does not allow it."""
        action = self.actions[name]
        if getattr(obj, self.state) not in action.allowed:
            raise self._refuse(action, obj)
        return action

    async def begin(self, call: Call, obj: M, name: str, *, seconds: float | None = None) -> None:
        """Check, mark the private copy as under way, put it, and note when the action completes."""
        action = self.check(obj, name)
        if action.interim is not None:
            setattr(obj, self.state, action.interim)
        if self.task:
            setattr(obj, self.task, action.task)
        self._touch(call, obj)
        await call.tx.put(obj)
        await call.tx.schedule(obj, name, call.cloud.due(action.seconds if seconds is None else seconds))

    async def complete(self, call: Call, id: str, name: str) -> None:
        """Apply a transition that is due. The engine calls it; so does an admin who forces it."""
        kept = await call.tx.get(self.message, id)
        await call.tx.unschedule(resource_options(self.message).kind, id)
        if kept is None:
            return
        obj = await call.tx.edit(self.message, id)
        action = self.actions[name]
        finish = self._finish.get(name)
        if finish is not None:
            await finish(call, obj)
            if await call.tx.get(self.message, id) is None:
                return
            if await call.tx.scheduled(obj) is not None:
                return  # the completion began another action
        if action.to is not None:
            setattr(obj, self.state, action.to)
        if self.task:
            obj.ClearField(self.task)
        self._touch(call, obj)
        await call.tx.put(obj)

    async def force(self, call: Call, obj: M, state: Any) -> None:
        """Put a private copy into a state, whatever the table says; a transition under way is forgotten."""
        setattr(obj, self.state, state)
        if self.task:
            obj.ClearField(self.task)
        self._touch(call, obj)
        await call.tx.unschedule(resource_options(self.message).kind, obj.id)  # type: ignore[attr-defined]
        await call.tx.put(obj)

    def _touch(self, call: Call, obj: M) -> None:
        if "updated_at" in obj.DESCRIPTOR.fields_by_name:
            call.stamp(obj.updated_at)  # type: ignore[attr-defined]
