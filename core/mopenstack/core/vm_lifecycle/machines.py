"""What the API asks of the cloud behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Machine:
    """A server. `status` is the VM's, `nova_status` the server's; times are in seconds since the epoch."""

    id: str
    name: str
    flavor: str
    image: str
    status: str
    nova_status: str
    ip_address: str
    created_at: float
    updated_at: float


class Machines(Protocol):
    """The servers of one caller's project. Raises the refusals of the API's contract."""

    async def all(self, *, deleted: bool) -> Sequence[Machine]:
        """Those that exist, or those that are deleted; the newest first."""

    async def find(self, id: str) -> Machine | None:
        """One that exists or is deleted; None: there is none of this id."""

    async def create(self, name: str, flavor: str, image: str) -> Machine:
        """Make one that is stopped; `flavor` is a name, `image` a name or an id."""

    async def act(self, machine: Machine, action: str) -> None:
        """Begin an action that the machine's state allows (states.ALLOWED)."""

    async def ready(self) -> None:
        """Raise Unavailable where the cloud does not answer."""
