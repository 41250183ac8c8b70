"""State as a table: which action is allowed where, what it leads to, how long it takes.

A transition is stored with its due time and applied by the next call (the engine applies all that is due in the
cloud before each one), so it survives restarts, needs no background task and is right with many cores. Resources
change their state only through this table.

An operation that is declared with `transition: "stop"` needs no handler: the engine checks the row, edits the target,
lets the service prepare it (`prepares`) and the table record it, and begins it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.call import Call
from mopenstack.core.store.kinds import resource_options, stored

M = TypeVar("M", bound=Message)
Finish = Callable[[Call, Any], Awaitable[None]]
Recorder = Callable[[Call, Any, Any], Awaitable[None]]
"""(call, private copy, its row)"""
Completed = Callable[[Call, str], Awaitable[None]]
Prepare = Callable[[Call, Any, Any], Awaitable[str | Message | None]]
"""(call, private copy, request) -> the row that begins, or the answer; None: the row asked for, and the usual answer"""
P = TypeVar("P", bound=Prepare)


@dataclass(frozen=True, slots=True)
class Action:
    """One row. States are values of the table's state field.

    allowed   the states in which the action may begin
    to        the state at the end; None: what the completion leaves
    task      value of the task field while under way
    interim   the state while under way; None: unchanged
    seconds   what it takes in a real cloud; 0: it is complete at once, in the same call
    begins    false: only where it is allowed is said here; the state stays what it is
    label     the name that a refusal uses; empty: the name
    where     further status fields with the values that allow the action
    during    further fields with their values while under way
    sets      further fields with their values at the end
    cancels   whether a transition under way is forgotten
    """

    name: str
    allowed: frozenset[Any]
    to: Any = None
    task: str = ""
    interim: Any = None
    seconds: float = 1.0
    begins: bool = True
    label: str = ""
    where: Mapping[str, frozenset[Any]] = field(default_factory=dict)
    during: Mapping[str, Any] = field(default_factory=dict)
    sets: Mapping[str, Any] = field(default_factory=dict)
    cancels: bool = False


Guard = Callable[[Call, Any, Any], Fault | None]
"""(call, object, its row): the refusal of an action, or None. Rows of a subclass of Action carry what guards ask."""


def in_state(call: Call, obj: Any, action: Action) -> Fault | None:
    """The guard that stands for the table's own check of states; where `guards` has it says when it is asked."""
    raise NotImplementedError  # the table asks itself


