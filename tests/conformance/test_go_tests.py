"""Runs of tests that Go compiled, with a program in place of them: the provider's and gophercloud's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mopenstack.conformance import acceptance, gophercloud, image_cache, shards
from mopenstack.conformance.acceptance import AcceptanceTest
from mopenstack.conformance.cloud import Cloud
from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.model import Outcome, Result
from mopenstack.conformance.options import Options
from mopenstack.conformance.seed import Seed
from mopenstack.conformance.tools.gophercloud import Gophercloud, GoTest
from tests.conformance.stand_ins import ACCOUNT, CLOUD, program

GO_TEST = """
import os, sys, time
name = sys.argv[1].partition("(")[2].partition(")")[0].split("|")[-1]
if name == "TestSleeps":
    time.sleep(60)
print(f"=== RUN   {name}")
print("OS_AUTH_URL", os.environ["OS_AUTH_URL"], os.environ.get("OS_IMAGE_ID", "none"))
if name == "TestDrifts":
    print("After applying this test step, the non-refresh plan was not empty.")
print({"TestPasses": "--- PASS", "TestSkips": "--- SKIP"}.get(name, "--- FAIL") + f": {name} (0.01s)")
"""


class Things:
    """What a cloud has."""

    def has(self, feature: str) -> bool:
        return feature == "compute"

    def lacks(self, needs: list[str]) -> list[str]:
        return sorted(set(needs) - {"compute"})


SEED = Seed(Things(), {"OS_IMAGE_ID": "i"})  # type: ignore[arg-type]


@pytest.fixture
def acceptance_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> acceptance._Run:
    """A run on one cloud of `clouds.yaml`, with a program in place of the tests."""

    class Tool:
        """A tool that is there."""

        source = tmp_path
        path = program(tmp_path, "provider.test", GO_TEST)

        def require(self) -> Tool:
            return self

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(acceptance, "Terraform", Tool)
    monkeypatch.setattr(acceptance, "ProviderAcceptance", Tool)
    monkeypatch.setattr(image_cache, "DOWNLOADS", ())
    monkeypatch.setattr(shards, "existing_cloud", lambda name, admin: CLOUD)
    monkeypatch.setattr(acceptance, "look", lambda cloud: SEED)
    return acceptance._Run(Options(cloud="here", time_limit=5), None, tmp_path)


def a_test(name: str, **more: Any) -> AcceptanceTest:
    return AcceptanceTest(name=name, service="compute", user="demo", needs=["compute"], **more)


@pytest.mark.parametrize(
    ("test", "outcome", "reason", "drift_free"),
    [
        (a_test("TestPasses", companion="TestFirst"), Outcome.PASSED, "", True),
        (a_test("TestSkips"), Outcome.SKIPPED, "skipped by the test", None),
        (a_test("TestFails"), Outcome.FAILED, "no verdict", None),
        (a_test("TestDrifts"), Outcome.FAILED, "no verdict", False),
        (a_test("TestPasses", gates=["LB"]), Outcome.NOT_RUN, "the cloud has no load-balancer", None),
        (a_test("TestPasses", broken="it is"), Outcome.NOT_RUN, "it is", None),
        (a_test("TestPasses", proves_nothing=True), Outcome.NOT_RUN, "passes without any cloud", None),
        (a_test("TestPasses").model_copy(update={"user": "admin"}), Outcome.NOT_RUN, "no admin", None),
    ],
)
def test_verdicts_of_acceptance_tests(
    acceptance_run: acceptance._Run, test: AcceptanceTest, outcome: Outcome, reason: str, drift_free: bool | None
) -> None:
    result = acceptance_run.judge(test, CLOUD, SEED)
    assert (result.outcome, result.drift_free) == (outcome, drift_free)
    assert reason in result.reason
    assert bool(result.output) is (outcome is Outcome.FAILED)


def test_a_test_that_hangs(acceptance_run: acceptance._Run) -> None:
    acceptance_run.options = Options(cloud="here", time_limit=0.3)
    result = acceptance_run.judge(a_test("TestSleeps"), CLOUD, SEED)
    assert (result.outcome, result.reason) == (Outcome.FAILED, "no verdict within 0.3 s")


def test_variables_of_the_seed_that_a_test_must_not_have(acceptance_run: acceptance._Run) -> None:
    with_image = acceptance_run._execute(a_test("TestPasses"), ACCOUNT, SEED)
    without = acceptance_run._execute(a_test("TestPasses", unset=["OS_IMAGE_ID"]), ACCOUNT, SEED)
    assert f"{ACCOUNT.auth_url} i" in with_image
    assert f"{ACCOUNT.auth_url} none" in without


@pytest.mark.usefixtures("acceptance_run")
def test_a_run_of_acceptance_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each verdict is told as it comes; a cloud that breaks costs the verdict of its test alone."""
    told: list[Result] = []
    monkeypatch.setattr(acceptance, "catalogue", lambda: [a_test(f"Test{word}") for word in ("Passes", "Fails")])
    results = acceptance.run_acceptance(Options(cloud="here", on_result=told.append))
    assert [one.case for one in results] == ["TestFails", "TestPasses"]
    assert sorted(one.case for one in told) == ["TestFails", "TestPasses"]

    def broken(cloud: Cloud) -> Any:
        raise CloudError("it is away")

    monkeypatch.setattr(acceptance, "look", broken)
    results = acceptance.run_acceptance(Options(cloud="here", names=["TestPasses"]))
    assert [one.reason for one in results] == ["the cloud broke: it is away"]


