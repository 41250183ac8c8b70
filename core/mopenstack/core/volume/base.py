"""What every Cinder resource shares: the project in the path, filters, words, booleans."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar, cast

from google.protobuf import json_format
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from mopenstack.contract.calls import Page
from mopenstack.contract.faults import BadRequest
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import FALSE_WORDS, TRUE_WORDS, fold_of, holds
from mopenstack.core.engine.servicer import ResourceServicer, Result
from mopenstack.core.store.kept_lists import ALL, Scope
from mopenstack.volume.v3.refusals import InvalidInput, ParameterRefused
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

M = TypeVar("M", bound=Message)

SERVICE = "volume"
"""The Service's name: quotas are kept under it."""

ZONE = "nova"
CONTROLLER = "devstack"
"""The host of scheduler, backup and the back ends (scheduling.py)."""
BACKEND = "lvmdriver-1"
BACKENDS = (BACKEND, "lvmdriver-2")
"""Each has one pool."""

NAME_MAX = 255
GENERAL_FILTERS_SINCE = 31
LIKE_FILTERS_SINCE = 34
COUNT_SINCE = 45

COLUMNS = {"display_name": "name"}
"""Names of the database's columns that lists may be sorted by as well."""

RESOURCE_FILTERS: dict[str, tuple[str, ...]] = {
    "volume": (
        "name", "status", "metadata", "bootable", "migration_status", "availability_zone", "group_id", "size",
        "created_at", "updated_at", "consumes_quota",
    ),
    "backup": ("name", "status", "volume_id"),
    "snapshot": ("name", "status", "volume_id", "metadata", "availability_zone", "consumes_quota"),
    "group": ("name",),
    "group_snapshot": ("name", "status", "group_id"),
    "attachment": ("volume_id", "status", "instance_id", "attach_status"),
    "message": ("resource_uuid", "resource_type", "event_id", "request_id", "message_level"),
    "pool": ("name", "volume_type"),
    "volume_type": ("is_public", "extra_specs"),
}  # fmt: skip
"""What non-admins may filter by (cinder/etc/resource_filters.json); an admin may use every attribute."""


def boolean(name: str, value: str) -> bool:
    """A query parameter that must be a boolean (cinder.utils.get_bool_param); absent is false."""
    word = value.strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS or not value:
        return False
    raise ParameterRefused(f"Value '{value}' for '{name}' is not a boolean.")


def text(body: Any, *names: str) -> str | None:
    """The first of these fields that is set, without spaces around it; None: none is."""
    for name in names:
        if body.HasField(name):
            return str(getattr(body, name)).strip()
    return None


def name_and_description(body: Any) -> tuple[str | None, str | None]:
    """The two under either spelling; refused past 255 characters."""
    found = text(body, "name", "display_name"), text(body, "description", "display_description")
    for what, value in zip(("name", "description"), found, strict=True):
        if value is not None and len(value) > NAME_MAX:
            raise InvalidInput(why=f"{what} has {len(value)} characters, more than {NAME_MAX}.")
    return found


def timestamp_key(timestamp: Timestamp) -> tuple[int, int]:
    """Orders by time."""
    return timestamp.seconds, timestamp.nanos


def as_given(body: Message) -> dict[str, Any]:
    """A part of a request with the keys that it has, for refusals and answers that repeat it."""
    return json_format.MessageToDict(body, preserving_proto_field_name=True)


def assign(obj: Message, name: str, value: str | None) -> None:
    """Set an optional field, or clear it for None."""
    if value is None:
        obj.ClearField(name)
    else:
        setattr(obj, name, value)


def replace_map(target: Any, values: Mapping[str, str]) -> None:
    """Make a map field hold exactly these values."""
    kept = dict(values)
    target.clear()
    target.update(kept)


def literal(value: str) -> Any:
    """A filter's value as the Python literal that cinder takes it for, else the string."""
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):  # the last two: nested too deep
        return value


