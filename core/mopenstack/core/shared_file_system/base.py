"""What every resource of Manila shares: the experimental APIs, lists, words and booleans.

Source: manila/api/openstack/wsgi.py, manila/api/common.py, manila/utils.py.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar, cast

from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Value

from mopenstack.contract.calls import Page
from mopenstack.contract.faults import Fault
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.contract.values import plain
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import FALSE_WORDS, TRUE_WORDS, fold_of, holds
from mopenstack.core.engine.servicer import ResourceServicer, Result, Servicer
from mopenstack.core.engine.validation import is_format
from mopenstack.shared_file_system.v2.refusals import (
    AnyNotFound,
    ForbiddenNow,
    InvalidInput,
    MetadataItemNotFound,
    Refused,
)

M = TypeVar("M", bound=Message)

SERVICE = "shared_file_system"
"""The Service's name: quotas are kept under it."""
ZONE = "nova"
ZONE_ID = "d1700fc5-333f-442a-8a25-b87e7ed8f763"
CONTROLLER = "devstack"
"""The host of the scheduler and of the back ends."""
TEXT_MAX = 255
EXPERIMENTAL = "x-openstack-manila-api-experimental"
DETAILED = "detail"
AVAILABLE, CREATING, DELETING, ERROR = "available", "creating", "deleting", "error"
TRANSITIONAL = frozenset({
    CREATING, DELETING, "manage_starting", "unmanage_starting", "extending", "shrinking", "migrating", "migrating_to",
    "restoring", "reverting", "server_migrating", "server_migrating_to", "backup_restoring", "backup_creating",
    "ensuring",
})  # fmt: skip
RESETTABLE = (
    "migrating_to", ERROR, "migrating", "server_migrating", CREATING, AVAILABLE, DELETING, "error_deleting",
)  # fmt: skip
"""The statuses that an administrator sets by a reset, of all but shares, networks and share servers."""


ALWAYS: Mapping[str, tuple[int, int]] = {"": (0, 10_000)}
"""What is experimental yet."""


class ManilaServicer(Servicer):
    """A servicer some of whose operations are experimental: they are there for clients that say so in a header.

    experimental   name of an RPC, or "" for all of them -> (first, last) microversion at which it is experimental
    """

    experimental: ClassVar[Mapping[str, tuple[int, int]]] = {}

    async def before(self, call: Call, request: Any) -> None:
        await super().before(call, request)
        method = call.operation.method if call.operation is not None else ""
        first, last = self.experimental.get(method) or self.experimental.get("") or (1, 0)
        if first <= call.microversion <= last and not call.caller.is_internal and not _is_experimental(call):
            raise AnyNotFound()


def _is_experimental(call: Call) -> bool:
    return call.context.headers.get(EXPERIMENTAL, "").lower() in TRUE_WORDS


class ManilaResource(ManilaServicer, ResourceServicer[M]):
    """Lists as Manila makes them.

    own_filters   the filters that those who are no administrators may use; None: every one
    counted_since first microversion at which `with_count` asks for the number of all
    sort_refusal  what is said of an unknown sort key
    """

    stamps_update = False
    own_filters: ClassVar[tuple[str, ...] | None] = None
    counted_since: ClassVar[int] = 10_000
    sort_refusal: ClassVar[str] = "Wrong sorting key provided - '{key}'"
    sort_keys: ClassVar[Mapping[str, str]] = {"display_name": "name", "display_description": "description"}
    like_since: ClassVar[int] = 36
    """First microversion that compares a part of a text (`name~`)."""

    async def list(self, call: Call, request: Any) -> Result:
        query = request.query
        counts = self.counted_since <= call.microversion and asked_boolean(query, "with_count")
        drop(query, ("with_count",))
        if self.own_filters is not None and not call.caller.is_admin:
            allowed = {*self.own_filters, "all_tenants", "all_projects"}
            drop(query, [item.key for item in query.filters if item.key not in allowed])
        for item in query.sort:
            item.key = self.sort_keys.get(item.key, item.key)
            if item.key not in self.listing.sortable():
                raise InvalidInput(why=self.sort_refusal.format(key=item.key))
        page = await super().list(call, request)
        if counts:
            assert isinstance(page, Page)
            page.extra["count"] = await self._count(call, request)
        return page

    async def candidates(self, call: Call, query: common.Query) -> Iterable[M]:
        message = cast("type[M]", self.message)
        everywhere = "project_id" not in message.DESCRIPTOR.fields_by_name
        if everywhere or (call.caller.is_admin and all_projects(query)):
            return await call.tx.scan(message)
        return await call.tx.query(message, project_id=call.caller.project_id)

    async def matches(self, call: Call, obj: M, key: str, values: Sequence[str]) -> bool:
        """Filters beyond equality; unknown ones say nothing."""
        if key == "metadata" and key in self.fields:
            wanted = literal(values[0])
            return isinstance(wanted, dict) and holds(cast("Any", obj).metadata, wanted, fold_of(call.cloud))
        if key.endswith("~") and call.at_least(self.like_since) and key[:-1] in self.fields:
            return values[0].lower() in str(getattr(obj, key[:-1])).lower()
        return True

    def missing_marker(self, marker: str) -> Exception:
        return self.not_found(id=marker)

    async def _count(self, call: Call, request: Any) -> int:
        """How many objects the filters match, whatever the page."""
        found = [obj for obj in await self.candidates(call, request.query) if self.visible(call, obj)]
        return len(await self.refine(call, await self.filtered(call, found, request.query), request.query))


