"""Where the state of a running cloud lies: `XDG_STATE_HOME/mopenstack`, so that several can run side by side."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path


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


def folder() -> Path:
    """The folder; it is made when something is written."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "mopenstack"


def log_file() -> Path:
    """What a detached cloud prints, its request log included."""
    return folder() / "cloud.log"


def write(running: Running) -> None:
    folder().mkdir(parents=True, exist_ok=True)
    temporary = folder() / f"cloud.json.{running.pid}"
    temporary.touch(mode=0o600)
    temporary.write_text(json.dumps(asdict(running)))
    temporary.replace(folder() / "cloud.json")


def read() -> Running | None:
    """The cloud that runs, or None; a file of a dead process counts as none."""
    try:
        running = Running(**json.loads((folder() / "cloud.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return running if running.alive else None


def clear(pid: int) -> None:
    """Forget the cloud of this process, and no other's."""
    running = read()
    if running is None or running.pid == pid:
        (folder() / "cloud.json").unlink(missing_ok=True)
