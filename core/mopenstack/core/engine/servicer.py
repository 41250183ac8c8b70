"""Generic create, show, list, update and delete: the order of steps is here, a resource adds small hooks.

A servicer class serves one proto service. The RPC `CreateNetwork` is answered by its method
`create_network` if it has one; else, for `Create<Resource>`, `Get...`, `List...`, `Update...` and
`Delete...`, by the generic one of ResourceServicer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from google.protobuf.message import Message

from mopenstack.contract.calls import ByteStream, Page
from mopenstack.contract.descriptors import AnyField, AnyService
from mopenstack.contract.faults import BadRequest, Fault, NotFound, PolicyRefused
from mopenstack.contract.operations import Operation, field_rules
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.engine.listing import Listing, listing
from mopenstack.core.store.kinds import resource_options

if TYPE_CHECKING:
    from mopenstack.core.engine.engine import Engine

M = TypeVar("M", bound=Message)
Result = Message | Page | ByteStream
Handler = Callable[[Call, Any], Awaitable[Result]]

EMPTY = common.Empty()


class Servicer:
    """All RPCs of one proto service: `service` is its descriptor (`pb2.DESCRIPTOR.services_by_name["Networks"]`)."""

    service: ClassVar[AnyService]
    lifecycle: ClassVar[Lifecycle[Any] | None] = None
    """The table whose due transitions the engine applies."""
    transactional: ClassVar[bool] = True
    """False: handlers run outside of a transaction, without a cloud (the admin service)."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def before(self, call: Call, request: Any) -> None:
        """Runs for every RPC of the service after authentication, before the target is looked for."""

    def audience(self, call: Call) -> str:
        """Whom an answer is written for: `admin` sees the fields that are declared for that audience."""
        return "admin" if call.caller.is_admin else ""

    def refusal(self, call: Call, rules: Sequence[str]) -> Fault:
        """What a caller is told whom the policy refuses, by the rules that were asked."""
        return PolicyRefused(list(rules))

    def handler(self, operation: Operation) -> Handler | None:
        """The method that answers an operation; None: it is not served."""
        return getattr(self, operation.handler, None)


