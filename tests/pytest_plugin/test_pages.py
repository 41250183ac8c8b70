"""The commands and files of the pages on pytest, CI and init hooks do what the pages say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.processes import command
from tests.pytest_plugin.project import COMMAND, SETTINGS, Project

PAGES = Path(__file__).parents[2] / "docs"
SECONDS_MAX = 300
PROGRAMS = {
    # On a port of its own, beside whatever else runs on this machine.
    "mopenstack": f'if [ "$1" = up ]; then shift; set -- up --port 0 "$@"; fi\n'
    f'exec {sys.executable} -P -m mopenstack.cli.main "$@"\n',
    "pytest": f'exec {" ".join(COMMAND)} "$@"\n',
    "pip": 'case "$*" in *mopenstack*|"install .["*) ;; *) exit 1 ;; esac\n',  # all of it is installed here
}


def _blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (PAGES / page).read_text(), re.DOTALL)


def _run(project: Project, script: str, tmp_path: Path) -> str:
    """What a shell prints that has the programs of a user, a home and a state of its own."""
    programs, home = tmp_path / "bin", tmp_path / "home"
    programs.mkdir()
    home.mkdir()
    for name, text in PROGRAMS.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}")
        (programs / name).chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    # The provider that `tools install` made is where this user has it.
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    environment = {"PATH": path, "HOME": str(home), "XDG_DATA_HOME": data, "XDG_STATE_HOME": str(tmp_path)}
    try:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"exec 2>&1\n{script}"],
            cwd=project.folder,
            env=project.environment(**environment),
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
    finally:
        command("stop", state=tmp_path, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


def _write_tests(project: Project) -> int:
    """The test files of the page on pytest; how many tests they have."""
    shown = re.findall(r"```(?:python|hcl)\n# ([\w/]+\.\w+)\n(.*?)```", (PAGES / "pytest.md").read_text(), re.DOTALL)
    assert len(shown) == len(_blocks("pytest.md", "python")) + len(_blocks("pytest.md", "hcl"))
    for name, text in shown:
        project.write(name, text)
    files = [(name, text) for name, text in shown if name.endswith(".py")]
    project.write("pytest.ini", SETTINGS)
    return sum(text.count("\ndef test_") + text.startswith("def test_") for _, text in files)


def test_the_page_on_pytest(project: Project, tmp_path: Path) -> None:
    """Its files are a project that passes."""
    tests = _write_tests(project)
    assert f"{tests} passed" in _run(project, "\n".join(_blocks("pytest.md", "sh")), tmp_path)


def test_the_table_of_what_a_cloud_has() -> None:
    """It names what there is, and all of it."""
    from mopenstack.testing.cloud import Cloud

    told = set(re.findall(r"`cloud\.(\w+)", (PAGES / "pytest.md").read_text()))
    public = {name for name in dir(Cloud) if not name.startswith("_")} | {"clock"}
    assert public - told == {"auth_url", "close"}
    assert told - public == set()


@pytest.mark.parametrize("page", ["ci.md", "init-hooks.md"])
def test_the_commands_of_a_page(project: Project, tmp_path: Path, page: str) -> None:
    said = _run(project, "\n".join(_blocks(page, "sh")), tmp_path)
    if page == "ci.md":
        assert "OS_AUTH_URL=http://127.0.0.1:" in said
        assert "demo at http://127.0.0.1:" in said
        assert "OS_AUTH_URL leads to https://cloud.example.com/v3" in said
        assert (project.folder / "doctor.json").read_text().startswith("[")
    else:
        assert "done       start.d/10-network.yaml" in said
        assert "done       start.d/20-router.tf" in said
        assert "done       ready.d/10-hello.sh" in said


def _workflow(number: int) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(_blocks("ci.md", "yaml")[number])
    return found


def test_the_workflow_for_github(project: Project, tmp_path: Path) -> None:
    """Its steps, in a project with a stack and tests."""
    _write_tests(project)
    (project.folder / "main.tf").write_text((project.folder / "infra" / "main.tf").read_text())
    steps = [step["run"] for step in _workflow(0)["jobs"]["cloud"]["steps"] if "run" in step]
    said = _run(project, "\n".join(steps), tmp_path)
    assert "Apply complete! Resources: 1 added" in said
    assert "No changes." in said
    assert " passed" in said


def test_the_workflow_for_gitlab(project: Project, tmp_path: Path) -> None:
    _write_tests(project)
    job = _workflow(2)["cloud"]
    said = _run(project, "\n".join(job["script"] + job["after_script"]), tmp_path)
    assert " passed" in said
    assert said.rstrip().endswith("stopped")
