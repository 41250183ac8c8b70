"""The pytest plugin: the fixtures `mopenstack` and `cloud`, the marker, and what the cloud of a failed test was asked.

pytest loads this module wherever mopenstack is installed: it imports nothing else until a test asks for a cloud.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from mopenstack.cli.own_process import OwnProcess
    from mopenstack.testing.cloud import Cloud
    from mopenstack.testing.mopenstack import Mopenstack

MARKER = (
    "mopenstack(profile='instant', seed=None, snapshot=None, options=None): how the test's cloud is made: its profile "
    "(instant, realistic, manual), the seed of its ids or a seed file, the snapshot that it begins with, its options"
)
SETTINGS = ("profile", "seed", "snapshot", "options")
WORKER = "mopenstack_run"
TOKEN_VARIABLE = "MOPENSTACK_ADMIN_TOKEN"  # noqa: S105  # its name
_CLOUD: pytest.StashKey[Cloud] = pytest.StashKey()
_OWN: pytest.StashKey[OwnProcess] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which mopenstack the tests use, and how their own is started."""
    group = parser.getgroup("mopenstack", "clouds of mopenstack")
    group.addoption("--mopenstack-url", metavar="URL", help="use the mopenstack that runs there, and start none")
    parser.addini("mopenstack_up", "arguments of `mopenstack up` for the process of the tests", "args", [])


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Of pytest-xdist, once for each worker: all of them belong to the run of this process."""
    own = _own(node.config)
    node.workerinput[WORKER] = (own.leader, str(own.folder))


def pytest_unconfigure(config: pytest.Config) -> None:
    """The leader of the run ends what its workers share."""
    if _OWN in config.stash and not hasattr(config, "workerinput"):
        config.stash[_OWN].end()


def _own(config: pytest.Config) -> OwnProcess:
    """The mopenstack of the test run that this process leads, or is a worker of."""
    if _OWN not in config.stash:
        from pathlib import Path

        from mopenstack.cli.own_process import OwnProcess

        given = getattr(config, "workerinput", {}).get(WORKER)
        config.stash[_OWN] = OwnProcess(given[0], Path(given[1])) if given else OwnProcess.new()
    return config.stash[_OWN]


@pytest.fixture(scope="session")
def mopenstack(pytestconfig: pytest.Config) -> Iterator[Mopenstack]:
    """The one mopenstack of the test run, for all workers; it is started when the first test asks for it."""
    from mopenstack.testing.mopenstack import Mopenstack

    if url := pytestconfig.getoption("--mopenstack-url"):
        process = Mopenstack(url, token=os.environ.get(TOKEN_VARIABLE, ""))
    else:
        running = _own(pytestconfig).running(pytestconfig.getini("mopenstack_up"))
        process = Mopenstack(running.url, running.admin, running.cert, running.ca)
    yield process
    process.close()


@pytest.fixture
def cloud(request: pytest.FixtureRequest, mopenstack: Mopenstack, tmp_path: Path) -> Iterator[Cloud]:
    """A fresh cloud with the seed in it, for this test alone."""
    made = mopenstack.cloud(tmp_path / "mopenstack", request.node.name, **_settings(request.node))
    request.node.stash[_CLOUD] = made
    yield made
    made.close()


def _settings(item: pytest.Item) -> dict[str, Any]:
    """What the markers say: that of the test before those of its class and module."""
    found: dict[str, Any] = {}
    for mark in reversed(list(item.iter_markers("mopenstack"))):
        if mark.args or (unknown := sorted(set(mark.kwargs) - set(SETTINGS))):
            said = f"not {', '.join(map(repr, mark.args)) or ', '.join(unknown)}"
            raise pytest.UsageError(
                f"@pytest.mark.mopenstack takes {', '.join(f'{one}=' for one in SETTINGS)}, {said}."
            )
        found |= mark.kwargs
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows the last requests that its cloud answered."""
    report = yield
    if report.failed and _CLOUD in item.stash:
        from mopenstack.testing.journal import last_requests

        if text := last_requests(item.stash[_CLOUD]):
            report.sections.append(("what the cloud was asked last", text))
    return report
