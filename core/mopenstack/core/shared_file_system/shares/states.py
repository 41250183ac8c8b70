"""The states of shares and of their access rules. Source: manila/common/constants.py, manila/share/manager.py."""

from __future__ import annotations

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.actions import Action, Step
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.shared_file_system.base import AVAILABLE, CREATING, DELETING, ERROR, TRANSITIONAL
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.shares.access_rules_pb2 import AccessRule
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share

STATUSES = (
    CREATING, "creating_from_snapshot", DELETING, "deferred_deleting", "deleted", ERROR, "error_deleting",
    "error_deferred_deleting", AVAILABLE, "inactive", "manage_starting", "manage_error", "unmanage_starting",
    "manage_error_unmanage_starting", "unmanage_error", "unmanaged", "extending", "extending_error", "shrinking",
    "shrinking_error", "migrating", "migrating_to", "shrinking_possible_data_loss_error", "replication_change",
    "restoring", "reverting", "reverting_error", "awaiting_transfer", "backup_creating", "backup_restoring",
    "backup_restoring_error", "ensuring", "server_migrating", "server_migrating_to",
)  # fmt: skip
ANY = frozenset(STATUSES)
IDLE = frozenset({AVAILABLE, ERROR, "inactive"})
"""In which a share may be deleted."""
SHRINKABLE = frozenset({AVAILABLE, "shrinking_possible_data_loss_error"})

STARTING = "migration_starting"
PHASE_ONE_DONE = "migration_driver_phase1_done"
BUSY = frozenset({
    STARTING, "migration_in_progress", "migration_completing", "migration_driver_starting",
    "migration_driver_in_progress", PHASE_ONE_DONE, "data_copying_starting", "data_copying_in_progress",
    "data_copying_completing", "data_copying_completed",
})  # fmt: skip
"""The states of a migration in which a share takes no other task."""
_ON_THE_WAY = ("migration_in_progress", "migration_driver_starting", "migration_driver_in_progress")


def _refuse(action: Action, share: Share) -> Fault:
    return refusals.InvalidShare(why=f"Share status must be one of {tuple(sorted(action.allowed))}")


def _check(name: str, *allowed: str) -> Action:
    return Action(name, frozenset(allowed), begins=False)


SHARES: Lifecycle[Share] = Lifecycle(
    Share,
    (
        Action("create", frozenset({CREATING}), seconds=4),  # to available, or to error without a back end
        Action("create_from_snapshot", frozenset({CREATING}), label="create", seconds=4),
        Action("manage", frozenset({"manage_starting"}), seconds=2, error="manage_error"),
        Action("unmanage", ANY - TRANSITIONAL, interim="unmanage_starting", seconds=2, error="unmanage_error"),
        Action("delete", IDLE, interim=DELETING, seconds=2, error="error_deleting"),
        Action("force_delete", ANY, interim=DELETING, seconds=2, error="error_deleting", cancels=True),
        Action("extend", frozenset({AVAILABLE}), interim="extending", to=AVAILABLE, seconds=2, error="extending_error"),
        Action("shrink", SHRINKABLE, interim="shrinking", to=AVAILABLE, seconds=2, error="shrinking_error"),
        Action("revert", frozenset({AVAILABLE}), interim="reverting", to=AVAILABLE, seconds=2, error="reverting_error"),
        Action("back_up", frozenset({AVAILABLE}), interim="backup_creating", to=AVAILABLE, seconds=2, error=AVAILABLE),
        Action(
            "restore_backup",
            frozenset({AVAILABLE}),
            interim="backup_restoring",
            to=AVAILABLE,
            seconds=2,
            error="backup_restoring_error",
        ),
        Action(
            "migrate",
            frozenset({AVAILABLE}),
            interim="migrating",
            seconds=4,
            during={"task_state": STARTING},
            steps=tuple(Step(1, during={"task_state": state}) for state in _ON_THE_WAY),
            sets={"task_state": PHASE_ONE_DONE},
            error=AVAILABLE,
        ),
        Action(
            "complete_migration",
            frozenset({"migrating"}),
            to=AVAILABLE,
            seconds=1,
            during={"task_state": "migration_completing"},
            sets={"task_state": "migration_success"},
            error=AVAILABLE,
        ),
        Action(
            "cancel_migration",
            frozenset({"migrating"}),
            to=AVAILABLE,
            seconds=1,
            sets={"task_state": "migration_cancelled"},
            cancels=True,
            error=AVAILABLE,
        ),
        Action("promote", frozenset({AVAILABLE}), interim="replication_change", to=AVAILABLE, seconds=1),
        Action("reset_status", ANY, seconds=0, cancels=True),
        _check("snapshot", AVAILABLE),
        _check("transfer", AVAILABLE),
    ),
    _refuse,
    error=ERROR,
)

PENDING = frozenset({"queued_to_apply", "queued_to_update", "queued_to_deny", "applying", "updating", "denying"})
"""The states of access rules that the back end does not know of yet."""


def _refuse_rule(action: Action, rule: AccessRule) -> Fault:
    return refusals.InvalidAccess(why=f"the rule is in state {rule.state}.")


ANY_RULE = PENDING | {"active", ERROR}
RULES: Lifecycle[AccessRule] = Lifecycle(
    AccessRule,
    (
        Action("apply", frozenset({"queued_to_apply"}), seconds=2, steps=(Step(1, interim="applying"),)),
        Action(
            "update",
            ANY_RULE,
            interim="queued_to_update",
            seconds=2,
            steps=(Step(1, interim="updating"),),
            cancels=True,
        ),
        Action(
            "deny", ANY_RULE, interim="queued_to_deny", seconds=2, steps=(Step(1, interim="denying"),), cancels=True
        ),
    ),
    _refuse_rule,
    state="state",
    error=ERROR,
)
