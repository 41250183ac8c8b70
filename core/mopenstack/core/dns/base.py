"""What every resource of Designate shares: for whom a call is made, lists, the shape of a refusal."""

from __future__ import annotations

import builtins
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar

import re2
from google.protobuf.message import Message

from mopenstack.contract.calls import Page
from mopenstack.contract.faults import InvalidField
from mopenstack.contract.operations import enum_words
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import SYSTEM, Caller
from mopenstack.core.engine.listing import TRUE_WORDS, Fold, fold_of
from mopenstack.core.engine.servicer import ResourceServicer, Result, Servicer
from mopenstack.dns.v2 import refusals

M = TypeVar("M", bound=Message)

SERVICE = "dns"
"""The Service's name: quotas are kept under it."""

PAGE_DEFAULT = 20
PAGE_MAX = 1000
"""default_limit_v2 and max_limit_v2 of designate.conf."""

ALL_PROJECTS = ("all_projects", "all_tenants")
_QUERY_OF_CALLS = (*ALL_PROJECTS, "edit_managed_records")
"""Query parameters that say how a call is made, and filter nothing."""


@dataclass(frozen=True, slots=True)
class DnsCaller(Caller):
    """A caller with what the headers of a call say (designate.context.DesignateContext)."""

    all_projects: bool = False
    edits_managed: bool = False
    deletes_shares: bool = False
    hides_counts: bool = False


def everywhere(caller: Caller = SYSTEM) -> DnsCaller:
    """The caller as an administrator who sees all projects: what the service does on behalf of a call."""
    same = {field.name: getattr(caller, field.name) for field in fields(Caller)}
    same["roles"] = caller.roles | {"admin"}
    return DnsCaller(**same, all_projects=True, edits_managed=True)


def truth(text: str | None) -> bool:
    """A header's or parameter's boolean (oslo_utils.strutils.bool_from_string)."""
    return (text or "").strip().lower() in TRUE_WORDS


def speaking(caller: Caller, headers: Mapping[str, str], query: Mapping[str, str]) -> Caller:
    """The caller as a call's headers and query say; raises ForbiddenHeader for what only an administrator may say."""
    sudo = headers.get("x-auth-sudo-project-id") or headers.get("x-auth-sudo-tenant-id") or ""
    projects = truth(next((query[key] for key in ALL_PROJECTS if key in query), headers.get("x-auth-all-projects")))
    managed = truth(query.get("edit_managed_records", headers.get("x-designate-edit-managed-records")))
    hard = truth(headers.get("x-designate-hard-delete"))
    if (sudo or projects or managed or hard) and not caller.is_admin:
        raise refusals.ForbiddenHeader()
    same = {field.name: getattr(caller, field.name) for field in fields(Caller)}
    if sudo:
        same["project_id"] = sudo
    return DnsCaller(
        **same,
        all_projects=projects,
        edits_managed=managed,
        deletes_shares=truth(headers.get("x-designate-delete-shares")),
        hides_counts=truth(headers.get("openstack-dns-hide-counts")),
    )


def says(call: Call, name: str) -> bool:
    """Whether the call's headers say so: `all_projects`, `edits_managed`, `deletes_shares`, `hides_counts`."""
    return bool(getattr(call.caller, name, False))


def broken(path: tuple[str | int, ...], message: str, validator: str, value: Any) -> InvalidField:
    """One entry of the list of errors that an answer to a bad object holds (designate.objects.ValidationError)."""
    return InvalidField(path, None, f"schema:{validator}", value, message)


def check_same(old: Message, new: Message, given: set[str], *fields: str) -> None:
    """Refuse an update that changes what may only be repeated; raises InvalidField."""
    changed = [name for name in fields if name in given and getattr(old, name) != getattr(new, name)]
    if changed:
        raise InvalidField((), None, "unknown", changed)


def invalid(why: str, error: str = "ValueError") -> refusals.InvalidObject:
    """The refusal of an object, in the words of the adapter that reads it."""
    return refusals.InvalidObject(f"Provided object is not valid. Got a {error} error with message {why}")


class DnsServicer(Servicer):
    """Reads for whom the call is made before anything is looked for."""

    async def before(self, call: Call, request: Any) -> None:
        if isinstance(call.caller, DnsCaller) or call.caller.is_internal:
            return
        query: common.Query | None = getattr(request, "query", None)
        said = {item.key: item.values[-1] for item in query.filters if item.key in _QUERY_OF_CALLS} if query else {}
        if said and query is not None:
            kept = [item for item in query.filters if item.key not in said]
            del query.filters[:]
            query.filters.extend(kept)
        call.caller = speaking(call.caller, call.context.headers, said)


