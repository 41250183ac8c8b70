"""The states of share networks and share servers. Source: manila/common/constants.py."""

from __future__ import annotations

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.actions import Action, Step
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.shared_file_system.base import DELETING, ERROR
from mopenstack.core.shared_file_system.shares.states import PHASE_ONE_DONE, STARTING
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.networks.share_networks_pb2 import ShareNetwork
from mopenstack.shared_file_system.v2.networks.share_servers_pb2 import ShareServer

ACTIVE = "active"
CHANGE = "network_change"
SERVER_STATUSES = (
    ERROR, CHANGE, "inactive", "unmanage_starting", "unmanage_error", "server_migrating", "creating",
    "server_migrating_to", "manage_starting", ACTIVE, DELETING, "manage_error",
)  # fmt: skip
ANY_SERVER = frozenset(SERVER_STATUSES)


def _refuse_network(action: Action, network: ShareNetwork) -> Fault:
    return refusals.ShareNetworkNotActive(id=network.id, status=network.status)


NETWORKS: Lifecycle[ShareNetwork] = Lifecycle(
    ShareNetwork,
    (
        Action("change", frozenset({ACTIVE}), interim=CHANGE, to=ACTIVE, seconds=2),
        Action("reset_status", frozenset({ACTIVE, ERROR, CHANGE}), seconds=0, cancels=True),
    ),
    _refuse_network,
    error=ERROR,
)


def _refuse_server(action: Action, server: ShareServer) -> Fault:
    return refusals.InvalidShareServer(why=f"Share server {server.id} is {server.status}.")


SERVERS: Lifecycle[ShareServer] = Lifecycle(
    ShareServer,
    (
        Action("manage", frozenset({"manage_starting"}), seconds=1, error="manage_error"),
        Action("unmanage", ANY_SERVER, interim="unmanage_starting", seconds=1, error="unmanage_error"),
        Action("delete", ANY_SERVER, interim=DELETING, seconds=1),
        Action("change", frozenset({ACTIVE}), interim=CHANGE, to=ACTIVE, seconds=2),
        Action(
            "migrate",
            frozenset({ACTIVE}),
            interim="server_migrating",
            seconds=3,
            during={"task_state": STARTING},
            steps=(
                Step(1, during={"task_state": "migration_in_progress"}),
                Step(1, during={"task_state": "migration_driver_in_progress"}),
            ),
            sets={"task_state": PHASE_ONE_DONE},
            error=ACTIVE,
        ),
        Action("complete_migration", frozenset({"server_migrating"}), seconds=1, error=ACTIVE),
        Action(
            "cancel_migration",
            frozenset({"server_migrating"}),
            to=ACTIVE,
            seconds=1,
            sets={"task_state": "migration_cancelled"},
            cancels=True,
            error=ACTIVE,
        ),
        Action("reset_status", ANY_SERVER, seconds=0, cancels=True),
    ),
    _refuse_server,
    error=ERROR,
)


def check_active(network: ShareNetwork) -> None:
    """Refuse a share network that is being changed, or in error."""
    if network.status != "active":
        raise refusals.ShareNetworkNotActive(id=network.id, status=network.status)
