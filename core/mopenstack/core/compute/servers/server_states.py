"""What may be done to a server in which state, and what it leads to.

After the decorators of nova/compute/api.py (check_instance_state, check_instance_lock,
check_instance_host) and nova.api.openstack.common._STATE_MAP; proved against what Nova 2026.1
answered to every action in every state.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.faults import Fault
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.lifecycle import Action, Lifecycle, in_state

ACTIVE = Server.VM_STATE_ACTIVE
BUILDING = Server.VM_STATE_BUILDING
ERROR = Server.VM_STATE_ERROR
STOPPED = Server.VM_STATE_STOPPED
PAUSED = Server.VM_STATE_PAUSED
SUSPENDED = Server.VM_STATE_SUSPENDED
RESCUED = Server.VM_STATE_RESCUED
SHELVED = Server.VM_STATE_SHELVED
SHELVED_OFFLOADED = Server.VM_STATE_SHELVED_OFFLOADED
RESIZED = Server.VM_STATE_RESIZED
SOFT_DELETED = Server.VM_STATE_SOFT_DELETED
ANY = frozenset(Server.VmState.values()) - {Server.VM_STATE_UNSPECIFIED}

WORDS = {
    number: ("soft-delete" if number == SOFT_DELETED else name.removeprefix("VM_STATE_").lower())
    for name, number in Server.VmState.items()
}
"""vm_state as messages and the wire have it."""

_DEFAULT_STATUS = {
    ACTIVE: Server.ACTIVE,
    BUILDING: Server.BUILD,
    ERROR: Server.ERROR,
    STOPPED: Server.SHUTOFF,
    PAUSED: Server.PAUSED,
    SUSPENDED: Server.SUSPENDED,
    RESCUED: Server.RESCUE,
    SHELVED: Server.SHELVED,
    SHELVED_OFFLOADED: Server.SHELVED_OFFLOADED,
    RESIZED: Server.VERIFY_RESIZE,
    SOFT_DELETED: Server.SOFT_DELETED,
    Server.VM_STATE_DELETED: Server.DELETED,
}
_REBUILD = dict.fromkeys(("rebuilding", "rebuild_block_device_mapping", "rebuild_spawning"), Server.REBUILD)
_RESIZE = dict.fromkeys(("resize_prep", "resize_migrating", "resize_migrated", "resize_finish"), Server.RESIZE)
_REBOOT = dict.fromkeys(("rebooting", "reboot_pending", "reboot_started"), Server.REBOOT)
_HARD_REBOOT = dict.fromkeys(("rebooting_hard", "reboot_pending_hard", "reboot_started_hard"), Server.HARD_REBOOT)
_TASK_STATUS = {
    ACTIVE: {
        **_REBOOT,
        **_HARD_REBOOT,
        **_REBUILD,
        **_RESIZE,
        "updating_password": Server.PASSWORD,
        "migrating": Server.MIGRATING,
    },
    STOPPED: {**_RESIZE, **_REBUILD},
    RESIZED: {"resize_reverting": Server.REVERT_RESIZE},
    PAUSED: {"migrating": Server.MIGRATING},
    ERROR: _REBUILD,
}
_WITH_PROGRESS = frozenset(
    {
        Server.ACTIVE,
        Server.BUILD,
        Server.DELETED,
        Server.MIGRATING,
        Server.RESIZE,
        Server.REVERT_RESIZE,
        Server.VERIFY_RESIZE,
        Server.REBUILD,
    }
)
"""Statuses that show `progress`: nova.api.openstack.compute.views.servers, with REBUILD."""

HOT = frozenset(
    {
        "rebooting",
        "reboot_pending",
        "reboot_started",
        "resuming",
        "rebooting_hard",
        "unpausing",
        "pausing",
        "suspending",
    }
)
"""Tasks during which a hard reboot is allowed (nova.compute.task_states.ALLOW_REBOOT)."""

POWER_OFF, POWER_ON = 4, 1


@dataclass(frozen=True, slots=True)
class ServerAction(Action):
    """`lock`: what a locked server says to its user: "" nothing, "locked", or "state" (the bare refusal).
    `tasks`: tasks during which the action is allowed all the same; None: any.
    `launched`: whether the server must have been started once.
    `hosted`: whether it must be on a host (start, stop and reboot of offloaded ones are "not ready").
    `power`: power state afterwards; None: unchanged.
    """

    lock: str = "locked"
    tasks: frozenset[str] | None = frozenset()
    launched: bool = True
    hosted: bool = False
    power: int | None = None


def _row(name: str, allowed: Iterable[int], **more: object) -> ServerAction:
    label = str(more.pop("label", "")) or name
    return ServerAction(name, frozenset(allowed), label=label, **more)  # type: ignore[arg-type]


SNAPSHOTTABLE = (ACTIVE, STOPPED, PAUSED, SUSPENDED)
CRASHABLE = (ACTIVE, PAUSED, RESCUED, RESIZED, ERROR)

ACTIONS = (
    _row("build", (BUILDING,), task="scheduling", lock="", tasks=None, launched=False, seconds=7.0),
    _row("delete", ANY, task="deleting", tasks=None, launched=False),
    _row("forceDelete", ANY, task="deleting", tasks=None, launched=False),
    _row("restore", (SOFT_DELETED,), to=ACTIVE, task="restoring", lock="state"),
    _row("start", (STOPPED,), to=ACTIVE, task="powering-on", hosted=True, power=POWER_ON),
    _row("stop", (ACTIVE, ERROR), to=STOPPED, task="powering-off", hosted=True, power=POWER_OFF),
    _row("reboot", (ACTIVE,), to=ACTIVE, task="rebooting", power=POWER_ON),
    _row("hard_reboot", (ACTIVE, STOPPED, PAUSED, SUSPENDED, ERROR), label="reboot", to=ACTIVE, task="rebooting_hard",
         tasks=HOT, power=POWER_ON),
    _row("pause", (ACTIVE,), to=PAUSED, task="pausing"),
    _row("unpause", (PAUSED,), to=ACTIVE, task="unpausing", power=POWER_ON),
    _row("suspend", (ACTIVE,), to=SUSPENDED, task="suspending"),
    _row("resume", (SUSPENDED,), to=ACTIVE, task="resuming", power=POWER_ON),
    _row("rescue", (ACTIVE, STOPPED, ERROR), to=RESCUED, task="rescuing", power=POWER_OFF),
    _row("unrescue", (RESCUED,), to=ACTIVE, task="unrescuing", power=POWER_ON),
    _row("shelve", SNAPSHOTTABLE, to=SHELVED_OFFLOADED, task="shelving", power=POWER_OFF, seconds=3.0),
    _row("shelveOffload", (SHELVED,), to=SHELVED_OFFLOADED, task="shelving_offloading", power=POWER_OFF),
    _row("unshelve", (SHELVED, SHELVED_OFFLOADED), task="unshelving", seconds=3.0),
    _row("resize", (ACTIVE, STOPPED), to=RESIZED, task="resize_prep", seconds=5.0),
    _row("migrate", (ACTIVE, STOPPED), to=RESIZED, task="resize_prep", seconds=5.0),
    # A migration that finds no host leaves everything as it was.
    _row("migrate_nowhere", (ACTIVE, STOPPED), label="migrate", task="resize_prep"),
    _row("confirmResize", (RESIZED,)),
    _row("revertResize", (RESIZED,), task="resize_reverting"),
    _row("rebuild", (ACTIVE, STOPPED, ERROR), task="rebuilding", seconds=4.0),
    _row("createImage", SNAPSHOTTABLE, task="image_snapshot_pending", lock=""),
    _row("createBackup", SNAPSHOTTABLE, task="image_backup", lock=""),
    _row("os-migrateLive", (ACTIVE, PAUSED), task="migrating", seconds=5.0),
    # Those below happen at once: their rows only say where they are allowed.
    _row("changePassword", (ACTIVE,), lock="state"),
    _row("trigger_crash_dump", CRASHABLE),
    _row("injectNetworkInfo", ANY, tasks=None, launched=False, lock="state"),
    _row("evacuate", (ACTIVE, STOPPED, ERROR), lock=""),
    _row("attach_volume", (ACTIVE, PAUSED, STOPPED, RESIZED, SOFT_DELETED, SHELVED, SHELVED_OFFLOADED)),
    _row("detach_volume", (ACTIVE, PAUSED, STOPPED, RESIZED, SOFT_DELETED, SHELVED, SHELVED_OFFLOADED)),
    _row("swap_volume", (ACTIVE, PAUSED, RESIZED)),
    _row("attach_interface", (ACTIVE, PAUSED, STOPPED)),
    _row("detach_interface", (ACTIVE, PAUSED, STOPPED)),
    _row("update metadata", (ACTIVE, PAUSED, SUSPENDED, STOPPED), tasks=None),
    _row("delete metadata", (ACTIVE, PAUSED, SUSPENDED, STOPPED), tasks=None),
    *(
        _row(name, (ACTIVE, PAUSED, SUSPENDED, STOPPED), lock="", tasks=None, launched=False)
        for name in ("update tag", "update tags", "delete tag", "delete tags")
    ),
)  # fmt: skip


def derive(server: Server) -> None:
    """Make `status` and `progress` follow vm_state and task_state."""
    task = server.task_state if server.HasField("task_state") else ""
    server.status = _TASK_STATUS.get(server.vm_state, {}).get(task, _DEFAULT_STATUS[server.vm_state])
    if server.status in _WITH_PROGRESS:
        server.progress = 0
    else:
        server.ClearField("progress")
    if server.status not in (Server.ERROR, Server.DELETED):
        server.ClearField("fault")


def locked(call: Call, server: Server, action: ServerAction) -> Fault | None:
    """A locked server obeys administrators alone."""
    if not action.lock or not server.locked or call.caller.is_admin:
        return None
    refusal = refusals.InstanceIsLocked if action.lock == "locked" else refusals.InstanceInInvalidState
    return refusal(id=server.id, action=action.label)


def hosted(call: Call, server: Server, action: ServerAction) -> Fault | None:
    """Some actions ask for the host before the state."""
    if not action.hosted or server.host:
        return None
    if server.vm_state == BUILDING:
        return refusals.InstanceNotFound(id=server.id)
    return refusals.InstanceNotReady(id=server.id, action=action.label)


def busy(call: Call, server: Server, action: ServerAction) -> Fault | None:
    """Another task is under way."""
    if action.tasks is None or not server.HasField("task_state") or server.task_state in action.tasks:
        return None
    return refusals.InstanceInvalidState(attr="task_state", state=server.task_state, id=server.id, action=action.label)


def launched(call: Call, server: Server, action: ServerAction) -> Fault | None:
    """A server that was never launched has nothing to act on."""
    if not action.launched or server.HasField("launched_at"):
        return None
    return refusals.InstanceInInvalidState(id=server.id, action=action.label)


class ServerLifecycle(Lifecycle[Server]):
    """The table; `status` and `progress` follow its states."""

    def _touch(self, call: Call, obj: Server) -> None:
        derive(obj)
        super()._touch(call, obj)


def _refuse(action: Action, server: Server) -> Fault:
    return refusals.InstanceInvalidState(
        action=action.label, id=server.id, attr="vm_state", state=WORDS[server.vm_state]
    )


LIFECYCLE = ServerLifecycle(
    Server,
    ACTIONS,
    _refuse,
    state="vm_state",
    task="task_state",
    guards=(locked, hosted, in_state, busy, launched),
)
