"""Init hooks: `up --init` runs what is in its folders, in order, and tells what became of each."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.processes import command, detached

END_SECONDS_MAX = 60
SEED = """
- {call: ListProjects, keep: demo, request: {query: {filters: [{key: name, values: [demo]}]}}}
- {call: CreateNetwork, request: {network: {name: seeded}}, project: "${demo.id}"}
"""
TERRAFORM = """
terraform {
  required_providers {
    openstack = { source = "terraform-provider-openstack/openstack" }
  }
}
resource "openstack_networking_network_v2" "applied" {
  name = "applied"
}
"""
NAMES = "applied private public seeded"
"""The networks that the seed of a cloud and the hooks make."""
LOG = 'echo "$MOPENSTACK_STAGE $0 $OS_USERNAME" >> "$LOG"\n'
NETWORKS = """
import json, os, urllib.request

def ask(url, body=None, **headers):
    request = urllib.request.Request(url, body and json.dumps(body).encode(), headers)
    request.add_header("Content-Type", "application/json")
    return urllib.request.urlopen(request)

user = {"name": os.environ["OS_USERNAME"], "domain": {"id": "default"}, "password": os.environ["OS_PASSWORD"]}
project = {"name": os.environ["OS_PROJECT_NAME"], "domain": {"id": "default"}}
auth = {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": {"project": project}}
url = os.environ["OS_AUTH_URL"]
token = ask(url + "/auth/tokens", {"auth": auth}).headers["X-Subject-Token"]
networks = json.load(ask(url.replace("identity/v3", "network/v2.0/networks"), **{"X-Auth-Token": token}))["networks"]
with open(os.environ["LOG"], "a") as log:
    log.write(" ".join(sorted(network["name"] for network in networks)) + "\\n")
"""


class Folder:
    """Folders of hooks, and the file that they write to."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path, self._log, self.state = root / "init", root / "log", root / "state"
        monkeypatch.setenv("LOG", str(self._log))
        self.path.mkdir()

    def put(self, name: str, text: str, mode: int = 0o644) -> None:
        file = self.path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def lines(self) -> list[str]:
        """What they wrote, without the path of the folder."""
        return self._log.read_text().replace(f"{self.path}/", "").splitlines() if self._log.exists() else []

    def report(self, *arguments: str) -> list[tuple[str, str]]:
        """Stage and name of each hook -> its state."""
        said = json.loads(command("init", "--json", *arguments, state=self.state, check=False).stdout)
        return [(f"{hook['stage']}.d/{hook['name']}", hook["state"]) for hook in said["hooks"]]


@pytest.fixture
def init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.delenv("OS_USERNAME", raising=False)
    return Folder(tmp_path, monkeypatch)


def _ask(url: str) -> Any:
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)


def test_every_kind_in_every_stage(init: Folder) -> None:
    """In order, with the cloud's environment; the cloud is up when start.d is done, and still there in stop.d."""
    init.put("boot.d/10-first.sh", LOG)
    init.put("start.d/30-look.py", NETWORKS)
    init.put("start.d/10-seed.yaml", SEED)
    init.put("start.d/20-apply.tf", TERRAFORM)
    init.put("start.d/05-itself.sh", '#!/bin/sh\nset -eu\n: "${OS_AUTH_URL}"\n' + LOG, 0o755)
    init.put("ready.d/10-ready.sh", LOG)
    init.put("stop.d/10-look.py", NETWORKS)
    init.put("stop.d/README.md", "Not a hook.")
    with detached(init.state, "--init", str(init.path)) as status:
        assert init.lines()[:3] == ["boot boot.d/10-first.sh ", "start start.d/05-itself.sh admin", NAMES]
        order = ["boot.d/10-first.sh", "start.d/05-itself.sh", "start.d/10-seed.yaml", "start.d/20-apply.tf"]
        order += ["start.d/30-look.py", "ready.d/10-ready.sh"]
        assert init.report("--wait") == [*((name, "done") for name in order), ("stop.d/10-look.py", "waiting")]
        shown = _ask(f"{status['url']}/_mopenstack/init")
        assert shown["completed"] is True
        assert [hook.get("exit_status") for hook in shown["hooks"]] == [0, 0, None, 0, 0, 0, None]
        assert shown["hooks"][0]["started_at"] < shown["hooks"][1]["started_at"]
    assert init.lines()[3:] == ["ready ready.d/10-ready.sh admin", NAMES]


