"""Logs of the databases, and what of them the object store has (trove/guestagent/guest_log.py, datastore/manager.py).

A guest writes a line to its error log when it starts; that is what there is to publish.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import suppress

from mopenstack.contract.faults import NotFound, NotServed
from mopenstack.core.database.datastores.choices import Chosen, of_version
from mopenstack.core.database.instances.status import check_loaded
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.database.v1 import refusals
from mopenstack.database.v1.instances import guest_logs_pb2 as pb
from mopenstack.database.v1.instances.instances_pb2 import Instance

CONTAINER = "database_logs"
"""trove.conf: guest_log_container_name."""
SWIFT = "mopenstack.object_store.v1"


class GuestLogs(Servicer):
    service = pb.DESCRIPTOR.services_by_name["GuestLogs"]

    async def list_guest_logs(self, call: Call, request: pb.ListGuestLogsRequest) -> Result:
        what = await _ready(call)
        shown = [_view(call.target, what, name) for name in what.manager.logs if _is_exposed(call, what, name)]
        return pb.ListGuestLogsResponse(logs=shown)

    async def change_guest_log(self, call: Call, request: pb.ChangeGuestLogRequest) -> Result:
        what = await _ready(call)
        if request.enable and request.disable:
            raise refusals.LogEnableAndDisable()
        kind = what.manager.logs.get(request.name)
        if kind is None:
            raise refusals.LogNotDefined(name=request.name)
        enable = request.enable or (request.publish and not request.disable)
        if kind == "SYS" and not request.publish and (enable or request.disable):
            raise refusals.LogOfSystem(action="enable" if enable else "disable", name=request.name)
        instance = await call.tx.edit(Instance, call.target.id)
        enabled = set(instance.enabled_logs)
        if kind == "USER":
            enabled = enabled | {request.name} if enable else enabled
            enabled = enabled - {request.name} if request.disable else enabled
        instance.enabled_logs[:] = sorted(enabled)
        if request.discard:
            instance.published_logs.pop(request.name, None)
            await _delete(call, instance, what, request.name)
        if request.publish:
            text = _text(instance, what, request.name)
            await _write(call, instance, what, request.name, text)
            instance.published_logs[request.name] = len(text)
        await call.tx.put(instance)
        return pb.GuestLogResponse(log=_view(instance, what, request.name))


async def _ready(call: Call) -> Chosen:
    """Refuse a cloud without an object store, and an instance without a server."""
    try:
        await call.ask(f"{SWIFT}.Accounts.ShowAccount", account=_account(call))
    except NotServed:
        raise refusals.LogsNotAvailable() from None
    await check_loaded(call, call.target)
    what = await of_version(call, call.target.datastore_version_id)
    assert what is not None
    return what


def _is_exposed(call: Call, what: Chosen, name: str) -> bool:
    return what.manager.logs[name] == "USER" or call.caller.is_admin


def _text(instance: Instance, what: Chosen, name: str) -> bytes:
    """What the guest has written to a log: the line of its start, in those that are on."""
    if what.manager.logs[name] == "USER" and name not in instance.enabled_logs:
        return b""
    started = instance.created_at.ToDatetime().isoformat(timespec="seconds")
    return f"{started}Z {what.datastore.name} {what.version.name} started, ready for connections\n".encode()


def _prefix(instance: Instance, what: Chosen, name: str) -> str:
    return f"{instance.id}/{what.version.manager}-{name}/"


def _view(instance: Instance, what: Chosen, name: str) -> pb.GuestLog:
    size, published = len(_text(instance, what, name)), instance.published_logs.get(name, 0)
    on = what.manager.logs[name] == "SYS" or name in instance.enabled_logs
    pending = max(size - published, 0)
    status = (
        "Disabled"
        if not on
        else "Partial"
        if pending and published
        else "Ready"
        if pending
        else "Published"
        if published
        else "Enabled"
    )
    prefix = _prefix(instance, what, name)
    return pb.GuestLog(
        name=name,
        type=what.manager.logs[name],
        status=status,
        published=published,
        pending=pending,
        container=CONTAINER if published else "None",
        prefix=prefix if published else "None",
        metafile=_metafile(prefix),
    )


async def _write(call: Call, instance: Instance, what: Chosen, name: str, text: bytes) -> None:
    """Put what is new of a log into the caller's container, and beside it how much is there."""
    account = _account(call)
    await call.ask(f"{SWIFT}.Containers.CreateContainer", account=account, container=CONTAINER)
    new = text[instance.published_logs.get(name, 0) :]
    prefix = _prefix(instance, what, name)
    details = {"log_name": name, "log_type": what.manager.logs[name], "log_size": len(text)}
    parts = [(_object(instance, prefix), new)] if new else []
    for path, content in (*parts, (_metafile(prefix), json.dumps(details).encode())):
        own = call.elevated(call.caller)
        own.blob = await call.write_bytes(_chunks(content))
        values = {"content_length": str(len(content)), "content_type": "text/plain"}
        await own.ask(
            f"{SWIFT}.Objects.PutObject",
            account=account,
            container=CONTAINER,
            object=path,
            metadata={"lines": str(content.count(b"\n"))},
            **values,
        )


async def _delete(call: Call, instance: Instance, what: Chosen, name: str) -> None:
    """Take what was published of a log away."""
    prefix = _prefix(instance, what, name)
    for path in (_object(instance, prefix), _metafile(prefix)):
        with suppress(NotFound):
            await call.ask(f"{SWIFT}.Objects.DeleteObject", account=_account(call), container=CONTAINER, object=path)


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _account(call: Call) -> str:
    return f"AUTH_{call.caller.project_id}"


def _object(instance: Instance, prefix: str) -> str:
    """A guest writes one line, so that one object holds all that is published of a log."""
    return f"{prefix}log-{instance.created_at.ToDatetime().isoformat()}"


def _metafile(prefix: str) -> str:
    return f"{prefix.rstrip('/')}_metafile"
