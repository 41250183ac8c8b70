"""What an upstream suite is: its tests, and the cloud and configuration that they need."""

import hashlib
import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from mopenstack.conformance.cloud import Cloud
from mopenstack.conformance.process import clean_environment, run
from mopenstack.conformance.tools import PythonTool, SourceTool, get_tool

DRIVER = Path(__file__).parent / "driver.py"
LISTING_SECONDS = 300


def as_it_is(cloud: Cloud) -> None:
    """Most suites take a fresh cloud with the default seed as it is."""


def source_of(tool: str, distribution: str = "") -> dict[str, str]:
    """The variable with which a tool's Python finds tests that are in a source alone, before what has the same name."""
    found = get_tool(tool)
    assert isinstance(found, SourceTool)
    return {"PYTHONPATH": str(found.source(distribution or tool))}


class CloudWanted(NamedTuple):
    """What tests want of a cloud that is made for them."""

    profile: str
    regions: tuple[str, ...]
    setting: str = ""
    """The name of a further configuration of the suite; "" for that of `prepare`."""


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
    regions: tuple[str, ...] = ()
    """The regions of its cloud; none: the one that a cloud has by itself."""
    alone: bool = False
    """Whether the set-up of its class is made for this test alone."""
    setting: str = ""
    """The name of its settings; "" for those of `prepare`."""

    @property
    def wants(self) -> CloudWanted:
        """What a cloud of the run's own must be like for it."""
        return CloudWanted(self.profile, self.regions, self.setting)

    @property
    def group(self) -> tuple[str, CloudWanted]:
        """Tests of one class share what its set-up made: they run together, on a cloud such as they want."""
        return self.name if self.alone else self.name.rpartition(".")[0], self.wants


class Setting(BaseModel):
    """Another configuration than that of `prepare`, for tests of what the first one cannot be."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    prepare: Callable[[Cloud, Path], dict[str, str]]
    tests: list[str]
    """Patterns of the tests that are run with it."""


class Suite(BaseModel):
    """A suite of one tool. `prepare` writes the configuration into a folder and returns the environment."""

    model_config = ConfigDict(arbitrary_types_allowed=True, ignored_types=(cached_property,))

    name: str
    """What the runner is called."""
    tool: str
    """The tool whose environment has the tests."""
    packages: list[str]
    own: Path | None = None
    """The folder of tests that are this suite's, of a tool whose distribution has none."""
    service_of: Callable[[str], str]
    """The service that a test, by its name, is about; "" where it is about none that counts."""
    prepare: Callable[[Cloud, Path], dict[str, str]]
    driver: Path = DRIVER
    """What lists and runs the tests, in the tool's Python."""
    listing: Callable[[Path], dict[str, str]]
    """The environment in which the tests can be listed without any cloud."""
    furnish: Callable[[Cloud], None] = as_it_is
    """Makes a cloud of this run's own like the one that the suite's authors test against."""
    options: list[str] = []
    """NAME=VALUE of a cloud's options that the suite's configuration tells the truth about."""
    further: list[str] = []
    """Words of `mopenstack up`; where there are any, each cloud is the default one of a process of its own."""
    no_services: frozenset[str] = frozenset()
    """Words of `service_of` that are no service of the catalog: tests of several services at once."""
    not_run: dict[str, str] = {}
    """Pattern -> why such tests are not run."""
    slowness: float = 1
    """How many time limits a test may take."""
    alone: dict[str, str] = {}
    """Pattern -> why such tests do not share what the set-up of their class made."""
    settings: dict[str, Setting] = {}
    """Name -> a configuration that some tests are run with instead; of several that want a test, the first."""
    realistic: dict[str, str] = {}
    """Pattern -> what such tests look at before it is finished: their cloud's transitions take their time."""
    regions: dict[str, tuple[str, ...]] = {}
    """Pattern -> the regions of a cloud for such tests."""

    def needs(self, test: Test) -> list[str]:
        """The features without which a cloud cannot be asked what a test asks."""
        return [] if test.service in self.no_services else [test.service]

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
        return [str(self.python), "-P", str(self.driver), "run"]

    @property
    def kept(self) -> Path:
        """Where the names of the tests of these packages are kept: beside the tool."""
        tool = get_tool(self.tool)
        assert isinstance(tool, PythonTool)
        digest = hashlib.sha256(" ".join(self.packages).encode())
        for path in sorted(self.own.rglob("*.py")) if self.own else ():
            digest.update(path.read_bytes())
        return tool.environment / f"tests-{digest.hexdigest()[:12]}.json"

    @cached_property
    def tests(self) -> list[Test]:
        """Every test of a service, as the suite's own loader names them; the list is kept beside the tool."""
        tool = get_tool(self.tool)
        assert isinstance(tool, PythonTool)
        kept = self.kept
        stamp = tool.environment / "pins.sha256"
        if not kept.exists() or kept.stat().st_mtime < stamp.stat().st_mtime:
            kept.write_text(self._listed(tool.environment))
        found = []
        for module, name in json.loads(kept.read_text()):
            service = self.service_of(name)
            if service:
                why = next((reason for pattern, reason in self.not_run.items() if fnmatchcase(name, pattern)), "")
                regions = (named for pattern, named in self.regions.items() if fnmatchcase(name, pattern))
                slow = any(fnmatchcase(name, pattern) for pattern in self.realistic)
                test = Test(
                    name=name,
                    module=module,
                    service=service,
                    negative="negative" in name.lower(),
                    not_run=why,
                    profile="realistic" if slow else "instant",
                    regions=next(regions, ()),
                    alone=any(fnmatchcase(name, pattern) for pattern in self.alone),
                    setting=self._setting_of(name),
                )
                found.append(test)
        return found

    def _setting_of(self, name: str) -> str:
        """The name of the settings of a test."""
        found = (key for key, one in self.settings.items() if any(fnmatchcase(name, each) for each in one.tests))
        return next(found, "")

    def prepared(self, setting: str, cloud: Cloud, folder: Path) -> dict[str, str]:
        """Write the configuration of a setting into a folder; the environment that says where it is."""
        return (self.settings[setting].prepare if setting else self.prepare)(cloud, folder)

    def _listed(self, folder: Path) -> str:
        environment = clean_environment(**self.listing(folder))
        said = run(
            [self.python, "-P", self.driver, "list", *self.packages],
            env=environment,
            cwd=folder,
            seconds=LISTING_SECONDS,
            what=f"listing the tests of {self.tool}",
        )
        return said.strip().splitlines()[-1]
