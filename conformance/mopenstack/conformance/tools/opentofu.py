"""OpenTofu, compiled from the released Go module."""

import json
from pathlib import Path

from mopenstack.conformance.errors import ConformanceError
from mopenstack.conformance.paths import data_home
from mopenstack.conformance.process import clean_environment, run
from mopenstack.conformance.tools.go_module import digest, go_build
from mopenstack.conformance.tools.model import Progress, Tool, ToolStatus

VERSION = "1.12.6"
PINS = "opentofu_build"
MODULE = "github.com/opentofu/opentofu"
FLAGS = ("-ldflags", f"-s -w -X {MODULE}/version.dev=no")
"""Those of the project's own releases (.goreleaser.yaml), which have -trimpath too."""


class OpenTofu(Tool):
    """The command line of the pinned version; what is on PATH is the tool `terraform`."""

    name: str = "opentofu"
    description: str = "OpenTofu"

    @property
    def folder(self) -> Path:
        """Holds the executable, and of which pins it was made."""
        return data_home() / "opentofu"

    def find(self) -> ToolStatus:
        """An executable that was made with the pins of today."""
        stamp = self.folder / "pins.sha256"
        if not stamp.exists():
            return self._missing("run `mopenstack tools install opentofu` (needs Go, and minutes of it)")
        if stamp.read_text() != digest(PINS):
            return self._missing("its pins have changed: run `mopenstack tools install opentofu`")
        return self._found(VERSION, self.folder / "tofu", "Go module")

    def install(self, progress: Progress) -> ToolStatus:
        """`go build` of the pinned module; it takes some six minutes of CPU and a GB of the build cache."""
        status = self.find()
        if status.found:
            return status
        progress(f"opentofu {VERSION}: building with Go, which takes minutes")
        self.folder.mkdir(parents=True, exist_ok=True)
        executable = self.folder / "tofu"
        with go_build(PINS) as build:
            build.build(f"{MODULE}/cmd/tofu", executable, FLAGS)
        said = json.loads(run([executable, "version", "-json"], env=clean_environment(CHECKPOINT_DISABLE="1")))
        if said["terraform_version"] != VERSION:
            raise ConformanceError(f"{executable} calls itself {said['terraform_version']}, not {VERSION}")
        (self.folder / "pins.sha256").write_text(digest(PINS))
        return self.require()
