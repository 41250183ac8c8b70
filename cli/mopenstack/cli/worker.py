"""One of the processes of `mopenstack up --workers N`, as the process that started them (workers.py) tells it to be."""

from __future__ import annotations

import json
import os
from collections.abc import MutableMapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mopenstack.cli.state import WORKER_VARIABLE

if TYPE_CHECKING:
    from mopenstack.core.store import Store


@dataclass(frozen=True, slots=True)
class Worker:
    """What distinguishes one of the processes; descriptors are those that it inherits."""

    number: int
    group: str
    """A word that no other group has."""
    memory: int
    """Descriptor of the group's memory; -1: the database is not the group's alone."""
    told: int
    """Descriptor to which it writes a line when it answers."""
    parent: int
    """Its end is the worker's, too."""
    starts: int = 0
    """How often a process of this number was started before."""
    port: int = 0
    grpc_port: int = 0
    service_ports: dict[str, int] = field(default_factory=dict)

    @property
    def first(self) -> bool:
        """Whether it does what is done once, at the start of all."""
        return self.number == self.starts == 0

    def write(self, environment: MutableMapping[str, str]) -> None:
        """Tell the process that is to be this one."""
        environment[WORKER_VARIABLE] = json.dumps(asdict(self))

    def settings(self, asked: Any) -> Any:
        """What this process is to serve (cli.serve.Settings), of what was asked of all of them."""
        from mopenstack.core.engine import clouds

        clouds.Ids.apart = f"{self.number}/{self.starts}"
        return replace(
            asked,
            worker=self,
            port=self.port,
            grpc_port=self.grpc_port,
            service_ports=self.service_ports,
            snapshot=asked.snapshot if self.first else None,
            options=asked.options if self.first else {},
            dns_port=asked.dns_port if self.number == 0 else None,
        )

    def store(self, url: str) -> Store:
        """Where its state is."""
        if self.memory < 0:
            from mopenstack.core.store.postgres import PostgresStore

            return PostgresStore(url)
        from mopenstack.core.store.group.memory import GroupMemory
        from mopenstack.core.store.group.store import GroupStore

        return GroupStore(url, GroupMemory(self.memory, self.number), self.group)

    def tell(self, **told: Any) -> None:
        """Let the parent know that this process answers, and where."""
        with os.fdopen(self.told, "w") as line:
            line.write(json.dumps(told) + "\n")


def worker_of(environment: MutableMapping[str, str]) -> Worker | None:
    """What this process is to be; None: one that is not of several."""
    told = environment.pop(WORKER_VARIABLE, None)
    return None if told is None else Worker(**json.loads(told))
