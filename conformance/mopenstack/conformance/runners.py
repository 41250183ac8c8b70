"""Which tool runs which cases. Everything beyond the standard dependencies is imported when it is used."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from pydantic import BaseModel

from mopenstack.conformance.errors import ConformanceError
from mopenstack.conformance.model import Result
from mopenstack.conformance.options import Options

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
    """Module and function that take Options and return the verdicts."""
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


def _upstream(module: str, name: str = "SUITE") -> Callable[[], list[CaseLine]]:
    """The tests of an upstream suite: the name of its module and its name there."""

    def listed() -> list[CaseLine]:
        suite: Suite = getattr(import_module(f"mopenstack.conformance.upstream.{module}"), name)
        return [
            CaseLine(name=one.name, service=one.service, about=one.not_run or ("refused" if one.negative else ""))
            for one in suite.tests
        ]

    return listed


def _commands() -> list[CaseLine]:
    from mopenstack.conformance.daily_work import CASES

    return [CaseLine(name=one.name, service=one.service, about="refused" if one.negative else "") for one in CASES]


RUNNERS: dict[str, Runner] = {
    "terraform": Runner("scenario_runner:run_scenarios", _scenarios, ("terraform", "provider")),
    "opentofu": Runner("scenario_runner:run_with_opentofu", _scenarios, ("opentofu", "opentofu-provider")),
    "provider-acceptance": Runner(
        "acceptance:run_acceptance", _acceptance_tests, ("terraform", "provider-acceptance"), True
    ),
    "gophercloud": Runner("gophercloud:run_gophercloud", _go_tests, ("gophercloud",), True),
    "daily-work": Runner("daily_work:run_daily_work", _commands, ("openstackclient",)),
    "openstackclient": Runner(
        "upstream.openstackclient:run_openstackclient", _upstream("openstackclient"), ("openstackclient",), True
    ),
    "sdk": Runner("upstream.sdk:run_sdk", _upstream("sdk"), ("openstacksdk",), True),
    "tempest": Runner("upstream.tempest:run_tempest", _upstream("tempest"), ("tempest",), True),
    **{
        f"{name}-tempest-plugin": Runner(
            f"upstream.tempest_plugins:run_{name}",
            _upstream("tempest_plugins", name.upper()),
            (f"{name}-tempest-plugin",),
            True,
        )
        for name in ("keystone", "neutron", "cinder")
    },
    "ansible": Runner("upstream.ansible:run_ansible", _upstream("ansible"), ("ansible",), True),
}


def get_runner(tool: str) -> Runner:
    """The runner of a tool; an unknown one is an error that lists what there is."""
    if tool not in RUNNERS:
        raise ConformanceError(f"no cases are run with {tool!r}; there are {', '.join(RUNNERS)}")
    return RUNNERS[tool]


def cases(tool: str) -> list[CaseLine]:
    """The cases of a tool."""
    return get_runner(tool).cases()


def run(tool: str, options: Options) -> list[Result]:
    """The verdicts on the cases asked for."""
    module, function = get_runner(tool).run.split(":")
    results: list[Result] = getattr(import_module(f"mopenstack.conformance.{module}"), function)(options)
    return results
