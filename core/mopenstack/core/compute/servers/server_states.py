"""The lifecycle table of servers: which action is allowed in which state, and what it leads to.

After the decorators of nova/compute/api.py (check_instance_state, check_instance_lock,
check_instance_host) and nova.api.openstack.common._STATE_MAP; tested against the answers of
Nova 2026.1 to every action in every state.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.faults import Fault
from mopenstack.core.engine.actions import LEFT, Action, Step
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.lifecycle import Lifecycle, in_state

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
"""vm_state -> its word in refusals and answers."""

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

REBOOTABLE_TASKS = frozenset(
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
POWER_STATES = {0: "pending", 1: "running", 3: "paused", 4: "shutdown", 6: "crashed", 7: "suspended"}
"""nova.compute.power_state.STATE_MAP"""
SHELVED_VOLUMES_SINCE = 20
"""From this microversion the volumes of a shelved server can be attached and detached."""


LOCKED, INVALID_STATE, UNLOCK = "locked", "state", "unlock"
ON_HOST, BUILT = "host", "built"


@dataclass(frozen=True, slots=True)
class ServerAction(Action):
    """One row of the table.

    lock      how a locked server refuses it: LOCKED, INVALID_STATE (without a reason), UNLOCK (only what an
              administrator locked); empty: not at all
    tasks     tasks during which the action is allowed all the same; None: any
    not_in    tasks during which alone it is refused
    task_now  the task that must be under way
    launched  whether the server must have been started once
    hosted    whether it must be on a host; BUILT: a server that is being built is then not found
    running   whether its power state must be "running"
    volumes   whether it needs the volumes of a shelved server
    image     whether its root disk must not be a volume
    logged    its name among the instance actions; empty: the label; None: it is not logged
    events    the events of its instance action that begin with it; empty: the usual one of its name
    """

    lock: str = LOCKED
    tasks: frozenset[str] | None = frozenset()
    not_in: frozenset[str] = frozenset()
    task_now: str = ""
    launched: bool = True
    hosted: str = ""
    running: bool = False
    volumes: bool = False
    image: bool = False
    logged: str | None = ""
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServerStep(Step):
    """A step of a row.

    events     the events of the instance action that begin with it; those before are over then
    migration  the status of the migration from here on
    saves      whether the bytes of the image that is made are written from here on
    """

    events: tuple[str, ...] = ()
    migration: str = ""
    saves: bool = False


def _at(task: str, seconds: float, **more: Any) -> ServerStep:
    return ServerStep(seconds, task, **more)


def _row(name: str, allowed: Iterable[int], power: int | None = None, **more: Any) -> ServerAction:
    """`power`: the power state at the end; None: unchanged."""
    label = str(more.pop("label", "")) or name
    if power is not None:
        more["sets"] = {"power_state": power}
    return ServerAction(name, frozenset(allowed), label=label, **more)


def _check(name: str, allowed: Iterable[int], **more: Any) -> ServerAction:
    """A row that only says where something is allowed."""
    return _row(name, allowed, begins=False, **more)


def _any_time(name: str, **more: Any) -> ServerAction:
    """The same of something that no state, task or lock forbids, if not said otherwise."""
    return _check(name, ANY, **{"lock": "", "tasks": None, "launched": False, **more})


SNAPSHOTTABLE = (ACTIVE, STOPPED, PAUSED, SUSPENDED)
WITH_VOLUMES = (ACTIVE, PAUSED, STOPPED, RESIZED, SOFT_DELETED, SHELVED, SHELVED_OFFLOADED)
LEAVING = frozenset({"deleting", "migrating"})
CRASHABLE = (ACTIVE, PAUSED, RESCUED, RESIZED, ERROR)

_PREP = ("cold_migrate", "compute_prep_resize")
_MOVE = (
    _at("resize_migrating", 1.5, events=("compute_resize_instance",), migration="migrating"),
    _at("resize_migrated", 0.5, migration="post-migrating"),
    _at("resize_finish", 2.0, events=("compute_finish_resize",)),
)
_REWRITE = (_at("rebuild_block_device_mapping", 1.0), _at("rebuild_spawning", 2.0))
_REWRITE_EVENTS = ("rebuild_server", "compute_rebuild_instance")
_UPLOAD = (_at("image_pending_upload", 0.5), _at("image_uploading", 0.5, saves=True))
_OFFLOAD = _at("shelving_offloading", 1.0, interim=SHELVED, during={"power_state": POWER_OFF})
_LIVE_EVENTS = (
    "conductor_live_migrate_instance",
    "compute_check_can_live_migrate_destination",
    "compute_check_can_live_migrate_source",
)
_LIVE = (
    _at("migrating", 2.0, events=("compute_live_migration", "compute_pre_live_migration")),
    _at("migrating", 1.0, events=("compute_post_live_migration_at_destination",)),
)

ACTIONS = (
    _row("build", (BUILDING,), task="scheduling", lock="", tasks=None, launched=False, seconds=7.0, steps=(
        _at("networking", 2.0), _at("block_device_mapping", 1.0), _at("spawning", 3.0))),
    # Where no host is found, the build goes no further than the scheduler.
    _row("build_nowhere", (BUILDING,), label="build", task="scheduling", lock="", tasks=None, launched=False,
         seconds=2.0),
    _row("delete", ANY, task="deleting", tasks=None, launched=False),
    _row("forceDelete", ANY, task="deleting", tasks=None, launched=False, logged="delete"),
    _row("restore", (SOFT_DELETED,), to=ACTIVE, task="restoring", lock=INVALID_STATE),
    _row("start", (STOPPED,), to=ACTIVE, task="powering-on", hosted=BUILT, power=POWER_ON),
    _row("stop", (ACTIVE, ERROR), to=STOPPED, task="powering-off", hosted=BUILT, power=POWER_OFF),
    _row("reboot", (ACTIVE,), to=ACTIVE, task="rebooting", power=POWER_ON, steps=(
        _at("reboot_pending", 0.25), _at("reboot_started", 0.5))),
    _row("hard_reboot", (ACTIVE, STOPPED, PAUSED, SUSPENDED, ERROR), label="reboot", to=ACTIVE, task="rebooting_hard",
         tasks=REBOOTABLE_TASKS, power=POWER_ON, steps=(
             _at("reboot_pending_hard", 0.25), _at("reboot_started_hard", 0.5))),
    _row("pause", (ACTIVE,), to=PAUSED, task="pausing"),
    _row("unpause", (PAUSED,), to=ACTIVE, task="unpausing", power=POWER_ON),
    _row("suspend", (ACTIVE,), to=SUSPENDED, task="suspending"),
    _row("resume", (SUSPENDED,), to=ACTIVE, task="resuming", power=POWER_ON),
    _row("rescue", (ACTIVE, STOPPED, ERROR), to=RESCUED, task="rescuing", power=POWER_OFF),
    _row("unrescue", (RESCUED,), to=ACTIVE, task="unrescuing", power=POWER_ON),
    _row("shelve", SNAPSHOTTABLE, to=SHELVED_OFFLOADED, task="shelving", power=POWER_OFF, seconds=3.0, steps=(
        _at("shelving_image_pending_upload", 0.5), _at("shelving_image_uploading", 0.5, saves=True), _OFFLOAD)),
    # A server that boots from a volume has no image to make.
    _row("shelve_volume", SNAPSHOTTABLE, label="shelve", to=SHELVED_OFFLOADED, task="shelving", power=POWER_OFF,
         seconds=2.0, events=("compute_shelve_offload_instance",)),
    _row("shelveOffload", (SHELVED,), to=SHELVED_OFFLOADED, task="shelving_offloading", power=POWER_OFF),
    _row("unshelve", (SHELVED, SHELVED_OFFLOADED), task="unshelving", seconds=3.0,
         events=("get_image_info", "schedule_instances"),
         steps=(_at("spawning", 2.0, events=("compute_unshelve_instance",)),)),
    _row("resize", (ACTIVE, STOPPED), to=RESIZED, task="resize_prep", seconds=5.0, events=_PREP, steps=_MOVE),
    _row("migrate", (ACTIVE, STOPPED), to=RESIZED, task="resize_prep", seconds=5.0, events=_PREP, steps=_MOVE),
    # Where no host is found, everything stays as it was.
    _row("resize_nowhere", (ACTIVE, STOPPED), label="resize", task="resize_prep", events=("cold_migrate",)),
    _row("migrate_nowhere", (ACTIVE, STOPPED), label="migrate", task="resize_prep", events=("cold_migrate",)),
    _row("confirmResize", (RESIZED,)),
    _row("revertResize", (RESIZED,), task="resize_reverting", seconds=2.0, steps=(
        _at("resize_reverting", 1.0, events=("compute_finish_revert_resize",)),)),
    _row("rebuild", (ACTIVE, STOPPED, ERROR), task="rebuilding", seconds=4.0, events=_REWRITE_EVENTS, steps=_REWRITE),
    _row("evacuate", (ACTIVE, STOPPED, ERROR), task="rebuilding", seconds=4.0, lock="", events=_REWRITE_EVENTS,
         steps=_REWRITE),
    *(_row(name, ANY, to=state, cancels=True, seconds=0.0, lock="", tasks=None, launched=False, logged=None)
      for name, state in (("os-resetState", ERROR), ("reset_to_active", ACTIVE))),
    _row("createImage", SNAPSHOTTABLE, task="image_snapshot_pending", lock="", seconds=2.0, error=LEFT,
         steps=(_at("image_snapshot", 0.5), *_UPLOAD)),
    _row("createBackup", SNAPSHOTTABLE, task="image_backup", lock="", image=True, seconds=2.0, error=LEFT,
         steps=_UPLOAD),
    _row("os-migrateLive", (ACTIVE, PAUSED), task="migrating", seconds=5.0, logged="live-migration", error=LEFT,
         events=_LIVE_EVENTS, steps=_LIVE),
    # Those below happen at once: their rows only say where they are allowed.
    _any_time("lock"),
    _any_time("unlock", lock=UNLOCK),
    _check("changePassword", (ACTIVE,), lock=INVALID_STATE),
    _check("trigger_crash_dump", CRASHABLE),
    _any_time("injectNetworkInfo", lock=INVALID_STATE, logged=None),
    _check("force_complete", (ACTIVE,), tasks=None, launched=False, task_now="migrating"),
    _any_time("abort live migration", lock=LOCKED, task_now="migrating"),
    _check("attach_volume", WITH_VOLUMES, volumes=True),
    _check("detach_volume", WITH_VOLUMES, volumes=True),
    # A detach looks for the volume before it checks the rest of its row.
    _any_time("reach_volumes", label="detach_volume", volumes=True),
    _check("swap_volume", (ACTIVE, PAUSED, RESIZED)),
    _check("attach_interface", (ACTIVE, PAUSED, STOPPED)),
    _check("detach_interface", (ACTIVE, PAUSED, STOPPED)),
    _check("create share", (STOPPED,), lock="", tasks=None, launched=False),
    _check("delete share", (STOPPED, ERROR), lock="", tasks=None, launched=False),
    _any_time("get_diagnostics", hosted=ON_HOST, running=True),
    _any_time("get_console_output", hosted=ON_HOST),
    *(_any_time(f"get_{protocol}_console", hosted=ON_HOST, not_in=LEAVING)
      for protocol in ("vnc", "spice", "serial", "mks")),
    _check("update metadata", SNAPSHOTTABLE, tasks=None),
    _check("delete metadata", SNAPSHOTTABLE, tasks=None),
    *(_check(name, SNAPSHOTTABLE, lock="", tasks=None, launched=False)
      for name in ("update tag", "update tags", "delete tag", "delete tags")),
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
    """Only administrators act on a locked server, and unlock one that an administrator locked."""
    if not action.lock or not server.locked or call.caller.is_admin:
        return None
    if action.lock == UNLOCK:
        return refusals.RestrictedUnlock() if server.locked_by == "admin" else None
    refusal = refusals.InstanceIsLocked if action.lock == LOCKED else refusals.InstanceInInvalidState
    return refusal(id=server.id, action=action.label)


def volumes_reachable(call: Call, server: Server, action: ServerAction) -> Fault | None:
    """Up to 2.19 the volumes of a shelved server cannot be changed."""
    if not action.volumes or call.at_least(SHELVED_VOLUMES_SINCE):
        return None
    return _refuse(action, server) if server.vm_state in (SHELVED, SHELVED_OFFLOADED) else None


def on_image(call: Call, server: Server, action: ServerAction) -> Fault | None:
    """A server that boots from a volume has no backups."""
    return refusals.VolumeBackedBackup() if action.image and boots_from_volume(server) else None


def boots_from_volume(server: Server) -> bool:
    """Whether a server's root device is a volume."""
    return any(item.is_root for item in server.volumes_attached)


