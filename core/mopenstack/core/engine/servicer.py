"""Generic create, show, list, update and delete: the order of steps is here, a resource adds small hooks.

A servicer class serves one proto service. The RPC `CreateNetwork` is answered by its method `create_network` if it has
one, or by its `fixed` answer; else by what the operation declares (`transition`, `collection`, `association`,
`refuses`); else, if its name is exactly `Create<Noun>`, `Get<Noun>`, `List<Plural>`, `List<Plural>Detail`,
`Update<Noun>`, `Set<Noun>` (an update that must give what a create must) or `Delete<Noun>` of its resource, by the
generic one of ResourceServicer. Any other RPC is not served: 501.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar, cast

from google.protobuf.message import Message

from mopenstack.contract.calls import Outcome, Page, Result
from mopenstack.contract.descriptors import AnyField, AnyService
from mopenstack.contract.faults import BadRequest, Fault, NotFound, PolicyRefused, Unavailable
from mopenstack.contract.operations import Operation
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import EMPTY
from mopenstack.core.engine.fields import copy_fields, envelope, free_fields, merge_free_fields
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.engine.listing import Listing, fold_of, listing
from mopenstack.core.engine.lists import can_walk, list_page
from mopenstack.core.engine.outside import Later
from mopenstack.core.engine.visibility import Visibility
from mopenstack.core.store.kept_lists import ALL, Scope
from mopenstack.core.store.kinds import resource_options, stored
from mopenstack.core.store.texts import Wanted
from mopenstack.core.store.walks import in_scopes

__all__ = ["EMPTY", "Handler", "Later", "ResourceServicer", "Result", "Servicer", "copy_fields"]

M = TypeVar("M", bound=Message)


Handler = Callable[[Call, Any], Awaitable[Result | Outcome | Later]]


class Servicer:
    """All RPCs of one proto service: `service` is its descriptor (`pb2.DESCRIPTOR.services_by_name["Networks"]`)."""

    service: ClassVar[AnyService]
    lifecycle: ClassVar[Lifecycle[Any] | None] = None
    """The table whose due transitions the engine applies."""
    transactional: ClassVar[bool] = True
    """False: handlers run outside of a transaction, without a cloud (the admin service)."""
    for_admins: ClassVar[bool] = True
    """Of one that is not transactional: whether its callers must be those that the admin API serves."""
    sha512: ClassVar[bool] = True
    """Whether the SHA-512 of bytes that come is of use: it costs as much as everything else about them."""
    quota_service: ClassVar[str] = ""
    """Whose quotas the servicer's resources take units of: the name of its Service, set when it is loaded."""

    async def before(self, call: Call, request: Any) -> None:
        """Runs for every RPC of the service after authentication, before the target is looked for."""

    async def check_request(self, call: Call, request: Any) -> None:
        """Runs for every RPC of the service before the target is looked for, after a policy that is asked first."""

    async def target(self, call: Call, owner: ResourceServicer[Any] | None, id: str) -> Any:
        """The object that the operation's `target` names, if the caller may know of it.

        `owner` keeps its kind; None where the path says the kind, by a word that means none.
        """
        if owner is None:
            raise NotFound("The resource could not be found.")
        return await owner.fetch(call, id)

    async def recover(self, call: Call) -> None:
        """Undo what requests had under way when the process was killed; runs at the start, for each cloud."""

    def audience(self, call: Call) -> str:
        """The audience of an answer: `admin` sees the fields that are declared for that audience."""
        return "admin" if call.caller.is_admin else ""

    def no_room(self, why: str) -> Fault:
        """The refusal of bytes for which there is no room."""
        return Unavailable(f"There is no room for these bytes: {why}")

    async def refusal(self, call: Call, request: Any, rules: Sequence[str]) -> Exception:
        """The refusal of a caller by the policy; `rules` are the names of those that were asked.

        Asked of the operation's servicer, else of the one that keeps its target: some services look at the object
        first, or do not tell what the caller may not see.
        """
        return PolicyRefused(list(rules))

    fixed: ClassVar[Mapping[str, Message]] = {}
    """RPC name -> its answer, where that is always the same."""

    def handler(self, operation: Operation) -> Handler | None:
        """The method, or the fixed answer, of an operation; None: it has none."""
        if operation.method in self.fixed:
            return _fixed(self.fixed[operation.method])
        return getattr(self, operation.handler, None)

    def generic(self, operation: Operation) -> Handler | None:
        """What answers an operation that has no method and whose options do not say it; None: it is not served."""
        return None


def _fixed(answer: Message) -> Handler:
    async def show(call: Call, request: Any) -> Result:
        return answer

    return show


