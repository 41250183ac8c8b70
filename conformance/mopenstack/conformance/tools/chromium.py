"""Chromium, a real browser for web pages, and its driver. They are packages of the system, from no registry."""

import os
import shutil

from pydantic import Field

from mopenstack.conformance.errors import ConformanceError
from mopenstack.conformance.process import clean_environment, run
from mopenstack.conformance.tools.model import Progress, Tool, ToolStatus


class SystemPackage(Tool):
    """A program of a package of Debian or Ubuntu, or one that a variable names."""

    executables: tuple[str, ...] = Field(description="Its names on PATH.")
    package: str
    variable: str = Field(description="The variable that names one outside of PATH.")

    @property
    def _how(self) -> str:
        return (
            f"mopenstack tools install {self.name} (as root, on Debian or Ubuntu), or put it on PATH or into "
            f"{self.variable}"
        )

    def find(self) -> ToolStatus:
        """The first on PATH, with its version."""
        return self._on_path(self.executables, self.variable, _version, self._how)

    def install(self, progress: Progress) -> ToolStatus:
        """Find it, or install the system's package, where this user may."""
        status = self.find()
        if status.found:
            return status
        apt = shutil.which("apt-get")
        if apt is None or os.geteuid() != 0:
            raise ConformanceError(f"{self.name} is missing: {self._how}")
        environment = clean_environment(DEBIAN_FRONTEND="noninteractive")
        progress(f"{self.name}: apt-get update")
        run([apt, "update"], env=environment)
        progress(f"{self.name}: apt-get install {self.package}")
        run([apt, "install", "--yes", "--no-install-recommends", self.package], env=environment)
        return self.require()


class Chromium(SystemPackage):
    """The browser of the tests."""

    name: str = "chromium"
    description: str = "a headless browser"
    executables: tuple[str, ...] = ("chromium", "chromium-browser", "google-chrome")
    package: str = "chromium"
    variable: str = "MOPENSTACK_CHROMIUM"


class Chromedriver(SystemPackage):
    """What Selenium drives Chromium with: of the same version as the browser."""

    name: str = "chromedriver"
    description: str = "drives Chromium for Selenium"
    executables: tuple[str, ...] = ("chromedriver",)
    package: str = "chromium-driver"
    variable: str = "MOPENSTACK_CHROMEDRIVER"


def _version(path: str) -> str:
    said = run([path, "--version"], env=clean_environment())
    return next((word for word in said.split() if word[:1].isdigit()), said.strip())
