"""The states of zones and record sets: what the name servers are to be told, and whether they have it.

A zone that changes while its name servers are still being told of another change begins anew, as Designate's does.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.faults import Conflict, Fault
from mopenstack.core.engine.actions import Action
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.dns.v2.recordsets.recordsets_pb2 import RecordSet
from mopenstack.dns.v2.zones import zone_files_pb2, zones_pb2
from mopenstack.dns.v2.zones.zones_pb2 import Zone

ACTIVE, PENDING, ERROR = zones_pb2.ACTIVE, zones_pb2.PENDING, zones_pb2.ERROR
NONE, CREATE, UPDATE, DELETE = zones_pb2.NONE, zones_pb2.CREATE, zones_pb2.UPDATE, zones_pb2.DELETE
SECONDS = 2.0
"""What name servers take to have a change."""

_ANY = frozenset({0, ACTIVE, PENDING, ERROR})


def _refuse(action: Action, obj: Message) -> Fault:
    return Conflict(f"{action.name} is not allowed")


def _actions() -> tuple[Action, ...]:
    return tuple(
        Action(name, _ANY, interim=PENDING, to=ACTIVE, seconds=SECONDS, during={"action": sign}, sets={"action": NONE})
        for name, sign in (("create", CREATE), ("update", UPDATE), ("delete", DELETE))
    )


ZONES = Lifecycle(Zone, _actions(), _refuse, error=ERROR)
RECORDSETS = Lifecycle(RecordSet, _actions(), _refuse, error=ERROR)
EXPORTS = Lifecycle(
    zone_files_pb2.ZoneExport,
    (Action("export", frozenset({0, PENDING}), interim=PENDING, seconds=1.0),),
    _refuse,
    error=ERROR,
)


@RECORDSETS.on("delete")
async def _deleted(call: Call, recordset: Any) -> None:
    await call.owner_of("recordset").discard(call, recordset)


@ZONES.on("delete")
async def _zone_deleted(call: Call, zone: Any) -> None:
    await call.owner_of("zone").discard(call, zone)
