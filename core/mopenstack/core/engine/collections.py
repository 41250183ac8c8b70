"""Sub-collections of a resource: parts that have operations of their own, declared with `collection`.

A map<string, string> of the target (metadata, extra specs) or a repeated string (tags, traits, projects with access).
Verb and path say the step. What a service has to say about one is a `Collection`, a value of one of its modules:

    METADATA = Collection("server", "metadata", change=check_metadata, missing=no_such_key)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.calls import Outcome, Result
from mopenstack.contract.descriptors import AnyField
from mopenstack.contract.operations import Operation
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call

Step = annotations_pb2.Collection

EMPTY = common.Empty()


@dataclass(frozen=True, slots=True)
class Collection:
    """The rules of one sub-collection.

    kind, field  of the resource, and its map or repeated string
    check        (call, request): checks the request before the target is looked for (Servicer.check_request)
    change       (call, private copy with the new value, value before, request): checks and completes a change
    missing      (call, resource, item) -> the refusal of an item that is not there; none: the resource's not-found
    shows        (call, resource, item) -> whether the caller may know of the item; none: of all
    touches      whether a change sets the resource's updated_at and revision_number
    ordered      whether a set of words is kept in alphabetical order
    listed       (call, resource): refuses to list the items of a resource
    view         (resource, item) -> the message that shows an item, where an answer has messages
    if_changed   whether a change is stored only if it changes anything; it is checked in any case
    complete     (call, resource, answer): fills what the answer holds beside the items (a generation, headers)
    """

    kind: str
    field: str
    check: Callable[[Call, Any], Awaitable[None]] | None = None
    change: Callable[[Call, Any, Any, Any], Awaitable[None]] | None = None
    missing: Callable[[Call, Any, str], Exception] | None = None
    shows: Callable[[Call, Any, str], bool] | None = None
    touches: bool = True
    ordered: bool = False
    listed: Callable[[Call, Any], None] | None = None
    view: Callable[[Any, str], Message] | None = None
    if_changed: bool = False
    complete: Callable[[Call, Any, Any], Awaitable[None]] | None = None


Handler = Callable[[Call, Any], Awaitable[Result | Outcome]]
Rules = Mapping[tuple[str, str], Collection]
"""(kind, field) -> what a service says of the sub-collection."""


def collection_handler(operation: Operation, parent: Any, known: Rules) -> Handler:
    """The handler of an operation with the option `collection`; raises ValueError for one that does not fit."""
    options = operation.options.collection
    field = parent.message.DESCRIPTOR.fields_by_name.get(options.field)
    if field is None or not field.is_repeated:
        raise ValueError(f"{operation.name}: {parent.message.DESCRIPTOR.name} has no collection {options.field!r}")
    is_map = field.message_type is not None
    step = options.step or step_of(operation)
    name = item_variable(operation)
    body = _body_field(operation.request, is_map, {*_variables(operation), name})
    kind = parent.options.kind
    rules = known.get((kind, options.field)) or Collection(kind, options.field)
    steps = _Map if is_map else _Words
    return steps(operation, parent, rules, name, body).handler(step)


def _variables(operation: Operation) -> list[str]:
    return [part[1:-1] for part in operation.routes[0].path.split("/") if part.startswith("{")]


def item_variable(operation: Operation) -> str:
    """The field of the request that names one item of the operation's collection."""
    return operation.options.collection.item or _variables(operation)[-1]


def step_of(operation: Operation) -> int:
    """What verb and path mean."""
    verb, path = operation.routes[0].verb, operation.routes[0].path
    item = path.rpartition("/")[2].startswith("{")
    steps = (
        {
            "GET": Step.STEP_GET,
            "HEAD": Step.STEP_GET,
            "POST": Step.STEP_ADD,
            "PUT": Step.STEP_PUT,
            "DELETE": Step.STEP_DELETE,
        }
        if item
        else {
            "GET": Step.STEP_LIST,
            "POST": Step.STEP_ADD,
            "PUT": Step.STEP_REPLACE,
            "PATCH": Step.STEP_ADD,
            "DELETE": Step.STEP_CLEAR,
        }
    )
    if verb not in steps:
        raise ValueError(f"{operation.name}: {verb} {path} says no step of a collection")
    return steps[verb]