def hosted(call: Call, server: Server, action: ServerAction) -> Fault | None:
    """Some actions need the host, and check it before the state."""
    if not action.hosted or server.host:
        return None
    if action.hosted == BUILT and server.vm_state == BUILDING:
        return refusals.InstanceNotFound(id=server.id)
    return refusals.InstanceNotReady(id=server.id, action=action.label)


def busy(call: Call, server: Server, action: ServerAction) -> Fault | None:
    """The task under way forbids the action, or is not the one that it is about."""
    task = server.task_state if server.HasField("task_state") else None
    allowed = {action.task_now} if action.task_now else action.tasks
    fine = allowed is None or task in allowed or (task is None and not action.task_now)
    if fine and task not in action.not_in:
        return None
    return refusals.InstanceInvalidState(attr="task_state", state=task, id=server.id, action=action.label)


def launched(call: Call, server: Server, action: ServerAction) -> Fault | None:
    """A server that was never launched has nothing to act on."""
    if not action.launched or server.HasField("launched_at"):
        return None
    return refusals.InstanceInInvalidState(id=server.id, action=action.label)


def running(call: Call, server: Server, action: ServerAction) -> Fault | None:
    """Some actions need a server whose power state is "running"."""
    if not action.running or server.power_state == POWER_ON:
        return None
    state = POWER_STATES.get(server.power_state, "pending")
    return refusals.InstanceInvalidState(attr="power state", state=state, id=server.id, action=action.label)


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
    error=ERROR,
    guards=(volumes_reachable, on_image, locked, hosted, in_state, busy, launched, running),
)
