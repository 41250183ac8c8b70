"""Access rules of shares. Source: manila/api/v2/share_accesses.py, manila/share/access.py; the dummy driver."""

from __future__ import annotations

import ipaddress
import re
import string
from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.listing import TRUE_WORDS
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.shared_file_system import backends
from mopenstack.core.shared_file_system.base import (
    TRANSITIONAL,
    ManilaResource,
    asked,
    check_metadata,
    given,
)
from mopenstack.core.shared_file_system.networks.states import check_active
from mopenstack.core.shared_file_system.shares import cephfs, resource_locks
from mopenstack.core.shared_file_system.shares.shares import SOFT_DELETED, own
from mopenstack.core.shared_file_system.shares.states import PENDING, RULES
from mopenstack.core.store.transaction import copy_of
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.networks.share_networks_pb2 import ShareNetwork
from mopenstack.shared_file_system.v2.shares import access_rules_pb2 as pb2
from mopenstack.shared_file_system.v2.shares.access_rules_pb2 import AccessRule, AccessRuleCreate
from mopenstack.shared_file_system.v2.shares.share_instances_pb2 import ShareInstance
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share

LEVELS = ("rw", "ro")
TYPES = ("ip", "user", "cert", "cephx")
CEPHX_SINCE, ERROR_STATUS_SINCE, IPV6_SINCE, ERROR_STATE_SINCE, FILTERS_SINCE = 13, 28, 38, 74, 82
STATES_SINCE = 28
_NAME = re.compile(r".[^\"\/\\\[\]\:\;\|\=\,\+\*\?\<\>]{3,254}\Z")
_NOTHING = re.compile(r"[\s|\.]+\Z")
MASK = "******"


def check_who(type: str, to: str, *, ceph: bool, ipv6: bool) -> None:
    """Refuse an address, a user, a certificate or a Ceph identity that is none. Source: common.validate_access."""
    if type == "ip":
        try:
            ipaddress.ip_network(to) if ipv6 else ipaddress.IPv4Network(to)
        except ValueError as error:
            raise refusals.Refused(str(error)) from None
    elif type == "user":
        if _NOTHING.match(to):
            raise refusals.Refused("Invalid user or group name,cannot consist solely of periods or spaces.")
        if not _NAME.match(to):
            raise refusals.Refused(
                "Invalid user or group name. Must be 4-255 characters and consist of alphanumeric characters and "
                "exclude "
                'special characters "/\\[]:;|=,+*?<>'
            )
    elif type == "cert":
        if not 0 < len(to.strip()) < 65:
            raise refusals.Refused("Invalid CN (common name). Must be 1-64 chars long.")
    elif type == "cephx" and ceph:
        if not to:
            raise refusals.Refused("Ceph IDs may not be empty.")
        if not set(to) <= set(string.printable):
            raise refusals.Refused("Ceph IDs must consist of ASCII printable characters.")
        if "." in to:
            raise refusals.Refused("Ceph IDs may not contain periods.")
    else:
        known = "'ip', 'user', 'cert' or 'cephx'" if ceph else "'ip', 'user' or 'cert'"
        raise refusals.Refused(f"Only {known} access types are supported.")


