"""The table of a resource's lifecycle as a diagram, with the place where the resource is in it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from google.protobuf.message import Message

from mopenstack.admin.v1 import resources_pb2 as pb
from mopenstack.contract.operations import enum_words
from mopenstack.core.engine.actions import LEFT, Action
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.lifecycle import Lifecycle

_STATES = ("status", "provisioning_status", "state")
"""What the field of a state is called that a service shows, where the table's own is none of these."""


def state_of(obj: Message, lifecycle: Lifecycle[Any] | None) -> str:
    """The word of the state that an object shows; "" where it has none."""
    fields = obj.DESCRIPTOR.fields_by_name
    name = lifecycle.state if lifecycle is not None else ""
    if name not in _STATES:
        name = next((one for one in _STATES if one in fields), name)
    if not name or fields[name].is_repeated or fields[name].message_type is not None:
        return ""
    value = getattr(obj, name)
    return enum_words(fields[name]).get(value, "") if fields[name].enum_type is not None else str(value or "")


def task_of(obj: Message, lifecycle: Lifecycle[Any] | None) -> str:
    """The word of what is under way, as the object shows it."""
    return str(getattr(obj, lifecycle.task)) if lifecycle is not None and lifecycle.task else ""


def states_of(lifecycle: Lifecycle[Any]) -> list[str]:
    """The states that a table knows: of an enum all of its words, else those that its rows name."""
    field = lifecycle.message.DESCRIPTOR.fields_by_name[lifecycle.state]
    if field.enum_type is not None:
        return list(dict.fromkeys(enum_words(field).values()))
    return sorted({word for action in lifecycle.actions.values() for word in _named(lifecycle, action)})


async def diagram(call: Call, lifecycle: Lifecycle[Any], obj: Any) -> pb.StateDiagram:
    """The diagram of one object; what only a condition beside its state forbids counts as possible."""
    found = pb.StateDiagram(
        states=states_of(lifecycle),
        state=_word(lifecycle, getattr(obj, lifecycle.state)),
        task=task_of(obj, lifecycle),
    )
    for action in lifecycle.actions.values():
        if not action.begins:
            continue
        error = lifecycle.error if action.error is None else action.error
        found.actions.add(
            name=action.name,
            from_states=[_word(lifecycle, value) for value in sorted(action.allowed)],
            to=_word(lifecycle, action.to),
            steps=filter(None, lifecycle.states(action)) if action.seconds else (),
            seconds=action.seconds,
            possible=_possible(lifecycle, action, obj),
            error=_word(lifecycle, error),
        )
    at = await lifecycle.under_way(call, obj)
    if at is not None:
        found.under_way.action, found.under_way.step = at.row, at.step
        if at.due != math.inf:
            found.under_way.due.FromMicroseconds(round(at.due * 1_000_000))
    return found


def _possible(lifecycle: Lifecycle[Any], action: Action, obj: Any) -> bool:
    return getattr(obj, lifecycle.state) in action.allowed and all(
        getattr(obj, name) in values for name, values in action.where.items()
    )


def _named(lifecycle: Lifecycle[Any], action: Action) -> Iterator[str]:
    values = [*action.allowed, action.to, action.interim, action.error, lifecycle.error]
    values += [step.interim for step in action.steps]
    return filter(None, (_word(lifecycle, value) for value in values))


def _word(lifecycle: Lifecycle[Any], value: Any) -> str:
    if value is None or value is LEFT:
        return ""
    field = lifecycle.message.DESCRIPTOR.fields_by_name[lifecycle.state]
    return enum_words(field).get(value, "") if field.enum_type is not None else str(value)
