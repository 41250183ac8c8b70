"""Lists of stacks: filters, order, pages. Sources: heat/engine/service.py (list_stacks), heat/db/api.py."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.calls import Page
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.orchestration.runs.states import action_of, status_of
from mopenstack.core.orchestration.stacks import arguments, views
from mopenstack.core.orchestration.templates.values import boolean
from mopenstack.orchestration.v1 import refusals
from mopenstack.orchestration.v1.stacks.stacks_pb2 import Stack

_SORT = {
    "stack_name": lambda one: one.stack_name,
    "stack_status": status_of,
    "creation_time": lambda one: one.created_at.ToNanoseconds(),
    "updated_time": lambda one: one.updated_time.ToNanoseconds(),
}
_FILTERS: dict[str, Any] = {
    "id": lambda one: one.id,
    "name": lambda one: one.stack_name,
    "stack_name": lambda one: one.stack_name,
    "action": action_of,
    "stack_action": action_of,
    "tenant": lambda one: one.project_id,
    "username": lambda one: one.stack_owner,
    "stack_owner": lambda one: one.stack_owner,
    "owner_id": lambda one: one.owner_id,
    "parent": lambda one: one.owner_id,
    "stack_status_reason": lambda one: one.stack_status_reason,
    "stack_user_project_id": lambda one: one.stack_user_project_id,
}


def _pairs(query: common.Query) -> dict[str, list[str]]:
    return {one.key: list(one.values) for one in query.filters}


def _flag(pairs: dict[str, list[str]], name: str) -> bool:
    return name in pairs and arguments.boolean(name, pairs[name][-1])


async def stacks(call: Call, query: common.Query) -> Page:
    """A page of stacks; raises BadRequest, ValueError, ForbiddenAction."""
    pairs = _pairs(query)
    if _flag(pairs, "global_tenant"):
        raise refusals.ForbiddenAction(action="stacks:global_index")
    matching = await found(call, query)
    kept = _page(matching, pairs)
    page = Page([views.summary(call, one) for one in kept])
    limit = arguments.integer("limit", pairs["limit"][-1]) if pairs.get("limit") else None
    if limit and len(kept) == limit:
        page.next_marker = kept[-1].id
    if _flag(pairs, "with_count"):
        page.extra["count"] = len(matching)
    return page


async def found(call: Call, query: common.Query) -> list[Stack]:
    """The stacks that a query asks for, in its order."""
    pairs = _pairs(query)
    deleted, nested, hidden = (_flag(pairs, name) for name in ("show_deleted", "show_nested", "show_hidden"))
    if (call.caller.is_admin and call.caller.project_id == "") or call.caller.is_admin:
        stacks = await call.tx.scan(Stack)
    else:
        stacks = await call.tx.query(Stack, project_id=call.caller.project_id)
    kept = [one for one in stacks if (deleted or not one.HasField("deletion_time")) and (nested or not one.owner_id)]
    if not hidden:
        kept = [one for one in kept if "data-processing-cluster" not in one.tags]
    kept = [one for one in kept if _tagged(one, pairs) and _matches(one, pairs)]
    return _sorted(kept, pairs)


def _matches(stack: Stack, pairs: dict[str, list[str]]) -> bool:
    for key, read in _FILTERS.items():
        wanted = [value for value in pairs.get(key, ()) if value]
        if wanted and read(stack) not in wanted:
            return False
    for key in ("status", "stack_status"):
        wanted = [value for value in pairs.get(key, ()) if value]
        if wanted and not any(stack.stack_status in (value,) or status_of(stack) == value for value in wanted):
            return False
    rollback = [value for value in pairs.get("disable_rollback", ()) if value]
    try:
        return not rollback or stack.disable_rollback in [boolean(value) for value in rollback]
    except ValueError:
        return False


def _tagged(stack: Stack, pairs: dict[str, list[str]]) -> bool:
    own = set(stack.tags)

    def words(name: str) -> set[str]:
        return set(arguments.tags(pairs[name][-1])) if pairs.get(name) and pairs[name][-1] else set()

    every, any_of, no, none_of = (words(name) for name in ("tags", "tags_any", "not_tags", "not_tags_any"))
    return every <= own and (not any_of or bool(any_of & own)) and (not no or not no <= own) and not (none_of & own)


def _sorted(stacks: list[Stack], pairs: dict[str, list[str]]) -> list[Stack]:
    direction = pairs["sort_dir"][-1] if pairs.get("sort_dir") and pairs["sort_dir"][-1] else ""
    if direction not in ("", "asc", "desc"):
        raise refusals.ValueError()
    keys = [key for key in pairs.get("sort_keys", ()) if key in _SORT]
    ordered = sorted(stacks, key=lambda one: one.id)
    ordered.sort(key=_SORT["creation_time"], reverse=not keys and direction != "asc")
    for key in reversed(keys):
        ordered.sort(key=_SORT[key], reverse=direction == "desc")
    return ordered


def _page(stacks: list[Stack], pairs: dict[str, list[str]]) -> list[Stack]:
    marker = pairs["marker"][-1] if pairs.get("marker") else ""
    places = [place for place, one in enumerate(stacks) if one.id == marker]
    if places:
        stacks = stacks[places[0] + 1 :]
    limit = arguments.integer("limit", pairs["limit"][-1]) if pairs.get("limit") and pairs["limit"][-1] else None
    return stacks if limit is None else stacks[:limit]
