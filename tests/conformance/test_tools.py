"""Tools are found or made; a missing one says what to do."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mopenstack.conformance.commands import conformance_app, tools_app
from mopenstack.conformance.errors import ToolMissing
from mopenstack.conformance.tools import TOOLS, Provider, PythonTool, get_tool
from mopenstack.conformance.tools.provider import source_host, target

runner = CliRunner()


@pytest.fixture(autouse=True)
def empty_data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is installed."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path / "mopenstack"


@pytest.mark.parametrize("name", [name for name in TOOLS if name not in ("terraform", "chromium")])
def test_a_missing_tool_says_how_to_get_it(name: str) -> None:
    """It is not run, and never taken as passed."""
    tool = get_tool(name)
    assert not tool.find().found
    with pytest.raises(ToolMissing, match=f"mopenstack tools install {name}"):
        tool.require()


@pytest.mark.parametrize("name", ["terraform", "chromium"])
def test_what_is_looked_for_on_the_machine(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Terraform is only ever found, and Chromium belongs to the system."""
    monkeypatch.setenv(f"MOPENSTACK_{name.upper()}", f"/nowhere/{name}")
    status = get_tool(name).find()
    assert not status.found
    assert "PATH" in status.missing


@pytest.mark.parametrize("name", [name for name, tool in TOOLS.items() if isinstance(tool, PythonTool)])
def test_every_pin_is_exact_and_names_no_place(name: str) -> None:
    """Versions only: where packages come from is the user's choice."""
    tool = TOOLS[name]
    assert isinstance(tool, PythonTool)
    lines = tool.pins.read_text().splitlines()
    assert all(line.count("==") == 1 and "/" not in line and "@" not in line for line in lines)
    assert any(line.startswith(f"{tool.distribution}==") for line in lines)


def test_an_environment_with_other_pins_is_made_anew(empty_data_home: Path) -> None:
    """A stale environment is not the pinned tool."""
    tool = get_tool("openstackclient")
    assert isinstance(tool, PythonTool)
    command = tool.environment / "bin" / "openstack"
    command.parent.mkdir(parents=True)
    command.touch()
    (tool.environment / "pins.sha256").write_text("other")
    assert "pins have changed" in tool.find().missing


def test_the_mirror_is_laid_out_as_the_tool_asks(empty_data_home: Path) -> None:
    """The tool itself names the host of the source address; the mirror serves the provider and nothing else."""
    folder = empty_data_home / f"terraform-mirror/{source_host()}/terraform-provider-openstack/openstack/3.4.0"
    (folder / target()).mkdir(parents=True)
    (folder / target() / "terraform-provider-openstack_v3.4.0").touch()
    assert Provider().find().found
    text = Provider().cli_config().read_text()
    assert text.count(f"{source_host()}/terraform-provider-openstack/openstack") == 2


def test_tools_list_as_json() -> None:
    """What a script would parse."""
    done = runner.invoke(tools_app, ["list", "--json"])
    assert done.exit_code == 0
    assert [one["name"] for one in json.loads(done.stdout)] == list(TOOLS)


def test_an_unknown_tool_is_told() -> None:
    """With the tools that there are."""
    done = runner.invoke(tools_app, ["install", "hammer"])
    assert done.exit_code == 2
    assert "unknown tool 'hammer'" in done.stderr
    done = runner.invoke(conformance_app, ["run", "--tool", "hammer"])
    assert done.exit_code == 2
    assert "provider-acceptance" in done.stderr


def test_a_run_without_its_tool_is_an_error() -> None:
    """Exit status 2, before any cloud is started."""
    done = runner.invoke(conformance_app, ["run", "--tool", "daily-work"])
    assert done.exit_code == 2
    assert "mopenstack tools install openstackclient" in done.stderr


def test_cases_are_listed() -> None:
    """Each tool has cases with stable names."""
    for tool in ("terraform", "provider-acceptance", "daily-work"):
        done = runner.invoke(conformance_app, ["list", "--tool", tool, "--json"])
        assert done.exit_code == 0
        names = [one["name"] for one in json.loads(done.stdout)]
        assert len(names) == len(set(names)) > 8
