"""The Terraform provider for OpenStack and its own acceptance tests.

The provider is looked for as Terraform does, in a registry or in the user's filesystem mirrors; where neither has it,
it is built from the released Go module, pinned by `provider_build/go.mod` and `go.sum`. Either
way it ends up in a filesystem mirror of the suite's own, so that every run uses the same bytes and no network.
"""

import platform
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path

from pydantic import Field

from mopenstack.conformance.errors import ConformanceError, ToolMissing
from mopenstack.conformance.paths import data_home, mirror_folder, provider_config
from mopenstack.conformance.process import clean_environment, run
from mopenstack.conformance.tools.go_module import go_build
from mopenstack.conformance.tools.model import Progress, Tool, ToolStatus
from mopenstack.conformance.tools.opentofu import OpenTofu
from mopenstack.conformance.tools.terraform import Terraform

VERSION = "3.4.0"
NAMESPACE = "terraform-provider-openstack/openstack"
MODULE = "github.com/terraform-provider-openstack/terraform-provider-openstack/v3"
BINARY = f"terraform-provider-openstack_v{VERSION}"
PINS = "provider_build"
COMMAND_LINES: dict[str, Tool] = {"terraform": Terraform(), "opentofu": OpenTofu()}


def target() -> str:
    """This machine as Go and Terraform write it: `linux_amd64`."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{platform.system().lower()}_{machine}"


def origin_file() -> Path:
    """Says where the mirror's provider came from. Outside of the mirror: a package's files are hashed."""
    return data_home() / "terraform-mirror.origin"


@cache
def source_host(command_line: Tool) -> str:
    """The host that a command line puts before a source address without one: Terraform and OpenTofu have one each.

    It is part of a mirror's layout; the tool itself tells, and nothing is fetched from there.
    """
    terraform = command_line.require()
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "main.tf").write_text(
            "terraform {\n  required_providers {\n    openstack = {\n"
            f'      source = "{NAMESPACE}"\n    }}\n  }}\n}}\n'
        )
        environment = clean_environment(CHECKPOINT_DISABLE="1")
        command = [terraform.path or "terraform", "providers", "-no-color"]
        shown = run(command, cwd=Path(scratch), env=environment, seconds=60)
    found = re.search(rf"provider\[([^/\]]+)/{NAMESPACE}\]", shown)
    if found is None:
        raise ConformanceError(f"`terraform providers` names no host of {NAMESPACE}: {shown}")
    return found.group(1)


class Provider(Tool):
    """The released provider, unpatched, in a mirror that Terraform or OpenTofu reads."""

    name: str = "provider"
    description: str = "the Terraform provider for OpenStack"
    command_line: str = Field(default="terraform", description="Which of COMMAND_LINES it is for.")

    @property
    def _command(self) -> Tool:
        return COMMAND_LINES[self.command_line]

    @property
    def _host(self) -> str:
        return source_host(self._command)

    @property
    def _package(self) -> Path:
        return mirror_folder() / self._host / NAMESPACE / VERSION / target()

    def find(self) -> ToolStatus:
        """The binary in the mirror."""
        if not self._command.find().found:
            return self._missing(f"needs {self._command.description}; then run `mopenstack tools install {self.name}`")
        binaries = sorted(self._package.glob("terraform-provider-openstack_v*"))
        if binaries:
            origin = origin_file().read_text().strip() if origin_file().exists() else "filesystem mirror"
            return self._found(VERSION, binaries[0], origin)
        return self._missing(f"run `mopenstack tools install {self.name}`")

    def install(self, progress: Progress) -> ToolStatus:
        """What the mirror has for the other command line, a registry or the user's mirror by `init`, the Go module."""
        status = self.find()
        if status.found:
            self.cli_config()
            return status
        tried = []
        makers = {"mirror": _from_mirror, "terraform init": self._from_init, "Go module": _from_go_module}
        for origin, make in makers.items():
            progress(f"provider {VERSION}: {origin}")
            try:
                with tempfile.TemporaryDirectory() as scratch:
                    self._add_to_mirror(make(Path(scratch)))
                if origin != "mirror":
                    origin_file().write_text(origin + "\n")
                self.cli_config()
                return self.require()
            except ConformanceError as error:
                tried.append(f"{origin}: {error}")
        raise ToolMissing(f"no provider {VERSION}. Tried " + "; ".join(tried))

    def cli_config(self) -> Path:
        """The configuration file that makes the command line take the provider from the mirror and nowhere else."""
        self.require()
        path = provider_config(self.name)
        served = f'"{self._host}/{NAMESPACE}"'
        text = (
            "provider_installation {\n"
            "  filesystem_mirror {\n"
            f'    path    = "{mirror_folder()}"\n'
            f"    include = [{served}]\n"
            "  }\n"
            "  direct {\n"
            f"    exclude = [{served}]\n"
            "  }\n"
            "}\n"
        )
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
        return path

    def _from_init(self, scratch: Path) -> Path:
        """The package as the command line finds it by the user's own configuration."""
        command = self._command.require()
        version = f'terraform {{\n  required_providers {{\n    openstack = {{\n      source  = "{NAMESPACE}"\n'
        (scratch / "main.tf").write_text(f'{version}      version = "{VERSION}"\n    }}\n  }}\n}}\n')
        run([command.path or "terraform", "init", "-no-color", "-input=false"], cwd=scratch, seconds=300, what="init")
        found = sorted((scratch / ".terraform" / "providers").glob(f"*/{NAMESPACE}/{VERSION}/*/terraform-provider-*"))
        if not found:
            raise ConformanceError("terraform init brought no provider")
        return found[0]

    def _add_to_mirror(self, binary: Path) -> None:
        self._package.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(binary, self._package / BINARY)
        (self._package / BINARY).chmod(0o755)


