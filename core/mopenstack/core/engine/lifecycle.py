"""State as a table: which action is allowed where, what it leads to, how long it takes.

A transition is stored with its due time and applied by the next call (the engine applies all that is due in the
cloud before each one), so it survives restarts, needs no background task and is right with many cores. Resources
change their state only through this table. Where an action takes a while, it passes through its steps; a rule of the
cloud may decide how long that is, and how it ends (engine.behaviours).

An operation that is declared with `transition: "stop"` needs no handler: the engine checks the row, edits the target,
lets the service prepare it (`prepares`) and the table record it, and begins it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from google.protobuf.message import Message

from mopenstack.contract.faults import Fault
from mopenstack.contract.operations import enum_words
from mopenstack.core.engine.actions import Action
from mopenstack.core.engine.behaviours import course_of
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.courses import AS_THE_CLOUD, Course, UnderWay
from mopenstack.core.engine.progress import Completed, Entered, Fail, Finish, Progress
from mopenstack.core.store.kinds import resource_options, stored

M = TypeVar("M", bound=Message)
Recorder = Callable[[Call, Any, Any, bool], Awaitable[None]]
"""(call, private copy, its row, whether it will be under way for a while)"""
Prepare = Callable[[Call, Any, Any], Awaitable[str | Message | None]]
"""(call, private copy, request) -> the row that begins, or the answer; None: the row asked for, and the usual answer"""
P = TypeVar("P", bound=Prepare)

Guard = Callable[[Call, Any, Any], Fault | None]
"""(call, object, its row): the refusal of an action, or None. Rows of a subclass of Action carry what guards ask."""


def in_state(call: Call, obj: Any, action: Action) -> Fault | None:
    """The guard that stands for the table's own check of states; where `guards` has it says when it is asked."""
    raise NotImplementedError  # the table asks itself


