"""`mopenstack doctor`: every way in which a client could leave this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

AWAY = "https://keystone.example.com/v3"


class Shell:
    """A home and a folder of their own, in which the command is run."""

    def __init__(self, home: Path) -> None:
        self.home, self.folder = home, home / "project"
        self.folder.mkdir()

    def doctor(self, **variables: str) -> tuple[int, dict[str, list[str]]]:
        """Exit status, and level -> texts."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("OS_", "XDG_", "MOPENSTACK_"))}
        kept = {key: value for key, value in kept.items() if not key.lower().endswith("_proxy")}
        ran = subprocess.run(
            [sys.executable, "-P", "-m", "mopenstack.cli.main", "doctor", "--json"],
            cwd=self.folder,
            env={**kept, "HOME": str(self.home), **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        found: dict[str, list[str]] = {"danger": [], "warning": [], "missing": [], "ok": []}
        for one in json.loads(ran.stdout):
            found[one["level"]].append(one["text"])
        return ran.returncode, found


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def _entry(name: str, url: str) -> str:
    return json.dumps({"clouds": {name: {"auth": {"auth_url": url, "password": "s3cr3t"}}}})


def test_nothing_to_fear(shell: Shell) -> None:
    status, found = shell.doctor()
    assert status == 0
    assert found["danger"] == found["warning"] == []
    assert "no OS_* variables are set" in found["ok"]


@pytest.mark.parametrize(
    "variable", ["OS_AUTH_URL", "OS_COMPUTE_ENDPOINT_OVERRIDE", "OS_ENDPOINT", "OS_NETWORK_ENDPOINT"]
)
def test_variables_that_lead_away(shell: Shell, variable: str) -> None:
    status, found = shell.doctor(**{variable: "https://user:s3cr3t@cloud.example.com/v3?x=s3cr3t"})
    assert status == 1
    assert found["danger"] == [
        f'{variable} leads to https://***@cloud.example.com/v3: eval "$(mopenstack env --unset)"'
    ]


def test_variables_that_stay(shell: Shell) -> None:
    """An address of this machine is none that escapes; what `env` does not set is mixed in."""
    status, found = shell.doctor(OS_AUTH_URL="http://127.0.0.1:5000/v3", OS_TOKEN="s3cr3t://x", OS_LOG_LEVEL="x")
    assert status == 0
    assert found["warning"] == ["OS_TOKEN is set: clients mix it with what `mopenstack env` sets"]


@pytest.mark.parametrize(
    "place", ["project/clouds.yaml", "project/clouds.json", ".config/openstack/clouds.yml", "elsewhere.yaml", "xdg"]
)
def test_files_in_all_places(shell: Shell, place: str) -> None:
    """Where openstacksdk looks; the one entry of the first file is what it takes without a word."""
    path = shell.home / ("xdg/openstack/clouds.yaml" if place == "xdg" else place)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_entry("prod", AWAY))
    named = {"elsewhere.yaml": {"OS_CLIENT_CONFIG_FILE": str(path)}, "xdg": {"XDG_CONFIG_HOME": str(path.parents[1])}}
    status, found = shell.doctor(**named.get(place, {}))
    assert status == 1
    assert found["danger"] == [
        f"{path}: the cloud prod leads to {AWAY}; it is what clients take if nothing else is said"
    ]


def test_the_places_are_those_of_the_sdk(shell: Shell) -> None:
    """Each file that openstacksdk would read is found."""
    from openstack.config import loader

    from mopenstack.cli import clouds_files

    own = {str(folder) for folder in clouds_files._folders(os.environ)}
    assert {str(Path(file).parent) for file in loader.CONFIG_FILES} == own
    assert {Path(file).suffix for file in loader.CONFIG_FILES} == set(clouds_files.SUFFIXES)


def test_an_entry_that_is_chosen(shell: Shell) -> None:
    clouds = {"clouds": {"prod": {"auth": {"auth_url": AWAY}}, "mock": {"auth": {"auth_url": "http://127.0.0.1/v3"}}}}
    (shell.folder / "clouds.yaml").write_text(json.dumps(clouds))
    status, found = shell.doctor()
    assert (status, len(found["warning"])) == (0, 1)
    assert shell.doctor(OS_CLOUD="mock")[0] == 0
    assert shell.doctor(OS_CLOUD="prod")[0] == 1
    status, found = shell.doctor(OS_CLOUD="stage")
    assert found["danger"] == ["OS_CLOUD=stage names an entry that is in no clouds.yaml found here"]
    clouds["clouds"]["mock"]["network_endpoint_override"] = "https://network.example.com"  # type: ignore[assignment]
    (shell.folder / "clouds.yaml").write_text(json.dumps(clouds))
    assert shell.doctor(OS_CLOUD="mock")[0] == 1


def test_files_that_cannot_be_read(shell: Shell) -> None:
    for text in ("clouds: [", "clouds: [1]", "- 1"):
        (shell.folder / "clouds.yaml").write_text(text)
        status, found = shell.doctor()
        assert status == 0
        assert len(found["warning"]) == (0 if text == "- 1" else 1)


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        (f'  auth_url = "{AWAY}"\n', f"its provider leads to {AWAY}"),
        (
            '  endpoint_overrides = {\n    "network" = "https://network.example.com/"\n  }\n',
            "its provider leads to https://network.example.com/",
        ),
        ('  cloud = "prod"\n', "its provider takes the cloud prod of clouds.yaml"),
        ('  auth_url = "http://localhost:8800/identity/v3"\n', ""),
        ("  auth_url = var.url\n", ""),
    ],
)
def test_providers_with_an_address(shell: Shell, inside: str, said: str) -> None:
    (shell.folder / "main.tf").write_text(f'provider "openstack" {{\n{inside}}}\n')
    status, found = shell.doctor()
    assert found["danger"] == ([f"main.tf: {said}"] if said else [])
    assert status == (1 if said else 0)


def test_proxies(shell: Shell) -> None:
    status, found = shell.doctor(http_proxy="http://user:s3cr3t@proxy.example.com:3128")
    assert status == 0
    (text,) = found["warning"]
    assert "http://***@proxy.example.com:3128" in text
    assert shell.doctor(http_proxy="http://proxy.example.com:3128", no_proxy="127.0.0.1,localhost")[1]["warning"] == []


def test_tools_that_are_missing(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    found = shell.doctor(PATH=str(tmp_path / "bin"))[1]
    assert {text.partition(":")[0] for text in found["missing"]} >= {"terraform", "openstack", "ansible-playbook"}
