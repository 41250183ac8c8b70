"""The states of replicas, and of the instances that migrations make. Source: manila/share/manager.py."""

from __future__ import annotations

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.actions import Action
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.shared_file_system.base import AVAILABLE, CREATING, DELETING, ERROR
from mopenstack.core.shared_file_system.shares.states import ANY
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.shares.share_instances_pb2 import ShareInstance


def _refuse(action: Action, replica: ShareInstance) -> Fault:
    return refusals.ReplicationRefused(why=f"Replica {replica.id} must be in {AVAILABLE} state to be promoted")


REPLICAS: Lifecycle[ShareInstance] = Lifecycle(
    ShareInstance,
    (
        Action("create", frozenset({CREATING}), seconds=4),  # to available, or to error without a back end
        Action("delete", ANY, interim=DELETING, seconds=3, error="error_deleting", cancels=True),
        Action("force_delete", ANY, interim=DELETING, seconds=3, error="error_deleting", cancels=True),
        Action("promote", frozenset({AVAILABLE}), interim="replication_change", to=AVAILABLE, seconds=1),
        Action("resync", ANY, seconds=1),
        Action("reset_status", ANY, seconds=0, cancels=True),
    ),
    _refuse,
    error=ERROR,
)
