"""The log of a boot: what the image's guest prints, line by line, each with its time.

The lines of a server are the same whenever they are asked for; in a cloud with the profile `realistic` they come as
time goes by.
"""

from __future__ import annotations

import bisect
import random
from collections.abc import Sequence
from functools import lru_cache

from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.compute.consoles.boots import Boot, last_boot
from mopenstack.core.compute.consoles.machine import Machine, machine_of
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.options import Option

Line = tuple[float, str]
"""A line, and how many seconds after the machine's power-on it is printed."""

BOOT_OF_IMAGE, CLOUD_INIT, CIRROS, SILENT = "image", "cloud-init", "cirros", "none"
CONSOLE_BOOT = Option(
    "compute.console_boot",
    BOOT_OF_IMAGE,
    "What the console log of servers shows: the boot of the image by its os_distro or its name (image), of a "
    "distribution with cloud-init or of CirrOS whatever the image is, or nothing.",
    (BOOT_OF_IMAGE, CLOUD_INIT, CIRROS, SILENT),
)
_MUTE = frozenset({"windows"})
"""Distributions that print nothing on a serial line."""
_KEPT = 64
"""Boots whose lines are kept, of all servers of the process."""


class Log:
    """What the console of a server shows at a moment."""

    def __init__(self, boot: Boot | None = None, lines: Sequence[str] = (), prompts: bool = False) -> None:
        self.boot = boot
        self.lines = lines
        self.prompts = prompts
        """Whether the last line is a prompt, behind which one may type."""

    @property
    def text(self) -> str:
        """As a file: the prompt alone has no end of line behind it."""
        return "\n".join(self.lines) + ("" if self.prompts or not self.lines else "\n")


async def log_of(call: Call, server: Server) -> Log:
    """The log of a server's console."""
    boot = await last_boot(call, server)
    if boot is None:
        return Log()
    seconds = call.time - boot.at if call.cloud.profile == "realistic" else None
    return log_at(await machine_of(call, server), boot, call.cloud.option(CONSOLE_BOOT), seconds)


def log_at(machine: Machine, boot: Boot, kind: str = BOOT_OF_IMAGE, seconds: float | None = None) -> Log:
    """The log so many seconds after power-on; None: when all is printed. A shutdown prints something at the end."""
    started = Boot(boot.number, boot.at, boot.on_new_disk)
    lines = _lines(machine, started, _kind(machine, kind))
    until = seconds if boot.ended_at is None or seconds is None else min(seconds, boot.ended_at - boot.at)
    shown = lines if until is None else lines[: bisect.bisect_right(lines, until, key=lambda line: line[0])]
    found = [text for _, text in shown]
    prompts = bool(found) and len(shown) == len(lines)
    if boot.ended_at is None:
        return Log(boot, found, prompts)
    return Log(boot, [*found, *_shutdown(_kind(machine, kind), boot.ended_at - boot.at)] if found else [])


def _kind(machine: Machine, kind: str) -> str:
    if kind != BOOT_OF_IMAGE:
        return kind
    return CIRROS if machine.distro == CIRROS else SILENT if machine.distro in _MUTE else CLOUD_INIT


@lru_cache(maxsize=_KEPT)
def _lines(machine: Machine, boot: Boot, kind: str) -> list[Line]:
    """All lines of a boot; the times are its own."""
    if kind == SILENT:
        return []
    # Imported here: most clouds are never asked for a console.
    from mopenstack.core.compute.consoles import cirros, cloud_init

    drawn = random.Random(f"{machine.id}/{boot.number}")  # noqa: S311  # the same for a server each time
    lines = cirros.boot(machine, boot, drawn) if kind == CIRROS else cloud_init.boot(machine, boot, drawn)
    return [(seconds, text.encode("ascii", "replace").decode()) for seconds, text in lines]


def _shutdown(kind: str, uptime: float) -> list[str]:
    """What a guest prints that is told to power off."""
    if kind == CIRROS:
        told = ["The system is going down NOW!", "Sent SIGTERM to all processes", "Sent SIGKILL to all processes"]
    else:
        told = [
            f"[  OK  ] Reached target {target}."
            for target in (
                "shutdown.target - System Shutdown",
                "final.target - Late Shutdown Services",
                "poweroff.target - System Power Off",
            )
        ]
    return ["", *told, f"[{uptime:12.6f}] reboot: Power down"]
