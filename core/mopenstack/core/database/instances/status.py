"""The states of an instance: what is being done to it, what its server is, what its guest reports.

Source: trove/instance/models.py (SimpleInstance.status, operating_status, validate_can_perform_action).
"""

from __future__ import annotations

from dataclasses import dataclass

from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.operations import enum_words
from mopenstack.core.engine.call import Call
from mopenstack.database.v1 import refusals
from mopenstack.database.v1.backups.backups_pb2 import Backup
from mopenstack.database.v1.instances.instances_pb2 import Instance

TASK_STATUS = {
    Instance.BUILDING: "BUILD",
    Instance.REBOOTING: "REBOOT",
    Instance.RESIZING: "RESIZE",
    Instance.UPGRADING: "UPGRADE",
    Instance.RESTART_REQUIRED: "RESTART_REQUIRED",
    Instance.PROMOTING: "PROMOTE",
    Instance.EJECTING: "EJECT",
    Instance.DETACHING: "DETACH",
}
"""Task -> the status that users see; of the others the server's is shown."""
ERRORS = {
    Instance.BUILDING_ERROR_SERVER: "Build error: Server.",
    Instance.BUILDING_ERROR_VOLUME: "Build error: Volume.",
    Instance.BUILDING_ERROR_SEC_GROUP: "Build error: Secgroup or rule.",
    Instance.BUILDING_ERROR_PORT: "Build error: Port.",
    Instance.BUILDING_ERROR_REPLICA: "Build error: Replica.",
    Instance.PROMOTION_ERROR: "Replica Promotion Error.",
    Instance.UPDATING_ERROR_ACCESS: "Update error: Access.",
}
DESCRIPTIONS = {
    Instance.NONE: "No tasks for the instance.",
    Instance.DELETING: "Deleting the instance.",
    Instance.REBOOTING: "Rebooting the instance.",
    Instance.RESIZING: "Resizing the instance.",
    Instance.BUILDING: "The instance is building.",
    Instance.MIGRATING: "Migrating the instance.",
    Instance.RESTART_REQUIRED: "Instance requires a restart.",
    Instance.PROMOTING: "Promoting the instance to replica source.",
    Instance.EJECTING: "Ejecting the replica source.",
    Instance.DETACHING: "Detaching the instance from replica source.",
    Instance.UPDATING: "Updating the instance.",
    Instance.UPGRADING: "Upgrading the instance.",
    **ERRORS,
}
SERVICE = {
    Instance.NEW: ("NEW", "new"),
    Instance.HEALTHY: ("HEALTHY", "healthy"),
    Instance.SHUTDOWN: ("SHUTDOWN", "shutdown"),
    Instance.RESTARTING: ("RESTARTING", "restarting"),
    Instance.UNKNOWN: ("ERROR", "unknown"),
    Instance.SERVICE_RESTART_REQUIRED: ("RESTART_REQUIRED", "restart required"),
    Instance.SERVICE_DELETED: ("DELETED", "deleted"),
}
"""What the guest reports -> the words of it in the API, and in descriptions."""
RUNNING = (Backup.NEW, Backup.BUILDING, Backup.SAVING)
_SERVER = enum_words(Server.DESCRIPTOR.fields_by_name["status"])
_SHOWN = {"BUILD", "ERROR", "REBOOT", "RESIZE", "ACTIVE", "SHUTDOWN"}


@dataclass(frozen=True, slots=True)
class Condition:
    """An instance with its server's status ("SHUTDOWN" where that is gone), and whether it is being backed up."""

    instance: Instance
    server: str
    backing_up: bool

    @property
    def status(self) -> str:
        task = self.instance.task
        if task in ERRORS:
            return "ERROR"
        if task == Instance.BUILDING:
            return "ERROR" if self.server == "ERROR" else "BUILD"
        if task in TASK_STATUS:
            return TASK_STATUS[task]
        if task == Instance.DELETING:
            return "SHUTDOWN" if self.server in ("ACTIVE", "SHUTDOWN", "DELETED") else "ERROR"
        if self.backing_up:
            return "BACKUP"
        if self.server in _SHOWN:
            return self.server
        return "RESIZE" if self.server == "VERIFY_RESIZE" else "UNKNOWN"

    @property
    def operating_status(self) -> str:
        if self.instance.task != Instance.NONE or self.server != "ACTIVE":
            return ""
        return SERVICE[self.instance.service][0]

    @property
    def runs(self) -> bool:
        """Whether the database answers."""
        return self.instance.service == Instance.HEALTHY


async def condition_of(call: Call, instance: Instance) -> Condition:
    """How an instance is now."""
    server = await call.tx.get(Server, instance.server_id) if instance.server_id else None
    if instance.task == Instance.BUILDING and server is None:
        word = "BUILD"
    elif server is None:
        word = "SHUTDOWN"
    else:
        word = "DELETED" if server.task_state == "deleting" else _SERVER.get(server.status, "UNKNOWN")
    return Condition(instance, word, await is_backed_up(call, instance.id))


async def is_backed_up(call: Call, instance_id: str) -> bool:
    return any(one.state in RUNNING for one in await call.tx.query(Backup, instance_id=instance_id))


async def check_loaded(call: Call, instance: Instance) -> None:
    """Refuse what needs the server of an instance that has none."""
    if not instance.server_id or await call.tx.get(Server, instance.server_id) is None:
        raise refusals.InstanceNotReady(id=instance.id)


async def check_available(call: Call, instance: Instance) -> None:
    """Refuse an action on an instance that is not ready for one."""
    await check_loaded(call, instance)
    now = await condition_of(call, instance)
    kind = "instance"
    if now.server != "ACTIVE":
        status = now.server
    elif instance.task not in (Instance.NONE, Instance.RESTART_REQUIRED):
        kind, status = "task", task_word(instance.task)
    elif instance.service in (Instance.NEW, Instance.UNKNOWN, Instance.SERVICE_DELETED, Instance.RESTARTING):
        status = now.status
    elif now.backing_up:
        status = "BACKUP"
    else:
        return
    raise refusals.InstanceNotAvailable(id=instance.id, kind=kind, status=status)


def task_word(task: int) -> str:
    """The word of a task in refusals: an error's is that of what failed."""
    name = Instance.Task.Name(task)
    return {"PROMOTION_ERROR": "PROMOTING"}.get(name, name.partition("_ERROR")[0])


async def replicas_of(call: Call, instance_id: str) -> list[Instance]:
    """The replicas of an instance, the oldest first."""
    found = await call.tx.query(Instance, replica_of=instance_id)
    return sorted(found, key=lambda one: (one.created_at.seconds, one.created_at.nanos, one.id))
