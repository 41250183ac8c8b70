"""What an upstream suite is: its tests, and the cloud and configuration that they need."""

import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from mopenstack.conformance.cloud import Cloud
from mopenstack.conformance.process import clean_environment, run
from mopenstack.conformance.tools import PythonTool, get_tool

DRIVER = Path(__file__).parent / "driver.py"
LISTING_SECONDS = 300


def as_it_is(cloud: Cloud) -> None:
    """Most suites take a fresh cloud with the default seed as it is."""


class Test(BaseModel):
    """One test of a suite."""

    model_config = ConfigDict(frozen=True)

    name: str
    module: str
    service: str
    negative: bool = False
    not_run: str = ""
    """Why it cannot be run against any cloud without guests, or is no test of a service."""
    profile: str = "instant"
    """The profile of its cloud."""

    @property
    def group(self) -> tuple[str, str]:
        """Tests of one class share what its set-up made: they run together, on a cloud of their profile."""
        return self.name.rpartition(".")[0], self.profile


class Suite(BaseModel):
    """A suite of one tool. `prepare` writes the configuration into a folder and returns the environment."""

    model_config = ConfigDict(arbitrary_types_allowed=True, ignored_types=(cached_property,))

    name: str
    """What the runner is called."""
    tool: str
    """The tool whose environment has the tests."""
    packages: list[str]
    service_of: Callable[[str], str]
    """The service that a test, by its name, is about; "" where it is about none that counts."""
    prepare: Callable[[Cloud, Path], dict[str, str]]
    listing: Callable[[Path], dict[str, str]]
    """The environment in which the tests can be listed without any cloud."""
    furnish: Callable[[Cloud], None] = as_it_is
    """Makes a cloud of this run's own like the one that the suite's authors test against."""
    options: list[str] = []
    """NAME=VALUE of a cloud's options that the suite's configuration tells the truth about."""
    not_run: dict[str, str] = {}
    """Pattern -> why such tests are not run."""
    slowness: float = 1
    """How many time limits a test may take."""
    realistic: dict[str, str] = {}
    """Pattern -> what such tests look at before it is finished: their cloud's transitions take their time."""

    @property
    def python(self) -> Path:
        """The interpreter of the tool's environment."""
        tool = get_tool(self.tool)
        assert isinstance(tool, PythonTool)
        tool.require()
        return tool.environment / "bin" / "python"

    @property
    def command(self) -> list[str]:
        """What runs tests: it takes orders and tells verdicts as driver.py does."""
        return [str(self.python), "-P", str(DRIVER), "run"]

    @cached_property
    def tests(self) -> list[Test]:
        """Every test of a service, as the suite's own loader names them; the list is kept beside the tool."""
        tool = get_tool(self.tool)
        assert isinstance(tool, PythonTool)
        kept = tool.environment / "tests.json"
        stamp = tool.environment / "pins.sha256"
        if not kept.exists() or kept.stat().st_mtime < stamp.stat().st_mtime:
            kept.write_text(self._listed(tool.environment))
        found = []
        for module, name in json.loads(kept.read_text()):
            service = self.service_of(name)
            if service:
                why = next((reason for pattern, reason in self.not_run.items() if fnmatchcase(name, pattern)), "")
                slow = any(fnmatchcase(name, pattern) for pattern in self.realistic)
                test = Test(
                    name=name,
                    module=module,
                    service=service,
                    negative="negative" in name.lower(),
                    not_run=why,
                    profile="realistic" if slow else "instant",
                )
                found.append(test)
        return found

    def _listed(self, folder: Path) -> str:
        environment = clean_environment(**self.listing(folder))
        said = run(
            [self.python, "-P", DRIVER, "list", *self.packages],
            env=environment,
            cwd=folder,
            seconds=LISTING_SECONDS,
            what=f"listing the tests of {self.tool}",
        )
        return said.strip().splitlines()[-1]
