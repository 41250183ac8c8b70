"""What Keystone's resources share: ids, names that must be unique, extras, options, visibility.

Lookups by name ignore case, as those of a MySQL behind a real Keystone do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar, cast

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct

from mopenstack.contract.calls import Page
from mopenstack.contract.faults import Fault, InvalidField
from mopenstack.contract.operations import Operation
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.contract.values import plain, plain_struct, to_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.fields import envelope
from mopenstack.core.engine.listing import FALSE_WORDS, TRUE_WORDS, fold_of
from mopenstack.core.engine.policy import check_in
from mopenstack.core.engine.servicer import ResourceServicer, Result, copy_fields
from mopenstack.core.identity.errors import refused
from mopenstack.core.store.kinds import resource_options, stored
from mopenstack.core.store.transaction import Taken, copy_of
from mopenstack.identity.v3.refusals import (
    MarkerNotFound,
    ResourceDeleteForbidden,
    ResourceUpdateForbidden,
    ValidationError,
)

_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda text, value: value in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
}

M = TypeVar("M", bound=Message)

DEFAULT_DOMAIN = "default"

IMMUTABLE = {"immutable": (bool,)}
"""The only option of projects, domains and roles (keystone.common.resource_options.options.immutable)."""


class IdentityServicer(ResourceServicer[M]):
    """A stored resource of Keystone.

    Class attributes:
      unique    what the name is unique in: a field of the resource, "" for the whole cloud, None: it is not
      options   the resource options that a client may set, with their types
      not_found_before_policy  names of the RPCs that look for the object before the policy is asked
      pages     how its lists are cut: "markers" by markers that must be there; "limit" by a limit, where a marker that
                is not there counts for nothing; "" not at all, and no filters are looked at
      not_extras  keys that a client may send and Keystone does not keep: what the resource shows of its own
      repeats_extras  whether the answer to an update holds the extras once more under `extra`
    """

    page_max = None
    unique: ClassVar[str | None] = None
    resource_options: ClassVar[Mapping[str, tuple[type, ...]]] = {}
    not_found_before_policy: ClassVar[frozenset[str]] = frozenset()
    pages: ClassVar[str] = "limit"
    not_extras: ClassVar[frozenset[str]] = frozenset({"id", "links", "extra"})
    repeats_extras: ClassVar[bool] = False

    # -- visibility

    def visible(self, call: Call, obj: M) -> bool:
        return True

    async def fetch(self, call: Call, id: str) -> M:
        """404 only where the policy allows the operation on any object; else 403, as in Keystone."""
        obj = await self.find(call, id)
        if obj is not None:
            return obj
        operation = call.operation
        if (
            operation is not None
            and operation.method not in self.not_found_before_policy
            and not allowed_without_target(call, operation)
        ):
            raise refused(operation.options.policy.name)
        raise self.not_found(id=id)

    async def lookup(self, call: Call, id: str) -> M:
        """An object that a request refers to; raises not-found, whatever the policy says."""
        obj = await self.find(call, id)
        if obj is None:
            raise self.not_found(id=id)
        return obj

    async def candidates(self, call: Call, query: common.Query) -> Iterable[M]:
        self._check_filters(query)
        indexed = self.listing.best_index(query, fold_of(call.cloud))
        if indexed is not None:
            return cast("list[M]", await call.tx.query(self.message, **{indexed[0]: indexed[1]}))
        return cast("list[M]", await call.tx.scan(self.message))

    async def filtered(self, call: Call, found: Sequence[M], query: common.Query) -> list[M]:
        left = await super().filtered(call, found, query)
        if self.pages == "limit" and all(getattr(obj, self.listing.key) != query.marker for obj in left):
            query.marker = ""
        return left

    async def list(self, call: Call, request: Any) -> Result:
        """Sort keys are not looked at where the resource does not declare them (keystone.server.flask.common)."""
        query = getattr(request, "query", None)
        if query is not None:
            known = [item for item in query.sort if self.pages and item.key in self.listing.sortable()]
            del query.sort[:]
            query.sort.extend(known)
            if not self.pages:
                query.limit, query.marker, query.nothing = 0, "", False
        return await super().list(call, request)

    async def beside(self, call: Call, page: Page, found: Sequence[M]) -> None:
        """Only what is cut by markers takes a full page for one that has a next."""
        if self.pages == "limit" and page.items and page.next_marker:
            last = self.listing.page(found, common.Query(), None, self.missing_marker).items[-1]
            if page.next_marker == getattr(last, self.listing.key):
                page.next_marker = ""

    def cut(self, found: Sequence[M], query: common.Query) -> Page:
        """A marker that is not there counts for nothing."""
        if all(getattr(obj, self.listing.key) != query.marker for obj in found):
            query.marker = ""
        return self.listing.page(found, query, self.page_max, self.missing_marker)

    def missing_marker(self, marker: str) -> Exception:
        return MarkerNotFound(marker=marker)

    async def matches(self, call: Call, obj: M, key: str, values: Sequence[str]) -> bool:
        """`name__contains=x` and its like, also without case (keystone.server.flask.common.build_driver_hints)."""
        name, _, comparison = key.partition("__")
        field = self.fields.get(name)
        if field is None or comparison.removeprefix("i") not in _COMPARISONS or not self.listing.filterable(name):
            return True
        text = str(getattr(obj, name))
        if comparison.startswith("i"):
            text, values = text.lower(), [value.lower() for value in values]
        test = _COMPARISONS[comparison.removeprefix("i")]
        return all(test(text, value) for value in values)

    def _check_filters(self, query: common.Query) -> None:
        """Values of boolean filters must be booleans (keystone.identity.schema)."""
        for item in query.filters:
            field = self.fields.get(item.key)
            if field is None or field.type != FieldDescriptor.TYPE_BOOL:
                continue
            for value in item.values:
                if value and value.lower() not in TRUE_WORDS | FALSE_WORDS:
                    raise InvalidField((self.options.kind, item.key), value, "type", "boolean")

    # -- names

    async def by_name(self, call: Call, name: str, within: str = "") -> M | None:
        """The object of that name in its domain."""
        owner = await call.tx.claimed(self._scope(within), name.lower())
        return None if owner is None else await self.find(call, owner.partition("/")[2])

    def _scope(self, within: str) -> str:
        return f"{self.options.kind}_name/{within}"

    def _within(self, obj: Any) -> str:
        return str(getattr(obj, self.unique)) if self.unique else ""

    async def claim_name(self, call: Call, obj: Any, old: Any = None) -> None:
        """Take the object's name, and give back the one it had; raises `name_taken`."""
        if self.unique is None:
            return
        key = obj.name.lower()
        if old is not None:
            if old.name.lower() == key:
                return
            await call.tx.release(self._scope(self._within(old)), old.name.lower())
        try:
            await call.tx.claim(self._scope(self._within(obj)), key, obj)
        except Taken:
            raise self.name_taken(obj, renamed=old is not None) from None

    def name_taken(self, obj: Any, *, renamed: bool) -> Fault:
        """The refusal of a name that another object has."""
        raise NotImplementedError

    # -- the steps of create, update and delete

    def new_id(self, call: Call) -> str:
        return call.take_id() or call.ids.hex()

    async def create(self, call: Call, request: Any) -> Result:
        body, given = envelope(request)
        obj: Any = self.message()
        names = given & self.fields.keys()
        copy_fields(body, obj, names=names)
        if "extras" in self.fields:
            obj.extras.CopyFrom(self.extras_of(body))
        return await self.view(call, await self.insert(call, obj, request, given))

    async def prepare(self, call: Call, obj: M, request: Any, given: set[str]) -> None:
        if self.resource_options:
            merge_options(self.options.kind, obj, None, self.resource_options)
        await self.complete(call, obj, request, given)
        await self.claim_name(call, obj)

    async def complete(self, call: Call, obj: M, request: Any, given: set[str]) -> None:
        """Check and complete a new object, before its name is taken."""

    async def change(self, call: Call, old: M, new: M, request: Any, given: set[str]) -> None:
        body, _ = envelope(request)
        self._not_empty(body, given)
        self._check_id(old, body)
        if self.resource_options:
            self._check_mutable(old, body, given)
            merge_options(self.options.kind, new, old, self.resource_options)
        if "extras" in self.fields:
            merged: Any = new
            merged.extras.CopyFrom(old.extras)  # type: ignore[attr-defined]
            merged.extras.MergeFrom(self.extras_of(body))
        await self.revise(call, old, new, request, given)
        await self.claim_name(call, new, old)

    async def revise(self, call: Call, old: M, new: M, request: Any, given: set[str]) -> None:
        """Check and complete an update, before a changed name is taken."""

    async def update(self, call: Call, request: Any) -> Result:
        result = await super().update(call, request)
        if not self.repeats_extras:
            return result
        answer: Any = copy_of(result)  # type: ignore[type-var]
        answer.extra.CopyFrom(answer.extras)
        return answer  # type: ignore[no-any-return]

    def extras_of(self, body: Any) -> Struct:
        """The attributes of a body that are kept beside the declared ones."""
        return Struct(fields={key: value for key, value in body.extras.fields.items() if key not in self.not_extras})

    def _check_id(self, old: Any, body: Any) -> None:
        if "extras" in self.fields and "id" in body.extras.fields:
            self.check_id(old, body, plain(body.extras.fields["id"]))

    def check_id(self, old: Any, body: Any, given: Any) -> None:
        """Refuse the update of an id (keystone.server.flask.common.ResourceBase._require_matching_id)."""
        if given is not None and given != old.id:
            raise ValidationError("Cannot change ID")

    def _not_empty(self, body: Any, given: set[str]) -> None:
        if not given and not ("extras" in self.fields and body.extras.fields):
            raise InvalidField((self.options.kind,), {}, "min_items", 1)

    def _check_mutable(self, old: Any, body: Any, given: set[str]) -> None:
        if not is_immutable(old):
            return
        unlocked = "immutable" in body.options.fields and not body.options.fields["immutable"].bool_value
        if given != {"options"} or body.extras.fields or not unlocked:
            raise ResourceUpdateForbidden(type=_kind(self, old), resource_id=old.id)

    def check_deletable(self, obj: Any) -> None:
        """Refuse the delete of an immutable object."""
        if is_immutable(obj):
            raise ResourceDeleteForbidden(type=_kind(self, obj), resource_id=obj.id)