class ResourceServicer(Servicer, Generic[M]):
    """A servicer whose resource is a stored message.

    Class attributes:
      message       the stored message
      presents      the message that clients know it as, where that is another one: its options, fields that lists
                    filter and sort by, and name count; `view` makes it
      not_found     the service's refusal for an unknown id; its text may use {id}
      page_max      most objects of one list answer; None: no limit of its own
      page_default  objects of one list answer where the query names no limit; 0: page_max
      stamps_update whether updated_at is set on create as well (Neutron, Nova) or stays unset (Cinder)
      noun, plural  what the RPCs call the resource, where the resource option does not say it: a servicer with a
                    noun is one more API of a resource that another servicer keeps
    """

    message: ClassVar[type[Message]]
    presents: ClassVar[type[Message] | None] = None
    not_found: ClassVar[type[NotFound]] = NotFound
    page_max: ClassVar[int | None] = 1000
    page_default: ClassVar[int] = 0
    stamps_update: ClassVar[bool] = True
    noun: ClassVar[str] = ""
    plural: ClassVar[str] = ""

    def __init__(self) -> None:
        shown = self.presents or self.message
        self.options = resource_options(shown)
        self.fields: dict[str, AnyField] = dict(self.message.DESCRIPTOR.fields_by_name)
        self.listing = self.listing_of(shown)
        self.visibility = Visibility(self.message)
        self._shows_itself = type(self).view is ResourceServicer.view
        self.walks = self.presents is None and can_walk(type(self), ResourceServicer)

    def listing_of(self, message: type[Message]) -> Listing:
        """How a message is listed."""
        return listing(message)  # type: ignore[arg-type]  # mypy takes the __hash__ of its instances

    def generic(self, operation: Operation) -> Handler | None:
        return self._generic.get(operation.method)

    @cached_property
    def _generic(self) -> dict[str, Handler]:
        """RPC name -> the generic handler."""
        noun = self.noun or self.options.noun or (self.presents or self.message).DESCRIPTOR.name
        plural = self.plural or (not self.noun and self.options.plural) or f"{noun}s"
        return {
            f"Create{noun}": self.create,
            f"Get{noun}": self.get,
            f"List{plural}": self.list,
            f"List{plural}Detail": self.list,
            f"Update{noun}": self.update,
            f"Set{noun}": self.update,
            f"Delete{noun}": self.delete,
        }

    # -- hooks: what a resource adds

    def visible(self, call: Call, obj: M) -> bool:
        """Whether the caller may know that the object exists; false means 404. Declared by the resource's `visible`."""
        return self.visibility.visible(call.caller, obj)

    async def prepare(self, call: Call, obj: M, request: Any, given: set[str]) -> None:
        """Complete and check a new object (references, claims); `given` are the fields that the request had."""

    async def created(self, call: Call, obj: M, request: Any) -> None:
        """What follows a create, once the object is stored."""

    async def change(self, call: Call, old: M, new: M, request: Any, given: set[str]) -> None:
        """Check and complete an update; `new` is `old` with the given fields merged in."""

    async def changed(self, call: Call, old: M, new: M) -> None:
        """What follows an update."""

    async def remove(self, call: Call, obj: M) -> None:
        """Refuse the delete of an object in use, or clean up what hangs on it."""

    async def view(self, call: Call, obj: M) -> Message:
        """The object as it is shown; the stored message itself if nothing else is said.

        Where it is built from other objects, build it inside `call.tx.view(key, build)`.
        """
        return obj

    async def answer(self, call: Call, obj: M, request: Any) -> Result:
        """What create, show and update answer: the object as it is shown.

        Where the answer holds more (headers, a generation), or follows from the request, build the operation's
        response message around it.
        """
        return await self.view(call, obj)

    async def beside(self, call: Call, page: Page, found: Sequence[M]) -> None:
        """Fill `page.extra`: what a list's answer holds beside the objects that were `found`."""

    async def scopes(self, call: Call, query: common.Query) -> Sequence[Scope] | None:
        """Values of indexes that everything has that a list may show; ALL for all objects of the kind.

        None: `candidates` alone says what they are. What says more in `candidates` says it here too, or its lists are
        not read in their order.
        """
        found = self.visibility.scopes(call.caller)
        if found is not None:
            return found
        indexed = self.listing.best_index(query, fold_of(call.cloud))
        return [indexed or ALL]

    async def candidates(self, call: Call, query: common.Query) -> Iterable[M]:
        """What a list may show, before `visible` and the filters, found by the indexes that `scopes` names."""
        scopes = await self.scopes(call, query)
        return await in_scopes(call.tx, cast("type[M]", self.message), [ALL] if scopes is None else scopes)

    async def tests(self, call: Call, query: common.Query) -> Sequence[Callable[[M], bool]]:
        """What each object of a list must pass beside the filters; raises what a query is refused with."""
        return ()

    def wanted(self, call: Call, query: common.Query) -> Wanted | None:
        """What finds the objects that may pass the filters without looking at the others; None: nothing does."""
        return self.listing.wanted(query, fold_of(call.cloud))

    async def matches(self, call: Call, obj: M, key: str, values: Sequence[str]) -> bool:
        """A filter that no field declares `filterable`; unknown ones match everything, as most services do."""
        return True

    async def refine(self, call: Call, found: list[M], query: common.Query) -> list[M]:
        """A last word over a list's objects after the filters, before order and pages."""
        return found

    def missing_marker(self, marker: str) -> Exception:
        """The refusal of a list's marker that is not in the list."""
        return BadRequest(f"marker [{marker}] not found")

    def new_id(self, call: Call) -> str:
        return call.take_id() or call.ids.uuid()

    # -- what other servicers call

    async def fetch(self, call: Call, id: str) -> M:
        """The object, if the caller may see it; raises the service's not-found. Shared: never change it."""
        obj = await self.find(call, id)
        if obj is None or not self.visible(call, obj):
            raise self.not_found(id=id)
        return obj

    async def find(self, call: Call, id: str) -> M | None:
        """By what a path calls the object: its id, or the field that the option `key` names."""
        if self.options.key:
            found = await call.tx.query(self.message, **{self.options.key: id})
            return cast("M", found[0]) if found else None
        return await call.tx.get(self.message, id)  # type: ignore[return-value]

    async def save(self, call: Call, obj: M) -> None:
        """Store a changed private copy: updated_at and revision_number follow."""
        if "updated_at" in self.fields:
            call.stamp(stored(obj).updated_at)
        if "revision_number" in self.fields:
            stored(obj).revision_number += 1
        await call.tx.put(obj)

    async def insert(self, call: Call, obj: M, request: Any = None, given: set[str] | None = None) -> M:
        """The steps of a create, for a message that another servicer made: defaults, id, quota, hooks."""
        given = set() if given is None else given
        self.listing.apply_defaults(obj, given)
        kept = stored(obj)
        if not kept.id:
            kept.id = self.new_id(call)
        if "project_id" in self.fields and not kept.project_id:
            kept.project_id = call.caller.project_id
        if "created_at" in self.fields:
            call.stamp(kept.created_at)
        if "updated_at" in self.fields and self.stamps_update:
            call.stamp(kept.updated_at)
        await self.prepare(call, obj, request, given)
        await self._take_quota(call, obj, 1)
        await call.tx.put(obj, fresh=True)
        await self.created(call, obj, request)
        await call.publish("after_create", self.options.kind, obj)
        return await call.tx.get(type(obj), kept.id) or obj

    async def modify(self, call: Call, old: M, new: M, request: Any = None, given: set[str] | None = None) -> M:
        """The steps of an update, for a private copy that another servicer changed: hooks, times, the row."""
        await self.change(call, old, new, request, set() if given is None else given)
        await self.save(call, new)
        await self.changed(call, old, new)
        await call.publish("after_update", self.options.kind, old, new)
        return await call.tx.get(type(new), stored(new).id) or new

    async def discard(self, call: Call, obj: M) -> None:
        """The steps of a delete: subscribers, the hook, the quota, the row with its claims."""
        await call.publish("before_delete", self.options.kind, obj)
        await self.remove(call, obj)
        await self._take_quota(call, obj, -1)
        await call.tx.delete(type(obj), stored(obj).id)

    # -- the generic RPCs

    async def create(self, call: Call, request: Any) -> Result:
        body, given = envelope(request)
        obj = self.message()
        copy_fields(body, obj, names=given & self.fields.keys())
        made = await self.insert(call, cast("M", obj), request, given)
        return await self.answer(call, made, request)

    async def get(self, call: Call, request: Any) -> Result:
        return await self.answer(call, call.target, request)

    async def update(self, call: Call, request: Any) -> Result:
        body, given = envelope(request)
        old = call.target
        new = await call.tx.edit(self.message, old.id)
        names = given & self.fields.keys()
        copy_fields(body, new, names=names - free_fields(body.DESCRIPTOR))
        merge_free_fields(body, new, names)
        kept = await self.modify(call, old, cast("M", new), request, given)
        return await self.answer(call, kept, request)

    async def delete(self, call: Call, request: Any) -> Result:
        await self.discard(call, call.target)
        return EMPTY

    def cut(self, found: Sequence[M], query: common.Query) -> Page:
        """The page of objects that another resource lists as its own."""
        return self.listing.page(found, query, self.page_max, self.missing_marker)

    async def filtered(self, call: Call, found: Sequence[M], query: common.Query) -> list[M]:
        """Those that pass a query's filters."""
        left, fold = list(found), fold_of(call.cloud)
        for key, values in ((item.key, item.values) for item in query.filters):
            test = self.listing.filter(key, values, fold)
            if test is not None:
                left = [obj for obj in left if test(obj)]
            else:
                left = [obj for obj in left if await self.matches(call, obj, key, values)]
        return left

    async def list(self, call: Call, request: Any) -> Result:
        query = getattr(request, "query", None) or common.Query()
        query.limit = query.limit or self.page_default
        page, found = await list_page(self, call, query)
        if not self._shows_itself:
            page.items = [await self.view(call, cast("M", obj)) for obj in page.items]
        await self.beside(call, page, found)
        return page

    # -- inside

    async def _take_quota(self, call: Call, obj: M, units: int) -> None:
        if not self.options.quota:
            return
        project = stored(obj).project_id
        if not project:
            return  # what belongs to no project (the address of a floating IP) is not counted
        if units > 0:
            await call.quota.take(self.quota_service, project, {self.options.quota: units})
        else:
            await call.quota.give(self.quota_service, project, {self.options.quota: -units})