class DnsResource(DnsServicer, ResourceServicer[M]):
    """Lists as Designate makes them.

    filters    the query parameters that a list can be filtered by
    sort_keys  what it can be sorted by, in the order in which a refusal names them
    counted    whether a list says how many objects there are in all
    """

    stamps_update = False
    page_max = None
    page_default = PAGE_DEFAULT
    filters: ClassVar[tuple[str, ...]] = ()
    sort_keys: ClassVar[tuple[str, ...]] = ("created_at", "id", "updated_at")
    counted: ClassVar[bool] = False

    async def list(self, call: Call, request: Any) -> Result:
        self._check_query(call, request.query)
        return await super().list(call, request)

    async def beside(self, call: Call, page: Page, found: Sequence[M]) -> None:
        if self.counted and not says(call, "hides_counts"):
            page.extra["metadata"] = {"total_count": len(found)}

    async def filtered(self, call: Call, found: Sequence[M], query: common.Query) -> builtins.list[M]:
        """Filters with `*` for any text, as the database compares."""
        fold = fold_of(call.cloud)
        left = list(found)
        for item in query.filters:
            test = criterion(item.values[0], fold)
            left = [obj for obj in left if any(map(test, self.compared(obj, item.key)))]
        return left

    def compared(self, obj: M, key: str) -> Sequence[str]:
        """The texts of an object that a filter is held against; one of them must match."""
        name = _COLUMNS.get(key, key)
        field = obj.DESCRIPTOR.fields_by_name[name]
        if field.has_presence and not obj.HasField(name):
            return ()
        value = getattr(obj, name)
        return (enum_words(field).get(value, "") if field.enum_type is not None else str(value),)

    def missing_marker(self, marker: str) -> Exception:
        return refusals.MarkerNotFound()

    def _check_query(self, call: Call, query: common.Query, sort_keys: Sequence[str] = ()) -> None:
        """Refuse what no list can be asked; raises the service's refusals."""
        sort_keys = sort_keys or self.sort_keys
        twice = [item.key for item in query.filters if len(item.values) > 1]
        if twice:
            raise refusals.DuplicateFilters(names=", ".join(twice))
        unknown = [item.key for item in query.filters if item.key not in self.filters]
        if unknown:
            raise refusals.InvalidFilters(names=", ".join(unknown))
        for item in query.sort:
            if item.key not in sort_keys:
                raise refusals.InvalidSortKey(keys=list(sort_keys))
        kept = [item for item in query.sort if item.key != "tenant_id" or says(call, "all_projects")]
        del query.sort[:]
        for item in kept:
            descending = item.descending and not item.by_default
            query.sort.add(key=_COLUMNS.get(item.key, item.key), descending=descending)
        if query.marker and not _is_uuid(query.marker):
            raise refusals.InvalidMarker()


_COLUMNS = {"tenant_id": "project_id"}
"""Names of the database's columns that lists may be sorted by."""


def criterion(value: str, fold: Fold) -> Callable[[str], bool]:
    """A filter as designate.storage.sqlalchemy reads it: `*` for any text, `!`, `<`, `<=`, `>`, `>=` in front."""
    wanted = fold(value).replace("*", "%")
    if "%" in wanted:
        parts = ["." if part == "_" else ".*" if part == "%" else re2.escape(part) for part in _like(wanted)]
        pattern = re2.compile("(?s)" + "".join(parts))
        return lambda text: pattern.fullmatch(fold(text)) is not None
    if wanted.startswith("!"):
        return lambda text: fold(text) != wanted[1:]
    for sign in ("<=", ">=", "<", ">"):
        if wanted.startswith(sign):
            return lambda text: _compares(_ordered(fold(text)), sign, _ordered(wanted[len(sign) :]))
    return lambda text: fold(text) == wanted


def _like(pattern: str) -> list[str]:
    """The pieces of a LIKE pattern: its two wildcards, each alone, and what stands between them."""
    pieces = [""]
    for sign in pattern:
        if sign in "%_":
            pieces += [sign, ""]
        else:
            pieces[-1] += sign
    return [piece for piece in pieces if piece]


def _ordered(text: str) -> tuple[int, float, str]:
    return (0, float(text), "") if text.lstrip("-").isdecimal() and len(text) < 18 else (1, 0.0, text)


def _compares(left: tuple[int, float, str], sign: str, right: tuple[int, float, str]) -> bool:
    if sign == "<=":
        return left <= right
    if sign == ">=":
        return left >= right
    return left < right if sign == "<" else left > right


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
