"""Locks of shares and access rules. Source: manila/api/v2/resource_locks.py, manila/lock/api.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.shared_file_system.base import ManilaResource, all_projects, assign, not_allowed
from mopenstack.core.shared_file_system.services.messages import moment
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.shares import resource_locks_pb2 as pb2
from mopenstack.shared_file_system.v2.shares.access_rules_pb2 import AccessRule
from mopenstack.shared_file_system.v2.shares.resource_locks_pb2 import ResourceLock
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share

ACTIONS = {"share": ["delete"], "access_rule": ["delete", "show"]}
NO_LOCKS = {
    "share": ("deleting", "error_deleting", "unmanage_starting", "manage_error_unmanage_starting", "unmanage_error"),
    "access_rule": ("queued_to_deny", "denying", "error"),
}
"""States in which a lock against a delete would come too late."""
RANKS = {"user": 0, "service": 1, "admin": 2}


def _context(call: Call) -> str:
    """As what a caller locks."""
    if "service" in call.caller.roles:
        return "service"
    return "admin" if call.caller.is_admin else "user"


def _refuse_lower(call: Call, lock: ResourceLock) -> None:
    """A lock is changed by its like, and by those above."""
    if RANKS[_context(call)] < RANKS.get(lock.lock_context, 0):
        raise refusals.LockOfOthers()


def _is_owner(call: Call, lock: ResourceLock) -> bool:
    mine = (lock.user_id, lock.project_id) == (call.caller.user_id, call.caller.project_id)
    return mine or call.caller.is_admin or "service" in call.caller.roles


def check_owner(call: Call, lock: ResourceLock, rule: str) -> None:
    """Refuse a caller who may not change a lock."""
    if not _is_owner(call, lock):
        raise not_allowed(rule)
    _refuse_lower(call, lock)


class ResourceLocks(ManilaResource[ResourceLock]):
    service = pb2.DESCRIPTOR.services_by_name["ResourceLocks"]
    message = ResourceLock
    not_found = refusals.ResourceLockNotFound
    counted_since = 81
    sort_refusal = "Invalid sort key {key}"

    async def create_resource_lock(self, call: Call, request: pb2.CreateResourceLockRequest) -> Result:
        body = request.resource_lock
        kind = body.resource_type or "share"
        action = body.resource_action or "delete"
        if action not in ACTIONS[kind]:
            raise refusals.Refused(f"'resource_action' can only be one of {ACTIONS[kind]}")
        found: Any = await call.tx.get(Share if kind == "share" else AccessRule, body.resource_id)
        if found is None or not (_is_admin(call) or found.project_id == call.caller.project_id):
            raise refusals.NoResourceToLock()
        return await lock(call, kind, found, action, body.lock_reason or None)

    async def update_resource_lock(self, call: Call, request: pb2.UpdateResourceLockRequest) -> Result:
        body, kept = request.resource_lock, call.target
        action = body.resource_action or "delete"
        choices = ACTIONS.get(kept.resource_type, ())
        if action not in choices:
            raise refusals.Refused(f"'resource_action' can only be one of {choices}")
        check_owner(call, kept, "resource_lock:update")
        new = await call.tx.edit(ResourceLock, kept.id)
        if body.HasField("resource_action"):
            if body.resource_action == "show" and kept.resource_action != "show":
                for other in await call.tx.query(ResourceLock, resource_id=kept.resource_id):
                    if other.resource_action == "show":
                        raise refusals.InvalidInput(why="The resource already has a visibility lock")
            new.resource_action = body.resource_action
        if "lock_reason" in request.mask.paths:
            assign(new, "lock_reason", body.lock_reason if body.HasField("lock_reason") else None)
        await self.save(call, new)
        return new

    async def delete_resource_lock(self, call: Call, request: pb2.ResourceLockRequest) -> Result:
        check_owner(call, call.target, "resource_lock:delete")
        await self.discard(call, call.target)
        return EMPTY

    async def candidates(self, call: Call, query: common.Query) -> Iterable[ResourceLock]:
        if _is_admin(call) and all_projects(query):
            return await call.tx.scan(ResourceLock)
        return await call.tx.query(ResourceLock, project_id=call.caller.project_id)

    async def matches(self, call: Call, obj: ResourceLock, key: str, values: Sequence[str]) -> bool:
        if key in ("created_since", "created_before"):
            return since_or_before(obj.created_at, key, values[0])
        return await super().matches(call, obj, key, values)


def since_or_before(at: Any, key: str, value: str) -> bool:
    """A filter by the time of creation."""
    when = moment(value)
    if when is None:
        raise refusals.Refused(f"Invalid input for field/attribute 0. Value: {value}. '{value}' is not a 'date-time'")
    seconds: float = at.seconds + at.nanos / 1e9
    return seconds >= when if key == "created_since" else seconds <= when


def _is_admin(call: Call) -> bool:
    return call.caller.is_admin or "service" in call.caller.roles


async def lock(call: Call, kind: str, resource: Any, action: str, reason: str | None) -> ResourceLock:
    """A new lock of a resource."""
    if action == "show" and any(
        one.resource_action == "show" for one in await call.tx.query(ResourceLock, resource_id=resource.id)
    ):
        raise refusals.Conflicting("Resource's visibility is already locked by other user.")
    state = resource.status if kind == "share" else resource.state
    if action == "delete" and state in NO_LOCKS[kind]:
        raise _unsuitable("Resource status not suitable for locking")
    if kind == "share" and resource.is_soft_deleted:
        raise _unsuitable("Resource cannot be locked since it has been soft deleted.")
    made = ResourceLock(resource_id=resource.id, resource_type=kind, resource_action=action)
    made.user_id, made.project_id, made.lock_context = call.caller.user_id, call.caller.project_id, _context(call)
    assign(made, "lock_reason", reason)
    return await call.service(ResourceLocks).insert(call, made)


def _unsuitable(why: str) -> Fault:
    return refusals.Conflicting(f"Invalid input received: {why.rstrip('.')}.")


async def lock_rule(call: Call, rule: AccessRule, visibility: bool, deletion: bool, reason: str) -> None:
    """The locks that a new access rule asks for; one against its delete keeps the share, too."""
    if deletion:
        made = await lock(call, "access_rule", rule, "delete", reason or None)
        share = await call.tx.get(Share, rule.share_id)
        await lock(call, "share", share, "delete", f"Locked by access lock: {made.id}")
    if visibility:
        await lock(call, "access_rule", rule, "show", reason or None)


async def check_rule(call: Call, rule_id: str, share_id: str, *, unrestrict: bool) -> None:
    """Refuse to deny a rule that is locked, unless the caller may take the locks away with it."""
    locks = [one for one in await call.tx.query(ResourceLock, resource_id=rule_id) if one.resource_action == "delete"]
    if not locks:
        return
    if not unrestrict:
        raise refusals.ForbiddenNow(
            f"Cannot deny access for share '{share_id}' since it has been locked. Please remove the locks and retry "
            "the operation"
        )
    for one in locks:
        try:
            check_owner(call, one, "resource_lock:delete")
        except Fault:
            raise refusals.ForbiddenNow("Unable to drop access rule restrictions that are not placed by you.") from None


async def is_masked(call: Call, rule_id: str) -> bool:
    """Whether a lock hides what a rule is for from the caller."""
    for one in await call.tx.query(ResourceLock, resource_id=rule_id):
        if one.resource_action == "show":
            return not _is_owner(call, one) or RANKS[_context(call)] < RANKS.get(one.lock_context, 0)
    return False


async def forget(call: Call, rule_id: str) -> None:
    """A rule is gone, and so are its locks and the one of its share."""
    for one in await call.tx.query(ResourceLock, resource_id=rule_id):
        for other in await call.tx.scan(ResourceLock):
            if other.lock_reason == f"Locked by access lock: {one.id}":
                await call.tx.delete(ResourceLock, other.id)
        await call.tx.delete(ResourceLock, one.id)
