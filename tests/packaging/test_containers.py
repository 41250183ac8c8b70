"""The testcontainers classes of Python and Go, with a stand-in of the engine (engine.py says what that proves)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.engine import Engine, running_engine

GO_MODULE = Path(__file__).parents[2] / "testing" / "go"
SECONDS_MAX = 600
PYTHON = """
import json, sys
from mopenstack.cli.json_client import Refused
from mopenstack.testing.container import MopenstackContainer
from mopenstack.testing.mopenstack import Mopenstack

with MopenstackContainer(arguments=["--services", "network", "--profile", "manual"]) as container:
    one, other = container.cloud("one"), container.cloud("other", options={"network.dhcp_port": "dhcp"})
    network = one.connection().network.create_network(name="blue")
    seen = [[found.name for found in cloud.connection().network.networks(name="blue")] for cloud in (one, other)]
    stranger = Mopenstack(container.url)
    try:
        stranger.ask("GET", "/status")
        refused = 0
    except Refused as error:
        refused = error.status
    finally:
        stranger.close()
    status = container.mopenstack.ask("GET", "/status")
    json.dump({"seen": seen, "refused": refused, "url": container.url, "grpc": container.grpc,
               "auth_url": container.auth_url, "token": container.admin_token}, sys.stdout)
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[tuple[Engine, dict[str, str]]]:
    with running_engine(tmp_path) as found:
        yield found


def test_python(engine: tuple[Engine, dict[str, str]]) -> None:
    """Clouds apart, a token of its own, and nothing left behind."""
    engine_of, variables = engine
    done = subprocess.run(
        [sys.executable, "-P", "-c", PYTHON],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["seen"] == [["blue"], []]
    assert said["refused"] == 401
    (made,) = engine_of.made
    assert made.asked["Image"] == "mopenstack:latest"
    assert f"MOPENSTACK_ADMIN_TOKEN={said['token']}" in made.asked["Env"]
    assert said["token"] not in " ".join(made.asked["Cmd"])
    assert made.asked["Cmd"][-4:] == ["--services", "network", "--profile", "manual"]
    assert said["url"].endswith(f":{made.ports['8800/tcp']}")
    assert said["grpc"].endswith(f":{made.ports['8801/tcp']}")
    assert said["auth_url"] == f"{said['url']}/identity/v3"
    assert not made.running
    assert (engine_of.containers, engine_of.unknown) == ({}, [])


def test_go(engine: tuple[Engine, dict[str, str]]) -> None:
    """The module is vetted, and its own tests pass."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("there is no Go on PATH")
    engine_of, variables = engine
    for command in (["vet", "./..."], ["test", "-count=1", "-v", "./..."]):
        done = subprocess.run(
            [go, *command],
            cwd=GO_MODULE,
            env={**os.environ, **variables, "GOFLAGS": "-mod=readonly"},
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert "--- SKIP" not in done.stdout
    assert len(engine_of.made) >= 1
    assert (engine_of.containers, engine_of.unknown) == ({}, [])
    assert not any(one.running for one in engine_of.made)
