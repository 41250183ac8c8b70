"""The steps of the operations on sub-collections (engine.collections)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Collection as Collected
from operator import attrgetter
from typing import Any

from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Value

from mopenstack.contract.calls import Outcome, Result
from mopenstack.contract.descriptors import AnyField
from mopenstack.contract.operations import Operation, is_map
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.contract.values import plain
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import (
    EMPTY,
    Change,
    Collection,
    Handler,
    Rules,
    Step,
    item_variable,
    path_variables,
    step_of,
)
from mopenstack.core.engine.fields import copy_fields
from mopenstack.core.store.kinds import resource_options
from mopenstack.core.store.transaction import copy_of


def collection_handler(operation: Operation, parents: Iterable[Any], known: Rules) -> Handler:
    """The handler of an operation with the option `collection`; raises ValueError for one that does not fit.

    `parents` are the servicers of the kinds that its target may be of.
    """
    options = operation.options.collection
    kinds = {}
    field: AnyField | None = None
    for parent in parents:
        field = parent.message.DESCRIPTOR.fields_by_name.get(options.field)
        if field is None or not field.is_repeated:
            raise ValueError(f"{operation.name}: {parent.message.DESCRIPTOR.name} has no collection {options.field!r}")
        kinds[parent.options.kind] = parent
    if field is None:
        raise ValueError(f"{operation.name}: it has a collection and no target")
    several = operation.options.target.startswith("{")
    kind = "*" if several else next(iter(kinds))
    name = item_variable(operation)
    body = "" if options.item else _body_field(operation.request, field, {*path_variables(operation), name})
    rules = known.get((kind, options.field)) or Collection(kind, options.field)
    return _kind_of(field)(operation, kinds, rules, name, body).handler(options.step or step_of(operation))


def _kind_of(field: AnyField) -> type[_Steps]:
    if field.message_type is None:
        return _Words
    return _Map if is_map(field) else _Messages


def _body_field(request: type[Message], items: AnyField, variables: set[str]) -> str:
    """The field of a request that holds items: its own, or one of the object in its envelope."""

    def holds(field: AnyField) -> bool:
        if field.message_type is not None and field.message_type.full_name == "google.protobuf.Value":
            return items.message_type is None
        return field.is_repeated and (field.message_type is None) == (items.message_type is None)

    fields = request.DESCRIPTOR.fields
    for field in fields:
        if field.name not in variables and holds(field):
            return field.name
    for outer in fields:
        for field in outer.message_type.fields if outer.message_type is not None and not outer.is_repeated else ():
            if holds(field):
                return f"{outer.name}.{field.name}"
    return ""


class _Steps:
    """The steps of one operation on a sub-collection."""

    def __init__(
        self, operation: Operation, parents: Mapping[str, Any], rules: Collection, item: str, body: str
    ) -> None:
        self._operation, self._parents, self._rules = operation, parents, rules
        self._parent = next(iter(parents.values())) if len(parents) == 1 else None
        self._name = item.rpartition(".")[2]
        self._item: Callable[[Any], Any] = attrgetter(item)
        self._body: Callable[[Any], Any] | None = attrgetter(body) if body else None
        self._field = rules.field
        self._echoes = operation.options.collection.echo

    def handler(self, step: int) -> Handler:
        """The coroutine that makes one step."""
        steps: dict[int, Handler] = {
            Step.STEP_LIST: self.list,
            Step.STEP_GET: self.get,
            Step.STEP_ADD: self.add,
            Step.STEP_REPLACE: self.replace,
            Step.STEP_PUT: self.put,
            Step.STEP_DELETE: self.delete,
            Step.STEP_CLEAR: self.clear,
            Step.STEP_REMOVE: self.remove,
        }
        return steps[step]

    # What the kinds of collections say differently.

    def given(self, request: Any) -> Any:
        raise NotImplementedError

    def merged(self, held: Any, more: Any) -> Any:
        raise NotImplementedError

    def without(self, held: Any, items: Collected[Any]) -> Any:
        raise NotImplementedError

    def assign(self, target: Any, value: Any) -> None:
        raise NotImplementedError

    def one(self, held: Any, item: str) -> Any:
        raise NotImplementedError

    def fill(self, shown: Any, items: Any) -> None:
        shown.extend(items)

    # The steps.

    async def list(self, call: Call, request: Any) -> Result | Outcome:
        if self._rules.listed is not None:
            self._rules.listed(call, call.target)
        return await self._answer(call, call.target, request, self._shown(call, call.target))

    async def get(self, call: Call, request: Any) -> Result | Outcome:
        item, held = self._item(request), self._shown(call, call.target)
        if item not in held:
            raise self._missing(call, item)
        return await self._answer(call, call.target, request, self.one(held, item))

    async def add(self, call: Call, request: Any) -> Result | Outcome:
        more = self._given(request)
        new = await self._change(call, request, lambda before: self.merged(before, more), self._rules.added)
        return await self._answer(call, new, request, more if self._echoes else self._shown(call, new))

    async def replace(self, call: Call, request: Any) -> Result | Outcome:
        given = self._given(request)
        new = await self._change(call, request, lambda _: given)
        return await self._answer(call, new, request, given if self._echoes else self._shown(call, new))

    async def put(self, call: Call, request: Any) -> Result | Outcome:
        fresh = self._item(request) not in getattr(call.target, self._field)
        more = self._given(request)
        new = await self._change(call, request, lambda before: self.merged(before, more), self._rules.added)
        # A bare word's answer has all of them.
        answer = await self._answer(call, new, request, more if self._body is not None else self._shown(call, new))
        return Outcome("created", answer) if fresh and "created" in self._operation.outcomes else answer

    async def delete(self, call: Call, request: Any) -> Result | Outcome:
        named = self._item(request)
        items = [named] if isinstance(named, str) else list(named)
        held = self._shown(call, call.target)
        for item in items:
            if item not in held:
                raise self._missing(call, item)
        new = await self._change(call, request, lambda before: self.without(before, items))
        return await self._answer(call, new, request, self._shown(call, new))

    async def remove(self, call: Call, request: Any) -> Result | Outcome:
        gone = self._given(request)
        new = await self._change(call, request, lambda before: self.without(before, gone), self._rules.removed)
        return await self._answer(call, new, request, self._shown(call, new))

    async def clear(self, call: Call, request: Any) -> Result | Outcome:
        new = await self._change(call, request, lambda before: type(before)())
        return await self._answer(call, new, request, self._shown(call, new))

    def _given(self, request: Any) -> Any:
        """The items of a request: those of its body, or the one that it names."""
        return self.given(request) if self._body is not None else [self._item(request)]

    def _owner(self, call: Call) -> Any:
        """The servicer that keeps the target."""
        return self._parent or self._parents[resource_options(type(call.target)).kind]

    async def _change(self, call: Call, request: Any, change: Callable[[Any], Any], hook: Change | None = None) -> Any:
        """Store what the change makes of the collection, if the resource has nothing against it; the resource."""
        owner = self._owner(call)
        new = await call.tx.edit(owner.message, call.target.id)
        before = self.copy(getattr(new, self._field))
        value = change(before)
        self.assign(new, value)
        hook = hook or self._rules.change
        if hook is not None:
            await hook(call, new, before, request)
        if self._rules.if_changed and self.same(before, value):
            return call.target
        if self._rules.touches:
            await owner.save(call, new)
        else:
            await call.tx.put(new)
        return new

    def _shown(self, call: Call, target: Any) -> Any:
        """The items of which the caller may know."""
        held, shows = getattr(target, self._field), self._rules.shows
        if shows is None:
            return held
        return self.without(self.copy(held), [item for item in held if not shows(call, target, item)])

    def same(self, before: Any, after: Any) -> bool:
        return bool(before == after)

    def copy(self, held: Any) -> Any:
        raise NotImplementedError

    def _missing(self, call: Call, item: str) -> Exception:
        if self._rules.missing is not None:
            return self._rules.missing(call, call.target, item)
        refusal: Exception = self._owner(call).not_found(id=item)
        return refusal

    async def _answer(self, call: Call, obj: Any, request: Any, items: Any) -> Result:
        """The items; where the response has no place for them, the named one or the resource as it is shown."""
        response = self._operation.response
        if response is common.Empty:
            return EMPTY
        answer: Any = response()
        fields = response.DESCRIPTOR.fields_by_name
        if "id" in fields or not any(field.is_repeated or field.name == self._name for field in fields.values()):
            shown: Message = await self._owner(call).view(call, obj)
            if "id" not in fields or type(shown) is response:
                return shown
            copy_fields(shown, answer, fields.keys())
        elif self._name in fields:
            setattr(answer, self._name, self._item(request))
        else:
            place = getattr(answer, next(field.name for field in fields.values() if field.is_repeated))
            view = self._rules.view
            if view is None:
                self.fill(place, items)
            else:
                place.extend([view(obj, item) for item in items])
        if self._rules.complete is not None:
            await self._rules.complete(call, obj, answer)
        return answer  # type: ignore[no-any-return]


class _Map(_Steps):
    """A map<string, string>."""

    def given(self, request: Any) -> dict[str, str]:
        assert self._body is not None
        return dict(self._body(request))

    def copy(self, held: Any) -> dict[str, str]:
        return dict(held)

    def merged(self, held: dict[str, str], more: Mapping[str, str]) -> dict[str, str]:
        return {**held, **more}

    def without(self, held: dict[str, str], items: Collected[str]) -> dict[str, str]:
        return {key: value for key, value in held.items() if key not in items}

    def assign(self, target: Any, value: Mapping[str, str]) -> None:
        target.ClearField(self._field)
        getattr(target, self._field).update(value)

    def one(self, held: Any, item: str) -> dict[str, str]:
        return {item: held[item]}

    def fill(self, shown: Any, items: Mapping[str, str]) -> None:
        shown.update(items)


class _Words(_Steps):
    """A repeated string without repetitions, in the order of their coming."""

    def given(self, request: Any) -> list[str]:
        assert self._body is not None
        found = self._body(request)
        # A list that the rules look at as JSON (`check`).
        words = [str(word) for word in plain(found)] if isinstance(found, Value) else found
        return list(dict.fromkeys(words))

    def copy(self, held: Any) -> list[str]:
        return list(held)

    def merged(self, held: list[str], more: Iterable[str]) -> list[str]:
        return list(dict.fromkeys([*held, *more]))

    def without(self, held: list[str], items: Collected[str]) -> list[str]:
        return [word for word in held if word not in items]

    def assign(self, target: Any, value: Iterable[str]) -> None:
        target.ClearField(self._field)
        getattr(target, self._field).extend(sorted(value) if self._rules.ordered else value)

    def one(self, held: Any, item: str) -> list[str]:
        return [item]

    def same(self, before: Iterable[str], after: Iterable[str]) -> bool:
        return set(before) == set(after)


class _Messages(_Steps):
    """A repeated message; items are the same if all of their fields are."""

    def given(self, request: Any) -> list[Message]:
        assert self._body is not None
        return self.copy(self._body(request))

    def copy(self, held: Any) -> list[Message]:
        return [copy_of(item) for item in held]

    def merged(self, held: list[Message], more: Iterable[Message]) -> list[Message]:
        return [*held, *(item for item in more if item not in held)]

    def without(self, held: list[Message], items: Collected[Message]) -> list[Message]:
        return [item for item in held if item not in items]

    def assign(self, target: Any, value: Iterable[Message]) -> None:
        target.ClearField(self._field)
        getattr(target, self._field).extend(value)

    def one(self, held: Any, item: str) -> list[Message]:
        raise NotImplementedError  # no path names one
