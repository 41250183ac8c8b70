"""Chromium: a real browser for what a web page may and may not do. It is a package of the system, from no registry."""

import os
import shutil

from mopenstack.conformance.errors import ConformanceError
from mopenstack.conformance.process import clean_environment, run
from mopenstack.conformance.tools.model import Progress, Tool, ToolStatus

EXECUTABLES = ("chromium", "chromium-browser", "google-chrome")
HOW = "mopenstack tools install chromium (as root, on Debian or Ubuntu), or put it on PATH or into MOPENSTACK_CHROMIUM"


class Chromium(Tool):
    """The browser of the tests. MOPENSTACK_CHROMIUM names one outside of PATH."""

    name: str = "chromium"
    description: str = "a headless browser"

    def find(self) -> ToolStatus:
        """The first Chromium on PATH, with its version."""
        return self._on_path(EXECUTABLES, "MOPENSTACK_CHROMIUM", _version, HOW)

    def install(self, progress: Progress) -> ToolStatus:
        """Find it, or install the system's package, where this user may."""
        status = self.find()
        if status.found:
            return status
        apt = shutil.which("apt-get")
        if apt is None or os.geteuid() != 0:
            raise ConformanceError(f"chromium is missing: {HOW}")
        environment = clean_environment(DEBIAN_FRONTEND="noninteractive")
        progress("chromium: apt-get update")
        run([apt, "update"], env=environment)
        progress("chromium: apt-get install chromium")
        run([apt, "install", "--yes", "--no-install-recommends", "chromium"], env=environment)
        return self.require()


def _version(path: str) -> str:
    said = run([path, "--version"], env=clean_environment())
    return next((word for word in said.split() if word[:1].isdigit()), said.strip())
