"""Associations: relations between objects with operations of their own, declared with `association`.

A user in a group, an endpoint in the catalog of a project, a role of a user on a project. The relation is a stored
message that names both ends; verb and path say the step: PUT or POST adds it, GET and HEAD check it, DELETE removes it,
and a GET with `list` answers the partners of one end. What a service has to say about one is an `Association`, a value
of one of its modules:

    MEMBERS = Association(pb2.Membership, {"group_id": "group", "user_id": "user"}, missing=no_member)

The ends are looked up in the order in which they are named, as far as the request gives them; an end that is not there
is refused as its own resource refuses it. An added or removed relation is told to the subscribers of `after_create` and
`before_delete` of its kind.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.calls import Outcome, Page, Result
from mopenstack.contract.faults import NotFound
from mopenstack.contract.operations import Operation
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import EMPTY, Handler
from mopenstack.core.store.kinds import resource_options, stored

Step = annotations_pb2.Association
Ends = Mapping[str, Any]
"""Field of the request -> the object that it names, as far as the request gives them."""


@dataclass(frozen=True, slots=True)
class Association:
    """The rules of one relation.

    message   the stored relation
    ends      field of the request -> kind of the resource that it names, in the order in which they are looked up
    key       the fields that the relation's id consists of; none: all ends. Another relation with that id is replaced
    make      (call, request) -> the relation that it speaks of, with its id; none: the fields of the ends and the key
    id_of     value of the request's field -> the id that it says, where the field is no string
    permit    (call, request, ends): refuses a caller, once the ends are known to be there
    add       (call, relation, ends): checks and completes a new relation
    taken     (relation) -> the refusal of one that is there already; none: adding it again changes nothing
    missing   (call, relation) -> the refusal of one that is not there
    lenient   whether the removal of one that is not there succeeds
    filters   whether its lists have the filters and pages of what they list
    partners  listed field -> (call, ends): what its list answers, where that is not what the relations name
    sees      (call, partner) -> whether the caller's lists show a partner
    show      (call, relation, ends) -> the answer of an addition or a check; none: the relation itself
    """

    message: type[Any]
    ends: Mapping[str, str]
    key: tuple[str, ...] = ()
    make: Callable[[Call, Any], Any] | None = None
    id_of: Callable[[Any], str] = str
    permit: Callable[[Call, Any, Ends], Awaitable[None]] | None = None
    add: Callable[[Call, Any, Ends], Awaitable[None]] | None = None
    taken: Callable[[Any], Exception] | None = None
    missing: Callable[[Call, Any], Exception] | None = None
    lenient: bool = False
    filters: bool = False
    partners: Mapping[str, Callable[[Call, Ends], Awaitable[Iterable[Any]]]] = field(default_factory=dict)
    sees: Callable[[Call, Any], bool] | None = None
    show: Callable[[Call, Any, Ends], Awaitable[Message]] | None = None

    @property
    def kind(self) -> str:
        return resource_options(self.message).kind

    def of(self, call: Call, request: Any) -> Any:
        """The relation that a request speaks of, with its id."""
        if self.make is not None:
            return self.make(call, request)
        fields = self.message.DESCRIPTOR.fields_by_name
        named = {name: self.id_of(getattr(request, name)) for name in self.ends if name in fields}
        return self.message(id=":".join(named.get(name, "") for name in self.key or self.ends), **named)

    async def find(self, call: Call, relation: Any) -> Any:
        """The stored relation, if there is one and it says the same."""
        found = await call.tx.get(self.message, relation.id)
        return found if found is not None and all(_same(found, relation, name) for name in self.ends) else None

    async def put(self, call: Call, relation: Any) -> None:
        """Store a relation; one with the same id is replaced."""
        await call.tx.put(relation)
        await call.publish("after_create", self.kind, relation)

    async def discard(self, call: Call, relation: Any) -> None:
        """Delete a stored relation."""
        await call.publish("before_delete", self.kind, relation)
        await call.tx.delete(self.message, relation.id)


Associations = Mapping[str, Association]
"""Kind of the relation -> its rules."""


def association_handler(operation: Operation, target: str, known: Associations) -> Handler:
    """The handler of an operation with the option `association`; raises ValueError for one that does not fit.

    `target` is the field of the request that names the operation's target, which is looked up already.
    """
    options = operation.options.association
    rules = known.get(options.kind)
    if rules is None:
        raise ValueError(f"{operation.name}: no module holds the rules of the association {options.kind!r}")
    fields = operation.request.DESCRIPTOR.fields_by_name
    order = list(options.ends) or [name for name in rules.ends if name in fields]
    unknown = [name for name in [*order, options.list] if name and name not in rules.ends]
    if unknown:
        raise ValueError(f"{operation.name}: {', '.join(unknown)}: no end of the association {options.kind!r}")
    return _Steps(operation, rules, order, target).handler(options.step or _step(operation))


def _step(operation: Operation) -> int:
    """What verb and path mean."""
    if operation.options.association.list:
        return Step.STEP_LIST
    steps = {
        "GET": Step.STEP_CHECK,
        "HEAD": Step.STEP_CHECK,
        "PUT": Step.STEP_ADD,
        "POST": Step.STEP_ADD,
        "DELETE": Step.STEP_REMOVE,
    }
    return steps[operation.routes[0].verb]


def _same(found: Any, relation: Any, name: str) -> bool:
    return name not in found.DESCRIPTOR.fields_by_name or getattr(found, name) == getattr(relation, name)


class _Steps:
    """The steps of one operation on an association."""

    def __init__(self, operation: Operation, rules: Association, order: Iterable[str], target: str) -> None:
        self._rules, self._list, self._target = rules, operation.options.association.list, target
        self._order = [(name, rules.ends[name]) for name in order if name != self._list]
        self._empty = operation.options.association.empty
        self._silent = operation.response is common.Empty

    def handler(self, step: int) -> Handler:
        """The coroutine that makes one step."""
        steps: dict[int, Handler] = {
            Step.STEP_LIST: self.list,
            Step.STEP_CHECK: self.check,
            Step.STEP_ADD: self.add,
            Step.STEP_REMOVE: self.remove,
        }
        return steps[step]

    async def check(self, call: Call, request: Any) -> Result | Outcome:
        ends = await self._ends(call, request)
        return await self._answer(call, await self._found(call, request), ends)

    async def add(self, call: Call, request: Any) -> Result | Outcome:
        rules = self._rules
        ends = await self._ends(call, request)
        relation = rules.of(call, request)
        if rules.add is not None:
            await rules.add(call, relation, ends)
        found = await rules.find(call, relation)
        if found is None:
            await rules.put(call, relation)
        elif rules.taken is not None:
            raise rules.taken(found)
        return await self._answer(call, relation, ends)

    async def remove(self, call: Call, request: Any) -> Result | Outcome:
        await self._ends(call, request)
        if self._rules.lenient and await self._rules.find(call, self._rules.of(call, request)) is None:
            return EMPTY
        await self._rules.discard(call, await self._found(call, request))
        return EMPTY

    async def list(self, call: Call, request: Any) -> Result | Outcome:
        """The partners that pass the filters, by their ids; the services do not cut such lists into pages."""
        rules, owner = self._rules, call.owner_of(self._rules.ends[self._list])
        try:
            ends = await self._ends(call, request)
        except NotFound:
            if self._empty:
                return Page([])
            raise
        if self._list in rules.partners:
            found = list(await rules.partners[self._list](call, ends))
        else:
            found = list(await self._partners(call, ends, owner))
        if rules.sees is not None:
            found = [one for one in found if rules.sees(call, one)]
        page = Page(sorted(found, key=lambda one: str(stored(one).id)))
        if rules.filters:
            query = getattr(request, "query", None) or common.Query()
            page = owner.cut(await owner.filtered(call, found, query), query)
        page.items = [await owner.view(call, one) for one in page.items]
        return page

    async def _partners(self, call: Call, ends: Ends, owner: Any) -> Sequence[Any]:
        """What the relations of the given ends name at the other end: by the ids, or the keys, of the resources."""
        keys = {name: call.owner_of(self._rules.ends[name]).listing.key for name in ends}
        given = {name: getattr(end, keys[name]) for name, end in ends.items()}
        relations = await call.tx.query(self._rules.message, **given)
        if owner.options.key:
            found = [await owner.find(call, getattr(relation, self._list)) for relation in relations]
        else:
            found = [await call.tx.get(owner.message, getattr(relation, self._list)) for relation in relations]
        return [one for one in found if one is not None]

    async def _ends(self, call: Call, request: Any) -> Ends:
        """The objects that the request names; raises their not-found, and what `permit` refuses."""
        ends = {}
        for name, kind in self._order:
            id = self._rules.id_of(getattr(request, name))
            if id:
                ends[name] = call.target if name == self._target else await call.owner_of(kind).fetch(call, id)
        if self._rules.permit is not None:
            await self._rules.permit(call, request, ends)
        return ends

    async def _found(self, call: Call, request: Any) -> Any:
        relation = self._rules.of(call, request)
        found = await self._rules.find(call, relation)
        if found is None:
            assert self._rules.missing is not None, f"{self._rules.kind} has no refusal of a missing relation"
            raise self._rules.missing(call, relation)
        return found

    async def _answer(self, call: Call, relation: Any, ends: Ends) -> Result:
        if self._silent:
            return EMPTY
        return relation if self._rules.show is None else await self._rules.show(call, relation, ends)
