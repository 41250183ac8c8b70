"""How the tools are run, with small programs in their places: what comes back of them, and what becomes of the rest."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from mopenstack.conformance import acceptance, gophercloud, image_cache, shards
from mopenstack.conformance.acceptance import AcceptanceTest
from mopenstack.conformance.cloud import Account, Cloud
from mopenstack.conformance.errors import CloudError, ConformanceError
from mopenstack.conformance.model import Outcome, Result
from mopenstack.conformance.options import Options
from mopenstack.conformance.process import run
from mopenstack.conformance.scenario import Step
from mopenstack.conformance.seed import Seed
from mopenstack.conformance.selection import select
from mopenstack.conformance.tools.gophercloud import Gophercloud, GoTest
from mopenstack.conformance.upstream import clouds_yaml, runner
from mopenstack.conformance.upstream.suite import Suite
from mopenstack.conformance.upstream.suite import Test as Case
from mopenstack.conformance.workspace import TerraformFailed, Workspace

ACCOUNT = Account(variables={"OS_AUTH_URL": "http://127.0.0.1:9/identity/v3", "OS_USERNAME": "demo"})
CLOUD = Cloud(name="here", demo=ACCOUNT)


def program(folder: Path, name: str, text: str) -> Path:
    """An executable of this Python."""
    path = folder / name
    path.write_text(f"#!{sys.executable} -P\n{text}")
    path.chmod(0o755)
    return path


# -- a command


def test_a_command_that_works() -> None:
    assert run([sys.executable, "-c", "print('said')"]) == "said\n"


@pytest.mark.parametrize(
    ("command", "seconds", "said"),
    [
        (["/nowhere/at-all"], 9, "/nowhere/at-all is not there"),
        ([sys.executable, "-c", "import sys; sys.exit('no luck')"], 9, r"it failed \(1\): no luck"),
        ([sys.executable, "-c", "import time; time.sleep(9)"], 0.1, "it took longer than 0.1 s"),
    ],
)
def test_a_command_that_does_not(command: list[str], seconds: float, said: str) -> None:
    with pytest.raises(ConformanceError, match=said):
        run(command, seconds=seconds, what="it")


# -- clouds.yaml, image cache


def test_entries_of_clouds_yaml(tmp_path: Path) -> None:
    """Those of DevStack; a system scope has no project."""
    cloud = Cloud(name="x", demo=clouds_yaml.NOWHERE)
    entries = yaml.safe_load(clouds_yaml.write(tmp_path, cloud).read_text())["clouds"]
    assert set(entries) == {
        "devstack",
        "devstack-alt",
        "devstack-admin",
        "devstack-admin-demo",
        "devstack-system-admin",
    }
    demo = entries["devstack"]["auth"]
    assert (demo["username"], demo["project_name"], demo["user_domain_id"]) == ("demo", "demo", "default")
    assert entries["devstack-alt"]["auth"]["project_name"] == "alt_demo"
    system = entries["devstack-system-admin"]["auth"]
    assert system["system_scope"] == "all"
    assert not [key for key in system if key.startswith("project")]


def test_stand_ins_of_images(tmp_path: Path) -> None:
    """Each begins as a qcow2 file does and is of its size; they are made once."""
    made = image_cache.make(tmp_path)
    assert [path.stat().st_size for path in made] == [one.size for one in image_cache.DOWNLOADS]
    assert all(path.read_bytes()[:4] == b"QFI\xfb" for path in made)
    before = [path.stat().st_mtime_ns for path in made]
    assert [path.stat().st_mtime_ns for path in image_cache.make(tmp_path)] == before
    assert len(image_cache.qcow2_header()) == 104


# -- the provider's acceptance tests

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


# -- suites of other projects

UNITTESTS = """
import os, unittest

class Good(unittest.TestCase):
    def test_passes(self):
        self.assertEqual("1", os.environ["PREPARED"])

    def test_skips(self):
        self.skipTest("not today")

class Bad(unittest.TestCase):
    def test_fails(self):
        self.fail("as it must")

    def test_then_passes(self):
        pass

class Ends(unittest.TestCase):
    def test_ends(self):
        os._exit(1)
