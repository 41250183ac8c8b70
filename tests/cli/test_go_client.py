"""The Go example: generated from the contract, built, and run against a cloud."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mopenstack.conformance.cloud import Account, parse_exports
from mopenstack.conformance.openstack import Session
from tests.processes import command, detached

EXAMPLE = Path(__file__).parents[2] / "examples" / "go"
SECONDS_MAX = 600


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The example as a program, built in a copy of its folder."""
    if shutil.which("go") is None:
        pytest.skip("there is no Go on PATH")
    folder = tmp_path / "checkout" / "examples" / "go"
    shutil.copytree(EXAMPLE, folder)
    (tmp_path / "checkout" / "proto").symlink_to(EXAMPLE.parents[1] / "proto")
    if _run(["go", "mod", "download"], folder, check=False).returncode:
        pytest.skip("the Go modules cannot be fetched")
    _run(["./generate.sh"], folder)
    _run(["go", "vet", "./..."], folder)
    _run(["go", "build", "-o", "example", "."], folder)
    return folder / "example"


def _run(arguments: list[str], folder: Path, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHON": sys.executable}
    done = subprocess.run(
        arguments, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )
    assert not check or done.returncode == 0, done.stderr
    return done


def test_the_example_tells_refusals_by_name(program: Path, tmp_path: Path) -> None:
    with detached(tmp_path, "--services", "network") as status:
        variables = parse_exports(command("env", "--user", "demo", state=tmp_path).stdout)
        token = Session(Account(variables=variables)).authenticate().token
        said = _run([str(program), status["grpc"], token], tmp_path).stdout.splitlines()
    assert said[0].startswith("NETWORK_IN_USE: Unable to complete operation on network ")
    assert said[1:] == ["deleted"]
