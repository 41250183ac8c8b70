"""Where the state of a running cloud lies: `XDG_STATE_HOME/mopenstack`, so that several can run side by side."""

from __future__ import annotations

import json
import os
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

    @property
    def alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        # A zombie has ended; only its parent has not looked yet.
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return True


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