def not_allowed(rule: str) -> Fault:
    """The refusal of what a policy forbids that Manila's own code asks; those of its decorators do not say the rule."""
    return ForbiddenNow(f"Policy doesn't allow {rule} to be performed.")


def drop(query: common.Query, keys: Iterable[str]) -> None:
    """Take filters out of a query."""
    gone = set(keys)
    kept = [item for item in query.filters if item.key not in gone]
    del query.filters[:]
    query.filters.extend(kept)


def asked(query: common.Query, key: str) -> str | None:
    """The value of a filter; None: it is not asked for."""
    return next((item.values[0] for item in query.filters if item.key == key), None)


def asked_boolean(query: common.Query, key: str) -> bool:
    """A filter that must be a boolean; absent is false."""
    value = asked(query, key)
    return value is not None and boolean(value, f"Invalid value {value} for {key}. Expecting a boolean.")


def all_projects(query: common.Query) -> bool:
    """Whether a list is to hold what all projects have. Source: manila.utils.is_all_tenants."""
    return any(item.key in ("all_tenants", "all_projects") and _truth(item.values[0]) for item in query.filters)


def _truth(value: str) -> bool:
    word = value.strip().lower()
    if word in TRUE_WORDS or word in FALSE_WORDS:
        return word in TRUE_WORDS
    raise InvalidInput(why=f"Invalid all_tenants param: {value}")


def boolean(value: Any, refusal: str = "") -> bool:
    """oslo_utils.strutils.bool_from_string, strict; raises Refused with the text of the refusal, or oslo's own."""
    word = str(value).strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    words = ", ".join(f"'{one}'" for one in sorted((*TRUE_WORDS, *FALSE_WORDS)))
    raise Refused(refusal or f"Unrecognized value '{value}', acceptable values are: {words}")


def literal(value: str) -> Any:
    """A filter's value as the Python literal that Manila takes it for; raises Refused for what is none."""
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise Refused("Invalid value for metadata filter.") from None


def given(value: Value) -> Any:
    """A field of any type as Python; None: absent, or null."""
    return plain(value)


def text(body: Any, *names: str) -> str | None:
    """The first of these fields that is set; None: none is."""
    for name in names:
        if body.HasField(name):
            return str(getattr(body, name))
    return None


def check_text(value: str | None, name: str) -> None:
    """Refuse a name or description that the database does not hold."""
    if value is not None and len(value) > TEXT_MAX:
        raise InvalidInput(why=f"{name} can only be {TEXT_MAX} characters long")


def assign(obj: Message, name: str, value: Any) -> None:
    """Set an optional field, or clear it for None."""
    if value is None:
        obj.ClearField(name)
    else:
        setattr(obj, name, value)


def is_uuid(value: Any) -> bool:
    """oslo_utils.uuidutils.is_uuid_like."""
    return isinstance(value, str) and is_format("uuid", value)


def check_metadata(metadata: Mapping[str, str]) -> None:
    """Refuse keys and values that are blank or too long. Source: manila.api.common.check_metadata_properties."""
    for key, value in metadata.items():
        if not key:
            raise Refused("Metadata property key is blank.")
        if len(key) > TEXT_MAX:
            raise Refused("Metadata property key is greater than 255 characters.")
        if not value:
            raise Refused("Metadata property value is blank.")
        if len(value) > 1023:
            raise Refused("Metadata property value is greater than 1023 characters.")


async def check_given_metadata(call: Call, request: Any) -> None:
    """The rule of a Collection of metadata: what a request adds must be sound, before its target is looked for."""
    if hasattr(request, "metadata"):
        check_metadata(request.metadata)


def no_such_item(call: Call, obj: Any, item: str) -> Exception:
    """The refusal of a key that metadata do not have."""
    return MetadataItemNotFound()


def new_status(request: Any, choices: Sequence[str], field: str = "status", part: str = "reset_status") -> str:
    """The status that a reset asks for; raises Refused for another than the choices."""
    body = getattr(request, part)
    if not request.HasField(part) or not body.HasField(field):
        raise Refused(f"Must specify '{field}'")
    value = str(getattr(body, field))
    if value not in choices:
        raise Refused(f"Invalid state. Valid states: {', '.join(choices)}.")
    return value
