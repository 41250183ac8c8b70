"""One mopenstack for a test run, whatever workers it has; it never outlives the run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from tests.pytest_plugin.project import COMMAND, Project

END_SECONDS_MAX = 30
CLOUDS = """
    import json, os, pathlib
    import pytest

    @pytest.mark.parametrize("number", range(8))
    def test_a_cloud(cloud, mopenstack, number):
        status = mopenstack.ask("GET", "/status")
        seen = {"cloud": cloud.name, "pid": status["pid"], "worker": os.environ.get("PYTEST_XDIST_WORKER")}
        pathlib.Path(f"{number}.json").write_text(json.dumps(seen))
        assert cloud.name in status["clouds"]
"""


def _seen(project: Project) -> list[dict[str, str]]:
    return [json.loads(path.read_text()) for path in sorted(project.folder.glob("*.json"))]


def _gone(pid: int) -> bool:
    """Whether a process ends, soon."""
    deadline = time.monotonic() + END_SECONDS_MAX
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_workers_share_one(project: Project, tmp_path: Path) -> None:
    """Four workers, one process, a cloud for each test; nothing is left."""
    project.write("test_clouds.py", CLOUDS)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    ran = project.pytest("-n", "4", TMPDIR=str(scratch))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    seen = _seen(project)
    assert len({one["cloud"] for one in seen}) == 8
    assert len({one["worker"] for one in seen}) > 1
    (pid,) = {int(one["pid"]) for one in seen}
    assert _gone(pid)
    assert list(scratch.glob("mopenstack-*")) == []


def test_one_without_workers(project: Project, tmp_path: Path) -> None:
    project.write("test_clouds.py", CLOUDS)
    ran = project.pytest(TMPDIR=str(tmp_path))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (pid,) = {int(one["pid"]) for one in _seen(project)}
    assert _gone(pid)
    assert list(tmp_path.glob("mopenstack-*")) == []


def test_a_killed_run_leaves_no_process(project: Project) -> None:
    """SIGKILL of pytest, which cannot clean up, ends its mopenstack."""
    project.write(
        "test_hangs.py",
        """
        import pathlib, time

        def test_hangs(cloud, mopenstack):
            pathlib.Path("pid").write_text(str(mopenstack.ask("GET", "/status")["pid"]))
            pathlib.Path("pid").rename("pid.there")
            time.sleep(600)
        """,
    )
    with subprocess.Popen(COMMAND, cwd=project.folder, env=project.environment(), stdout=subprocess.DEVNULL) as run:
        there = project.folder / "pid.there"
        while not there.exists():
            assert run.poll() is None
            time.sleep(0.05)
        os.kill(run.pid, signal.SIGKILL)
    assert _gone(int(there.read_text()))


def test_what_cannot_start_says_why(project: Project) -> None:
    """The test that asked shows what `mopenstack up` printed."""
    project.write("test_clouds.py", "def test_a_cloud(cloud):\n    pass\n")
    ran = project.pytest("-o", "mopenstack_up=--services teapot")
    assert ran.returncode == 1
    assert "`mopenstack up --services teapot` did not come up" in ran.stdout
    assert "teapot" in ran.stdout.partition("did not come up:")[2]


def test_runs_without_clouds_start_nothing(project: Project) -> None:
    """A run that asks for no cloud imports the plugin's module and nothing else of mopenstack."""
    project.write(
        "test_plain.py",
        """
        import sys

        def test_plain(pytestconfig):
            assert pytestconfig.pluginmanager.hasplugin("mopenstack")
            loaded = {name for name in sys.modules if name.startswith("mopenstack.")}
            assert loaded == {"mopenstack.testing", "mopenstack.testing.plugin"}
        """,
    )
    ran = project.pytest("--strict-markers")
    assert ran.returncode == 0, ran.stdout


def test_clouds_need_no_core(project: Project) -> None:
    """What the plugin imports for a cloud is neither core nor gateway, nor what these are made of."""
    project.write(
        "test_light.py",
        """
        import sys

        def test_light(cloud):
            assert cloud.env["OS_USERNAME"] == "demo"
            loaded = {name.split(".")[1] for name in sys.modules if name.startswith("mopenstack.")}
            assert "core" not in loaded and "services" not in loaded
            assert "mopenstack.contract.operations" not in sys.modules
            assert not {"aiohttp", "grpc", "sqlalchemy", "typer", "google.protobuf"} & sys.modules.keys()
        """,
    )
    ran = project.pytest()
    assert ran.returncode == 0, ran.stdout
