"""`up --reload`: a change of source starts the cloud anew, at the same address."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.processes import command

ROOT = Path(__file__).parents[2]
SECONDS_MAX = 120


def _until(condition: Callable[[], Any], process: subprocess.Popen[str]) -> Any:
    deadline = time.monotonic() + SECONDS_MAX
    while not (found := condition()):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def _status(state: Path) -> dict[str, Any] | None:
    ran = command("status", "--json", state=state, check=False)
    found: dict[str, Any] | None = json.loads(ran.stdout) if ran.returncode == 0 else None
    return found


def test_a_change_of_source(tmp_path: Path) -> None:
    """Source that is watched: a copy of a layer that this process finds before the others."""
    portion = tmp_path / "source" / "mopenstack"
    portion.mkdir(parents=True)
    (portion / "notes.py").write_text("")
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "mopenstack.cli.main", "up", "--port", "0", "--reload"],
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path), "PYTHONPATH": str(portion.parent)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        first = _until(lambda: _status(tmp_path), process)
        assert process.pid != first["pid"]
        (portion / "notes.txt").write_text("not source")
        (portion / "notes.py").write_text("changed = True\n")

        def anew() -> dict[str, Any] | None:
            found = _status(tmp_path)
            return found if found and found["pid"] != first["pid"] else None

        second = _until(anew, process)
        assert (second["url"], second["grpc"]) == (first["url"], first["grpc"])
        command("stop", state=tmp_path)
        assert process.wait(SECONDS_MAX) == 0
        assert process.stdout is not None
        assert "reload: notes.py\n" in process.stdout.read()


def test_what_is_watched() -> None:
    """Every layer, and the contract."""
    from mopenstack.cli.reload import watched

    found = {str(path.relative_to(ROOT)) for path in watched() if path.is_relative_to(ROOT)}
    assert found >= {f"{layer}/mopenstack" for layer in ("core", "gateway", "cli", "proto/python", "proto")}


def test_not_in_the_background(tmp_path: Path) -> None:
    refused = command("up", "--reload", "--detach", state=tmp_path, check=False)
    assert refused.returncode == 1
    assert "leave out --detach" in refused.stderr
