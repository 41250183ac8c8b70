"""Tools written in Python, each in a virtual environment of its own so that their pins never fight.

The pins of a tool are `pins/<name>.txt`: every distribution of its environment with its version.
"""

import hashlib
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

from pydantic import Field

from mopenstack.conformance.errors import ConformanceError
from mopenstack.conformance.paths import data_home, package_file
from mopenstack.conformance.process import clean_environment, run
from mopenstack.conformance.tools.model import Progress, Tool, ToolStatus


class PythonTool(Tool):
    """A distribution in a virtual environment of its own."""

    executable: str = Field(description="The command that is run.")
    distribution: str = Field(description="Whose version is the tool's version.")

    @property
    def pins(self) -> Path:
        """The requirements file with every version of the environment."""
        return package_file("tools", "pins", f"{self.name}.txt")

    @property
    def environment(self) -> Path:
        """The virtual environment's folder."""
        return data_home() / "tools" / self.name

    def find(self) -> ToolStatus:
        """An environment that was completed with the pins of today."""
        command = self.environment / "bin" / self.executable
        stamp = self.environment / "pins.sha256"
        if not command.exists() or not stamp.exists():
            return self._missing(f"run `mopenstack tools install {self.name}`")
        if stamp.read_text() != self._digest():
            return self._missing(f"its pins have changed: run `mopenstack tools install {self.name}`")
        return self._found(self._version(), command, "virtual environment")

    def install(self, progress: Progress) -> ToolStatus:
        """Make the environment anew unless it is there with these pins."""
        status = self.find()
        if status.found:
            return status
        progress(f"{self.name} {self._version()}: making its virtual environment")
        shutil.rmtree(self.environment, ignore_errors=True)
        self.environment.parent.mkdir(parents=True, exist_ok=True)
        run([sys.executable, "-m", "venv", self.environment], what=f"making an environment for {self.name}")
        pip = self.environment / "bin" / "pip"
        arguments = ["install", "--quiet", "--disable-pip-version-check", "--requirement", str(self.pins)]
        run([pip, *arguments], env=clean_environment(), seconds=1200, what=f"installing {self.name}")
        self._prepare(pip)
        (self.environment / "pins.sha256").write_text(self._digest())
        return self.require()

    def _prepare(self, pip: Path) -> None:
        """What the environment needs beyond its distributions."""

    def _version(self, wanted: str = "") -> str:
        """The pinned version of a distribution of the environment, else of the tool's own."""
        wanted = wanted or self.distribution
        for line in self.pins.read_text().splitlines():
            distribution, _, version = line.partition("==")
            if distribution.strip().lower() == wanted:
                return version.strip()
        raise ConformanceError(f"{self.pins} does not pin {wanted}")

    def _digest(self) -> str:
        return hashlib.sha256(self.pins.read_bytes()).hexdigest()


class SourceTool(PythonTool):
    """Distributions whose tests are in their sources alone, which lie unpacked beside the environment."""

    sources: tuple[str, ...] = Field(description="The distributions; their versions are those of the pins.")

    def source(self, distribution: str) -> Path:
        """The folder of a distribution's source."""
        return self.environment / "sources" / distribution

    def _prepare(self, pip: Path) -> None:
        # Their metadata are read with what the environment has: nothing is installed for that.
        words = ["download", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation"]
        for distribution in self.sources:
            named = f"{distribution}=={self._version(distribution)}"
            with tempfile.TemporaryDirectory(dir=self.environment) as scratch:
                run(
                    [pip, *words, "--no-binary", ":all:", "--dest", scratch, named],
                    env=clean_environment(),
                    what=f"getting the source of {named}",
                )
                with tarfile.open(next(Path(scratch).iterdir())) as archive:
                    archive.extractall(scratch, filter="data")
                self.source(distribution).parent.mkdir(exist_ok=True)
                next(path for path in Path(scratch).iterdir() if path.is_dir()).rename(self.source(distribution))
