"""Commands of others that run side by side, told as they go: a line at least each few seconds, with its time.

It needs Python's standard library alone: what sets everything up and what proves packages begin with it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
TOGETHER_SECONDS = 2.0
"""What one command says faster than this is not shown but for the last of it."""
SILENT_SECONDS = 5.0
"""After this long without a word from any command they are said to go on."""
KEPT_LINES = 30
FRAMES = frozenset("┏┃┡│└")
"""Lines of a table say nothing by themselves."""


class Failed(Exception):
    """A command did not succeed; the text is what it said at its end."""


class Command:
    """A command that runs, and what it said."""

    def __init__(
        self,
        name: str,
        words: Sequence[str | Path],
        environment: Mapping[str, str] | None = None,
        folder: Path = ROOT,
        inherited: Mapping[str, str] | None = None,
    ) -> None:
        """`environment` is added to `inherited`, else to that of this process."""
        self.name, self.started = name, time.monotonic()
        self._lines: list[str] = []
        self._shown = 0
        self._spoke = 0.0
        self._process = subprocess.Popen(
            [str(word) for word in words],
            cwd=folder,
            env={**(os.environ if inherited is None else inherited), "PYTHONUNBUFFERED": "1", **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                if line.strip() and not FRAMES.intersection(line):
                    self._lines.append(" ".join(line.split()))

    @property
    def runs(self) -> bool:
        """Whether it still runs, or has something left to say."""
        return self._process.poll() is None or self._reader.is_alive()

    @property
    def said(self) -> str:
        """All that it has said, a line each."""
        return "\n".join(self._lines)

    def news(self) -> str:
        """The last that it said since it was asked, if it is time for it."""
        if len(self._lines) == self._shown or time.monotonic() - self._spoke < TOGETHER_SECONDS:
            return ""
        self._shown, self._spoke = len(self._lines), time.monotonic()
        return self._lines[-1]

    def end(self) -> None:
        """What is to be done when it has ended; raises Failed."""
        self._reader.join()
        if self._process.returncode:
            said = "\n".join(self._lines[-KEPT_LINES:])
            raise Failed(f"{self.name} failed ({self._process.returncode}):\n{said}")

    def kill(self) -> None:
        """End it with all that it started."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait()
            self._reader.join()


class Steps:
    """What is done one after the other, with the time since the start before each line."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        """A line for the person who waits."""
        print(f"[{time.monotonic() - self._started:4.0f} s] {text}", flush=True)

    @contextmanager
    def telling(self, name: str) -> Iterator[None]:
        """What is done within it in this process is told at its start and each SILENT_SECONDS."""
        self.say(name)
        started, done = time.monotonic(), threading.Event()

        def beat() -> None:
            while not done.wait(SILENT_SECONDS):
                self.say(f"{name}: still at it, {time.monotonic() - started:.0f} s")

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def together(self, *commands: Command) -> None:
        """Wait for commands that run side by side; the first that fails ends the others."""
        running, spoke = list(commands), time.monotonic()
        try:
            while running:
                time.sleep(0.1)
                for command in list(running):
                    ended = not command.runs
                    if ended:
                        running.remove(command)
                        command.end()
                        self.say(f"{command.name}: done, {time.monotonic() - command.started:.0f} s")
                    elif text := command.news():
                        self.say(f"{command.name}: {text[:140]}")
                    else:
                        continue
                    spoke = time.monotonic()
                if running and time.monotonic() - spoke > SILENT_SECONDS:
                    spoke = time.monotonic()
                    for command in running:
                        self.say(f"{command.name}: still at it, {spoke - command.started:.0f} s")
        finally:
            for command in running:
                command.kill()
