"""How playbooks are read, run and judged: with a stand-in for Ansible and for the cloud."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from mopenstack.conformance.cloud import Account, Cloud
from mopenstack.conformance.errors import ConformanceError
from mopenstack.conformance.features import Features
from mopenstack.conformance.model import Outcome
from mopenstack.conformance.ratchet import Ratchet
from mopenstack.conformance.upstream import playbook_driver
from mopenstack.conformance.upstream.ansible import PLAYBOOKS, SUITE, read_case
from mopenstack.conformance.upstream.playbook_driver import Report, Unexpected, judge, run_playbook, run_tests

ACCOUNT = Account(variables={"OS_AUTH_URL": "http://127.0.0.1:9/identity/v3"})
PLAYBOOK = "- hosts: localhost\n  vars:\n    case: {service: network, features: ['extension:qos']}\n"
ANSIBLE = """#!{python}
import json, os, pathlib, sys
state = "absent" if "state=absent" in sys.argv else "present"
runs = pathlib.Path({runs!r})
number = len(runs.read_text().splitlines()) if runs.exists() else 0
with runs.open("a") as file:
    file.write(state + " " + os.environ["OS_CLOUD"] + "\\n")
said = json.loads(pathlib.Path({script!r}).read_text())[number]
if isinstance(said, str):
    sys.exit(said)
print(json.dumps(said))
sys.exit(2 if said["stats"]["localhost"]["failures"] else 0)
"""


def said(**tasks: dict[str, Any]) -> dict[str, Any]:
    """What the callback prints of a run with these tasks."""
    rows = [{"task": {"name": name}, "hosts": {"localhost": result}} for name, result in tasks.items()]
    failures = sum(bool(result.get("failed")) and not result.get("ignored") for result in tasks.values())
    return {"plays": [{"tasks": rows}], "stats": {"localhost": {"failures": failures, "unreachable": 0}}}


CHANGED = said(network={"changed": True})
SAME = said(network={"changed": False})


class Stage:
    """An Ansible that says what it is told to, and a cloud that shows `inventories` one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.playbook = folder / "sample.yml"
        self.playbook.write_text(PLAYBOOK)
        self.inventories: list[dict[str, set[str]]] = [{}]
        self.missing: list[str] = []

    def script(self, *runs: Any) -> None:
        """What each run prints; a string is an error."""
        (self.folder / "script.json").write_text(json.dumps(runs))

    @property
    def runs(self) -> list[str]:
        """The state and the entry of each run so far."""
        return (self.folder / "runs").read_text().splitlines()

    def inventory(self) -> dict[str, set[str]]:
        """The next that there is."""
        return self.inventories.pop(0) if len(self.inventories) > 1 else self.inventories[0]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    made = Stage(tmp_path)
    command = tmp_path / "ansible-playbook"
    script, runs = str(tmp_path / "script.json"), str(tmp_path / "runs")
    command.write_text(ANSIBLE.format(python=sys.executable, script=script, runs=runs))
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    cloud = Cloud(name="here", demo=ACCOUNT, admin=ACCOUNT)
    session = SimpleNamespace(inventory=made.inventory)
    monkeypatch.setattr(playbook_driver, "existing_cloud", lambda name, admin: cloud)
    monkeypatch.setattr(playbook_driver, "look", lambda *_: SimpleNamespace(lacks=lambda needs: made.missing))
    monkeypatch.setattr(playbook_driver, "Session", lambda account: SimpleNamespace(authenticate=lambda: session))
    monkeypatch.setattr(playbook_driver, "LOOKS", 1)
    monkeypatch.setattr("mopenstack.conformance.upstream.playbook_driver.time.sleep", lambda seconds: None)
    return made


def test_what_a_run_changed_and_what_failed() -> None:
    item = {"ansible_loop_var": "item", "item": "a", "changed": True}
    document = said(
        one={"changed": True},
        many={"changed": True, "results": [item, item | {"item": "b", "changed": False}]},
        info={"results": ["no loop's"]} | {"results": [{"changed": True}]},
        gone={"failed": True, "ignored": True, "msg": "it is not there"},
    )
    document["stats"]["other"] = {"failures": 0, "unreachable": 1}
    report = Report(document)
    assert report.changed == ["one", "many (a)"]
    assert report.failed == ["gone: it is not there", "other is unreachable"]


