"""mopenstack as a user starts it: processes with a state folder of their own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

START_SECONDS_MAX = 60


def command(
    *arguments: str, state: Path, check: bool = True, seconds: float = START_SECONDS_MAX
) -> subprocess.CompletedProcess[str]:
    """One command to its end; its output is text, and told where the command fails that is to succeed."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "mopenstack.cli.main", *arguments],
        env={**os.environ, "XDG_STATE_HOME": str(state)},
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )
    assert not check or done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done


@contextlib.contextmanager
def detached(state: Path, *arguments: str, seconds: float = START_SECONDS_MAX) -> Iterator[dict[str, Any]]:
    """`mopenstack up --detach`; yields what `status --json` says."""
    command("up", "--detach", "--port", "0", *arguments, state=state, seconds=seconds)
    try:
        yield json.loads(command("status", "--json", state=state).stdout)
    finally:
        command("stop", state=state, check=False)


@contextlib.contextmanager
def server(*arguments: str, state: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A command that serves until it is stopped; yields the process and its first line."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "mopenstack.cli.main", *arguments],
        env={**os.environ, "XDG_STATE_HOME": str(state)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline()
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
