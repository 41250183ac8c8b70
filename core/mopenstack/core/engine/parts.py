"""Sub-collections whose items are messages, declared with `collection`: parts that are stored inside of their resource.

A map<string, Message> by name, or a repeated message whose items have their name in a field. Verb and path say the
step, as for words and strings (engine.collections). What a service has to say about one is a `Parts`, a value of one
of its modules:

    OBJECTS = Parts("metadef_namespace", "objects", missing=no_such_object, taken=object_exists)

The item of a request is its one message of the items' type, else the request itself. Items have created_at and
updated_at kept where they declare them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.calls import Outcome, Result
from mopenstack.contract.descriptors import AnyField, AnyMessageType
from mopenstack.contract.operations import Operation, is_map, message_class
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import EMPTY, Handler, Step, item_variable, step_of
from mopenstack.core.engine.fields import copy_fields, writable_fields
from mopenstack.core.store.transaction import copy_of


@dataclass(frozen=True, slots=True)
class Parts:
    """The rules of one sub-collection of messages.

    kind, field  of the resource, and its map or repeated message
    missing      (call, resource, name) -> the refusal of an item that is not there
    taken        (call, resource, name, former name) -> the refusal of a name that another item has; the former name
                 is that of an item which is renamed, else empty
    key          field of an item that holds its name
    check        (call, private copy of the resource, item, request): checks and completes a new or changed item
    remove       (call, resource, name): refuses the removal of an item, or of all (an empty name)
    room         (call, resource, count): refuses more items than fit
    view         (call, item as it is shown, item before the change or None): completes an answer that is the item
    complete     (call, resource, answer): fills what an answer holds beside its items (a generation, headers)
    touches      whether a change sets the resource's updated_at and revision_number
    """

    kind: str
    field: str
    missing: Callable[[Call, Any, str], Exception]
    taken: Callable[[Call, Any, str, str], Exception]
    key: str = "name"
    check: Callable[[Call, Any, Any, Any], Awaitable[None]] | None = None
    remove: Callable[[Call, Any, str], Awaitable[None]] | None = None
    room: Callable[[Call, Any, int], None] | None = None
    view: Callable[[Call, Any, Any], Awaitable[None]] | None = None
    complete: Callable[[Call, Any, Any], Awaitable[None]] | None = None
    touches: bool = True


PartRules = Mapping[tuple[str, str], Parts]
"""(kind, field) -> what a service says of the sub-collection."""


def is_parts(operation: Operation, owner: Any) -> bool:
    """Whether the operation's collection is one of messages."""
    field = owner.message.DESCRIPTOR.fields_by_name.get(operation.options.collection.field)
    return field is not None and field.is_repeated and _item_type(field) is not None


def parts_handler(operation: Operation, owner: Any, known: PartRules) -> Handler:
    """The handler of an operation on messages inside of its target; raises ValueError for one that does not fit."""
    options = operation.options.collection
    rules = known.get((owner.options.kind, options.field))
    step = options.step or step_of(operation)
    if rules is None:
        raise ValueError(f"{operation.name}: no Parts says what {owner.options.kind}.{options.field} is")
    part = _Steps(operation, owner, rules)
    steps: dict[int, Handler] = {
        Step.STEP_LIST: part.list,
        Step.STEP_GET: part.get,
        Step.STEP_ADD: part.add,
        Step.STEP_PUT: part.put,
        Step.STEP_DELETE: part.delete,
        Step.STEP_CLEAR: part.clear,
    }
    if step not in steps:
        raise ValueError(f"{operation.name}: messages are not replaced all at once")
    return steps[step]


def find_part(resource: Message, field: str, name: str, key: str = "name") -> Any:
    """The item of a name in a map or a repeated message; None where there is none. Shared: never change it."""
    held = getattr(resource, field)
    if hasattr(held, "items"):
        return held.get(name)
    return next((item for item in held if getattr(item, key) == name), None)