class CinderResource(ResourceServicer[M]):
    """Lists as Cinder makes them: the filters of admins and others, `all_tenants`, `with_count`.

    resource   its name in RESOURCE_FILTERS; empty: no microversion refuses its filters
    simple     what non-admins may filter by up to 3.30, where unknown filters are dropped silently
    """

    stamps_update = False
    resource: ClassVar[str] = ""
    simple: ClassVar[tuple[str, ...]] = ()

    async def list(self, call: Call, request: Any) -> Result:
        query = request.query
        counted = self._read_query(call, query)
        page = Page([]) if query.limit < 0 else await super().list(call, request)
        if counted:
            assert isinstance(page, Page)
            page.extra["count"] = await self._count(call, request)
        return page

    async def by_name(self, call: Call, name: str) -> M | None:
        """The object of that name; for kinds whose names are unique, and indexed."""
        found = await call.tx.query(cast("type[M]", self.message), name=name)
        return found[0] if found else None

    async def scopes(self, call: Call, query: common.Query) -> Sequence[Scope] | None:
        if call.caller.is_admin and _all_tenants(query):
            return await super().scopes(call, query)
        return [("project_id", call.caller.project_id) if "project_id" in self.fields else ALL]

    async def matches(self, call: Call, obj: M, key: str, values: Sequence[str]) -> bool:
        """Filters beyond equality; what an admin asks for and no volume has matches nothing."""
        if key in ("all_tenants", "with_count"):
            return True
        if key == "metadata" and key in self.fields:
            wanted = literal(values[0])
            metadata = cast("Volume | Snapshot", obj).metadata
            return isinstance(wanted, dict) and holds(metadata, wanted, fold_of(call.cloud))
        if key.endswith("~") and call.at_least(LIKE_FILTERS_SINCE) and key[:-1] in self.fields:
            return any(value.lower() in str(getattr(obj, key[:-1])).lower() for value in values)
        return False

    def missing_marker(self, marker: str) -> Exception:
        return self.not_found(id=marker)

    def _read_query(self, call: Call, query: common.Query) -> bool:
        """Drop or refuse the filters that the caller may not use; whether the answer is to be counted."""
        for item in query.sort:
            item.key = COLUMNS.get(item.key, item.key)
            if item.key not in self.listing.sortable():
                raise InvalidInput(why="Invalid sort key")
        counted = False
        if call.at_least(COUNT_SINCE):
            counted = any(boolean(item.key, item.values[0]) for item in query.filters if item.key == "with_count")
        self._drop(query, ("with_count",))
        if call.caller.is_admin:
            _all_tenants(query)
            return counted
        if not call.at_least(GENERAL_FILTERS_SINCE) or self.resource not in RESOURCE_FILTERS:
            unknown = [item.key for item in query.filters if item.key not in self.simple]
            self._drop(query, unknown)
            return counted
        allowed = RESOURCE_FILTERS[self.resource]
        unknown = [item.key for item in query.filters if item.key not in allowed]
        self._drop(query, ("all_tenants",))
        refused = [key for key in unknown if key != "all_tenants"]
        if refused:
            raise BadRequest(f"Invalid filters {','.join(refused)} are found in query options.")
        return counted

    @staticmethod
    def _drop(query: common.Query, keys: Iterable[str]) -> None:
        gone = set(keys)
        kept = [item for item in query.filters if item.key not in gone]
        del query.filters[:]
        query.filters.extend(kept)

    async def _count(self, call: Call, request: Any) -> int:
        """How many objects the filters match, whatever the page."""
        everything = type(request)()
        everything.CopyFrom(request)
        for field in ("limit", "marker", "offset"):
            everything.query.ClearField(field)
        total = 0
        while True:
            page = await super().list(call, everything)
            assert isinstance(page, Page)
            total += len(page.items)
            if not page.next_marker:
                return total
            everything.query.marker = page.next_marker


def _all_tenants(query: common.Query) -> bool:
    return any(boolean(item.key, item.values[0]) for item in query.filters if item.key == "all_tenants")
