"""What is under way: from state to state, to the end or to a failure.

The engine leads on what is due before each call; reads count where a rule says so, and an admin leads on by hand.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message

from mopenstack.core.engine.actions import LEFT, Action
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.engine.courses import AS_THE_CLOUD, UnderWay
from mopenstack.core.store.kinds import stored

M = TypeVar("M", bound=Message)
Finish = Callable[[Call, Any], Awaitable[None]]
Fail = Callable[[Call, Any, str], Awaitable[None]]
"""(call, private copy, why)"""
Entered = Callable[[Call, Any, Any, Any], Awaitable[None]]
"""(call, private copy, its row, the step)"""
Completed = Callable[[Call, str, Any, str], Awaitable[None]]
"""(call, id, the row, why it failed or "")"""


class Progress(Generic[M]):
    """The part of a lifecycle that leads its transitions on; `Lifecycle` has the table and begins them."""

    message: type[M]
    kind: str
    actions: dict[str, Action]
    state: str
    task: str
    error: Any
    repeats: bool = False
    """Whether completions may look again at once (`again`): what they wait for is led on in between."""

    def __init__(self) -> None:
        self._finish: dict[str, Finish] = {}
        self._fail: dict[str, Fail] = {}
        self._entered: Entered | None = None
        self._completed: Completed | None = None

    async def under_way(self, call: Call, obj: M) -> UnderWay | None:
        """The transition of an object that is under way."""
        found = await call.tx.scheduled(obj)
        return UnderWay.of(found[0]) if found is not None else None

    async def advance(self, call: Call, id: str, text: str) -> bool:
        """Lead a stored transition that is due into its next state; whether another one may be due as well.

        The engine calls it. What happens has the time at which it was due.
        """
        at = UnderWay.of(text)
        await self.step(call.at(at.due) if at.due < call.started else call, id, at)
        return at.slow or self.repeats

    async def again(self, call: Call, obj: M, row: str, seconds: float) -> None:
        """From the completion of an action that is not done yet: look again in so many seconds of the cloud's time.

        In a cloud whose transitions are led on by hand it is looked at again when it is completed again.
        """
        slow = call.cloud.profile != "instant"
        due = math.inf if call.cloud.profile == "manual" else call.started + seconds
        await call.tx.schedule(obj, UnderWay(row, slow=slow, due=due).text(), due)

    async def step(self, call: Call, id: str, at: UnderWay) -> bool:
        """Lead a transition into its next state; whether it is over."""
        action = self.actions[at.row]
        if not at.slow or at.step >= len(action.steps) or await call.tx.get(self.message, id) is None:
            await self._complete(call, id, at)
            return True
        obj = await call.tx.edit(self.message, id)
        await self._enter(call, obj, at)
        due = self._due(call.cloud, at, call.started, action.lasts(at.step + 1))
        await call.tx.schedule(obj, replace(at, step=at.step + 1, due=due).text(), due)
        return False

    async def _enter(self, call: Call, obj: M, at: UnderWay) -> None:
        action = self.actions[at.row]
        step = action.steps[at.step]
        self._mark(obj, step.task, step.interim, step.during)
        if self._entered is not None:
            await self._entered(call, obj, action, step)
        self._touch(call, obj)
        await call.tx.put(obj)

    async def complete(self, call: Call, id: str, text: str) -> None:
        """Bring a stored transition to its end, through the states that are left."""
        await self._complete(call, id, UnderWay.of(text))

    async def _complete(self, call: Call, id: str, at: UnderWay) -> None:
        await call.tx.unschedule(self.kind, id)
        if await call.tx.get(self.message, id) is None:
            return
        action = self.actions[at.row]
        for number in range(at.step, len(action.steps) if at.slow else 0):
            await self._enter(call, await call.tx.edit(self.message, id), replace(at, step=number))
        obj = await call.tx.edit(self.message, id)
        if at.course.error:
            await self._end_in_error(call, obj, action, at.course.error)
        else:
            await self._end(call, obj, action)
        if at.is_open and self._completed is not None:
            await self._completed(call, id, action, at.course.error)

    async def note_read(self, call: Call, obj: M) -> None:
        """Count a read of an object whose transition is done after some; its states are spread over them."""
        at = await self.under_way(call, obj)
        if at is None or not at.course.reads:
            return
        action, id = self.actions[at.row], stored(obj).id
        at = replace(at, seen=at.seen + 1)
        while at.step < min(at.seen * (len(action.steps) + 1) // at.course.reads, len(action.steps)):
            await self._enter(call, await call.tx.edit(self.message, id), at)
            at = replace(at, step=at.step + 1)
        due = call.started if at.seen >= at.course.reads else math.inf
        await call.tx.schedule(obj, replace(at, due=due).text(), due)

    async def release(self, call: Call, id: str, at: UnderWay) -> None:
        """Let a transition go on as the cloud's profile says: the rule that decided of it is gone."""
        at, obj = replace(at, course=AS_THE_CLOUD), await call.tx.get(self.message, id)
        if call.cloud.profile == "instant":
            await self._complete(call, id, at)
        elif obj is not None:
            due = self._due(call.cloud, at, call.started, self.actions[at.row].lasts(at.step))
            await call.tx.schedule(obj, replace(at, due=due).text(), due)

    async def _end(self, call: Call, obj: M, action: Action) -> None:
        finish = self._finish.get(action.name)
        if finish is not None:
            await finish(call, obj)
            if await self._is_over(call, obj):
                return
        await self._settle(call, obj, action.to, action.sets)

    async def _end_in_error(self, call: Call, obj: M, action: Action, why: str) -> None:
        fail = self._fail.get(action.name) or self._fail.get("")
        if fail is not None:
            await fail(call, obj, why)
            if await self._is_over(call, obj):
                return
        state = self.error if action.error is None else action.error
        await self._settle(call, obj, None if state is LEFT else state, {})

    async def _is_over(self, call: Call, obj: M) -> bool:
        """Whether a completion deleted the object or began another action."""
        return await call.tx.get(self.message, stored(obj).id) is None or await call.tx.scheduled(obj) is not None

    async def _settle(self, call: Call, obj: M, state: Any, sets: Mapping[str, Any]) -> None:
        """Put an object with which nothing is under way any more."""
        if state is not None:
            setattr(obj, self.state, state)
        if self.task:
            obj.ClearField(self.task)
        for field_name, value in sets.items():
            setattr(obj, field_name, value)
        self._touch(call, obj)
        await call.tx.put(obj)

    def _mark(self, obj: M, task: str, interim: Any, during: Mapping[str, Any]) -> None:
        """What holds while an action is under way."""
        if interim is not None:
            setattr(obj, self.state, interim)
        if self.task:
            setattr(obj, self.task, task)
        for field_name, value in during.items():
            setattr(obj, field_name, value)

    def _due(self, cloud: Cloud, at: UnderWay, since: float, seconds: float) -> float:
        """When a state is over that takes `seconds` in a real cloud."""
        if not at.slow:
            return since
        if at.course.profile_in(cloud) == "manual":
            return math.inf
        if at.course.seconds is not None:
            seconds *= at.course.seconds / self.actions[at.row].seconds
        return since + seconds

    def _touch(self, call: Call, obj: M) -> None:
        if "updated_at" in obj.DESCRIPTOR.fields_by_name:
            call.stamp(obj.updated_at)  # type: ignore[attr-defined]
