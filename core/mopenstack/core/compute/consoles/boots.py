"""When a server booted, by the log of its actions.

Source: nova.virt.libvirt.driver, which makes the machine anew with each of these actions, and with it the log of its
console.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mopenstack.compute.v2.servers.instance_actions_pb2 import InstanceAction
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.compute.servers.instance_actions import SUCCESS
from mopenstack.core.compute.servers.server_states import POWER_ON
from mopenstack.core.engine.call import Call

NEW_DISK = frozenset({"create", "rebuild"})
"""Actions after which the guest finds itself on a disk that no guest wrote to."""
_BOOTS = NEW_DISK | {
    *("start", "reboot", "evacuate", "unshelve", "rescue", "unrescue", "restore"),
    *("resize", "migrate", "revertResize"),
}
_ENDS = frozenset({"stop", "shelve", "delete"})
_OFF = (Server.VM_STATE_STOPPED, Server.VM_STATE_SOFT_DELETED)
LEAD_SECONDS = 1.0
"""How long a machine has been running when its server is said to be ACTIVE."""


@dataclass(frozen=True, slots=True)
class Boot:
    """One run of a machine. Times are seconds of the cloud's clock since the epoch."""

    number: int
    at: float
    on_new_disk: bool
    ended_at: float | None = None
    """When it was powered off; None: it runs."""

    @property
    def name(self) -> str:
        """What tells it from the others of its server."""
        return f"{self.number}-{int(self.at)}"


async def last_boot(call: Call, server: Server) -> Boot | None:
    """The boot that the console's log is of; None for a server that never ran."""
    if not server.HasField("launched_at"):
        return None
    found = _boot_of(await call.tx.query(InstanceAction, server_id=server.id), server.launched_at.seconds)
    if server.power_state == POWER_ON or server.vm_state not in _OFF:
        return Boot(found.number, found.at, found.on_new_disk)
    return found if found.ended_at is not None else Boot(found.number, found.at, found.on_new_disk, found.at)


def _boot_of(actions: Iterable[InstanceAction], launched_at: float) -> Boot:
    done = sorted(
        (moment, entry.updated_at.seconds, entry.updated_at.nanos, entry.action)
        for entry in actions
        if (moment := _end(entry)) is not None
    )
    boot = Boot(1, launched_at - LEAD_SECONDS, True)
    number = 0
    for moment, _, _, action in done:
        if action in _BOOTS:
            number += 1
            boot = Boot(number, moment - LEAD_SECONDS, action in NEW_DISK)
        elif action in _ENDS:
            boot = Boot(boot.number, boot.at, boot.on_new_disk, moment)
    return boot


def _end(entry: InstanceAction) -> float | None:
    """When an action ended well; None where it did not, or not yet."""
    ends = [event.finish_time.seconds for event in entry.events if event.HasField("finish_time")]
    if not ends or len(ends) < len(entry.events) or any(event.result != SUCCESS for event in entry.events):
        return None
    return float(max(ends))
