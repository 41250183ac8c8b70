"""Helm, compiled from the released Go module: what renders and checks charts/mopenstack."""

from mopenstack.conformance.errors import ConformanceError
from mopenstack.conformance.paths import data_home
from mopenstack.conformance.process import clean_environment, run
from mopenstack.conformance.tools.go_module import digest, go_build
from mopenstack.conformance.tools.model import Progress, Tool, ToolStatus

VERSION = "3.21.4"
PINS = "helm_build"
MODULE = "helm.sh/helm/v3"
KUBERNETES = ("1", "36")
"""What charts are rendered for where no cluster says: that of the client library, as in its Makefile."""
_SET = {
    "internal/version.version": f"v{VERSION}",
    **{f"pkg/{package}.k8sVersionMajor": KUBERNETES[0] for package in ("chartutil", "lint/rules")},
    **{f"pkg/{package}.k8sVersionMinor": KUBERNETES[1] for package in ("chartutil", "lint/rules")},
}
FLAGS = ("-ldflags", " ".join(["-s", "-w", *(f"-X {MODULE}/{name}={to}" for name, to in _SET.items())]))
EXECUTABLES = ("helm",)


class Helm(Tool):
    """The one that MOPENSTACK_HELM names or that is on PATH, else one of the pinned version."""

    name: str = "helm"
    description: str = "Helm"

    def find(self) -> ToolStatus:
        """A Helm of version 3 or newer on PATH, else the one that was made here with the pins of today."""
        how = "run `mopenstack tools install helm` (needs Go), or put helm on PATH"
        found = self._on_path(EXECUTABLES, "MOPENSTACK_HELM", _version, how)
        if found.found:
            return found
        stamp = data_home() / "helm" / "pins.sha256"
        if stamp.exists() and stamp.read_text() == digest(PINS):
            return self._found(VERSION, data_home() / "helm" / "helm", "Go module")
        return found

    def install(self, progress: Progress) -> ToolStatus:
        """`go build` of the pinned module, which takes some minutes of CPU."""
        status = self.find()
        if status.found:
            return status
        progress(f"helm {VERSION}: building with Go, which takes minutes")
        folder = data_home() / "helm"
        folder.mkdir(parents=True, exist_ok=True)
        with go_build(PINS) as build:
            build.build(f"{MODULE}/cmd/helm", folder / "helm", FLAGS)
        if (said := _version(str(folder / "helm"))) != VERSION:
            raise ConformanceError(f"{folder / 'helm'} calls itself {said}, not {VERSION}")
        (folder / "pins.sha256").write_text(digest(PINS))
        return self.require()


def _version(path: str) -> str:
    said = run([path, "version", "--template", "{{.Version}}"], env=clean_environment()).strip().removeprefix("v")
    if int(said.partition(".")[0]) < 3:
        raise ValueError(f"{said} is too old")
    return said