class AccessRules(ManilaResource[AccessRule]):
    service = pb2.DESCRIPTOR.services_by_name["AccessRules"]
    message = AccessRule
    not_found = refusals.AccessRuleNotFound
    lifecycle = RULES
    page_max = None

    async def allow_share_access(self, call: Call, request: pb2.AllowShareAccessRequest) -> Result:
        share, body = call.target, request.allow_access
        own(call, share, "share:get")
        await self._check_share(call, share, "allow")
        locks = [given(body.lock_visibility) or False, given(body.lock_deletion) or False]
        visibility, deletion = (str(one).strip().lower() in TRUE_WORDS for one in locks)
        if share.access_rules_status == "error" and not call.at_least(ERROR_STATUS_SINCE):
            raise refusals.Refused(
                "Access rules cannot be added while the share or any of its replicas or migration copies has its "
                "access_rules_status set to error. Deny any rules in error state and try again."
            )
        if body.lock_reason and not (visibility or deletion):
            raise refusals.Refused(
                "Lock reason can only be specified when locking the visibility or the deletion of an access rule."
            )
        rule = await self._rule(call, share, body)
        await RULES.enter(call, rule, "apply")
        await sync(call, share.id)
        if visibility or deletion:
            await resource_locks.lock_rule(call, rule, visibility, deletion, body.lock_reason)
        return pb2.AccessRuleResponse(access=await self._shown(call, rule))

    async def _rule(self, call: Call, share: Share, body: AccessRuleCreate) -> AccessRule:
        """A new rule, once it is found sound and new."""
        if not body.HasField("access_type") or not body.HasField("access_to"):
            raise refusals.Refused("An access rule needs an access_type and an access_to.")
        check_who(body.access_type, body.access_to, ceph=call.at_least(CEPHX_SINCE), ipv6=call.at_least(IPV6_SINCE))
        if body.HasField("access_level") and body.access_level not in LEVELS:
            raise refusals.InvalidAccess(why=f"Invalid share access level: {body.access_level}.")
        check_metadata(body.metadata)
        for other in await call.tx.query(AccessRule, share_id=share.id):
            if is_same(other.access_type, other.access_to, body.access_type, body.access_to):
                raise refusals.ShareAccessExists(type=body.access_type, to=body.access_to)
        await _check_status(
            call,
            share,
            "New access rules cannot be applied while the share or any of its replicas or "
            "migration copies lacks a valid host or is in an invalid state.",
        )
        rule = AccessRule(
            share_id=share.id, access_type=body.access_type, access_to=body.access_to, state="queued_to_apply"
        )
        rule.access_level = body.access_level or "rw"
        rule.metadata.update(body.metadata)
        rule.project_id, rule.user_id = share.project_id, call.caller.user_id
        return await self.insert(call, rule)

    async def deny_share_access(self, call: Call, request: pb2.DenyShareAccessRequest) -> Result:
        share, id = call.target, request.deny_access.access_id
        unrestrict = given(request.deny_access.unrestrict)
        await resource_locks.check_rule(call, id, share.id, unrestrict=bool(unrestrict))
        own(call, share, "share:get")
        await self._check_share(call, share, "deny")
        rule = await call.tx.get(AccessRule, id)
        if rule is None or rule.share_id != share.id:
            raise refusals.NotThere()
        await _check_status(
            call,
            share,
            "Access rules cannot be denied while the share, any of its replicas or migration "
            "copies lacks a valid host or is in an invalid state.",
        )
        await RULES.begin(call, copy_of(rule), "deny")
        await sync(call, share.id)
        return EMPTY

    async def list_share_access(self, call: Call, request: Any) -> Result:
        return await self._listed(call, await call.tx.query(AccessRule, share_id=call.target.id))

    async def list_access_rules(self, call: Call, request: pb2.ListAccessRulesRequest) -> Result:
        query = request.query
        share_id = asked(query, "share_id")
        if share_id is None:
            raise refusals.Refused("The field 'share_id' has to be specified.")
        if call.at_least(FILTERS_SINCE):
            _check_filters(query)
        share = await call.tx.get(Share, share_id)
        mine = share is not None and (call.caller.is_admin or share.project_id == call.caller.project_id)
        if share is None or not (mine or share.is_public):
            raise refusals.ShareOfRulesNotFound(id=share_id)
        return await self.list(call, request)

    async def update_access_level(self, call: Call, request: pb2.UpdateAccessLevelRequest) -> Result:
        if not request.HasField("update_access"):
            raise refusals.NothingSaid()
        level = request.update_access.access_level
        if not level:
            raise refusals.Refused("Invalid input. Missing 'access_level' in update request.")
        if level not in LEVELS:
            raise refusals.Refused(f"Invalid or unsupported share access level: {level}.")
        rule = await self.fetch(call, request.access_id)
        if rule.access_level != level:
            share = await call.tx.get(Share, rule.share_id)
            assert share is not None
            await _check_status(
                call,
                share,
                "Access rules cannot be updated while the share, any of its replicas or migration "
                "copies lacks a valid host or is in an invalid state.",
            )
            new = copy_of(rule)
            new.access_level = level
            before = copy_of(rule)
            await RULES.begin(call, new, "update")
            await sync(call, share.id)
            rule = before
            rule.access_level = level
            call.stamp(rule.updated_at)
        return pb2.AccessRuleResponse(access=await self._shown(call, rule))

    # -- hooks

    async def candidates(self, call: Call, query: common.Query) -> Iterable[AccessRule]:
        found = await call.tx.query(AccessRule, share_id=asked(query, "share_id"))
        if asked(query, "access_to") is None and asked(query, "access_key") is None:
            return found
        return [one for one in found if not await resource_locks.is_masked(call, one.id)]

    async def matches(self, call: Call, obj: AccessRule, key: str, values: Sequence[str]) -> bool:
        return True if key == "share_id" else await super().matches(call, obj, key, values)

    async def view(self, call: Call, obj: AccessRule) -> Message:
        return await self._shown(call, obj)

    # -- inside

    async def _listed(self, call: Call, found: Iterable[AccessRule]) -> Result:
        ordered = sorted(found, key=lambda one: (one.created_at.seconds, one.created_at.nanos), reverse=True)
        return pb2.ListAccessRulesResponse(access_list=[await self._shown(call, one) for one in ordered])

    async def _shown(self, call: Call, rule: AccessRule) -> AccessRule:
        """A rule as a caller sees it: masked where a lock says so; older clients know the state of all rules."""
        masked = await resource_locks.is_masked(call, rule.id)
        if not masked and call.at_least(STATES_SINCE):
            return rule
        shown = copy_of(rule)
        if masked:
            shown.access_to = shown.access_key = MASK
        if not call.at_least(STATES_SINCE):
            share = await call.tx.get(Share, rule.share_id)
            status = share.access_rules_status if share is not None else "active"
            shown.state = "new" if status == "syncing" else status
        return shown

    @staticmethod
    async def _check_share(call: Call, share: Share, what: str) -> None:
        if share.is_soft_deleted:
            raise refusals.ForbiddenNow(f"Cannot {what} access for share '{share.id}' {SOFT_DELETED}.")
        network = await call.tx.get(ShareNetwork, share.share_network_id) if share.share_network_id else None
        if network is not None:
            check_active(network)


