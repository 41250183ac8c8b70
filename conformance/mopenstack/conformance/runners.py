"""Which tool runs which cases. Everything beyond the standard dependencies is imported when it is used."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel

from mopenstack.conformance.errors import ConformanceError
from mopenstack.conformance.model import Result
from mopenstack.conformance.options import Options
from mopenstack.conformance.tools import TEMPEST_PLUGINS

if TYPE_CHECKING:
    from mopenstack.conformance.upstream.suite import Suite


class CaseLine(BaseModel):
    """A case in a list."""

    name: str
    service: str
    about: str


class Runner(NamedTuple):
    """How the cases of a tool are run and listed."""

    run: str
    """`module:name` of a function that takes Options and returns the verdicts, or of an upstream suite."""
    cases: Callable[[], list[CaseLine]]
    tools: tuple[str, ...]
    listed: bool = False
    """Whether the cases that pass are kept in a list; elsewhere every case must pass that is no known failure."""


def _scenarios() -> list[CaseLine]:
    from mopenstack.conformance.paths import fixtures_folder
    from mopenstack.conformance.scenario import discover

    return [
        CaseLine(name=one.id, service=one.service, about=f"{one.tree.value}: {one.description}")
        for one in discover(fixtures_folder())
    ]


def _acceptance_tests() -> list[CaseLine]:
    from mopenstack.conformance.acceptance import catalogue

    return [
        CaseLine(name=one.name, service=one.service, about=" ".join([one.user, *one.all_needs()]))
        for one in catalogue()
    ]


def _go_tests() -> list[CaseLine]:
    from mopenstack.conformance.tools import Gophercloud

    return [
        CaseLine(name=one.name, service=one.service, about=" ".join([one.user, *one.needs]))
        for one in Gophercloud().tests()
    ]


def _upstream(tool: str, module: str, name: str = "SUITE") -> Runner:
    """Of an upstream suite: the tool that has it, its module and its name there."""
    place = f"upstream.{module}:{name}"

    def listed() -> list[CaseLine]:
        suite: Suite = _found(place)
        return [
            CaseLine(name=one.name, service=one.service, about=one.not_run or ("refused" if one.negative else ""))
            for one in suite.tests
        ]

    return Runner(place, listed, (tool,), True)


def _found(place: str) -> Any:
    """What is at `module:name`."""
    module, name = place.split(":")
    return getattr(import_module(f"mopenstack.conformance.{module}"), name)


def _commands() -> list[CaseLine]:
    from mopenstack.conformance.daily_work.run import CASES

    return [CaseLine(name=one.name, service=one.service, about="refused" if one.negative else "") for one in CASES]


RUNNERS: dict[str, Runner] = {
    "terraform": Runner("scenario_runner:run_scenarios", _scenarios, ("terraform", "provider")),
    "opentofu": Runner("scenario_runner:run_with_opentofu", _scenarios, ("opentofu", "opentofu-provider")),
    "provider-acceptance": Runner(
        "acceptance:run_acceptance", _acceptance_tests, ("terraform", "provider-acceptance"), True
    ),
    "gophercloud": Runner("gophercloud:run_gophercloud", _go_tests, ("gophercloud",), True),
    "daily-work": Runner("daily_work.run:run_daily_work", _commands, ("python-clients",)),
    "openstackclient": _upstream("openstackclient", "openstackclient"),
    "sdk": _upstream("openstacksdk", "sdk"),
    "tempest": _upstream("tempest", "tempest"),
    **{
        tool: _upstream(tool, "tempest_plugins", project.upper())
        for project, tool in ((name, f"{name}-tempest-plugin") for name in TEMPEST_PLUGINS)
    },
    "manila-rbac": _upstream("manila-tempest-plugin", "tempest_plugins", "MANILA_RBAC"),
    "barbican-functional": _upstream("barbican", "barbican"),
    **{
        name: _upstream("python-clients", "python_clients", name.upper())
        for name in ("designateclient", "barbicanclient", "swiftclient")
    },
    "swift-functional": _upstream("swift", "swift", "FUNCTIONAL"),
    "swift-keystone": _upstream("swift", "swift", "KEYSTONE"),
    "swift-s3": _upstream("swift", "swift", "S3"),
    "ansible": _upstream("ansible", "ansible"),
    "horizon": _upstream("horizon", "horizon"),
    "skyline": _upstream("skyline", "skyline"),
    "rally": _upstream("rally", "rally"),
}


def get_runner(tool: str) -> Runner:
    """The runner of a tool; an unknown one is an error that lists what there is."""
    if tool not in RUNNERS:
        raise ConformanceError(f"no cases are run with {tool!r}; there are {', '.join(RUNNERS)}")
    return RUNNERS[tool]


def suites() -> "list[Suite]":
    """The upstream suites, of every tool that is one."""
    return [_found(one.run) for one in RUNNERS.values() if one.run.startswith("upstream.")]


def cases(tool: str) -> list[CaseLine]:
    """The cases of a tool."""
    return get_runner(tool).cases()


def run(tool: str, options: Options) -> list[Result]:
    """The verdicts on the cases asked for."""
    from mopenstack.conformance.upstream.runner import run_suite
    from mopenstack.conformance.upstream.suite import Suite

    found = _found(get_runner(tool).run)
    results: list[Result] = run_suite(found, options) if isinstance(found, Suite) else found(options)
    return results