class Lifecycle(Progress[M]):
    """The table of one resource.

    state, task   field names of the message (task may be empty: the resource has none)
    refuse        (action, object) -> the service's refusal for an action that the state does not allow
    error         the state of a resource whose action failed; None: it has none
    repeats       whether its completions may look again at once, because they wait for other transitions
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
        error: Any = None,
        guards: Iterable[Guard] = (in_state,),
        repeats: bool = False,
    ) -> None:
        super().__init__()
        self.message = message
        self.kind = resource_options(message).kind
        self.actions = {action.name: action for action in actions}
        self._refuse = refuse
        self.state, self.task, self.error, self.repeats = state, task, error, repeats
        self._guards = tuple(self._in_state if guard is in_state else guard for guard in guards)
        self._recorder: Recorder | None = None
        self._prepare: dict[str, tuple[Prepare, bool]] = {}

    # -- what a service declares

    def on(self, *names: str) -> Callable[[Finish], Finish]:
        """Register what an action does when it completes: a coroutine of (call, private copy).

        It runs before the new state is set and may change the copy; it may delete the object instead.
        """

        def register(finish: Finish) -> Finish:
            self._finish.update(dict.fromkeys(self._known(names), finish))
            return finish

        return register

    def fails(self, *names: str) -> Callable[[Fail], Fail]:
        """Register what the failure of an action undoes and notes: a coroutine of (call, private copy, why).

        Without names it is that of all actions that have none of their own. It runs before the state is set.
        """

        def register(fail: Fail) -> Fail:
            self._fail.update(dict.fromkeys(self._known(names) or ("",), fail))
            return fail

        return register

    def _known(self, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in self.actions:
                raise ValueError(f"{self.message.DESCRIPTOR.name}: the table has no action {name!r}")
        return names

    def prepares(self, *names: str, unchecked: bool = False) -> Callable[[P], P]:
        """Register what a declared transition does before it begins: a coroutine of (call, private copy, request).

        It may refuse, and change the copy. It returns None, or the name of another row that begins instead because of
        the request, or "" if nothing begins, or the operation's answer, where that is not the object. The row is
        checked before it, with `unchecked` after it; a row that it names is not checked again.
        """

        def register(prepare: P) -> P:
            self._prepare.update(dict.fromkeys(self._known(names), (prepare, unchecked)))
            return prepare

        return register

    def records(self, recorder: Recorder) -> Recorder:
        """Register the coroutine that notes a declared transition (Nova's instance actions)."""
        self._recorder = recorder
        return recorder

    def on_step(self, entered: Entered) -> Entered:
        """Register the coroutine that does what entering a step means beside the change of state."""
        self._entered = entered
        return entered

    def on_completion(self, completed: Completed) -> Completed:
        """Register the coroutine that notes that what was under way is done, or has failed."""
        self._completed = completed
        return completed

    def completes(self, name: str) -> bool:
        """Whether a completion is registered for the action."""
        return name in self._finish

    def transitions(self) -> list[Action]:
        """The actions that take a while in a real cloud."""
        return [action for action in self.actions.values() if action.begins and action.seconds]

    def can_fail(self, action: Action) -> bool:
        """Whether an action can end in error."""
        return (self.error if action.error is None else action.error) is not None

    def states(self, action: Action) -> list[str]:
        """The words of the states that an action passes through; "" for one that shows as before."""
        first = action.interim
        if first is None and len(action.allowed) == 1:
            (first,) = action.allowed  # it begins where the object is
        return [self._word(action.task, first), *(self._word(step.task, step.interim) for step in action.steps)]

    def _word(self, task: str, state: Any) -> str:
        if (self.task and task) or state is None:
            return task
        field = self.message.DESCRIPTOR.fields_by_name[self.state]
        return str(state) if field.enum_type is None else enum_words(field).get(state, "")

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

    async def begin(self, call: Call, obj: M, name: str, *, seconds: float | None = None) -> bool:
        """Check, mark the private copy as under way, put it, and note when the action completes.

        Whether that takes a while.
        """
        action = self.check(call, obj, name)
        return await self._start(call, obj, action, await self.course(call, obj, action), seconds)

    async def enter(self, call: Call, obj: M, name: str, *, seconds: float | None = None) -> bool:
        """Note when an action completes whose state a new object has already; whether that takes a while."""
        action = self.actions[name]
        course = await self.course(call, obj, action)
        return await self._schedule(call, obj, UnderWay(name, course=course), seconds)

    async def course(self, call: Call, obj: M, action: Action) -> Course:
        """What the cloud's rules decide of an action that begins."""
        if call.fate is not None and action.begins and action.seconds and call.fate.is_about(self.message):
            return call.fate.course
        if call.cloud.behaviours and action.begins and action.seconds:
            names = (action.name, action.label)
            return await course_of(call, self.kind, obj, names, can_fail=self.can_fail(action))
        return AS_THE_CLOUD

    async def _start(self, call: Call, obj: M, action: Action, course: Course, seconds: float | None = None) -> bool:
        if not action.begins:
            await call.tx.put(obj)
            return False
        if action.cancels:
            await call.tx.unschedule(self.kind, stored(obj).id)
        if not (action.seconds if seconds is None else seconds):
            await self._end(call, obj, action)
            return False
        self._mark(obj, action.task, action.interim, action.during)
        self._touch(call, obj)
        await call.tx.put(obj)
        return await self._schedule(call, obj, UnderWay(action.name, course=course), seconds)

    async def _schedule(self, call: Call, obj: M, at: UnderWay, seconds: float | None) -> bool:
        """Note when the action that begins leaves its first state; whether it takes a while."""
        if at.course is AS_THE_CLOUD and call.cloud.profile == "instant":
            await call.tx.schedule(obj, at.row, call.started)
            return False
        profile = at.course.profile_in(call.cloud)
        at = replace(at, slow=profile != "instant" and at.course.seconds != 0)
        lasts = self.actions[at.row].lasts(0) if seconds is None else seconds
        due = self._due(call.cloud, at, call.started, lasts)
        await call.tx.schedule(obj, replace(at, due=due).text(), due)
        return at.is_open

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
        slow = await self._start(call, obj, action, await self.course(call, obj, action))
        if self._recorder is not None:
            await self._recorder(call, obj, action, slow)
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

    async def force(self, call: Call, obj: M, state: Any) -> None:
        """Put a private copy into a state, whatever the table says; a transition under way is forgotten."""
        setattr(obj, self.state, state)
        if self.task:
            obj.ClearField(self.task)
        self._touch(call, obj)
        await call.tx.unschedule(self.kind, obj.id)  # type: ignore[attr-defined]
        await call.tx.put(obj)