class Lifecycle(Generic[M]):
    """The table of one resource.

    state, task   field names of the message (task may be empty: the resource has none)
    refuse        (action, object) -> the service's refusal for an action that the state does not allow
    guards        further conditions, in the order in which the service asks them: a lock, an attachment, a group,
                  a migration under way; `in_state` among them says where the check of states stands
    """

    def __init__(
        self,
        message: type[M],
        actions: Iterable[Action],
        refuse: Callable[[Any, M], Fault],
        *,
        state: str = "status",
        task: str = "",
        guards: Iterable[Guard] = (in_state,),
    ) -> None:
        self.message = message
        self.kind = resource_options(message).kind
        self.actions = {action.name: action for action in actions}
        self._refuse = refuse
        self.state, self.task = state, task
        self._guards = tuple(self._in_state if guard is in_state else guard for guard in guards)
        self._finish: dict[str, Finish] = {}
        self._recorder: Recorder | None = None
        self._completed: Completed | None = None
        self._prepare: dict[str, tuple[Prepare, bool]] = {}

    # -- what a service declares

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

    def prepares(self, *names: str, unchecked: bool = False) -> Callable[[P], P]:
        """Register what a declared transition does before it begins: a coroutine of (call, private copy, request).

        It may refuse, and change the copy. It returns None, or the name of another row that begins instead because of
        the request, or "" if nothing begins, or the operation's answer, where that is not the object. The row is
        checked before it, with `unchecked` after it; a row that it names is not checked again.
        """

        def register(prepare: P) -> P:
            for name in names:
                if name not in self.actions:
                    raise ValueError(f"{self.message.DESCRIPTOR.name}: the table has no action {name!r}")
                self._prepare[name] = (prepare, unchecked)
            return prepare

        return register

    def records(self, recorder: Recorder) -> Recorder:
        """Register the coroutine that notes a declared transition (Nova's instance actions)."""
        self._recorder = recorder
        return recorder

    def on_completion(self, completed: Completed) -> Completed:
        """Register the coroutine that notes that what was under way is done: (call, id of the object)."""
        self._completed = completed
        return completed

    def takes_time(self, call: Call, name: str) -> bool:
        """Whether an action is under way for a while once it has begun, by the table and by the cloud's profile."""
        action = self.actions[name]
        return action.begins and bool(action.seconds) and call.cloud.due(action.seconds) > call.cloud.clock.time()

    def completes(self, name: str) -> bool:
        """Whether a completion is registered for the action."""
        return name in self._finish

    # -- what may be done

    def refusal(self, call: Call, obj: M, name: str) -> Fault | None:
        """The service's refusal of an action on an object, or None where it is allowed."""
        action = self.actions[name]
        for guard in self._guards:
            refused = guard(call, obj, action)
            if refused is not None:
                return refused
        return None

    def allows(self, call: Call, obj: M, name: str) -> bool:
        return self.refusal(call, obj, name) is None

    def check(self, call: Call, obj: M, name: str) -> Action:
        """The action's row; raises the service's refusal."""
        refused = self.refusal(call, obj, name)
        if refused is not None:
            raise refused
        return self.actions[name]

    def _in_state(self, call: Call, obj: M, action: Action) -> Fault | None:
        if getattr(obj, self.state) in action.allowed and all(
            getattr(obj, name) in values for name, values in action.where.items()
        ):
            return None
        return self._refuse(action, obj)

    # -- what is done

    async def begin(self, call: Call, obj: M, name: str, *, seconds: float | None = None) -> None:
        """Check, mark the private copy as under way, put it, and note when the action completes."""
        await self._start(call, obj, self.check(call, obj, name), seconds)

    async def _start(self, call: Call, obj: M, action: Action, seconds: float | None = None) -> None:
        if not action.begins:
            await call.tx.put(obj)
            return
        if action.cancels:
            await call.tx.unschedule(self.kind, stored(obj).id)
        seconds = action.seconds if seconds is None else seconds
        if not seconds:
            await self._end(call, obj, action)
            return
        if action.interim is not None:
            setattr(obj, self.state, action.interim)
        if self.task:
            setattr(obj, self.task, action.task)
        for field_name, value in action.during.items():
            setattr(obj, field_name, value)
        self._touch(call, obj)
        await call.tx.put(obj)
        await call.tx.schedule(obj, action.name, call.cloud.due(seconds))

    async def transition(self, call: Call, obj: M, name: str, request: Any = None) -> Message | None:
        """A declared transition of a private copy: check, prepare, record, begin; the answer, if it has its own.

        At its end already, nothing changes.
        """
        prepare, unchecked = self._prepare.get(name, (None, False))
        if not unchecked:
            self.check(call, obj, name)
        chosen = await prepare(call, obj, request) if prepare is not None else None
        if chosen == "":
            return None
        row, answer = (chosen, None) if isinstance(chosen, str) else (name, chosen)
        if unchecked and chosen is None:
            self.check(call, obj, name)
        action = self.actions[row]
        if prepare is None and self._is_done(obj, action):
            return None
        if self._recorder is not None:
            await self._recorder(call, obj, action)
        await self._start(call, obj, action)
        return answer

    def _is_done(self, obj: M, action: Action) -> bool:
        """Whether an action that takes no time leaves the object as it is."""
        return (
            action.begins
            and not action.cancels
            and not action.seconds
            and action.name not in self._finish
            and action.to is not None
            and getattr(obj, self.state) == action.to
            and all(getattr(obj, name) == value for name, value in action.sets.items())
        )

    async def complete(self, call: Call, id: str, name: str) -> None:
        """Apply a transition that is due. The engine calls it; so does an admin who forces it."""
        kept = await call.tx.get(self.message, id)
        await call.tx.unschedule(self.kind, id)
        if kept is not None:
            await self._end(call, await call.tx.edit(self.message, id), self.actions[name])
            if self._completed is not None:
                await self._completed(call, id)

    async def _end(self, call: Call, obj: M, action: Action) -> None:
        finish = self._finish.get(action.name)
        if finish is not None:
            await finish(call, obj)
            if await call.tx.get(self.message, obj.id) is None:  # type: ignore[attr-defined]
                return
            if await call.tx.scheduled(obj) is not None:
                return  # the completion began another action
        if action.to is not None:
            setattr(obj, self.state, action.to)
        if self.task:
            obj.ClearField(self.task)
        for field_name, value in action.sets.items():
            setattr(obj, field_name, value)
        self._touch(call, obj)
        await call.tx.put(obj)

    async def force(self, call: Call, obj: M, state: Any) -> None:
        """Put a private copy into a state, whatever the table says; a transition under way is forgotten."""
        setattr(obj, self.state, state)
        if self.task:
            obj.ClearField(self.task)
        self._touch(call, obj)
        await call.tx.unschedule(self.kind, obj.id)  # type: ignore[attr-defined]
        await call.tx.put(obj)

    def _touch(self, call: Call, obj: M) -> None:
        if "updated_at" in obj.DESCRIPTOR.fields_by_name:
            call.stamp(obj.updated_at)  # type: ignore[attr-defined]
