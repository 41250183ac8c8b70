"""Tools are found or made; a missing one says what to do."""

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mopenstack.conformance.commands import conformance_app, tools_app
from mopenstack.conformance.errors import ToolMissing
from mopenstack.conformance.paths import package_file
from mopenstack.conformance.runners import RUNNERS
from mopenstack.conformance.tools import (
    TOOLS,
    OpenTofu,
    Provider,
    PythonTool,
    SourceTool,
    Terraform,
    ToolStatus,
    get_tool,
    gophercloud,
    opentofu,
    provider,
    provider_of,
)
from mopenstack.conformance.tools.provider import source_host, target
from tests.conformance.stand_ins import program

runner = CliRunner()
ROOT = Path(__file__).parents[2]
NOT_BY_DEFAULT = {"opentofu", "opentofu-provider"}
"""What `make conformance` alone makes: a second Terraform takes minutes."""
OF_THE_MACHINE = ("terraform", "chromium", "chromedriver")


@pytest.fixture(autouse=True)
def empty_data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is installed."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path / "mopenstack"


@pytest.mark.parametrize("name", [name for name in TOOLS if name not in OF_THE_MACHINE])
def test_a_missing_tool_says_how_to_get_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not run, and never taken as passed."""
    monkeypatch.setenv(f"MOPENSTACK_{name.upper()}", f"/nowhere/{name}")  # some are looked for on PATH first
    tool = get_tool(name)
    assert not tool.find().found
    with pytest.raises(ToolMissing, match=f"mopenstack tools install {name}"):
        tool.require()


@pytest.mark.parametrize("name", OF_THE_MACHINE)
def test_what_is_looked_for_on_the_machine(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Terraform is only ever found; Chromium and its driver belong to the system."""
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


PIP = """
import io, sys, tarfile
folder = sys.argv[sys.argv.index("--dest") + 1]
name, version = sys.argv[-1].split("==")
with tarfile.open(f"{folder}/{name}-{version}.tar.gz", "w:gz") as archive:
    text = b"Any text will do."
    entry = tarfile.TarInfo(f"{name}-{version}/functionaltests/test_one.py")
    entry.size = len(text)
    archive.addfile(entry, io.BytesIO(text))
"""


def test_a_source_lies_beside_its_environment(empty_data_home: Path, tmp_path: Path) -> None:
    """Of the version that the pins name, unpacked where its tests are looked for."""
    tool = get_tool("python-clients")
    assert isinstance(tool, SourceTool)
    tool.environment.mkdir(parents=True)
    tool._prepare(program(tmp_path, "pip", PIP))
    for distribution in tool.sources:
        assert (tool.source(distribution) / "functionaltests" / "test_one.py").read_text() == "Any text will do."
    assert sorted(path.name for path in tool.environment.iterdir()) == ["sources"]


def test_the_mirror_is_laid_out_as_the_tool_asks(empty_data_home: Path) -> None:
    """The tool itself names the host of the source address; the mirror serves the provider and nothing else."""
    host = source_host(Terraform())
    folder = empty_data_home / f"terraform-mirror/{host}/terraform-provider-openstack/openstack/3.4.0"
    (folder / target()).mkdir(parents=True)
    (folder / target() / "terraform-provider-openstack_v3.4.0").touch()
    assert Provider().find().found
    text = Provider().cli_config().read_text()
    assert text.count(f"{host}/terraform-provider-openstack/openstack") == 2


def test_the_provider_of_the_other_command_line_is_the_same_bytes(
    empty_data_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenTofu looks for it under a host of its own."""
    monkeypatch.setattr(provider, "source_host", lambda command_line: f"{command_line.name}.example")
    monkeypatch.setattr(OpenTofu, "find", lambda self: ToolStatus(name="opentofu", description="", found=True))
    folder = empty_data_home / "terraform-mirror/terraform.example/terraform-provider-openstack/openstack/3.4.0"
    (folder / target()).mkdir(parents=True)
    (folder / target() / "terraform-provider-openstack_v3.4.0").write_bytes(b"the provider")
    told: list[str] = []
    status = provider_of("opentofu").install(told.append)
    assert status.path is not None
    assert (status.path.read_bytes(), told) == (b"the provider", ["provider 3.4.0: mirror"])
    text = provider_of("opentofu").cli_config().read_text()
    assert text.count("opentofu.example/terraform-provider-openstack/openstack") == 2


@pytest.mark.parametrize(("name", "stamp"), [("gophercloud", "pins.sha256"), ("opentofu", "pins.sha256")])
def test_what_was_built_with_other_pins_is_built_anew(empty_data_home: Path, name: str, stamp: str) -> None:
    (empty_data_home / name).mkdir(parents=True)
    (empty_data_home / name / stamp).write_text("other")
    assert "pins have changed" in get_tool(name).find().missing


def test_a_go_module_is_pinned_to_the_version_that_the_tool_names() -> None:
    """Every module has its checksum, so that a build asks no other place."""
    for pins, module, version in (
        (gophercloud.PINS, "github.com/gophercloud/gophercloud/v2", gophercloud.VERSION),
        (opentofu.PINS, opentofu.MODULE, opentofu.VERSION),
        (provider.PINS, provider.MODULE, provider.VERSION),
    ):
        folder = package_file("tools", pins)
        assert f"\t{module} v{version} // indirect\n" in (folder / "go.mod").read_text()
        assert f"{module} v{version} h1:" in (folder / "go.sum").read_text()


SOURCE = """
func TestOne(t *testing.T) {
\tclients.RequireAdmin(t)
\tclient, err := clients.NewComputeV2Client()
\tvolumes, err := clients.NewBlockStorageV3Client()
}

func TestOneMore(t *testing.T) {
\tclients.RequireNonAdmin(t)
\tclient, err := clients.NewIdentityV3Client()
}
"""


def test_what_a_go_test_needs_is_read_from_its_source() -> None:
    """Its own body, not that of a namesake."""
    one = gophercloud.read_test("compute/v2", "TestOne", SOURCE)
    assert (one.name, one.service, one.user) == ("compute/v2/TestOne", "compute", "admin")
    assert one.needs == ["block-storage", "compute"]
    more = gophercloud.read_test(".", "TestOneMore", SOURCE)
    assert (more.name, more.service, more.user, more.needs) == ("TestOneMore", "identity", "demo", ["identity"])


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
    assert "mopenstack tools install python-clients" in done.stderr


def test_cases_are_listed() -> None:
    """Each tool has cases with stable names."""
    for tool in ("terraform", "provider-acceptance", "daily-work"):
        done = runner.invoke(conformance_app, ["list", "--tool", tool, "--json"])
        assert done.exit_code == 0
        names = [one["name"] for one in json.loads(done.stdout)]
        assert len(names) == len(set(names)) > 8


def test_make_tools_makes_what_every_runner_and_the_tests_need() -> None:
    """On a new machine, `make test` fails without them."""
    said = subprocess.run(["make", "--dry-run", "tools"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    needed = {tool for one in RUNNERS.values() for tool in one.tools} | {"helm"}
    assert needed - set(said.split()) == NOT_BY_DEFAULT
