"""How the tools are run, with small programs in their places: what comes back of them, and what becomes of the rest."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from mopenstack.conformance import image_cache
from mopenstack.conformance.cloud import Cloud
from mopenstack.conformance.errors import CloudError, ConformanceError
from mopenstack.conformance.features import Features
from mopenstack.conformance.model import Outcome
from mopenstack.conformance.openstack import Session
from mopenstack.conformance.options import Options
from mopenstack.conformance.process import run
from mopenstack.conformance.scenario import Step
from mopenstack.conformance.selection import select
from mopenstack.conformance.upstream import clouds_yaml, runner
from mopenstack.conformance.upstream.suite import Suite
from mopenstack.conformance.upstream.suite import Test as Case
from mopenstack.conformance.workspace import TerraformFailed, Workspace
from tests.conformance.stand_ins import ACCOUNT, CLOUD, program

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
        found.append(Case(name="test_here.Guest.test_logs_in", module="x", service="compute", not_run="no guest"))
        return [*found, Case(name="test_here.Zones.test_lists", module="x", service="dns")]


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HereSuite:
    (tmp_path / "test_here.py").write_text(UNITTESTS)
    monkeypatch.setattr(runner, "existing_cloud", lambda name, admin: CLOUD)
    session = Session(ACCOUNT)
    session.catalog = {"compute": "http://127.0.0.1:9/compute"}
    monkeypatch.setattr(runner, "look", lambda cloud: Features(session, admin=True))
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
        "Zones.test_lists": (Outcome.NOT_RUN, "the cloud has no dns"),
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
if "JSON" in os.environ and word == "plan":
    print(os.environ["JSON"])
elif word != "state":
    print(f"{word} of {os.environ['OS_USERNAME']}: {said}")
else:
    print('{"resources": []}')
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
    assert made.state() == {"resources": []}


SUMMARY = '{"type": "change_summary", "changes": {"import": 2, "add": %d, "change": 0, "remove": 0}}'


@pytest.mark.parametrize(("add", "besides"), [(0, ""), (1, SUMMARY % 1 + "\n")], ids=["nothing", "something"])
def test_an_import(tmp_path: Path, add: int, besides: str) -> None:
    """In a folder of its own; what the plan does besides is told as Terraform tells it."""
    made = workspace(tmp_path, JSON=SUMMARY % add)
    assert made.import_all(STEP) == (2, besides)
    copy = made.folder.with_name("here-imported")
    assert {"imports.tf", "imports_override.tf", "main.tf", "terraform.tfstate"} == {one.name for one in copy.iterdir()}
    assert not (made.folder / "imports.tf").exists()


def test_what_a_refresh_sees(tmp_path: Path) -> None:
    """Every resource once, sorted."""
    drift = '{"type": "resource_drift", "change": {"resource": {"addr": "%s"}}}'
    made = workspace(tmp_path, JSON="\n".join([drift % "c.d", '{"type": "version"}', drift % "a.b"]))
    made.refresh(STEP)
    assert made.changed_outside(STEP) == ["a.b", "c.d"]


def test_a_plan_that_fails_as_json(tmp_path: Path) -> None:
    """Its errors are lines of standard output."""
    said = '{"@level":"info","@message":"well"}\n{"@level":"error","@message":"Error: no"}'
    with pytest.raises(TerraformFailed, match=r"^Error: no$"):
        workspace(tmp_path, JSON=said, CODE="1").changed_outside(STEP)


def test_an_overlay(tmp_path: Path) -> None:
    """Its files take the place of those of the same name."""
    made = workspace(tmp_path)
    overlay = tmp_path / "fixture" / "moved"
    overlay.mkdir()
    (overlay / "main.tf").write_text("other")
    made.lay_over("moved")
    assert (made.folder / "main.tf").read_text() == "other"


@deprecated_log
def test_drift_is_a_plan_with_changes(tmp_path: Path) -> None:
    assert "to change" in workspace(tmp_path, CODE="2", SAID="1 to change").drift(STEP)


@deprecated_log
def test_terraform_fails(tmp_path: Path) -> None:
    made = workspace(tmp_path, CODE="1", SAID="Error: no")
    for what in (made.init, lambda: made.apply(STEP), lambda: made.drift(STEP), lambda: made.destroy(STEP)):
        with pytest.raises(TerraformFailed, match="Error: no"):
            what()