def _kind(servicer: IdentityServicer[Any], obj: Any) -> str:
    return "domain" if getattr(obj, "is_domain", False) else servicer.options.kind


class _NoTarget:
    """A target without any facts: no check that asks for one passes."""

    def __getattr__(self, name: str) -> str:
        return "\0"


_NO_TARGET = _NoTarget()


def allowed_without_target(call: Call, operation: Operation) -> bool:
    """Whether the caller may do this whatever the target is (keystone.common.rbac_enforcer without a target)."""
    policy = operation.options.policy
    if policy.scope and call.caller.policy_scope not in policy.scope:
        return False
    return not policy.check or check_in(operation.package, policy.check)(call.caller, _NO_TARGET)


def may_read_all(call: Call) -> bool:
    """Whether the caller is an admin or a reader of the system."""
    return call.caller.is_admin or (call.caller.system and "reader" in call.caller.roles)


async def number(call: Call, obj: Any) -> None:
    """Give an object the number of those that were made before it: lists of its kind are in that order."""
    obj.serial = await call.tx.add(f"serial/{resource_options(type(obj)).kind}", 1)


def domain_of(call: Call, domain_id: str) -> str:
    """The domain of a new user, group or project: the given one, the token's, or the default one."""
    return domain_id or call.caller.domain_id or DEFAULT_DOMAIN


def check_domain_unchanged(old: Any, new: Any) -> None:
    if old.domain_id != new.domain_id:
        raise ValidationError("Cannot change Domain ID")


def is_immutable(obj: Any) -> bool:
    return bool(obj.options.fields["immutable"].bool_value) if "immutable" in obj.options.fields else False


def merge_options(kind: str, new: Any, old: Any, allowed: Mapping[str, tuple[type, ...]]) -> None:
    """Merge the given options into the old ones; null removes one. Raises InvalidField for unknown ones."""
    given = plain_struct(new.options)
    unknown = sorted(given.keys() - allowed.keys())
    if unknown:
        raise InvalidField((kind, "options"), given, "unknown", unknown)
    merged = {} if old is None else plain_struct(old.options)
    for key, value in given.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, allowed[key]):
            merged[key] = value
        else:
            names = {bool: "boolean", list: "array"}
            raise InvalidField((kind, "options", key), value, "type", names[allowed[key][0]])
    new.options.CopyFrom(to_struct(merged))
    new.options.SetInParent()


def whole(found: Iterable[Any]) -> Page:
    """A list that has no filters and no pages: all of it, by id."""
    return Page(sorted(found, key=lambda obj: str(stored(obj).id)))
