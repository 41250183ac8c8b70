"""Where the state of a running cloud lies: `XDG_STATE_HOME/mopenstack`, so that several can run side by side.

MOPENSTACK_STATE takes the place of XDG_STATE_HOME, for mopenstack alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

VARIABLE = "MOPENSTACK_STATE"
WORKER_VARIABLE = "MOPENSTACK_WORKER"
"""What says to a process that it is one of several (worker.py)."""
STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Running:
    """What another command must know of a cloud that was started here."""

    pid: int
    url: str
    grpc: str
    store: str
    cert: str = ""
    """The server's certificate, where the cloud speaks HTTPS."""
    admin: str = ""
    """Where this machine reaches it, if that is not by the name in `url`."""
    ca: str = ""
    """What clients must trust for it; empty where it is not known."""
    started: str = ""
    """When the process began, in the kernel's own count: another process may get the same id later."""

    ports: dict[str, str] = field(default_factory=dict)
    """Catalog type -> where its API is at the root of a port of its own."""
    dns: str = ""
    """Address and port of the name server, if there is one."""
    identity: str = ""
    """The auth URL of the real Keystone whose tokens it takes; empty: its own."""
    ready: bool = True
    """False while hooks run that are to be done before others use the cloud."""
    stop_seconds: float = STOP_SECONDS
    """How long it may take to end."""
    workers: list[int] = field(default_factory=list)
    """The processes that answer, where `pid` looks after several."""

    @property
    def alive(self) -> bool:
        """Whether the very process that wrote this still runs."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return not self.started  # a process of another user is not ours
        fields = _stat(self.pid)
        # A zombie has ended; only its parent has not looked yet.
        return not fields or (fields[0] != "Z" and self.started in ("", fields[_STARTED]))


_STARTED = 19
"""Place of the start time in what follows a process's name in /proc/<pid>/stat."""


def _stat(pid: int) -> list[str]:
    """What follows the name in /proc/<pid>/stat; nothing where there is no /proc."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def exists(pid: int) -> bool:
    """Whether a process has this id and has not ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _stat(pid)[:1] != ["Z"]


def rss_bytes(pid: int) -> int:
    """The memory of a process; 0 where it is not known."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def started() -> str:
    """When this process began."""
    fields = _stat(os.getpid())
    return fields[_STARTED] if fields else ""


class AlreadyRunning(Exception):
    """Another process serves a cloud, or starts one, in the same state folder."""


@contextlib.contextmanager
def claimed() -> Iterator[None]:
    """Hold the state folder for as long as the block runs; raises AlreadyRunning."""
    folder().mkdir(parents=True, exist_ok=True)
    with (folder() / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyRunning("Another mopenstack runs, or starts, in this state folder.") from None
        yield


def folder(base: Path | None = None) -> Path:
    """The folder, in `base` or where the environment says; it is made when something is written."""
    told = os.environ.get(VARIABLE) or os.environ.get("XDG_STATE_HOME")
    return Path(base or told or Path.home() / ".local" / "state") / "mopenstack"


def log_file() -> Path:
    """What a detached cloud prints, its request log included."""
    return folder() / "cloud.log"


def write(running: Running) -> None:
    folder().mkdir(parents=True, exist_ok=True)
    temporary = folder() / f"cloud.json.{running.pid}"
    temporary.touch(mode=0o600)
    temporary.write_text(json.dumps(asdict(running)))
    temporary.replace(folder() / "cloud.json")


def read(base: Path | None = None) -> Running | None:
    """The cloud that runs, or None; a file of a dead process counts as none."""
    try:
        running = Running(**json.loads((folder(base) / "cloud.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return running if running.alive else None


def clear(pid: int) -> None:
    """Forget the cloud of this process, and no other's."""
    running = read()
    if running is None or running.pid == pid:
        (folder() / "cloud.json").unlink(missing_ok=True)
