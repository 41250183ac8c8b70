"""Access rules of snapshots. Source: manila/api/v2/share_snapshots.py, manila/share/snapshot_access.py."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.actions import Action, Step
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.shared_file_system import backends
from mopenstack.core.shared_file_system.base import AVAILABLE, ERROR, ManilaResource, given
from mopenstack.core.shared_file_system.networks.states import check_active
from mopenstack.core.shared_file_system.shares.access_rules import IPV6_SINCE, check_who, is_same
from mopenstack.core.shared_file_system.shares.states import ANY_RULE
from mopenstack.core.shared_file_system.snapshots.snapshots import check_parameter
from mopenstack.core.store.transaction import copy_of
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.networks.share_networks_pb2 import ShareNetwork
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share
from mopenstack.shared_file_system.v2.snapshots import snapshot_access_pb2 as pb2
from mopenstack.shared_file_system.v2.snapshots.snapshot_access_pb2 import SnapshotAccessRule
from mopenstack.shared_file_system.v2.snapshots.snapshots_pb2 import Snapshot


def _refuse(action: Action, rule: SnapshotAccessRule) -> Fault:
    return refusals.InvalidAccess(why=f"the rule is in state {rule.state}.")


SNAPSHOT_RULES: Lifecycle[SnapshotAccessRule] = Lifecycle(
    SnapshotAccessRule,
    (
        Action("apply", frozenset({"queued_to_apply"}), seconds=2, steps=(Step(1, interim="applying"),)),
        Action(
            "deny", ANY_RULE, interim="queued_to_deny", seconds=2, steps=(Step(1, interim="denying"),), cancels=True
        ),
    ),
    _refuse,
    state="state",
    error=ERROR,
)


class SnapshotAccess(ManilaResource[SnapshotAccessRule]):
    service = pb2.DESCRIPTOR.services_by_name["SnapshotAccess"]
    message = SnapshotAccessRule
    not_found = refusals.SnapshotAccessRuleNotFound
    lifecycle = SNAPSHOT_RULES

    async def allow_snapshot_access(self, call: Call, request: pb2.AllowSnapshotAccessRequest) -> Result:
        body = _part(request, "allow_access")
        for name in ("access_type", "access_to"):
            value = getattr(body, name)
            check_parameter(name, given(value), value.WhichOneof("kind"), refusals.Refused)
        type, to = str(given(body.access_type)), str(given(body.access_to))
        check_who(type, to, ceph=False, ipv6=call.at_least(IPV6_SINCE))
        await _check_share(call, call.target)
        for other in await call.tx.query(SnapshotAccessRule, snapshot_id=call.target.id):
            if is_same(other.access_type, other.access_to, type, to):
                raise refusals.SnapshotAccessExists(type=type, to=to)
        _check_state(call.target, "New access rules cannot be applied")
        rule = SnapshotAccessRule(access_type=type, access_to=to, state="queued_to_apply", snapshot_id=call.target.id)
        rule.project_id = call.target.project_id
        rule = await self.insert(call, rule)
        await SNAPSHOT_RULES.enter(call, rule, "apply")
        return rule

    async def deny_snapshot_access(self, call: Call, request: pb2.DenySnapshotAccessRequest) -> Result:
        body = _part(request, "deny_access")
        check_parameter("access_id", given(body.access_id), body.access_id.WhichOneof("kind"), refusals.Refused)
        await _check_share(call, call.target)
        rule = await call.tx.get(SnapshotAccessRule, str(given(body.access_id)))
        if rule is None:
            raise refusals.SnapshotAccessRuleNotFound()
        if rule.snapshot_id != call.target.id:
            raise refusals.Refused("Access rule provided is not associated with given snapshot.")
        _check_state(call.target, "Access rules cannot be denied")
        await SNAPSHOT_RULES.begin(call, copy_of(rule), "deny")
        return EMPTY

    async def list_snapshot_access(self, call: Call, request: Any) -> Result:
        await _check_share(call, call.target, network=False)
        found = await call.tx.query(SnapshotAccessRule, snapshot_id=call.target.id)
        ordered = sorted(found, key=lambda one: (one.created_at.seconds, one.created_at.nanos))
        return pb2.ListSnapshotAccessResponse(snapshot_access_list=ordered)


def _part(request: Any, name: str) -> Any:
    if not request.HasField(name):
        raise refusals.Refused("Access data not found in request body.")
    return getattr(request, name)


async def _check_share(call: Call, snapshot: Snapshot, *, network: bool = True) -> None:
    share = await call.tx.get(Share, snapshot.share_id)
    found = await call.tx.get(ShareNetwork, share.share_network_id) if share and share.share_network_id else None
    if network and found is not None:
        check_active(found)
    if share is None or not share.mount_snapshot_support:
        raise refusals.Refused(
            f"Cannot control access to the snapshot {snapshot.id} since the parent share {snapshot.share_id} does "
            "not support mounting its snapshots."
        )


def _check_state(snapshot: Snapshot, what: str) -> None:
    if snapshot.status != AVAILABLE:
        raise refusals.InvalidSnapshotInstance(
            why=f"{what} while the snapshot or any of its replicas or migration copies lacks a valid host or is not in "
            f"{AVAILABLE} state"
        )


@SNAPSHOT_RULES.on("apply")
async def _applied(call: Call, rule: SnapshotAccessRule) -> None:
    snapshot = await call.tx.get(Snapshot, rule.snapshot_id)
    good = snapshot is not None and backends.applies(call, snapshot.share_proto, rule.access_type)
    rule.state = "active" if good else ERROR


@SNAPSHOT_RULES.on("deny")
async def _denied(call: Call, rule: SnapshotAccessRule) -> None:
    await call.tx.delete(SnapshotAccessRule, rule.id)