def _body_field(request: type[Message], is_map: bool, variables: set[str]) -> str:
    """The field of a request that holds items: its own, or one of the object of an action."""

    def holds(field: AnyField) -> bool:
        return field.is_repeated and (field.message_type is not None) == is_map

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

    def __init__(self, operation: Operation, parent: Any, rules: Collection, item: str, body: str) -> None:
        self._operation, self._parent, self._rules = operation, parent, rules
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
        }
        return steps[step]

    # What the two kinds say differently.

    def given(self, request: Any) -> Any:
        raise NotImplementedError

    def merged(self, held: Any, more: Any) -> Any:
        raise NotImplementedError

    def without(self, held: Any, items: set[str]) -> Any:
        raise NotImplementedError

    def assign(self, target: Any, value: Any) -> None:
        raise NotImplementedError

    def one(self, held: Any, item: str) -> Any:
        raise NotImplementedError

    # The steps.

    async def list(self, call: Call, request: Any) -> Result | Outcome:
        if self._rules.listed is not None:
            self._rules.listed(call, call.target)
        return await self._answer_all(call, call.target)

    async def get(self, call: Call, request: Any) -> Result | Outcome:
        item, held = self._item(request), self._shown(call, call.target)
        if item not in held:
            raise self._missing(call, item)
        return await self._answer(call, self.one(held, item), call.target)

    async def add(self, call: Call, request: Any) -> Result | Outcome:
        more = self.given(request)
        changed = await self._change(call, request, lambda before: self.merged(before, more))
        if self._echoes:
            return await self._answer(call, more, changed)
        return await self._answer_all(call, changed)

    async def replace(self, call: Call, request: Any) -> Result | Outcome:
        given = self.given(request)
        return await self._answer_all(call, await self._change(call, request, lambda _: given))

    async def put(self, call: Call, request: Any) -> Result | Outcome:
        item = self._item(request)
        fresh = item not in getattr(call.target, self._field)
        more = self.given(request) if self._body is not None else [item]
        changed = await self._change(call, request, lambda before: self.merged(before, more))
        # A bare word's answer has all of them.
        answer = await (self._answer_all(call, changed) if self._body is None else self._answer(call, more, changed))
        return Outcome("created", answer) if fresh and "created" in self._operation.outcomes else answer

    async def delete(self, call: Call, request: Any) -> Result | Outcome:
        named = self._item(request)
        items = [named] if isinstance(named, str) else list(named)
        held = self._shown(call, call.target)
        for item in items:
            if item not in held:
                raise self._missing(call, item)
        return await self._answer_all(
            call, await self._change(call, request, lambda before: self.without(before, set(items)))
        )

    async def clear(self, call: Call, request: Any) -> Result | Outcome:
        return await self._answer_all(call, await self._change(call, request, lambda before: type(before)()))

    async def _change(self, call: Call, request: Any, change: Callable[[Any], Any]) -> Any:
        """Store what the change makes of the collection, if the resource has nothing against it; the resource."""
        new = await call.tx.edit(self._parent.message, call.target.id)
        before = self.copy(getattr(new, self._field))
        value = change(before)
        self.assign(new, value)
        if self._rules.change is not None:
            await self._rules.change(call, new, before, request)
        if self._rules.if_changed and self.same(before, value):
            return call.target
        if self._rules.touches:
            await self._parent.save(call, new)
        else:
            await call.tx.put(new)
        return new

    def _shown(self, call: Call, target: Any) -> Any:
        """The items of which the caller may know."""
        held, shows = getattr(target, self._field), self._rules.shows
        if shows is None:
            return held
        return self.without(self.copy(held), {item for item in held if not shows(call, target, item)})

    def same(self, before: Any, after: Any) -> bool:
        return bool(before == after)

    def copy(self, held: Any) -> Any:
        raise NotImplementedError

    def _missing(self, call: Call, item: str) -> Exception:
        if self._rules.missing is not None:
            return self._rules.missing(call, call.target, item)
        refusal: Exception = self._parent.not_found(id=item)
        return refusal

    async def _answer_all(self, call: Call, resource: Any) -> Result:
        return await self._answer(call, self._shown(call, resource), resource)

    async def _answer(self, call: Call, value: Any, resource: Any) -> Result:
        response = self._operation.response
        if response is common.Empty:
            return EMPTY
        answer: Any = response()
        field = next(field for field in response.DESCRIPTOR.fields if field.is_repeated)
        if field.message_type is None:
            getattr(answer, field.name).extend(value)
        elif self._rules.view is not None:
            getattr(answer, field.name).extend([self._rules.view(resource, item) for item in value])
        else:
            getattr(answer, field.name).update(value)
        if self._rules.complete is not None:
            await self._rules.complete(call, resource, answer)
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

    def without(self, held: dict[str, str], items: set[str]) -> dict[str, str]:
        return {key: value for key, value in held.items() if key not in items}

    def assign(self, target: Any, value: Mapping[str, str]) -> None:
        target.ClearField(self._field)
        getattr(target, self._field).update(value)

    def one(self, held: Any, item: str) -> dict[str, str]:
        return {item: held[item]}


class _Words(_Steps):
    """A repeated string without repetitions, in the order of their coming."""

    def given(self, request: Any) -> list[str]:
        assert self._body is not None
        return list(dict.fromkeys(self._body(request)))

    def copy(self, held: Any) -> list[str]:
        return list(held)

    def merged(self, held: list[str], more: Iterable[str]) -> list[str]:
        return list(dict.fromkeys([*held, *more]))

    def without(self, held: list[str], items: set[str]) -> list[str]:
        return [word for word in held if word not in items]

    def assign(self, target: Any, value: Iterable[str]) -> None:
        target.ClearField(self._field)
        getattr(target, self._field).extend(sorted(value) if self._rules.ordered else value)

    def one(self, held: Any, item: str) -> list[str]:
        return [item]

    def same(self, before: Iterable[str], after: Iterable[str]) -> bool:
        return set(before) == set(after)
