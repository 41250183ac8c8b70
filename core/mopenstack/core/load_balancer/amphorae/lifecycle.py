"""States of an amphora. After octavia.controller.worker.v2.flows.amphora_flows and AmphoraRepository."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.actions import Action
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.load_balancer.v2 import refusals
from mopenstack.load_balancer.v2.amphorae import amphorae_pb2 as pb

Amphora = pb.Amphora
ANY = frozenset(number for number in Amphora.Status.values() if number)
BOOT_SECONDS, DELETE_SECONDS = 4.0, 1.0
"""Less than its load balancer takes, which waits for it."""


def _refuse(action: Any, amphora: Amphora) -> Fault:
    return refusals.ImmutableObject(resource="amphora", id=amphora.id)


AMPHORAE: Lifecycle[Amphora] = Lifecycle(
    Amphora,
    (
        Action(
            "boot",
            frozenset({Amphora.PENDING_CREATE}),
            interim=Amphora.BOOTING,
            to=Amphora.ALLOCATED,
            seconds=BOOT_SECONDS,
        ),
        Action("delete", frozenset({Amphora.ERROR}), interim=Amphora.PENDING_DELETE, seconds=DELETE_SECONDS),
        Action("replace", ANY, interim=Amphora.PENDING_DELETE, seconds=DELETE_SECONDS, cancels=True),
    ),
    _refuse,
    error=Amphora.ERROR,
)


@AMPHORAE.on("delete", "replace")
async def deleted(call: Call, amphora: Amphora) -> None:
    await call.tx.delete(Amphora, amphora.id)
