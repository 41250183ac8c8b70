"""`mopenstack run`: a command has a cloud, and is run as if nothing was before it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.processes import command

END_SECONDS_MAX = 30
TELL = "import json, os, sys; print(json.dumps(dict(os.environ)))"


def _told(*arguments: str, state: Path, **variables: str) -> dict[str, str]:
    """The environment that a command was given."""
    told: dict[str, str] = json.loads(_run(*arguments, sys.executable, "-c", TELL, state=state, **variables).stdout)
    return told


def _run(*arguments: str, state: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "mopenstack.cli.main", "run", *arguments],
        env={**os.environ, "XDG_STATE_HOME": str(state), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def _clouds(state: Path) -> list[str]:
    return [row["name"] for row in json.loads(command("cloud", "list", "--json", state=state).stdout)]


def _until(condition: Any) -> None:
    deadline = time.monotonic() + END_SECONDS_MAX
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_in_the_cloud_that_runs(running: dict[str, Any], state: Path) -> None:
    """Its credentials, and none of another cloud."""
    told = _told("--user", "demo", "--", state=state, OS_CLOUD="production", OS_TOKEN="x", OS_LOG_LEVEL="kept")
    assert told["OS_AUTH_URL"] == running["auth_url"]
    assert told["OS_USERNAME"] == told["OS_PROJECT_NAME"] == "demo"
    assert "OS_CLOUD" not in told
    assert "OS_TOKEN" not in told
    assert told["OS_LOG_LEVEL"] == "kept"
    assert _clouds(state) == ["default"]


def test_a_fresh_cloud_in_it(running: dict[str, Any], state: Path) -> None:
    """It is there while the command runs, with the options that were asked for, and gone afterwards."""
    listing = 'exec "$0" -P -m mopenstack.cli.main cloud list'
    shown = _run("--fresh", "--set", "compute.hosts=2", "sh", "-c", listing, sys.executable, state=state).stdout
    assert len(shown.splitlines()) == 2
    _until(lambda: _clouds(state) == ["default"])
    refused = _run("--fresh", "--set", "compute.teapots=2", "true", state=state)
    assert refused.returncode == 1
    assert "compute.teapots" in refused.stderr
    assert _run("--fresh", "--user", "teapot", "true", state=state).returncode == 1
    assert _clouds(state) == ["default"]


def test_one_of_its_own(tmp_path: Path) -> None:
    """Where none runs one is started, which the command's own `mopenstack` finds, and ends with it."""
    (tmp_path / "scratch").mkdir()
    status = 'exec "$0" -P -m mopenstack.cli.main status --json'
    ran = _run("sh", "-c", status, sys.executable, state=tmp_path, TMPDIR=str(tmp_path / "scratch"))
    shown = json.loads(ran.stdout)
    assert shown["clouds"] == ["default"]
    _until(lambda: not Path(f"/proc/{shown['pid']}").exists())
    _until(lambda: not list((tmp_path / "scratch").iterdir()))
    assert command("status", state=tmp_path, check=False).returncode == 1


@pytest.mark.parametrize(("script", "status"), [("exit 7", 7), ("kill -KILL $$", -signal.SIGKILL), ("exit 0", 0)])
def test_the_exit_status_passes_through(running: dict[str, Any], state: Path, script: str, status: int) -> None:
    assert _run("--fresh", "sh", "-c", script, state=state).returncode == status


def test_signals_pass_through(running: dict[str, Any], state: Path, tmp_path: Path) -> None:
    """The command gets the signal itself and may do what it wants with it."""
    ready = tmp_path / "ready"
    # Not SIGINT: a shell cannot trap it that was started with it ignored, as background jobs are.
    script = f'trap "exit 5" TERM; : > {ready}; while :; do sleep 0.1; done'
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "mopenstack.cli.main", "run", "--fresh", "sh", "-c", script],
        env={**os.environ, "XDG_STATE_HOME": str(state)},
    ) as process:
        try:
            _until(ready.exists)
            process.send_signal(signal.SIGTERM)
            assert process.wait(END_SECONDS_MAX) == 5
        finally:
            process.kill()
    _until(lambda: _clouds(state) == ["default"])


def test_what_cannot_be_run(running: dict[str, Any], state: Path, tmp_path: Path) -> None:
    """As a shell says it: 127 for what is not there, 126 for what is no program; no cloud is left."""
    assert _run("no-such-command", state=state).returncode == 127
    wrong = tmp_path / "wrong"
    wrong.write_bytes(b"\x00\x01")
    wrong.chmod(0o755)
    assert _run("--fresh", str(wrong), state=state).returncode == 126
    _until(lambda: _clouds(state) == ["default"])
    assert _run(state=state).returncode == 2
