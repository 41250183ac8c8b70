"""`mopenstack env`, `--version` and completion."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.processes import command

AS_INSTALLED = "import sys; sys.argv[0] = 'mopenstack'; from mopenstack.cli.main import main; main()"
SCOPES = {
    "admin": "OS_PROJECT_NAME=admin",
    "demo": "OS_PROJECT_NAME=demo",
    "alt_demo": "OS_PROJECT_NAME=alt_demo",
    "demo_reader": "OS_PROJECT_NAME=demo",
    "system_reader": "OS_SYSTEM_SCOPE=all",
}
"""The users of the seed who have a role, and where they act."""


@pytest.mark.parametrize("user", SCOPES)
def test_every_user_of_the_seed(running: dict[str, Any], state: Path, user: str) -> None:
    said = command("env", "--user", user, state=state).stdout
    assert f"export OS_USERNAME={user}\n" in said
    assert f"export {SCOPES[user]}\n" in said


def test_who_and_what_is_not_there(running: dict[str, Any], state: Path, tmp_path: Path) -> None:
    for arguments, text in (
        (["--user", "teapot"], "There is no user teapot"),
        (["--cloud", "teapot"], "There is no cloud named teapot."),
    ):
        refused = command("env", *arguments, state=state, check=False)
        assert refused.returncode == 1
        assert text in refused.stderr
    assert "mopenstack up" in command("env", state=tmp_path, check=False).stderr
    assert command("env", "--teapot", state=state, check=False).returncode == 2


def _shell(script: str, state: Path, **variables: str) -> str:
    """What a shell prints in which `mopenstack` is the command of these tests."""
    own = f'mopenstack() {{ "{sys.executable}" -P -m mopenstack.cli.main "$@"; }}\n'
    environment = {**os.environ, "XDG_STATE_HOME": str(state), **variables}
    ran = subprocess.run(["bash", "-euc", own + script], env=environment, capture_output=True, text=True, check=True)
    return ran.stdout


def test_terraform_finds_the_provider_that_was_made_here(running: dict[str, Any], state: Path, tmp_path: Path) -> None:
    """A plain `terraform init` of that shell too; a user's own configuration file stays in force."""
    programs, data, home = tmp_path / "programs", tmp_path / "data", tmp_path / "home"
    made = data / "mopenstack" / "terraform-mirror" / "provider.tfrc"
    for folder in (programs, made.parent, home):
        folder.mkdir(parents=True)
    (programs / "terraform").write_text("#!/bin/sh\n")
    (programs / "terraform").chmod(0o755)
    show = 'echo "file=${TF_CLI_CONFIG_FILE-}";'
    into, out = 'eval "$(mopenstack env)";', 'eval "$(mopenstack env --unset)";'
    variables = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "XDG_DATA_HOME": str(data), "HOME": str(home)}

    def said(before: str = "unset TF_CLI_CONFIG_FILE;") -> list[str]:
        return _shell(f"{before} {into} {show} {into} {show} {out} {show}", state, **variables).split()

    assert said() == ["file="] * 3
    made.touch()
    assert said() == [f"file={made}", f"file={made}", "file="]
    other = tmp_path / "other.tfrc"
    other.touch()
    assert said(f"export TF_CLI_CONFIG_FILE={other};") == [f"file={other}"] * 3
    (home / ".terraformrc").touch()
    assert said() == ["file="] * 3


def test_a_shell_goes_from_one_cloud_to_another_and_to_none(running: dict[str, Any], state: Path) -> None:
    """Variables of another cloud are taken away, in the exports too; `--unset` takes all away."""
    show = "env | grep ^OS_ | sort || true; echo --;"
    script = (
        f'eval "$(mopenstack env --user system_reader)"; {show} eval "$(mopenstack env)"; {show} '
        f'eval "$(mopenstack env --unset)"; {show}'
    )
    system, project, none, _ = _shell(script, state, OS_CLOUD="production", OS_PROJECT_ID="x").split("--\n")
    assert "OS_SYSTEM_SCOPE=all" in system
    assert "OS_CLOUD" not in system
    assert "OS_PROJECT" not in system
    assert "OS_PROJECT_NAME=admin" in project
    assert "OS_SYSTEM_SCOPE" not in project
    assert none.strip() == ""


def test_what_env_imports(running: dict[str, Any], state: Path) -> None:
    """Scripts run it often: it does without the framework of the command line, the contract and the core."""
    said = subprocess.run(
        [sys.executable, "-P", "-X", "importtime", "-m", "mopenstack.cli.main", "env"],
        env={**os.environ, "XDG_STATE_HOME": str(state)},
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    loaded = {line.rpartition("|")[2].strip() for line in said.splitlines()}
    assert "mopenstack.cli.env" in loaded
    heavy = (
        "typer",
        "pydantic",
        "rich",
        "yaml",
        "google.protobuf",
        "mopenstack.core",
        "asyncio",
    )
    assert not loaded & set(heavy)
    assert {name for name in loaded if name.startswith("mopenstack.contract.")} == {"mopenstack.contract.addresses"}


def test_version_and_help(tmp_path: Path) -> None:
    """`--help` lists every command, those with arguments of their own too."""
    assert command("--version", state=tmp_path).stdout.startswith("mopenstack ")
    said = command("--help", state=tmp_path).stdout
    for word in ("up", "run", "env", "doctor", "completion", "conformance", "--version"):
        assert word in said
    assert "--unset" in command("env", "--help", state=tmp_path).stdout
    assert command("teapot", state=tmp_path, check=False).returncode == 2


@pytest.mark.parametrize(
    ("shell", "words", "further"),
    [
        ("bash", {"COMP_WORDS": "mopenstack cloud ", "COMP_CWORD": "2"}, "create"),
        ("zsh", {"_TYPER_COMPLETE_ARGS": "mopenstack cloud "}, "create"),
        ("fish", {"_TYPER_COMPLETE_ARGS": "mopenstack cloud ", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}, "create"),
    ],
)
def test_completion(tmp_path: Path, shell: str, words: dict[str, str], further: str) -> None:
    """The script names the command, and what it asks then is answered with what can follow."""
    script = command("completion", shell, state=tmp_path).stdout
    assert f"complete_{shell}" in script
    answered = subprocess.run(
        [
            sys.executable,
            "-P",
            "-c",
            "import sys; sys.argv[0] = 'mopenstack'; from mopenstack.cli.main import main; main()",
        ],
        env={**os.environ, "_MOPENSTACK_COMPLETE": f"complete_{shell}", **words},
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    assert further in answered
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True)