def test_a_playbook_that_does_as_it_must(stage: Stage) -> None:
    stage.script(CHANGED, SAME, CHANGED)
    assert judge(stage.playbook) == (Outcome.PASSED, "")
    assert stage.runs == ["present devstack", "present devstack", "absent devstack"]


@pytest.mark.parametrize(
    ("runs", "reason"),
    [
        ([CHANGED, CHANGED], "the second run changed something: network"),
        ([SAME], "first run: nothing was changed"),
        ([CHANGED, SAME, SAME], "absent run: nothing was changed"),
        ([CHANGED, said(network={"failed": True, "msg": "no"})], "second run: network: no"),
        ([CHANGED, SAME, "a syntax error"], "ansible-playbook ended with 1: a syntax error"),
    ],
)
def test_playbooks_that_do_not(stage: Stage, runs: list[Any], reason: str) -> None:
    """Each is ended by a run that leaves the cloud clean."""
    stage.script(*runs, CHANGED)
    outcome, why = judge(stage.playbook)
    assert (outcome, why.strip()) == (Outcome.FAILED, reason)
    assert len(stage.runs) == len(runs) + 1
    assert stage.runs[-1] == "absent devstack"


def test_what_is_left_behind(stage: Stage) -> None:
    stage.script(CHANGED, SAME, CHANGED, CHANGED)
    stage.inventories = [{"network networks": {"a"}}, {"network networks": {"a", "b"}}]
    assert judge(stage.playbook) == (Outcome.FAILED, "network networks b was left behind")


def test_a_cloud_that_lacks_what_a_playbook_needs(stage: Stage) -> None:
    stage.missing = ["extension:qos"]
    assert judge(stage.playbook) == (Outcome.NOT_RUN, "the cloud has no extension:qos")


def test_a_run_that_fails_without_a_task(stage: Stage) -> None:
    stage.script("no such module")
    with pytest.raises(Unexpected, match="no such module"):
        run_playbook(stage.playbook, "devstack")


def test_orders_are_answered(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    emitted: list[Any] = []
    monkeypatch.setattr(playbook_driver, "emit", emitted.append)
    stage.script(CHANGED, SAME, CHANGED)
    run_tests([json.dumps({"module": str(stage.playbook), "tests": ["sample"]})])
    assert [{key: row[key] for key in row if key != "seconds"} for row in emitted] == [
        {"start": "sample"},
        {"test": "sample", "outcome": "passed", "reason": ""},
        {"done": True},
    ]


def test_a_playbook_says_what_it_is_about(tmp_path: Path) -> None:
    playbook = tmp_path / "bare.yml"
    playbook.write_text("- hosts: localhost\n")
    with pytest.raises(ConformanceError, match="no variable `case`"):
        read_case(playbook)
    playbook.write_text(PLAYBOOK.replace("service", "user: admin, service"))
    assert read_case(playbook).needs == ["network", "extension:qos", "admin"]


def test_every_playbook_is_a_case_of_its_own() -> None:
    """They share nothing, and name features as any case does; each has both states."""
    assert len({test.group for test in SUITE.tests}) == len(SUITE.tests) == len(list(PLAYBOOKS.iterdir()))
    Ratchet.load("ansible").check([test.name for test in SUITE.tests])
    features = Features(SimpleNamespace(endpoint=lambda service: None, list=lambda *_: []), admin=False)  # type: ignore[arg-type]
    for path in PLAYBOOKS.iterdir():
        (play,) = yaml.safe_load(path.read_text())
        assert features.lacks(read_case(path).needs), path.name
        assert play["vars"]["state"] == "present"
        assert [task["when"] for task in play["tasks"] if "block" in task] == [
            'state == "present"',
            'state == "absent"',
        ]