def test_a_start_that_fails(init: Folder) -> None:
    """What comes after it is not run, and there is no cloud."""
    init.put("start.d/10.sh", "echo to the log; echo the reason >&2; exit 3")
    init.put("start.d/20.sh", LOG)
    init.put("ready.d/10.sh", LOG)
    refused = command("up", "--detach", "--port", "0", "--init", str(init.path), state=init.state, check=False)
    assert refused.returncode == 1
    assert "The init hook start.d/10.sh failed: to the log\nthe reason" in refused.stderr
    assert init.lines() == []
    assert command("status", state=init.state, check=False).returncode == 1


def test_a_failure_when_the_cloud_is_up(init: Folder) -> None:
    """The rest of the stage is skipped, the cloud stays; what takes too long is ended with all that it started."""
    init.put("ready.d/10.sh", f"{LOG}sleep 600 & echo $! > {init.path}/pid; wait")
    init.put("ready.d/20.sh", LOG)
    init.put("stop.d/10.sh", "exit 3")
    init.put("stop.d/20.sh", LOG)
    with detached(init.state, "--init", str(init.path), "--init-limit", "1") as status:
        assert init.report("--wait")[:2] == [("ready.d/10.sh", "failed"), ("ready.d/20.sh", "skipped")]
        told = command("init", state=init.state, check=False)
        assert told.returncode == 1
        assert "it took longer than 1 s" in told.stdout
        assert _ask(f"{status['url']}/identity/v3")["version"]["status"] == "stable"
        sleeper = Path("/proc", (init.path / "pid").read_text().strip())
        deadline = time.monotonic() + END_SECONDS_MAX
        while sleeper.exists() and "Z" not in (sleeper / "stat").read_text().split():
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert init.lines() == ["ready ready.d/10.sh admin"]


def test_hooks_of_a_cloud_that_is_kept(init: Folder, tmp_path: Path) -> None:
    """At the next start a seed is not planted again, and Terraform finds what it made; a reset cloud gets both anew."""
    init.put("start.d/10-seed.yaml", SEED)
    init.put("start.d/20-apply.tf", TERRAFORM)
    init.put("ready.d/10-look.py", NETWORKS)
    arguments = ("--init", str(init.path), "--data", str(tmp_path / "data"))
    for seed in ("done", "unchanged"):
        with detached(init.state, *arguments):
            assert [state for _, state in init.report("--wait")] == [seed, "done", "done"]
            if seed == "unchanged":
                command("cloud", "reset", "default", state=init.state)
    with detached(init.state, *arguments):
        assert [state for _, state in init.report("--wait")] == ["done", "done", "done"]
    assert init.lines() == [NAMES] * 3


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("redy.d/10.sh", "", "redy.d is no stage"),
        ("start.d/10.bash", "", "10.bash is no hook: these end in .sh, .py, .tf, .yaml, .yml."),
        ("boot.d/10.yaml", SEED, "there is no cloud yet in boot.d"),
        ("start.d/10.yaml", "- {call: CreateTeapot}", "no such RPC is served"),
        ("start.d/10.yaml", "- {call: ListProjects, keep: one}", "one can be kept"),
        ("start.d/10.tf", "resource {", "Terraform"),
        ("start.d/10.py", "raise SystemExit(4)", "exit status 4"),
    ],
)
def test_hooks_that_cannot_be(init: Folder, name: str, text: str, said: str) -> None:
    init.put(name, text)
    refused = command("up", "--port", "0", "--init", str(init.path), state=init.state, check=False)
    assert refused.returncode == 1
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


async def test_a_cloud_without_hooks(cloud: Any) -> None:
    """There is nothing to wait for."""
    async with cloud.session.get(f"{cloud.serving.url}/_mopenstack/init") as answer:
        assert await answer.json() == {"hooks": [], "completed": True}
