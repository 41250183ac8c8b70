"""The processes of a cloud as a user starts them, always at one address.

They are one or split, on SQLite, PostgreSQL, or three nodes of it; on these there are two cores behind the gateway. Or
they are two workers on a PostgreSQL.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from examples.ha.nodes import Nodes, free_ports
from soak.postgres import Postgres
from tests.processes import server

WORKERS = 2
END_SECONDS_MAX = 10.0
"""How long a process may take to end after SIGTERM."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Which processes, and where they keep state: `sqlite`, `postgresql`, `memory`, each with or without `-split`.

    `postgresql-workers` are two at one port; `nodes-split` is PostgreSQL on three nodes.
    """

    name: str

    @property
    def postgresql(self) -> bool:
        return self.name.startswith("postgresql")

    @property
    def nodes(self) -> bool:
        return self.name.startswith("nodes")

    @property
    def shared(self) -> bool:
        """Whether its store may be other processes' too."""
        return self.postgresql or self.nodes

    @property
    def durable(self) -> bool:
        return not self.name.startswith("memory")

    @property
    def split(self) -> bool:
        return self.name.endswith("-split")

    @property
    def workers(self) -> bool:
        return self.name.endswith("-workers")

    @property
    def parts(self) -> tuple[str, ...]:
        """The processes by name; the first one has the state."""
        if self.nodes:
            return ("core", "second core", "gateway")
        return ("core", "gateway") if self.split else ("up",)


SHAPES = tuple(
    Shape(name) for name in ("sqlite", "sqlite-split", "postgresql", "postgresql-split", "postgresql-workers")
)
NODES = Shape("nodes-split")
"""PostgreSQL on three nodes: `make ha`."""


class Cloud:
    """A running cloud. A context: at its end, all of it is stopped."""

    def __init__(self, shape: Shape, folder: Path) -> None:
        self.shape, self._folder = shape, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.postgres = Postgres(folder / "postgres") if shape.postgresql else None
        self.nodes = Nodes(folder / "nodes") if shape.nodes else None
        self._cores = [f"127.0.0.1:{port}" for port in free_ports(2)] if shape.nodes else []
        self._port = "0"
        self._running: dict[str, tuple[ExitStack, subprocess.Popen[str]]] = {}
        self.url = ""

    def __enter__(self) -> Cloud:
        try:
            if self.nodes is not None:
                self.nodes.start()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for part in list(self._running):
            self.end(part, signal.SIGKILL)
        if self.postgres is not None:
            self.postgres.stop()
        if self.nodes is not None:
            self.nodes.stop()

    @property
    def parts(self) -> tuple[str, ...]:
        """The processes by name; the first one has the state."""
        return self.shape.parts

    @property
    def blobs(self) -> Path:
        """The folder with the bytes of images."""
        return self._folder / "data" if self.shape.shared else self._folder / "data" / "blobs"

    def pid(self, part: str) -> int:
        return self._running[part][1].pid

    def start(self) -> None:
        """Start what does not run."""
        for part in self.parts:
            if part not in self._running:
                self._start(part)

    def _start(self, part: str) -> None:
        where = ["--data", str(self._folder / "data")] if self.shape.durable else []
        where += ["--store", self.postgres.url] if self.postgres else []
        where += ["--store", self.nodes.url] if self.nodes else []
        where += ["--workers", str(WORKERS)] if self.shape.workers else []
        cores = self._cores or [f"unix:{self._folder / 'core.sock'}"]
        every = f"ipv4:{','.join(cores)}" if self._cores else cores[0]
        command = {
            "up": ["up", "--port", self._port, *where],
            "core": ["core", "--address", cores[0], *where],
            "second core": ["core", "--address", cores[-1], *where],
            "gateway": ["gateway", "--core", every, "--port", self._port],
        }[part]
        stack = ExitStack()
        process, line = stack.enter_context(server(*command, state=self._folder / part))
        if " at " not in line:
            stack.close()
            raise RuntimeError(f"mopenstack {' '.join(command)} does not start: {line!r}")
        self._running[part] = stack, process
        if not part.endswith("core"):
            self.url = line.split(" at ")[1].split()[0].rstrip(",")
            self._port = self.url.rpartition(":")[2]

    def end(self, part: str, by: signal.Signals) -> None:
        """Send a signal and wait for the end; raises TimeoutExpired where a process does not end."""
        stack, process = self._running.pop(part)
        with stack:
            process.send_signal(by)
            process.wait(END_SECONDS_MAX)

    def fill_disk(self) -> None:
        """No byte more goes into any file of the processes with the state.

        A limit for the running process does it, for the limit of a file's size holds for every file: no mount and no
        privilege is needed, and nothing else on the machine is touched.
        """
        for pid in self.with_state():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]))

    def make_room(self) -> None:
        """As before `fill_disk`."""
        for pid in self.with_state():
            hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))

    def with_state(self) -> list[int]:
        """The process with the state; of a cloud with workers these, and the one that started them as the first."""
        pid = self.pid(self.parts[0])
        return [pid, *children(pid)] if self.shape.workers else [pid]

    def rss_bytes(self) -> int:
        """Resident memory of all processes of the cloud."""
        pages = (int(Path(f"/proc/{self.pid(part)}/statm").read_text().split()[1]) for part in self.parts)
        return sum(pages) * os.sysconf("SC_PAGE_SIZE")


def children(pid: int) -> list[int]:
    """The processes that one has started."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
