"""A mopenstack for one test run, or one command: it ends with the process that it is for."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mopenstack.cli import state

START_SECONDS_MAX = 120
LOG_LINES = 20
NOT_FOR_IT = ("MOPENSTACK_STORE", "MOPENSTACK_ADMIN_TOKEN")
"""Variables that a shell keeps for a cloud of its own."""
BESIDE = 'log=$1; shift; "$@" >"$log" 2>&1 & echo $!'
"""Of the shell: starts a command that is then no child of ours, so that nothing here has to wait for it."""


class CannotStart(Exception):
    """mopenstack did not come up; says what it printed."""


@dataclass(frozen=True, slots=True)
class OwnProcess:
    """`leader` is the process that it is for; `folder` has its state and its log, and is made when it starts."""

    leader: int
    folder: Path

    @classmethod
    def new(cls) -> OwnProcess:
        """One for this process; it does not run yet."""
        return cls(os.getpid(), Path(tempfile.gettempdir()) / f"mopenstack-{uuid.uuid4().hex}")

    def running(self, arguments: Sequence[str] = ()) -> state.Running:
        """The process, started with these arguments of `mopenstack up` if it is not there yet; several may ask at once.

        It ends with the leader, however that ends. Raises CannotStart.
        """
        self.folder.mkdir(mode=0o700, exist_ok=True)
        with (self.folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return state.read(self.folder) or self._start(arguments)

    def end(self) -> None:
        """Stop it, if it runs, and leave nothing behind."""
        running = state.read(self.folder)
        if running is not None:
            with suppress(ProcessLookupError):
                os.kill(running.pid, signal.SIGTERM)
            deadline = time.monotonic() + running.stop_seconds
            while running.alive and time.monotonic() < deadline:
                time.sleep(0.01)
            if running.alive:
                os.kill(running.pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self, arguments: Sequence[str]) -> state.Running:
        log = self.folder / "cloud.log"
        command = [sys.executable, "-P", "-m", "mopenstack.cli.main", "up", "--port", "0", "--until", str(self.leader)]
        environment = {key: value for key, value in os.environ.items() if key not in NOT_FOR_IT}
        # The command is this interpreter with our own module.
        shell = subprocess.run(  # noqa: S603
            ["/bin/sh", "-c", BESIDE, "sh", str(log), *command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env={**environment, state.VARIABLE: str(self.folder)},
            check=True,
        )
        pid = int(shell.stdout)
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and state.exists(pid):
            found = state.read(self.folder)
            if found is not None and found.pid == pid and found.ready:
                return found
            time.sleep(0.01)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        said = "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:])
        raise CannotStart(f"`{' '.join(['mopenstack', 'up', *arguments])}` did not come up:\n{said}")
