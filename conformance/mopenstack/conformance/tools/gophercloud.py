"""The Go SDK's own acceptance tests, compiled from the released Go module: a binary for each package of tests."""

import re
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from mopenstack.conformance.paths import data_home
from mopenstack.conformance.process import run
from mopenstack.conformance.tools.go_module import GoBuild, digest, go_build
from mopenstack.conformance.tools.model import Progress, Tool, ToolStatus

VERSION = "2.16.0"
PINS = "gophercloud_build"
ROOT = "github.com/gophercloud/gophercloud/v2/internal/acceptance/openstack"
TAGS = ("-tags", "fixtures acceptance")
SMALL = ("-ldflags", "-s -w")
SERVICES = {
    "identity": "identity",
    "compute": "compute",
    "networking": "network",
    "image": "image",
    "blockstorage": "block-storage",
    "placement": "placement",
    "loadbalancer": "load-balancer",
    "dns": "dns",
    "keymanager": "key-manager",
    "objectstorage": "object-store",
    "containerinfra": "container-infra",
    "db": "database",
    "workflow": "workflow",
}
"""First folder of a package -> the service, of those that are served."""
CLIENTS = {
    "Identity": "identity",
    "Compute": "compute",
    "Network": "network",
    "Image": "image",
    "BlockStorage": "block-storage",
    "Placement": "placement",
    "LoadBalancer": "load-balancer",
    "DNS": "dns",
    "KeyManager": "key-manager",
    "ObjectStorage": "object-store",
    "ContainerInfra": "container-infra",
    "DB": "database",
    "Workflow": "workflow",
}
"""What a test calls a client -> the service."""


class GoTest(BaseModel):
    """A test, and what its source says about it."""

    model_config = ConfigDict(frozen=True)

    package: str = Field(description="Folder below internal/acceptance/openstack; `.` is that folder itself.")
    test: str
    service: str
    user: str = Field(description="demo where the test demands one that is no administrator, else admin.")
    needs: list[str] = Field(description="Services whose clients the test makes.")

    @property
    def name(self) -> str:
        """`compute/v2/TestServersCreateDestroy`."""
        return self.test if self.package == "." else f"{self.package}/{self.test}"


class Gophercloud(Tool):
    """The tests of the services that are served: the source, and beside each package's the binary of its tests."""

    name: str = "gophercloud"
    description: str = "the Go SDK's own acceptance tests"

    @property
    def folder(self) -> Path:
        """Holds a folder for each package, and what was read about the tests."""
        return data_home() / "gophercloud"

    def binary(self, package: str) -> Path:
        """The compiled tests of a package; its folder is where they run."""
        return self.folder / package / "openstack.test"

    @staticmethod
    def made_of() -> str:
        """Changes with the pins, and with the packages that are compiled."""
        return sha256(f"{digest(PINS)} {' '.join(SERVICES)}".encode()).hexdigest()

    def find(self) -> ToolStatus:
        """Binaries that were made with the pins of today, of every package."""
        stamp = self.folder / "pins.sha256"
        if not stamp.exists():
            return self._missing("run `mopenstack tools install gophercloud` (needs Go)")
        if stamp.read_text() != self.made_of():
            return self._missing("its pins have changed: run `mopenstack tools install gophercloud`")
        return self._found(VERSION, self.folder, "Go module")

    def install(self, progress: Progress) -> ToolStatus:
        """`go test -c` of each package."""
        status = self.find()
        if status.found:
            return status
        progress(f"gophercloud {VERSION}: building its tests with Go")
        with go_build(PINS) as build:
            build.copy_source(ROOT, self.folder, TAGS)
            tests = [test for package in _packages(build) for test in self._compile(build, package)]
        listing = TypeAdapter(list[GoTest]).dump_json(sorted(tests, key=lambda one: one.name), indent=1)
        (self.folder / "tests.json").write_bytes(listing)
        (self.folder / "pins.sha256").write_text(self.made_of())
        return self.require()

    def tests(self) -> list[GoTest]:
        """Every test that was compiled."""
        self.require()
        return TypeAdapter(list[GoTest]).validate_json((self.folder / "tests.json").read_bytes())

    def _compile(self, build: GoBuild, package: str) -> list[GoTest]:
        binary = self.binary(package)
        build.compile_tests(ROOT if package == "." else f"{ROOT}/{package}", binary, (*TAGS, *SMALL))
        names = [line for line in run([binary, "-test.list", "."]).splitlines() if line.startswith("Test")]
        source = "".join(file.read_text() for file in sorted(binary.parent.glob("*_test.go")))
        return [read_test(package, name, source) for name in names]


def read_test(package: str, name: str, source: str) -> GoTest:
    """What is known about a test of a package by its source."""
    found = re.search(rf"^func {re.escape(name)}\(.*?^}}", source, re.MULTILINE | re.DOTALL)
    body = found.group(0) if found else ""
    service = SERVICES.get(package.partition("/")[0], "identity")
    made = re.findall(r"clients\.New([A-Z][A-Za-z]*?)V\d", body)
    return GoTest(
        package=package,
        test=name,
        service=service,
        user="demo" if "RequireNonAdmin(" in body else "admin",
        needs=sorted({service, *(CLIENTS[client] for client in made if client in CLIENTS)}),
    )


def _packages(build: GoBuild) -> list[str]:
    """The folders below ROOT with tests of a served service; `.` has those of signing in."""
    wanted = [ROOT, *(f"{ROOT}/{folder}/..." for folder in SERVICES)]
    template = "{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}"
    listed = build.go("list", *TAGS, "-f", template, *wanted).split()
    return [path.removeprefix(ROOT).removeprefix("/") or "." for path in listed]