def _check_filters(query: common.Query) -> None:
    type, to, level = (asked(query, key) for key in ("access_type", "access_to", "access_level"))
    if type and type not in TYPES:
        raise refusals.Refused(f"Invalid or unsupported share access type: {type}.")
    if to and not type:
        raise refusals.InvalidInput(why="'access_type' parameter must be provided when specifying 'access_to'")
    if type and to:
        check_who(type, to, ceph=True, ipv6=True)
    if level and level not in LEVELS:
        raise refusals.Refused(f"Invalid or unsupported share access level: {level}.")


def is_same(type: str, to: str, new_type: str, new_to: str) -> bool:
    """Whether two rules let in the same; an address is a network of one."""
    if type != new_type or type != "ip":
        return (type, to) == (new_type, new_to)
    return ipaddress.ip_network(to, strict=False) == ipaddress.ip_network(new_to, strict=False)


async def _check_status(call: Call, share: Share, refusal: str) -> None:
    invalid = share.status in TRANSITIONAL or (share.status == "error" and not call.at_least(ERROR_STATE_SINCE))
    if not call.at_least(ERROR_STATE_SINCE):
        others = await call.tx.query(ShareInstance, share_id=share.id)
        invalid = invalid or any(one.status == "error" for one in others if not one.main)
    if not share.host or invalid:
        raise refusals.Refused(refusal)


async def sync(call: Call, share_id: str) -> None:
    """A share says whether its rules are all applied."""
    if await call.tx.get(Share, share_id) is None:
        return
    states = {one.state for one in await call.tx.query(AccessRule, share_id=share_id)}
    share = await call.tx.edit(Share, share_id)
    share.access_rules_status = "error" if "error" in states else "syncing" if states & PENDING else "active"
    await call.tx.put(share)


@RULES.on("apply", "update")
async def _applied(call: Call, rule: AccessRule) -> None:
    share = await call.tx.get(Share, rule.share_id)
    good = share is not None and backends.applies(call, share.share_proto, rule.access_type)
    good = good and share is not None and await cephfs.authorized(call, share, rule)
    rule.state = "active" if good else "error"
    call.stamp(rule.updated_at)
    await call.tx.put(rule)
    await sync(call, rule.share_id)


@RULES.on("deny")
async def _denied(call: Call, rule: AccessRule) -> None:
    await resource_locks.forget(call, rule.id)
    await cephfs.forget(call, rule)
    await call.tx.delete(AccessRule, rule.id)
    await sync(call, rule.share_id)


@RULES.fails()
async def _failed(call: Call, rule: AccessRule, why: str) -> None:
    rule.state = "error"
    await call.tx.put(rule)
    await sync(call, rule.share_id)


async def _check_added(call: Call, rule: Any, before: Any, request: Any) -> None:
    metadata = getattr(request, "metadata", {})
    for key, value in metadata.items():
        if not key or not value:
            raise refusals.Refused("Invalid metadata.")
        if len(key) > 255 or len(value) > 1023:
            raise refusals.Refused("Invalid metadata size.")


METADATA = Collection(
    "share_access_rule",
    "metadata",
    change=_check_added,
    missing=lambda call, rule, key: refusals.AccessMetadataNotFound(),
    touches=False,
)
