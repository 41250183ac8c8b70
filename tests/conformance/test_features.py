"""A case that needs what a cloud has not is not run: it neither passes nor fails, and the scorecard says why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mopenstack.conformance.cloud import Account, Cloud, parse_exports
from mopenstack.conformance.daily_work.run import CASES
from mopenstack.conformance.daily_work.run import judge as judge_command
from mopenstack.conformance.daily_work.shell import Shell
from mopenstack.conformance.features import look
from mopenstack.conformance.judge import judge
from mopenstack.conformance.kinds import kinds, types_of
from mopenstack.conformance.model import Outcome, Summary
from mopenstack.conformance.paths import fixtures_folder
from mopenstack.conformance.scenario import discover, select
from mopenstack.conformance.scorecard import Tally, build
from tests.processes import command, detached


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A cloud with the identity and image services alone."""
    folder = tmp_path_factory.mktemp("small")
    with detached(folder, "--services", "identity,image"):
        demo, admin = (
            Account(variables=parse_exports(command("env", "--user", user, state=folder).stdout))
            for user in ("demo", "admin")
        )
        yield Cloud(name="small", demo=demo, admin=admin)


def test_what_a_cloud_without_services_has(small: Cloud) -> None:
    features = look(small)
    assert features.lacks(["identity", "image", "admin"]) == []
    asked = ["compute", "compute 2.1", "network", "extension:router", "block-storage", "hypervisor", "tls", "image 2.1"]
    assert features.lacks([*asked, "compute"]) == sorted(asked)
    assert features.newest("compute") == features.newest("image") == ""


def test_a_scenario_that_it_cannot_run(small: Cloud, tmp_path: Path) -> None:
    """No tool is started for it."""
    (scenario,) = select(discover(fixtures_folder()), names=["stack-three-tier"])
    result = judge(scenario, small, tmp_path, "terraform")
    assert result.outcome is Outcome.NOT_RUN
    assert result.reason == (
        "the cloud has no block-storage, no compute 2.15, no extension:router, no extension:security-group, no network"
    )
    assert (result.steps, result.drift_free) == ([], None)
    card = build("terraform", [result], tools=[], cloud="small")
    assert card.summary == Summary(not_run=1)
    assert card.good
    (entry,) = card.entries
    assert (entry.served, entry.driven) == (Tally(count=0, of=1), Tally(count=0, of=0))
    assert [one.reason for one in card.failures] == [result.reason]


def test_a_command_that_it_cannot_run(small: Cloud, tmp_path: Path) -> None:
    shell = Shell(Path("nothing"), small.demo, tmp_path, 1, look(small, small.demo))
    (case,) = (one for one in CASES if one.name == "volume-create")
    result = judge_command(case, shell, {})
    assert (result.outcome, result.reason) == (Outcome.NOT_RUN, "the cloud has no block-storage")


def test_types_of_one_api_stand_for_each_other() -> None:
    assert types_of("block-storage") == ("block-storage", "volumev3")
    assert types_of("volumev3") == ("volumev3", "block-storage")
    assert types_of("load-balancer") == ("load-balancer",)


def test_what_can_be_left_behind_comes_from_the_contract() -> None:
    """Collections with GET, POST and DELETE; not what Nova removed, nor volumes that Cinder does not manage."""
    found = {(kind.service, kind.path): kind.key for kind in kinds()}
    assert found["compute", "/v2.1/servers"] == "servers"
    assert found["network", "/v2.0/vpn/vpnservices"] == "vpnservices"
    assert found["volumev3", "/v3/types"] == "volume_types"
    assert found["identity", "/v3/projects"] == "projects"
    assert not any(path.startswith(("/v2.1/os-networks", "/v3/manageable")) for _, path in found)
