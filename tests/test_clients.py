"""The clients in Go and TypeScript: generated from the contract, built, and their examples run against a cloud."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mopenstack.conformance.tools import get_tool
from tests.processes import detached

ROOT = Path(__file__).parents[1]
SERVICES = "admin,compute,identity,image,network"
"""Those that the examples use."""
SECONDS_MAX = 900


def _run(arguments: list[str], folder: Path) -> str:
    npm = get_tool("node").require().path
    assert npm is not None
    environment = {**os.environ, "PATH": f"{npm.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        arguments, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


def _generated(language: str, into: Path) -> Path:
    """What a checkout has of a client, with the stubs of SERVICES generated beside it."""
    listed = _run(["git", "ls-files", f"clients/{language}"], ROOT).splitlines()
    for name in listed:
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, into / name)
    generate = str(ROOT / "clients" / "generate.py")
    _run([sys.executable, generate, language, "--services", SERVICES, "--into", str(into / "clients")], ROOT)
    return into / "clients" / language


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The gRPC address of a cloud."""
    with detached(tmp_path_factory.mktemp("up"), "--services", "compute") as status:
        yield status["grpc"]


def _check(said: str, cloud: str, unavailable: str) -> None:
    lines = said.splitlines()
    assert lines[:4] == [
        f"made the cloud {cloud}",
        f"{unavailable}: Nova has a day off.",
        "web-1 is ACTIVE",
        "web-1 is ERROR",
    ]
    assert lines[4].startswith("NETWORK_IN_USE: Unable to complete operation on network ")


def test_go(address: str, tmp_path: Path) -> None:
    folder = _generated("go", tmp_path)
    _run(["go", "vet", "./example"], folder)
    _check(_run(["go", "run", "./example", address], folder), "from-go", "Unavailable")


def test_typescript(address: str, tmp_path: Path) -> None:
    folder = _generated("typescript", tmp_path)
    said = _run(["npm", "run", "--silent", "example", "--", address], folder)
    _check(said, "from-typescript", "UNAVAILABLE")


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    for words, said in ((["cobol"], "unknown: cobol"), (["go", "--services", "weather"], "no service weather")):
        done = subprocess.run(
            [sys.executable, str(ROOT / "clients" / "generate.py"), *words, "--into", str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode
        assert said in done.stderr
