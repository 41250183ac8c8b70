"""What is done to instances, and how long it takes (trove/taskmanager/models.py)."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.core.database.datastores.choices import manager_of, of_version
from mopenstack.core.database.instances import nested
from mopenstack.core.database.instances.status import replicas_of
from mopenstack.core.database.service_user import Failed
from mopenstack.core.engine.actions import Action, Step
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.database.v1 import refusals
from mopenstack.database.v1.instances.instances_pb2 import DeletedInstance, Instance

NONE, ANY = Instance.NONE, frozenset(number for number in Instance.Task.values() if number)
HEALTHY = {"service": Instance.HEALTHY}
PLACED, SERVED = 1, 2
"""build_stage: volume and port are there; the server is there."""


def _refuse(action: Any, instance: Instance) -> Fault:
    return refusals.InstanceNotReady(id=instance.id)


def _row(name: str, interim: int, seconds: float, **more: Any) -> Action:
    return Action(name, ANY, interim=interim, seconds=seconds, error=NONE, **more)


INSTANCES: Lifecycle[Instance] = Lifecycle(
    Instance,
    (
        Action(
            "build",
            frozenset({Instance.BUILDING}),
            interim=Instance.BUILDING,
            seconds=60,
            steps=(Step(4, during={"build_stage": PLACED}), Step(54, during={"build_stage": SERVED})),
            error=Instance.BUILDING_ERROR_SERVER,
        ),
        _row("restart", Instance.REBOOTING, 10, to=NONE, during={"service": Instance.RESTARTING}, sets=HEALTHY),
        _row("reboot", Instance.REBOOTING, 20, to=NONE, during={"service": Instance.RESTARTING}, sets=HEALTHY),
        _row("resize_flavor", Instance.RESIZING, 60, to=NONE),
        _row("resize_volume", Instance.RESIZING, 20, to=NONE),
        _row("resize", Instance.RESIZING, 20, to=NONE),
        _row("migrate", Instance.MIGRATING, 60, to=NONE),
        _row("rebuild", Instance.BUILDING, 60, to=NONE, sets=HEALTHY),
        _row("upgrade", Instance.UPGRADING, 60, to=NONE),
        _row("detach", Instance.DETACHING, 10, to=NONE),
        _row("promote", Instance.PROMOTING, 20, to=NONE),
        _row("eject", Instance.EJECTING, 20, to=NONE),
        _row("follow", Instance.PROMOTING, 20, to=NONE),
        _row("update_access", Instance.UPDATING, 5, to=NONE),
        Action("stop", ANY, seconds=0, sets={"service": Instance.SHUTDOWN}),
        Action("reset_status", ANY, to=NONE, seconds=0, cancels=True, sets={"service": Instance.UNKNOWN}),
        Action("reset_task", ANY, to=NONE, seconds=0, cancels=True),
        Action("delete", ANY, interim=Instance.DELETING, seconds=15, cancels=True),
    ),
    _refuse,
    state="task",
    error=Instance.BUILDING_ERROR_SERVER,
)
"""`follow` is that of the other instances of a set whose source changes; `resize` becomes one of the two above."""


def note(call: Call, instance: Instance, text: str) -> None:
    """Keep what went wrong with an instance."""
    instance.fault.message = text[:1000]
    call.stamp(instance.fault.created)


def reports(call: Call, instance: Instance, service: int) -> None:
    """What the guest reports from now on."""
    instance.service = service  # type: ignore[assignment]
    call.stamp(instance.service_updated_at)


# -- the build


async def place(call: Call, instance: Instance) -> None:
    """The security group, port and volume of an instance; raises Failed."""
    chosen = await of_version(call, instance.datastore_version_id)
    if not instance.security_group_id:
        await nested.make_security_group(call, instance, chosen.manager.ports if chosen else ())
    if instance.HasField("nic") and not instance.port_id:
        await nested.make_port(call, instance)
    if not instance.volume_id:
        await nested.make_volume(call, instance)


async def _lead(call: Call, instance: Instance, stage: int) -> None:
    """Bring a build to a stage; where that fails the instance is in error, with a fault."""
    if instance.task != Instance.BUILDING:
        return
    try:
        await place(call, instance)
        if stage >= SERVED and not instance.server_id:
            await nested.make_server(call, instance)
    except Failed as failed:
        instance.task = failed.task  # type: ignore[assignment]
        note(call, instance, failed.text)
    instance.build_stage = stage


@INSTANCES.on_step
async def entered(call: Call, instance: Instance, action: Action, step: Step) -> None:
    stage = step.during["build_stage"]
    await _lead(call, instance, stage)


@INSTANCES.on("build")
async def built(call: Call, instance: Instance) -> None:
    await _lead(call, instance, SERVED)
    if instance.task != Instance.BUILDING:
        return
    server = await nested.settle(call, "server", instance.server_id)
    if server is None or server.status != server.ACTIVE:
        instance.task = Instance.BUILDING_ERROR_SERVER
        why = server.fault.message if server is not None and server.HasField("fault") else "No fault found"
        note(call, instance, f"Server not active, status: ERROR, fault message: {why}")
        return
    reports(call, instance, Instance.HEALTHY)
    instance.task = NONE
    await call.publish("instance_built", "database_instance", instance)


@INSTANCES.fails("build")
async def build_failed(call: Call, instance: Instance, why: str) -> None:
    note(call, instance, why)


# -- actions


@INSTANCES.on("restart", "rebuild")
async def restarted(call: Call, instance: Instance) -> None:
    if instance.wanted:
        await _try(call, instance, nested.rebuild_server(call, instance, instance.wanted))
        instance.image_id, instance.wanted = instance.wanted, ""
    reports(call, instance, Instance.HEALTHY)


@INSTANCES.on("reboot")
async def rebooted(call: Call, instance: Instance) -> None:
    await _try(call, instance, nested.reboot_server(call, instance))
    reports(call, instance, Instance.HEALTHY)


@INSTANCES.on("resize_flavor")
async def flavor_resized(call: Call, instance: Instance) -> None:
    flavor_id, _, ram = instance.wanted.partition(" ")
    if await _try(call, instance, nested.resize_server(call, instance, flavor_id)):
        instance.flavor_id, instance.ram = flavor_id, int(ram)
    else:
        await call.quota.give("database", instance.project_id, {"ram": int(ram) - instance.ram})
    instance.wanted = ""


@INSTANCES.on("resize_volume")
async def volume_resized(call: Call, instance: Instance) -> None:
    size = int(instance.wanted)
    if await _try(call, instance, nested.extend_volume(call, instance, size)):
        instance.volume_size = size
    else:
        await call.quota.give("database", instance.project_id, {"volumes": size - instance.volume_size})
    instance.wanted = ""


@INSTANCES.on("migrate")
async def migrated(call: Call, instance: Instance) -> None:
    await _try(call, instance, nested.migrate_server(call, instance, instance.wanted))
    instance.wanted = ""


@INSTANCES.on("upgrade")
async def upgraded(call: Call, instance: Instance) -> None:
    instance.datastore_version_id, instance.wanted = instance.wanted, ""


@INSTANCES.on("detach")
async def detached(call: Call, instance: Instance) -> None:
    instance.replica_of = ""


@INSTANCES.on("promote")
async def promoted(call: Call, instance: Instance) -> None:
    """The source of a replica and its other replicas follow it."""
    source_id, instance.replica_of = instance.replica_of, ""
    for one in await replicas_of(call, source_id):
        if one.id != instance.id:
            await _follow(call, one.id, instance.id)
    await _follow(call, source_id, instance.id)


@INSTANCES.on("eject")
async def ejected(call: Call, instance: Instance) -> None:
    """The oldest replica of a source that is gone takes its place."""
    elected, *others = await replicas_of(call, instance.id)
    await _follow(call, elected.id, "")
    for one in others:
        await _follow(call, one.id, elected.id)


async def _follow(call: Call, id: str, source_id: str) -> None:
    if await call.tx.get(Instance, id) is None:
        return
    copy = await call.tx.edit(Instance, id)
    copy.replica_of, copy.task = source_id, NONE
    call.stamp(copy.updated_at)
    await call.tx.unschedule("database_instance", id)
    await call.tx.put(copy)


@INSTANCES.on("update_access")
async def access_updated(call: Call, instance: Instance) -> None:
    instance.access.CopyFrom(instance.wanted_access)
    instance.ClearField("wanted_access")
    chosen = await of_version(call, instance.datastore_version_id)
    ports = manager_of(chosen.version).ports if chosen else ()
    await _try(call, instance, nested.change_access(call, instance, ports))


async def _try(call: Call, instance: Instance, work: Any) -> bool:
    """Do something that others may refuse: the instance is as before then, with a fault."""
    try:
        await work
    except Fault as fault:
        note(call, instance, fault.text)
        return False
    except Failed as failed:
        note(call, instance, failed.text)
        return False
    return True


@INSTANCES.on("delete")
async def deleted(call: Call, instance: Instance) -> None:
    await nested.delete_all(call, instance)
    if instance.server_group_id and not instance.replica_of and not instance.cluster_id:
        await nested.delete_server_group(call, instance.server_group_id)
    gone = DeletedInstance(id=instance.id, instance=instance)
    for name in ("replica_of", "cluster_id", "configuration_id", "datastore_version_id"):
        gone.instance.ClearField(name)
    gone.instance.task, gone.instance.service = NONE, Instance.SERVICE_DELETED
    for stamp in (gone.deleted_at, gone.instance.updated_at, gone.instance.service_updated_at):
        call.stamp(stamp)
    await call.tx.put(gone)
    await call.owner_of("database_instance").discard(call.elevated(), instance)