def provider_of(command_line: str) -> Provider:
    """The provider for one of COMMAND_LINES."""
    return Provider() if command_line == "terraform" else Provider(name="opentofu-provider", command_line=command_line)


class ProviderAcceptance(Tool):
    """The provider's own acceptance tests, compiled from the same pinned module."""

    name: str = "provider-acceptance"
    description: str = "the provider's own acceptance tests"

    @property
    def folder(self) -> Path:
        """Where the compiled tests and the package's source folder lie."""
        return data_home() / "provider-acceptance" / VERSION

    @property
    def source(self) -> Path:
        """The package's source folder, the working directory that its tests expect."""
        return self.folder / "openstack"

    def find(self) -> ToolStatus:
        """The compiled test binary and its working directory."""
        binary = self.folder / "openstack.test"
        if binary.exists() and self.source.is_dir():
            return self._found(VERSION, binary, "Go module")
        return self._missing("run `mopenstack tools install provider-acceptance` (needs Go)")

    def install(self, progress: Progress) -> ToolStatus:
        """`go test -c` of the pinned module."""
        status = self.find()
        if status.found:
            return status
        progress(f"provider-acceptance {VERSION}: building with Go")
        with go_build(PINS) as build:
            built = build.folder / "openstack.test"
            build.compile_tests(f"{MODULE}/openstack", built)
            self.folder.mkdir(parents=True, exist_ok=True)
            build.copy_source(f"{MODULE}/openstack", self.source)
            shutil.move(built, self.folder / "openstack.test")
        return self.require()


def _from_mirror(scratch: Path) -> Path:
    """The same bytes, that are there for the other command line."""
    found = sorted(mirror_folder().glob(f"*/{NAMESPACE}/{VERSION}/{target()}/terraform-provider-openstack_v*"))
    if not found:
        raise ConformanceError("it has none")
    return found[0]


def _from_go_module(scratch: Path) -> Path:
    """The provider compiled from the pinned module."""
    ldflags = f"-s -w -X {MODULE}/openstack.version={VERSION}"
    with go_build(PINS) as build:
        build.build(MODULE, scratch / BINARY, ("-ldflags", ldflags))
    return scratch / BINARY
