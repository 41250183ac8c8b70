"""What docs/recorder.md and docs/seeds.md tell to type works, in their order."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.processes import command, detached

DOCS = Path(__file__).parents[2] / "docs"
REAL = "mopenstack record"


def blocks(page: str, language: str = "") -> list[str]:
    """The fenced blocks of a page."""
    return re.findall(rf"^```{language}\n(.*?)^```", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)


def commands(page: str) -> list[str]:
    """Every command of the product that a page tells to type, without its remark."""
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    return [line.partition("  #")[0].strip() for line in lines if line.startswith("mopenstack ")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the commands are typed: a clouds.yaml has `mycloud`, which another mopenstack plays."""
    with detached(tmp_path / "real") as status:
        clouds = command("clouds-yaml", state=tmp_path / "real").stdout.replace("mopenstack-admin:", "mycloud:")
        (tmp_path / "clouds.yaml").write_text(clouds)
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
        monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        monkeypatch.setenv("REAL", status["url"])
        yield tmp_path
        subprocess.run(["mopenstack", "stop"], check=False, capture_output=True)


def typed(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A line of a page, typed in a shell."""
    line = line.replace("mopenstack up", "mopenstack up --port 0")
    return subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def test_the_recorder_as_it_is_documented(folder: Path) -> None:
    lines = commands("recorder.md")
    assert lines[0].startswith(REAL)
    recorder = subprocess.Popen(lines[0].split(), cwd=folder, stdout=subprocess.PIPE, text=True)
    assert recorder.stdout is not None
    assert "recording http" in recorder.stdout.readline()
    url = recorder.stdout.readline().strip().removeprefix("export OS_AUTH_URL=")
    with urlopen(url) as answer:
        assert answer.status == 200
    recorder.send_signal(signal.SIGINT)
    assert recorder.communicate(timeout=60)[0] == "1 exchanges in mycloud.jsonl\n"
    typed("mopenstack seed export --os-cloud mycloud > mycloud.yaml", folder)
    for line in lines[1:]:
        if "--cloud ci" in line:
            assert typed("mopenstack cloud create ci", folder).returncode == 0
        done = typed(line, folder)
        assert (done.stderr, done.returncode) == ("", 0), line
    assert "1 exchanges: 1 as recorded, 0 differ" in typed(lines[2], folder).stdout


def test_seeds_as_they_are_documented(folder: Path) -> None:
    """Every command, with the page's own examples as seeds that are loaded."""
    example, changed, _ = blocks("seeds.md", "yaml")
    (folder / "mycloud.yaml").write_text(example)
    (folder / "more.yaml").write_text("- {call: CreateProject, request: {project: {name: more, domain_id: default}}}\n")
    for line in commands("seeds.md"):
        detach = " --detach" if line.startswith("mopenstack up") else ""
        done = typed(line + detach, folder)
        assert (done.stderr, done.returncode) == ("", 0), line
    seed = (folder / "seed.yaml").read_text()
    assert "m1.tiny" in seed  # of the last one, which is the real cloud
    own = typed("mopenstack seed export --cloud ci", folder).stdout
    assert all(word in own for word in ("{name: office,", "gateway_ip: null", "{name: debian,", "{name: more,"))
    assert "m1.tiny" not in own
    (folder / "changed.yaml").write_text(changed)
    assert typed("mopenstack cloud create changed --seed changed.yaml", folder).returncode == 0
    own = typed("mopenstack seed export --cloud changed", folder).stdout
    assert all(word in own for word in ("name: f1,", "name: f3,", "name: cirros"))
    assert "m1.tiny" not in own
    assert own.count("call: RegisterHypervisor") == 2


def test_a_cloud_like_none(folder: Path) -> None:
    assert typed("mopenstack up --like minimal --detach", folder).returncode == 0
    refused = typed("mopenstack cloud create other --like none", folder)
    assert (refused.returncode, "a cloud can be like devstack" in refused.stderr) == (1, True)


def test_the_tables_are_whole() -> None:
    """Keys of an item, and kinds of differences."""
    from mopenstack.core.seed_items import CallItem

    rows = set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| ([^|]+) \|", (DOCS / "seeds.md").read_text(), re.M))))
    assert rows == set(CallItem.model_fields)
    kinds = re.findall(r"^\| `(\w+)` \|", (DOCS / "recorder.md").read_text(), re.MULTILINE)
    assert kinds == ["status", "envelope", "keys", "types", "items"]
