"""Tools of Python whose tests drive a browser."""

from mopenstack.conformance.tools.chromium import Chromedriver, Chromium
from mopenstack.conformance.tools.model import Progress, ToolStatus
from mopenstack.conformance.tools.python_tools import PythonTool


class BrowserTool(PythonTool):
    """An environment, and beside it Chromium with its driver."""

    def find(self) -> ToolStatus:
        """The environment, and the browser that the tests drive."""
        for part in (Chromium(), Chromedriver()):
            status = part.find()
            if not status.found:
                return self._missing(f"{part.name} is missing: {status.missing}")
        return super().find()

    def install(self, progress: Progress) -> ToolStatus:
        """Browser and driver, then the environment."""
        Chromium().install(progress)
        Chromedriver().install(progress)
        return super().install(progress)