class _Steps:
    """The steps of one operation on messages inside of a resource."""

    def __init__(self, operation: Operation, owner: Any, rules: Parts) -> None:
        self._operation, self._owner, self._rules = operation, owner, rules
        field: AnyField = owner.message.DESCRIPTOR.fields_by_name[rules.field]
        item_type = _item_type(field)
        assert item_type is not None, "is_parts has seen to it"
        self._type, self._is_map = item_type, field.message_type is not item_type
        self._item = item_variable(operation)
        self._body = next((one.name for one in operation.request.DESCRIPTOR.fields if self._is_item(one)), "")

    def _is_item(self, field: AnyField) -> bool:
        return not field.is_repeated and field.message_type is self._type

    # The steps.

    async def list(self, call: Call, request: Any) -> Result | Outcome:
        answer: Any = self._operation.response()
        copy_fields(call.target, answer, [self._rules.field])
        return await self._completed(call, call.target, answer)

    async def get(self, call: Call, request: Any) -> Result | Outcome:
        name = getattr(request, self._item)
        return await self._shown(call, call.target, self._find(call, call.target, name), name)

    async def add(self, call: Call, request: Any) -> Result | Outcome:
        new = await call.tx.edit(self._owner.message, call.target.id)
        given = self._given(request)
        name = getattr(given, self._rules.key, "") or getattr(request, self._item, "")
        item = message_class(self._type)()
        self._copy(given, item, name)
        self._stamp(call, item, "created_at", "updated_at")
        await self._checked(call, new, item, request)
        if self._named(new, name) is not None:
            raise self._rules.taken(call, new, name, "")
        if self._rules.room is not None:
            self._rules.room(call, new, len(getattr(new, self._rules.field)) + 1)
        self._place(new, name, item)
        await self._save(call, new)
        return await self._shown(call, new, item, name)

    async def put(self, call: Call, request: Any) -> Result | Outcome:
        new = await call.tx.edit(self._owner.message, call.target.id)
        former, given = getattr(request, self._item), self._given(request)
        before = self._find(call, call.target, former)
        name = getattr(given, self._rules.key, "") or former
        if name != former and self._named(new, name) is not None:
            raise self._rules.taken(call, new, name, former)
        item = self._named(new, former)
        if self._is_map and name != former:
            del getattr(new, self._rules.field)[former]
            item = self._place(new, name, before)
        self._copy(given, item, name)
        self._stamp(call, item, "updated_at")
        await self._checked(call, new, item, request)
        await self._save(call, new)
        return await self._shown(call, new, item, name, before)

    async def delete(self, call: Call, request: Any) -> Result | Outcome:
        new, name = await call.tx.edit(self._owner.message, call.target.id), getattr(request, self._item)
        item = self._find(call, new, name)
        await self._refuse(call, new, name)
        held = getattr(new, self._rules.field)
        if self._is_map:
            del held[name]
        else:
            held.remove(item)
        await self._save(call, new)
        return EMPTY

    async def clear(self, call: Call, request: Any) -> Result | Outcome:
        new = await call.tx.edit(self._owner.message, call.target.id)
        await self._refuse(call, new, "")
        new.ClearField(self._rules.field)
        await self._save(call, new)
        return EMPTY

    # What they have in common.

    def _named(self, resource: Any, name: str) -> Any:
        return find_part(resource, self._rules.field, name, self._rules.key)

    def _find(self, call: Call, resource: Any, name: str) -> Any:
        found = self._named(resource, name)
        if found is None:
            raise self._rules.missing(call, resource, name)
        return found

    def _given(self, request: Any) -> Any:
        return getattr(request, self._body) if self._body else request

    def _place(self, resource: Any, name: str, item: Any) -> Any:
        """Put a new item in its place; the item as it stands there."""
        held = getattr(resource, self._rules.field)
        placed = held[name] if self._is_map else held.add()
        placed.CopyFrom(item)
        return placed

    def _copy(self, given: Any, item: Any, name: str) -> None:
        """Make an item what the request says, but for what no request may say."""
        copy_fields(given, item, writable_fields(item.DESCRIPTOR))
        if self._rules.key in item.DESCRIPTOR.fields_by_name:
            setattr(item, self._rules.key, name)

    @staticmethod
    def _stamp(call: Call, item: Any, *names: str) -> None:
        for name in names:
            if name in item.DESCRIPTOR.fields_by_name:
                call.stamp(getattr(item, name))

    async def _checked(self, call: Call, resource: Any, item: Any, request: Any) -> None:
        if self._rules.check is not None:
            await self._rules.check(call, resource, item, request)

    async def _refuse(self, call: Call, resource: Any, name: str) -> None:
        if self._rules.remove is not None:
            await self._rules.remove(call, resource, name)

    async def _save(self, call: Call, resource: Any) -> None:
        if self._rules.touches:
            await self._owner.save(call, resource)
        else:
            await call.tx.put(resource)

    async def _shown(self, call: Call, resource: Any, item: Any, name: str, before: Any = None) -> Result:
        response = self._operation.response
        if response is common.Empty:
            return EMPTY
        shown: Any = copy_of(item)
        if self._rules.key in shown.DESCRIPTOR.fields_by_name:
            setattr(shown, self._rules.key, name)
        if self._rules.view is not None:
            await self._rules.view(call, shown, before)
        if self._rules.complete is None:
            return shown  # type: ignore[no-any-return]
        answer: Any = response()
        field = next(one.name for one in response.DESCRIPTOR.fields if self._is_item(one))
        getattr(answer, field).CopyFrom(shown)
        return await self._completed(call, resource, answer)

    async def _completed(self, call: Call, resource: Any, answer: Any) -> Result:
        if self._rules.complete is not None:
            await self._rules.complete(call, resource, answer)
        return answer  # type: ignore[no-any-return]


def _item_type(field: AnyField) -> AnyMessageType | None:
    """The type of the messages of a repeated field or a map; None where it holds strings."""
    message = field.message_type
    if message is not None and is_map(field):
        return message.fields_by_name["value"].message_type
    return message