"""


class HereSuite(Suite):
    """A suite in a folder, run by this Python."""

    folder: Path

    @property
    def python(self) -> Path:
        return Path(sys.executable)

    @property
    def tests(self) -> list[Case]:
        names = ["Good.test_passes", "Good.test_skips", "Bad.test_fails", "Bad.test_then_passes", "Ends.test_ends"]
        found = [Case(name=f"test_here.{name}", module="test_here", service="compute") for name in names]
        return [*found, Case(name="test_here.Guest.test_logs_in", module="x", service="compute", not_run="no guest")]


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HereSuite:
    (tmp_path / "test_here.py").write_text(UNITTESTS)
    monkeypatch.setattr(runner, "existing_cloud", lambda name, admin: CLOUD)
    return HereSuite(
        name="here",
        tool="none",
        packages=[],
        folder=tmp_path,
        service_of=lambda name: "compute",
        prepare=lambda cloud, folder: {"PYTHONPATH": str(tmp_path), "PREPARED": "1"},
        listing=lambda folder: {},
    )


def test_a_suite_is_run(suite: HereSuite) -> None:
    """A verdict for every test, whatever becomes of the process that runs them."""
    results = runner.run_suite(suite, Options(cloud="here", time_limit=20))
    assert {one.case.partition(".")[2]: (one.outcome, one.reason) for one in results} == {
        "Good.test_passes": (Outcome.PASSED, ""),
        "Good.test_skips": (Outcome.SKIPPED, "not today"),
        "Bad.test_fails": (Outcome.FAILED, "AssertionError: as it must"),
        "Bad.test_then_passes": (Outcome.PASSED, ""),
        "Ends.test_ends": (Outcome.FAILED, "the process of the tests ended"),
        "Guest.test_logs_in": (Outcome.NOT_RUN, "no guest"),
    }


def test_a_part_of_a_suite(suite: HereSuite) -> None:
    chosen = select("here", suite.tests, service="compute", patterns=["*Good*", "test_here.Bad.test_fails"])
    assert [test.name.rpartition(".")[2] for test in chosen] == ["test_passes", "test_skips", "test_fails"]
    for service, patterns in (("compute", ["*Nothing*"]), ("network", []), (None, ["@nothing"])):
        with pytest.raises(ConformanceError):
            select("here", suite.tests, service=service, patterns=patterns)


def test_a_cloud_that_breaks(suite: HereSuite, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str, admin: str | None) -> Cloud:
        raise CloudError("it is away")

    monkeypatch.setattr(runner, "existing_cloud", broken)
    results = runner.run_suite(suite, Options(cloud="here", names=["*Good*"]))
    assert {one.reason for one in results} == {"the cloud broke: it is away"}


# -- Terraform

TERRAFORM = """
import os, sys
word, said = sys.argv[1], os.environ.get("SAID", "")
print(f"{word} of {os.environ['OS_USERNAME']}: {said}")
if word == "state":
    print("openstack_a.b\\nmodule.m.data.openstack_x.y\\ndata.openstack_c.d\\nmodule.m.openstack_e.f[0]")
sys.stderr.write(said if said.startswith("Error") else "")
sys.exit(int(os.environ.get("CODE", "0")))
"""


def workspace(tmp_path: Path, **environment: str) -> Workspace:
    """The configuration of a scenario, with a program in Terraform's place."""
    folder = tmp_path / "fixture"
    folder.mkdir()
    for name in ("main.tf", "scenario.yaml", "terraform.tfstate"):
        (folder / name).write_text(name)

    class Here:
        """A scenario, as far as a workspace looks at it."""

        id = "here"

    Here.folder = folder  # type: ignore[attr-defined]
    variables = ACCOUNT.environment(**environment)
    return Workspace(Here(), tmp_path, program(tmp_path, "terraform", TERRAFORM), variables)  # type: ignore[arg-type]


STEP = Step(name="only")
# python-terraform logs by the deprecated Logger.warn.
deprecated_log = pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning")


def test_a_configuration_is_copied(tmp_path: Path) -> None:
    """Without what a run of it by hand leaves behind."""
    made = workspace(tmp_path)
    assert sorted(path.name for path in made.folder.iterdir()) == ["main.tf"]
    made.init()
    made.apply(STEP)
    made.destroy(STEP)
    assert made.drift(STEP) == ""
    assert made.managed_resources()[-2:] == ["openstack_a.b", "module.m.openstack_e.f[0]"]


@deprecated_log
def test_drift_is_a_plan_with_changes(tmp_path: Path) -> None:
    assert "to change" in workspace(tmp_path, CODE="2", SAID="1 to change").drift(STEP)


@deprecated_log
def test_terraform_fails(tmp_path: Path) -> None:
    made = workspace(tmp_path, CODE="1", SAID="Error: no")
    for what in (made.init, lambda: made.apply(STEP), lambda: made.drift(STEP), lambda: made.destroy(STEP)):
        with pytest.raises(TerraformFailed, match="Error: no"):
            what()
