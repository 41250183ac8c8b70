"""What all servicers of the key manager share."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from google.protobuf.message import Message

from mopenstack.contract.calls import Page, Result
from mopenstack.contract.faults import Fault, NotFound
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.quota import Over, QuotaSet
from mopenstack.core.engine.servicer import ResourceServicer, Servicer
from mopenstack.key_manager.v1 import refusals

M = TypeVar("M", bound=Message)

PAGE_DEFAULT, PAGE_MAX = 10, 100
"""barbican.conf, default_limit_paging and max_limit_paging."""
UNLIMITED = -1


def _refuse(over: Over) -> Fault:
    return refusals.QuotaReached()


QUOTAS = QuotaSet(
    "key_manager", dict.fromkeys(("secrets", "orders", "containers", "consumers", "cas"), UNLIMITED), _refuse
)


class OfProject(Servicer):
    """A servicer whose callers must have a token of a project."""

    async def before(self, call: Call, request: Any) -> None:
        if not call.caller.project_id and not call.caller.is_internal:
            raise refusals.NoProject()


class Kept(OfProject, ResourceServicer[M]):
    """A resource that any project may name, so that the policy decides; a list has those of the caller's project.

    `bad_id` is the refusal of an id that is no UUID of version 4; None: it is as unknown as any other.
    """

    page_default = PAGE_DEFAULT
    page_max = PAGE_MAX
    bad_id: type[NotFound] | None = None

    async def find(self, call: Call, id: str) -> M | None:
        if self.bad_id is not None and not is_uuid(id):
            raise self.bad_id()
        return await super().find(call, id)

    async def candidates(self, call: Call, query: common.Query) -> Iterable[M]:
        message: Any = self.message
        found: Iterable[M] = await call.tx.query(message, project_id=call.caller.project_id)
        return found

    async def list(self, call: Call, request: Any) -> Result:
        page = await super().list(call, request)
        assert isinstance(page, Page)
        return finished(page, request.query, page.extra["total"])

    async def beside(self, call: Call, page: Page, found: Any) -> None:
        page.extra["total"] = len(found)


def finished(page: Page, query: common.Query, total: int) -> Page:
    """The page with its neighbours: a next one is there where objects are left, a previous one behind an offset."""
    limit = query.limit or PAGE_DEFAULT
    if query.offset + limit >= total or not page.items:
        page.next_marker = ""
    if not query.offset or not page.items:
        page.previous_marker = ""
    elif not page.previous_marker:
        page.previous_marker = "-"
    page.extra["total"] = total
    return page


def page_of(items: list[Any], query: common.Query) -> Page:
    """The page of objects that are parts of another one."""
    limit = min(query.limit or PAGE_DEFAULT, PAGE_MAX)
    return finished(Page(items[query.offset : query.offset + limit], next_marker="-"), query, len(items))


def is_uuid(text: str) -> bool:
    """Whether it is a UUID of version 4 as Barbican writes it (barbican.common.utils.validate_id_is_uuid)."""
    try:
        return str(uuid.UUID(text, version=4)) == text
    except ValueError:
        return False


async def count(call: Call, project_id: str, resource: str, units: int) -> None:
    """Count what a project has, whatever its quota is."""
    await call.quota.give("key_manager", project_id, {resource: -units})


def id_of(ref: str) -> str:
    """The id at the end of an address."""
    return ref.rstrip("/").rpartition("/")[2]


def like(pattern: str, text: str) -> bool:
    """SQL's LIKE, as MariaDB compares: without regard to case."""
    parts = re.split(r"([%_])", pattern)
    expression = "".join({"%": ".*", "_": "."}.get(part, re.escape(part)) for part in parts)
    return re.fullmatch(expression, text, re.IGNORECASE | re.DOTALL) is not None


def filters_of(query: common.Query) -> Mapping[str, str]:
    """Key -> the last value that a query gives."""
    return {item.key: item.values[-1] for item in query.filters if item.values}