# -- gophercloud's acceptance tests


@pytest.fixture
def go_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> gophercloud._Run:
    """A run on a host that lends clouds which are not there, with a program in place of the tests."""
    program(tmp_path, "openstack.test", GO_TEST)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(Gophercloud, "binary", lambda self, package: tmp_path / "openstack.test")
    monkeypatch.setattr(gophercloud, "look", lambda cloud: SEED)
    return gophercloud._Run(Options(workers=1, time_limit=20), Lender())  # type: ignore[arg-type]


class Lender:
    """Says which clouds were asked for."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def create_cloud(self, options: list[str], profile: str) -> Cloud:
        self.log.append(f"{profile} {' '.join(options)}")
        return CLOUD.model_copy(update={"admin": ACCOUNT})

    def delete_cloud(self, name: str) -> None:
        self.log.append("deleted")


def go_test(name: str, **more: Any) -> GoTest:
    known = {"package": "compute/v2", "test": name, "service": "compute", "user": "admin", "needs": ["compute"]}
    return GoTest.model_validate({**known, **more})


def test_what_is_said_of_go_tests_is_said_of_real_ones() -> None:
    """Those that need another profile or a companion."""
    tests = {one.name: one for one in Gophercloud().tests()}
    for name, companion in gophercloud.COMPANIONS.items():
        assert f"{tests[name].package}/{companion}" in tests
    assert set(gophercloud.REALISTIC) <= tests.keys()


def test_verdicts_of_go_tests(go_run: gophercloud._Run) -> None:
    """A test that failed may have left things behind: the next has a fresh cloud."""
    results = go_run.run([go_test("TestFails"), go_test("TestPasses"), go_test("TestSkips", needs=["dns"])])
    assert [(one.case, one.outcome, one.reason) for one in results] == [
        ("compute/v2/TestFails", Outcome.FAILED, "no verdict"),
        ("compute/v2/TestPasses", Outcome.PASSED, ""),
        ("compute/v2/TestSkips", Outcome.NOT_RUN, "the cloud has no dns"),
    ]
    lender = go_run.host
    assert isinstance(lender, Lender)
    assert lender.log == [f"instant {' '.join(go_run.cloud_options)}", "deleted", lender.log[0]]


def test_a_go_test_that_looks_at_what_is_not_finished(
    go_run: gophercloud._Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has a cloud whose transitions take their time; one that needs another before it has that, too."""
    monkeypatch.setattr(gophercloud, "REALISTIC", {"compute/v2/TestS*": "it waits"})
    monkeypatch.setattr(gophercloud, "COMPANIONS", {"compute/v2/TestPasses": "TestFirst"})
    results = go_run.run([go_test("TestSkips"), go_test("TestPasses")])
    assert [one.outcome for one in results] == [Outcome.PASSED, Outcome.SKIPPED]
    lender = go_run.host
    assert isinstance(lender, Lender)
    assert [line.partition(" ")[0] for line in lender.log] == ["instant", "deleted", "realistic"]
