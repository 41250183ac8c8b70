"""The pytest plugin of the scenarios.

The runner starts pytest with this plugin and says what to run by `--mopenstack-*` options. A verdict travels from the
worker to the controller in the report's user properties and is written there, one JSON document a line.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mopenstack.conformance.cloud import Cloud, Host, existing_cloud
from mopenstack.conformance.features import regions_of
from mopenstack.conformance.paths import fixtures_folder
from mopenstack.conformance.scenario import Scenario, discover, select

VERDICT = "mopenstack-verdict"
BROKEN = "broken "
TLS = "tls"
"""The feature of a scenario whose cloud has to speak HTTPS."""
HOSTS = {False: "--mopenstack-host", True: "--mopenstack-tls-host"}
"""By whether it speaks HTTPS: the option that names a host's state folder."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """What the runner may say."""
    group = parser.getgroup("mopenstack")
    group.addoption(HOSTS[False], help="state folder of the mopenstack that lends a cloud to each scenario")
    group.addoption(HOSTS[True], help="the same of the one that speaks HTTPS and looks at the clients' certificates")
    group.addoption("--mopenstack-cloud", help="an entry of clouds.yaml to run on instead")
    group.addoption("--mopenstack-admin-cloud", help="the entry of its administrator")
    group.addoption("--mopenstack-tool", default="terraform", help="terraform or opentofu")
    group.addoption("--mopenstack-results", required=True, help="file that takes the verdicts")
    group.addoption("--mopenstack-doing", help="file that takes what each scenario is doing")
    group.addoption("--mopenstack-scenario", action="append", default=[], help="run only this scenario")


def pytest_configure(config: pytest.Config) -> None:
    """Only the controller, or the one process of a run without workers, writes."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(Path(config.getoption("--mopenstack-results"))))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test a scenario."""
    if "scenario" in metafunc.fixturenames:
        scenarios = chosen_scenarios(metafunc.config)
        metafunc.parametrize("scenario", scenarios, ids=[scenario.id for scenario in scenarios])


def chosen_scenarios(config: pytest.Config) -> list[Scenario]:
    """The scenarios of this run."""
    return select(discover(fixtures_folder()), names=config.getoption("--mopenstack-scenario") or None)


@pytest.fixture
def cloud(request: pytest.FixtureRequest) -> Iterator[Cloud]:
    """A fresh cloud, deleted afterwards; or the named one, as it is."""
    config = request.config
    if config.getoption("--mopenstack-cloud"):
        yield existing_cloud(config.getoption("--mopenstack-cloud"), config.getoption("--mopenstack-admin-cloud"))
        return
    scenario: Scenario = request.getfixturevalue("scenario")
    host = Host(Path(config.getoption(HOSTS[TLS in scenario.features])))
    fresh = host.create_cloud(options=scenario.options, regions=regions_of(scenario.features))
    yield fresh
    host.delete_cloud(fresh.name)


@pytest.fixture
def doing(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Writes down what a scenario begins, for a person who waits; workers write to one file, a line at a time."""
    path, scenario = request.config.getoption("--mopenstack-doing"), request.getfixturevalue("scenario")

    def write(text: str) -> None:
        if path:
            with Path(path).open("a") as file:
                file.write(f"{scenario.id}: {text}\n")

    return write


class Recorder:
    """Writes each verdict down as it comes; a scenario that got none is written as broken, never forgotten."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One report a phase; the verdict comes with the call."""
        verdicts = [str(value) for key, value in report.user_properties if key == VERDICT]
        if report.when == "call" and verdicts:
            self._write(verdicts[0])
        elif report.failed and report.when in ("setup", "call"):
            name = re.search(r"\[(.*)\]$", report.nodeid)
            crash = getattr(report.longrepr, "reprcrash", None)
            said = {
                "case": name.group(1) if name else report.nodeid,
                "reason": str(crash.message if crash else report.longrepr).strip().splitlines()[0],
                "output": str(report.longrepr)[-4000:],
            }
            self._write(BROKEN + json.dumps(said))

    def _write(self, line: str) -> None:
        with self._path.open("a") as file:
            file.write(line + "\n")