class ResourceServicer(Servicer, Generic[M]):
    """A servicer whose resource is a stored message.

    Class attributes:
      message       the stored message
      not_found     the service's refusal for an unknown id; its text may use {id}
      page_max      most objects of one list answer; None: no limit of its own
      stamps_update whether updated_at is set on create as well (Neutron, Nova) or stays unset (Cinder)
      quota_service whose quota the resource's `quota` belongs to; the Api's type if empty
    """

    message: ClassVar[type[Message]]
    not_found: ClassVar[type[NotFound]] = NotFound
    page_max: ClassVar[int | None] = 1000
    stamps_update: ClassVar[bool] = True
    quota_service: ClassVar[str] = ""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.options = resource_options(self.message)
        self.fields: dict[str, AnyField] = dict(self.message.DESCRIPTOR.fields_by_name)
        self.listing: Listing = listing(self.message)  # type: ignore[arg-type]  # mypy takes the __hash__ of its instances
        self._shows_itself = type(self).view is ResourceServicer.view

    def handler(self, operation: Operation) -> Handler | None:
        own = super().handler(operation)
        if own is not None:
            return own
        if operation.method.startswith("List"):
            return self.list
        return {"Create": self.create, "Get": self.get, "Update": self.update, "Delete": self.delete}.get(
            next((verb for verb in ("Create", "Get", "Update", "Delete") if operation.method.startswith(verb)), "")
        )

    # -- hooks: what a resource adds

    def visible(self, call: Call, obj: M) -> bool:
        """Whether the caller may know that the object exists; false means 404."""
        if call.caller.is_admin or "project_id" not in self.fields:
            return True
        return bool(obj.project_id == call.caller.project_id)  # type: ignore[attr-defined]

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

    async def candidates(self, call: Call, query: common.Query) -> Iterable[M]:
        """What a list may show, before `visible` and the filters: the caller's project's, everything for an admin."""
        message: type[M] = self.message  # type: ignore[assignment]  # a ClassVar cannot speak of M
        if "project_id" in self.fields and not call.caller.is_admin and self.listing.indexed("project_id"):
            return await call.tx.query(message, project_id=call.caller.project_id)
        indexed = self.listing.best_index(query)
        if indexed is not None:
            return await call.tx.query(message, **{indexed[0]: indexed[1]})
        return await call.tx.scan(message)

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
        return call.ids.uuid()

    # -- what other servicers call

    async def fetch(self, call: Call, id: str) -> M:
        """The object, if the caller may see it; raises the service's not-found. Shared: never change it."""
        obj = await self.find(call, id)
        if obj is None or not self.visible(call, obj):
            raise self.not_found(id=id)
        return obj

    async def find(self, call: Call, id: str) -> M | None:
        """By what a path calls the object: its id, if not said otherwise."""
        return await call.tx.get(self.message, id)  # type: ignore[return-value]

    async def save(self, call: Call, obj: M) -> None:
        """Store a changed private copy: updated_at and revision_number follow."""
        if "updated_at" in self.fields:
            call.stamp(obj.updated_at)  # type: ignore[attr-defined]
        if "revision_number" in self.fields:
            obj.revision_number += 1  # type: ignore[attr-defined]
        await call.tx.put(obj)

    async def insert(self, call: Call, obj: M, request: Any = None, given: set[str] | None = None) -> M:
        """The steps of a create, for a message that another servicer made: defaults, id, quota, hooks."""
        given = set() if given is None else given
        self.listing.apply_defaults(obj, given)
        if not obj.id:  # type: ignore[attr-defined]
            obj.id = self.new_id(call)  # type: ignore[attr-defined]
        if "project_id" in self.fields and not obj.project_id:  # type: ignore[attr-defined]
            obj.project_id = call.caller.project_id  # type: ignore[attr-defined]
        if "created_at" in self.fields:
            call.stamp(obj.created_at)  # type: ignore[attr-defined]
        if "updated_at" in self.fields and self.stamps_update:
            call.stamp(obj.updated_at)  # type: ignore[attr-defined]
        await self.prepare(call, obj, request, given)
        await self._take_quota(call, obj, 1)
        await call.tx.put(obj, fresh=True)
        await self.created(call, obj, request)
        stored = await call.tx.get(type(obj), obj.id)  # type: ignore[attr-defined]
        return obj if stored is None else stored

    async def modify(self, call: Call, old: M, new: M, request: Any = None, given: set[str] | None = None) -> M:
        """The steps of an update, for a private copy that another servicer changed: hooks, times, the row."""
        await self.change(call, old, new, request, set() if given is None else given)
        await self.save(call, new)
        await self.changed(call, old, new)
        stored = await call.tx.get(type(new), new.id)  # type: ignore[attr-defined]
        return new if stored is None else stored

    async def discard(self, call: Call, obj: M) -> None:
        """The steps of a delete: the hook, the quota, the row with its claims."""
        await self.remove(call, obj)
        await self._take_quota(call, obj, -1)
        await call.tx.delete(type(obj), obj.id)  # type: ignore[attr-defined]

    # -- the generic RPCs

    async def create(self, call: Call, request: Any) -> Result:
        body, given = self.envelope(request)
        obj = self.message()
        copy_fields(body, obj, names=given & self.fields.keys())
        return await self.view(call, await self.insert(call, obj, request, given))  # type: ignore[arg-type]

    async def get(self, call: Call, request: Any) -> Result:
        return await self.view(call, call.target)

    async def update(self, call: Call, request: Any) -> Result:
        body, given = self.envelope(request)
        old = call.target
        new = await call.tx.edit(self.message, old.id)
        copy_fields(body, new, names=given & self.fields.keys())
        return await self.view(call, await self.modify(call, old, new, request, given))  # type: ignore[arg-type]

    async def delete(self, call: Call, request: Any) -> Result:
        await self.discard(call, call.target)
        return EMPTY

    async def list(self, call: Call, request: Any) -> Result:
        query = request.query
        found = [obj for obj in await self.candidates(call, query) if self.visible(call, obj)]
        for key, values in ((item.key, item.values) for item in query.filters):
            test = self.listing.filter(key, values)
            if test is not None:
                found = [obj for obj in found if test(obj)]
            else:
                found = [obj for obj in found if await self.matches(call, obj, key, values)]
        found = await self.refine(call, found, query)
        page = self.listing.page(found, query, self.page_max, self.missing_marker)
        if not self._shows_itself:
            page.items = [await self.view(call, obj) for obj in page.items]  # type: ignore[arg-type]
        return page

    # -- inside

    def envelope(self, request: Any) -> tuple[Message, set[str]]:
        """The object inside the request's envelope, and the fields that it gave."""
        mask: set[str] | None = None
        body: Message | None = None
        for field in request.DESCRIPTOR.fields:
            if field.message_type is None or field.is_repeated:
                continue
            if field.message_type.full_name == "google.protobuf.FieldMask":
                mask = set(getattr(request, field.name).paths)
            elif body is None and not field.message_type.full_name.startswith("google.protobuf."):
                body = getattr(request, field.name)
        assert body is not None, f"{request.DESCRIPTOR.full_name} has no envelope"
        given = mask if mask else {field.name for field, _ in body.ListFields()}
        return body, {name for name in given if _writable(body, name)}

    async def _take_quota(self, call: Call, obj: M, units: int) -> None:
        if not self.options.quota:
            return
        service = self.quota_service or self.engine.api_type(self.service)
        project: str = obj.project_id  # type: ignore[attr-defined]
        if not project:
            return  # what belongs to nobody (the address of a floating IP) is counted for nobody
        if units > 0:
            await call.quota.take(service, project, {self.options.quota: units})
        else:
            await call.quota.give(service, project, {self.options.quota: -units})


def copy_fields(source: Message, target: Message, names: Iterable[str]) -> None:
    """Make these fields of the target what they are in the source, unset ones included."""
    for name in names:
        if name not in source.DESCRIPTOR.fields_by_name:
            continue
        field = target.DESCRIPTOR.fields_by_name[name]
        target.ClearField(name)
        if field.is_repeated:
            if field.message_type is not None and field.message_type.GetOptions().map_entry:
                values = getattr(source, name)
                entry = field.message_type.fields_by_name["value"]
                for key in values:
                    if entry.message_type is not None:
                        getattr(target, name)[key].CopyFrom(values[key])
                    else:
                        getattr(target, name)[key] = values[key]
            else:
                getattr(target, name).extend(getattr(source, name))
        elif field.message_type is not None:
            if source.HasField(name):
                getattr(target, name).CopyFrom(getattr(source, name))
        elif not source.DESCRIPTOR.fields_by_name[name].has_presence or source.HasField(name):
            setattr(target, name, getattr(source, name))


def _writable(body: Message, name: str) -> bool:
    field = body.DESCRIPTOR.fields_by_name.get(name)
    if field is None:
        return False
    return field_rules(field).access not in (annotations_pb2.ACCESS_OUTPUT, annotations_pb2.ACCESS_INTERNAL)
