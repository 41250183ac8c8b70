"""What can be said of the Dockerfile without building it; `make image` builds it and proves the image."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mopenstack.cli.plain_up import plain
from tests.packaging.dockerfile import Image, instructions, read_dockerfile
from tests.processes import command, detached

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def image() -> Image:
    return read_dockerfile(ROOT / "Dockerfile")


def test_what_it_is(image: Image) -> None:
    """Not root, with a health check, a volume and both ports, and one base with a tag for all stages."""
    assert all(part.isdigit() and int(part) >= 10000 for part in image.user)
    assert image.ports == [8800, 8801]
    assert image.volumes == ["/data"]
    assert (image.entrypoint, image.stop_signal) == (["mopenstack"], "SIGTERM")
    text = (ROOT / "Dockerfile").read_text()
    bases = {rest.split()[0] for word, rest in instructions(text) if word == "FROM"}
    assert len(bases) == 1
    assert re.fullmatch(r"[a-z]+:(?!latest)[\w.-]+", image.base)


def test_its_command(image: Image) -> None:
    asked = plain(image.command[1:])
    assert asked is not None
    assert (image.command[0], asked.host, str(asked.data)) == ("up", "0.0.0.0", "/data")
    assert [asked.port, asked.grpc_port] == image.ports


def test_what_it_copies_is_not_ignored() -> None:
    """The package is built of what .dockerignore lets through: all that pyproject.toml names."""
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    named = re.findall(r'^"([a-z-]+)(?:/[a-z/]+)?" = "mopenstack', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert {"core", "terraform-fixtures", "proto"} <= set(named) <= let_through
    assert {"pyproject.toml", "README.md", "LICENSE"} <= let_through


def test_its_health_check_tells(image: Image, tmp_path: Path) -> None:
    """The very command, at the port of this test: good while the cloud answers, else not."""

    def asked(url: str) -> int:
        words = [word.replace("http://127.0.0.1:8800", url) for word in image.healthcheck]
        assert words != image.healthcheck
        return subprocess.run([sys.executable, *words[1:]], capture_output=True, timeout=60, check=False).returncode

    with detached(tmp_path, "--services", "identity") as status:
        assert asked(status["url"]) == 0
    assert asked(status["url"]) == 1
    assert command("status", state=tmp_path, check=False).returncode != 0
