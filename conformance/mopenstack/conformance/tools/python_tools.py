"""Tools written in Python, each in a virtual environment of its own so that their pins never fight.

The pins of a tool are `pins/<name>.txt`: every distribution of its environment with its version.
"""

import hashlib
import shutil
import sys
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
        (self.environment / "pins.sha256").write_text(self._digest())
        return self.require()

    def _version(self) -> str:
        for line in self.pins.read_text().splitlines():
            distribution, _, version = line.partition("==")
            if distribution.strip().lower() == self.distribution:
                return version.strip()
        raise ConformanceError(f"{self.pins} does not pin {self.distribution}")

    def _digest(self) -> str:
        return hashlib.sha256(self.pins.read_bytes()).hexdigest()
