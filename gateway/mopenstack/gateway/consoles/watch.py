"""What a console shows, as the core tells it again and again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from mopenstack.compute.v2.servers import console_sessions_pb2 as pb
from mopenstack.contract.calls import Core, RequestContext
from mopenstack.contract.operations import Operation

POLL_SECONDS = 1.0
"""How long a viewer waits to see a change, at most."""


@dataclass(slots=True)
class Watch:
    """One server, as one session follows it. `screen` and `lines` are those of the last look."""

    core: Core
    operation: Operation
    """ShowConsole"""
    context: RequestContext
    server_id: str
    screen: pb.ConsoleScreen = field(default_factory=pb.ConsoleScreen)
    lines: list[str] = field(default_factory=list)
    """The whole log of the present boot."""

    async def look(self) -> tuple[list[str], bool]:
        """Ask the core: the lines that are new, and whether they are those of another boot. Raises Fault."""
        asked = pb.ShowConsoleRequest(server_id=self.server_id, boot=self.screen.boot, lines=len(self.lines))
        reply = await self.core.call(self.operation, asked, self.context)
        found = reply.result
        assert isinstance(found, pb.ConsoleScreen)
        fresh, is_new = list(found.lines), found.boot != self.screen.boot
        self.lines = fresh if is_new else self.lines[: found.first] + fresh
        self.screen = found
        return fresh, is_new

    @property
    def prompt(self) -> str:
        """What someone may type behind; empty while the guest does not listen."""
        return self.lines[-1] if self.screen.prompts and self.lines else ""

    @property
    def booted(self) -> str:
        """When the server booted, in UTC; empty where it never did."""
        if not self.screen.HasField("booted_at"):
            return ""
        return f"{datetime.fromtimestamp(self.screen.booted_at.seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
